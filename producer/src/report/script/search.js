// Search.

/** Makes the expression for what the reader typed: letter case and the kind of white space do not matter. */
function searchExpression(typed) {
  const words = typed.trim().split(/\s+/).filter(Boolean);
  if (words.length === 0) return null;
  return new RegExp(words.map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('\\s+'), 'giu');
}

function runSearch(typed) {
  state.search = searchExpression(typed);
  state.hits = state.search ? findHits(state.search) : [];
  state.hitsOf = Map.groupBy(state.hits, (hit) => hit.index);
  state.hit = -1;
  for (const name of ['hit-previous', 'hit-next']) byId(name).disabled = state.hits.length === 0;
  tellHits();
  for (const page of pages) if (page.sheet.built) drawHits(page.sheet);
  paintHits();
}

function findHits(expression) {
  const hits = [];
  const scan = (text, index, cell) => {
    for (const { 0: found, index: start } of text.matchAll(expression)) {
      if (hits.length >= MAX_HITS) return;
      hits.push({ index, cell, start, end: start + found.length });
    }
  };
  for (const element of elements) {
    scan(element.text, element.index, null);
    cellsOf(element).forEach((cell, place) => scan(string(cell.text), element.index, place));
  }
  return hits;
}

function tellHits() {
  const { hits, hit, search } = state;
  const count = `${grouped(hits.length)}${hits.length >= MAX_HITS ? '+' : ''}`;
  byId('hits').textContent = !search ? '' : hits.length === 0 ? 'none' : hit < 0 ? count : `${hit + 1} / ${count}`;
}

function goToHit(by) {
  if (state.hits.length === 0) return;
  const first = state.hits.findIndex((hit) => (elements[hit.index].page ?? Infinity) >= state.page);
  const from = state.hit < 0 ? Math.max(first, 0) - (by > 0 ? 1 : 0) : state.hit;
  state.hit = (from + by + state.hits.length) % state.hits.length;
  tellHits();
  const { index } = state.hits[state.hit];
  select(index);
  for (const page of pages) if (page.sheet.built) drawHits(page.sheet);
  paintHits();
}

/** Marks hits on a page: at the words or lines they stand in, else at the element or cell. */
function drawHits(place) {
  place.hits.replaceChildren();
  if (!state.search) return;
  const here = [...place.page.own, ...place.page.guests].filter(isShown);
  const current = state.hits[state.hit];
  for (const hit of here.flatMap(({ index }) => state.hitsOf.get(index) ?? []).slice(0, MAX_MARKS)) {
    for (const box of hitBoxes(hit, place.page)) place.hits.append(boxRect(box, hit === current ? 'hit is-current' : 'hit'));
  }
}

function hitBoxes(hit, page) {
  const element = elements[hit.index];
  if (hit.cell !== null) {
    const cell = boxesOf(regionsOn(element, cellsOf(element)[hit.cell].regions, page));
    return cell.length > 0 ? cell : boxesOn(element, page);
  }
  const start = [...element.text.slice(0, hit.start)].length;
  const end = start + [...element.text.slice(hit.start, hit.end)].length;
  const regions = regionsOn(element, element.raw.regions, page);
  const touched = regions.filter(({ char_span: span }) => isSpan(span) && span[0] < end && span[1] > start);
  for (const part of ['word', 'line']) {
    const boxes = boxesOf(touched.filter((region) => region.granularity === part));
    if (boxes.length > 0) return boxes;
  }
  return touched.length > 0 || !regions.some((region) => isSpan(region.char_span)) ? boxesOn(element, page) : [];
}

/** Marks hits in the text without changing it: highlights are ranges, and far text has none. */
function paintHits() {
  if (!CSS.highlights) return;
  CSS.highlights.clear();
  if (!state.search) return;
  const ranges = [];
  const current = state.hits[state.hit];
  let at = null;
  for (const [index, nodes] of sources) {
    for (const hit of state.hitsOf.get(index) ?? []) {
      const source = nodes.get(hit.cell);
      const range = source && rangeIn(source, hit.start, hit.end);
      if (range) ranges.push(range);
      if (range && hit === current) at = range;
    }
  }
  for (const { text } of chunkPlaces) {
    const found = text ? text.textContent.matchAll(state.search) : [];
    for (const { 0: words, index } of found) ranges.push(rangeIn(text, index, index + words.length));
  }
  CSS.highlights.set('quire-hit', new Highlight(...ranges.filter(Boolean)));
  if (at) CSS.highlights.set('quire-current', Object.assign(new Highlight(at), { priority: 1 }));
}

function rangeIn(source, start, end) {
  const range = new Range();
  const walker = document.createTreeWalker(source, NodeFilter.SHOW_TEXT);
  let at = 0;
  let started = false;
  for (let piece = walker.nextNode(); piece; piece = walker.nextNode()) {
    const next = at + piece.length;
    if (!started && start < next) {
      range.setStart(piece, start - at);
      started = true;
    }
    if (started && end <= next) {
      range.setEnd(piece, end - at);
      return range;
    }
    at = next;
  }
  return null;
}

function startSearch() {
  const field = byId('search');
  let timer = 0;
  field.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => runSearch(field.value), 120);
  });
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') goToHit(event.shiftKey ? -1 : 1);
    if (event.key !== 'Escape') return;
    field.value = '';
    runSearch('');
    field.blur();
  });
  byId('hit-previous').addEventListener('click', () => goToHit(-1));
  byId('hit-next').addEventListener('click', () => goToHit(1));
}
