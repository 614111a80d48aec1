// Hover, selection and the links between both sides.

const isText = () => document.body.dataset.view !== 'chunks';

function hover(index, from) {
  if (state.hovered === index) return;
  if (state.hovered !== null) mark(state.hovered, 'is-hovered', false);
  state.hovered = index;
  if (index !== null) mark(index, 'is-hovered', true);
  drawExtras();
  markChunks();
  if (index === null) return;
  if (from !== pagesPane) revealBox(index);
  else if (isText()) revealText(index);
  else revealChunkOf(index);
}

function revealChunkOf(index) {
  const place = chunkPlaces[chunksOfElement.get(index)?.[0]];
  if (!place) return;
  showChunk(place);
  reveal(chunksPane, place.node, 'nearest');
}

function revealBox(index, block = 'nearest') {
  const element = elements[index];
  const page = pageOf.get(element.page) ?? pages.find((candidate) => candidate.guests.includes(element));
  if (page) revealOn(page, boxesOn(element, page)[0], block);
}

/** Brings a box of a page into the window; the box need not be drawn. */
function revealOn(page, box, block) {
  const { sheet } = page.sheet;
  showSheet(page.sheet);
  const scale = sheet.offsetHeight / page.height;
  const top = sheet.offsetTop + (box ? box[1] * scale : 0);
  const height = box ? (box[3] - box[1]) * scale : 40;
  scrollToSpan(pagesPane, top, height, block);
  if (box && sheet.offsetWidth > pagesPane.clientWidth) pagesPane.scrollLeft = sheet.offsetLeft + box[0] * scale - 40;
}

function revealText(index, block = 'nearest') {
  const place = (pageOf.get(elements[index].page) ?? stray).section;
  if (!place) return null;
  showSection(place);
  const made = [...(drawn.get(index) ?? [])].find((candidate) => textPane.contains(candidate));
  if (made) reveal(textPane, made, block);
  return made ?? null;
}

function reveal(pane, made, block) {
  scrollToSpan(pane, distance(pane, made) + pane.scrollTop, made.offsetHeight, block);
  dropAnchor(pane, made);
}

/** Scrolls so that a span can be seen; what can be seen already stays where it is. */
function scrollToSpan(pane, top, height, block) {
  const room = pane.clientHeight;
  const seen = top >= pane.scrollTop + 8 && top + Math.min(height, room * 0.6) <= pane.scrollTop + room - 8;
  if (seen && block === 'nearest') return;
  if (pane === state.driver) state.driver = null;
  pane.scrollTop = top - Math.max((room - height) * 0.35, 24);
}

/** Makes an element the current one on both sides. */
function select(index, { focus = false, details = !byId('details').hidden } = {}) {
  if (index !== null && !elements[index]) return;
  if (state.selected !== null) mark(state.selected, 'is-selected', false);
  state.selected = index;
  if (index === null) {
    drawExtras();
    markChunks();
    return;
  }
  state.driver = null;
  mark(index, 'is-selected', true);
  // Before anything is brought into the window: the panel takes room from the text.
  if (details) openDetails(elementDetails(elements[index]));
  if (elements[index].page !== null) setPage(elements[index].page);
  revealBox(index);
  const made = isText() ? revealText(index) : null;
  if (!isText()) revealChunkOf(index);
  if (focus) made?.focus({ preventScroll: true });
  drawExtras();
  markChunks();
}

/** Goes to the next element that is shown, from the current one or from the top of the page in view; or to a chunk. */
function step(by) {
  if (!isText() && chunks.length > 0) return stepChunk(by);
  const current = state.selected;
  let index = current === null ? (pageOf.get(state.page)?.own[0]?.index ?? 0) : current + by;
  while (elements[index] && !isShown(elements[index])) index += by;
  if (elements[index]) select(index, { focus: true });
}

/** Tells a pointer that moved from content that scrolled under a resting one: only the first may change the hover. */
let lastPoint = '';
function hasMoved(event) {
  const point = `${event.screenX},${event.screenY}`;
  const moved = point !== lastPoint;
  lastPoint = point;
  return moved;
}

const indexAt = (target) => {
  const made = target.closest?.('[data-index]');
  return made ? Number(made.dataset.index) : null;
};

function startPointer(pane) {
  pane.addEventListener('pointermove', (event) => {
    if (event.pointerType !== 'touch' && hasMoved(event)) hover(indexAt(event.target), pane);
  });
  pane.addEventListener('pointerleave', () => hover(null, pane));
  pane.addEventListener('click', (event) => {
    if (event.target.closest('a, button') || String(getSelection()) !== '') return;
    const index = indexAt(event.target);
    if (index === null) return closeDetails();
    select(index, { details: true });
  });
  pane.addEventListener('focusin', (event) => {
    if (event.target.matches(':focus-visible')) hover(indexAt(event.target), pane);
  });
}

function startCellHover() {
  textPane.addEventListener('pointermove', (event) => {
    const made = event.target.closest('[data-cell]');
    const element = made && elements[indexAt(made)];
    if (!element || event.pointerType === 'touch') return;
    drawExtras();
    for (const region of records(cellsOf(element)[made.dataset.cell]?.regions)) {
      const place = pageOf.get(pageOfRegion(element, region))?.sheet;
      const box = regionBox(region);
      if (place?.built && box) place.extra.prepend(boxRect(box, 'cell-box'));
    }
  });
}

function startChunkPointer() {
  const placeAt = (event) => {
    const made = event.target.closest('[data-chunk]');
    return made ? Number(made.dataset.chunk) : null;
  };
  chunksPane.addEventListener('pointermove', (event) => {
    if (event.pointerType !== 'touch' && hasMoved(event)) hoverChunk(placeAt(event));
  });
  chunksPane.addEventListener('pointerleave', () => hoverChunk(null));
  chunksPane.addEventListener('click', (event) => {
    if (String(getSelection()) === '') selectChunk(placeAt(event));
  });
}
