// Right: chunks.

const chunksPane = byId('chunks');
let showChunk = () => {};
let chunkPlaces = [];

function startChunks() {
  if (chunks.length === 0) {
    chunksPane.append(emptyNote('The result has no chunks. A job asks for them with parse.options.chunks.'));
    return;
  }
  chunksPane.append(chunkSummary());
  const most = chunks.reduce((high, chunk) => Math.max(high, chunkTokens(chunk) ?? 0), 1);
  chunkPlaces = chunks.map((chunk, place) => {
    const made = node('article', { class: 'chunk', tabindex: -1, 'data-chunk': place });
    made.style.height = `${70 + 20 * Math.ceil(Math.min(chunkText(chunk).length, MAX_TEXT) / 80)}px`;
    chunksPane.append(made);
    return newPlace(made, { chunk, place, most });
  });
  showChunk = lazily(chunksPane, chunkPlaces, buildChunk, clearChunk);
}

/** Tells the number of chunks and how their token counts spread. */
function chunkSummary() {
  const tokens = chunks.map(chunkTokens).filter((count) => count !== null).sort((a, b) => a - b);
  const head = node('header', { class: 'chunk-summary' }, node('b', {}, plural(chunks.length, 'chunk')));
  if (tokens.length === 0) return head;
  const bins = new Array(32).fill(0);
  for (const count of tokens) bins[Math.min(31, Math.floor((count * 32) / (tokens.at(-1) + 1)))] += 1;
  const most = Math.max(...bins);
  const bars = bins.map((count, place) => {
    const height = (24 * count) / most;
    return shape('rect', { x: place * 4, y: 24 - height, width: 3, height });
  });
  const middle = tokens[Math.floor(tokens.length / 2)];
  head.append(node('span', {}, `${tokens[0]} to ${tokens.at(-1)} tokens, median ${middle}`),
    shape('svg', { class: 'histogram', viewBox: '0 0 128 24', role: 'img', 'aria-label': 'Chunks by token count' }, ...bars));
  return head;
}

function buildChunk(place) {
  const { chunk, node: made } = place;
  made.style.height = '';
  const tokens = chunkTokens(chunk);
  const bar = barOf('token-bar', (tokens ?? 0) / place.most);
  const numbers = Array.isArray(chunk.page_numbers) ? chunk.page_numbers.filter(isPage) : [];
  const head = node('header', {}, node('b', {}, `${place.place + 1}`), node('code', {}, string(chunk.id)),
    node('span', {}, tokens === null ? 'tokens not counted' : plural(tokens, 'token')), bar,
    node('span', {}, numbers.length > 0 ? `p. ${numbers.slice(0, 8).join(', ')}` : 'no page'),
    node('span', {}, plural(strings(chunk.element_ids).length, 'element')));
  made.append(head);
  const headings = strings(chunk.headings);
  if (headings.length > 0) made.append(node('p', { class: 'path', dir: 'auto' }, headings.join(' › ')));
  const words = (state.context && chunkContext(chunk)) || chunkText(chunk);
  place.text = node('p', { class: 'chunk-text', dir: 'auto' }, shortened(words));
  made.append(place.text);
  markChunk(place);
}

function clearChunk(place, height) {
  if (height > 0) place.node.style.height = `${height}px`;
  place.text = null;
  place.node.replaceChildren();
}

function setContext(on) {
  state.context = on;
  for (const place of chunkPlaces.filter(({ built }) => built)) {
    clearChunk(place, 0);
    buildChunk(place);
  }
  paintHits();
}

function markChunk(place) {
  if (!place.built) return;
  const touched = chunksOfElement.get(state.hovered ?? state.selected) ?? [];
  place.node.classList.toggle('is-hovered', place.place === state.chunkHovered || touched.includes(place.place));
  place.node.classList.toggle('is-selected', place.place === state.chunkSelected);
}

const markChunks = () => chunkPlaces.forEach(markChunk);

function hoverChunk(place) {
  if (state.chunkHovered === place) return;
  state.chunkHovered = place;
  markChunks();
  drawExtras();
  if (place !== null) revealChunkBox(chunks[place]);
}

function revealChunkBox(chunk) {
  const named = records(chunk.regions).map((region) => region.page_number);
  const numbers = [...named, ...chunkElements(chunk).map((element) => element.page)].filter((number) => pageOf.has(number));
  const page = pageOf.get(numbers.sort((a, b) => a - b)[0]);
  if (!page) return;
  setPage(page.number);
  revealOn(page, chunkBoxes(chunk, page)[0], 'nearest');
}

/** Goes to the next chunk, from the current one or from the first one of the page in view. */
function stepChunk(by) {
  const first = chunks.findIndex((chunk) => Array.isArray(chunk.page_numbers) && chunk.page_numbers.includes(state.page));
  const place = state.chunkSelected === null ? Math.max(first, 0) : state.chunkSelected + by;
  if (chunks[place]) goToChunk(place);
}

function goToChunk(place) {
  if (isText()) setView('chunks');
  showChunk(chunkPlaces[place]);
  selectChunk(place);
  reveal(chunksPane, chunkPlaces[place].node, 'nearest');
}

function selectChunk(place) {
  state.chunkSelected = place;
  markChunks();
  drawExtras();
  if (place === null) return;
  openDetails(chunkDetails(chunks[place], place));
  revealChunkBox(chunks[place]);
}
