// Pages in view, scrolling together.

function setPage(number) {
  if (state.page === number) return;
  state.page = number;
  byId('page-number').value = number;
}

function showPage(number) {
  const page = pageOf.get(number);
  if (!page) return;
  state.driver = null;
  setPage(number);
  pagesPane.scrollTop = page.sheet.node.offsetTop - 8;
  showSection(page.section);
  textPane.scrollTop = page.section.node.offsetTop;
  dropAnchor(textPane, page.section.node);
}

const distance = (pane, made) => made.getBoundingClientRect().top - pane.getBoundingClientRect().top;

function dropAnchor(pane, made) {
  state.anchor = { pane, node: made, distance: distance(pane, made) };
}

/** Scrolls back what moved because texts above it turned out to be higher or lower than guessed. */
function holdAnchor() {
  const { pane, node: made, distance: kept } = state.anchor ?? {};
  if (!made?.isConnected || state.driver !== null) return;
  const moved = distance(pane, made) - kept;
  if (Math.abs(moved) >= 1) pane.scrollTop += moved;
}

/** Goes by a number of pages in the order of the document. */
function turn(by) {
  const at = pages.findIndex((page) => page.number === state.page);
  showPage(pages[clamp(at + by, 0, pages.length - 1)]?.number);
}

/** Finds the last page that starts above a height; the pages stand in order, so halving finds it. */
function pageAt(placeOf, height) {
  let [low, high] = [0, pages.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (placeOf(pages[middle]).node.offsetTop <= height) low = middle;
    else high = middle - 1;
  }
  return pages[low];
}

const sheetPlace = (page) => page.sheet;
const sectionPlace = (page) => page.section;

/** Lets the other pane follow to the same share of the same page. */
function follow(pane, placeOf, other, otherPlaceOf) {
  if (state.driver !== pane || pages.length === 0) return;
  const line = pane.clientHeight * 0.25;
  const page = pageAt(placeOf, pane.scrollTop + line);
  setPage(page.number);
  if (!state.together || other.clientHeight === 0) return;
  const [from, to] = [placeOf(page).node, otherPlaceOf(page).node];
  const share = (pane.scrollTop + line - from.offsetTop) / Math.max(from.offsetHeight, 1);
  other.scrollTop = to.offsetTop + clamp(share, 0, 1) * to.offsetHeight - other.clientHeight * 0.25;
}

function startScrolling() {
  for (const pane of [pagesPane, textPane, chunksPane]) {
    for (const name of ['wheel', 'pointerdown', 'touchstart', 'keydown']) {
      pane.addEventListener(name, () => { state.driver = pane; state.anchor = null; }, { passive: true });
    }
  }
  onScroll(pagesPane, () => follow(pagesPane, sheetPlace, textPane, sectionPlace));
  onScroll(textPane, () => follow(textPane, sectionPlace, pagesPane, sheetPlace));
  byId('page-count').textContent = `of ${pages.at(-1)?.number ?? 0}`;
  byId('page-number').value = state.page;
  byId('page-number').addEventListener('change', (event) => showPage(Number(event.target.value)));
  byId('page-previous').addEventListener('click', () => turn(-1));
  byId('page-next').addEventListener('click', () => turn(1));
}

function onScroll(pane, act) {
  let waits = false;
  pane.addEventListener('scroll', () => {
    if (waits) return;
    waits = true;
    requestAnimationFrame(() => {
      waits = false;
      act();
    });
  }, { passive: true });
}
