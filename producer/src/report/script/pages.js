// Left: pages.

const pagesPane = byId('pages');
let showSheet = () => {};

function startPages() {
  for (const page of pages) {
    const sheet = node('div', { class: 'sheet' });
    sheet.style.aspectRatio = `${page.width} / ${page.height}`;
    sheet.style.width = `calc(var(--zoom) * ${Math.min(100, (100 * MAX_ASPECT * page.width) / page.height)}%)`;
    const section = node('section', { class: 'page', 'aria-label': `Page ${page.number}` }, pageHead(page), sheet);
    page.sheet = newPlace(section, { page, sheet });
    pagesPane.append(section);
  }
  if (pages.length === 0) pagesPane.append(emptyNote('The result has no pages.'));
  showSheet = lazily(pagesPane, pages.map((page) => page.sheet), buildSheet, clearSheet);
}

function pageHead(page) {
  const label = string(page.raw.page_label);
  const head = node('header', { class: 'page-head' }, node('b', {}, `Page ${page.number}`));
  if (label && label !== String(page.number)) head.append(node('span', { title: 'The number as printed' }, `“${label}”`));
  for (const kind of ['error', 'warning']) {
    const count = page.issues.filter((item) => item.kind === kind).length;
    if (count > 0) head.append(node('span', { class: `flag ${kind}` }, plural(count, kind)));
  }
  head.append(node('span', { class: 'size' }, `${Math.round(page.width)} × ${Math.round(page.height)} pt`));
  return head;
}

function buildSheet(place) {
  const { page, sheet } = place;
  const source = imageSource(page.number);
  const failed = page.raw.status === 'failed';
  if (source) {
    const picture = node('img', { class: 'page-image', src: source, alt: '', loading: 'lazy', decoding: 'async' });
    picture.addEventListener('error', () => picture.replaceWith(sheetNote('The page image cannot be loaded.')));
    sheet.append(picture);
  } else if (!failed) {
    const none = page.own.length > 0 ? 'No page image' : 'No page image and no elements';
    sheet.append(sheetNote(imageOrReason(page.number).slice(0, 100) || none));
  }
  if (failed) sheet.append(failureNote(page, source === null));
  // The text on the right says the same to a screen reader, in order.
  place.layers = shape('svg', {
    class: 'boxes', viewBox: `0 0 ${page.width} ${page.height}`, preserveAspectRatio: 'none', 'aria-hidden': 'true',
  });
  sheet.append(place.layers);
  drawLayers(place);
}

const sheetNote = (words) => node('p', { class: 'sheet-note' }, words);

function failureNote(page, whole) {
  const note = node('div', { class: `failure${whole ? ' whole' : ''}` }, node('b', {}, `Page ${page.number} failed`));
  const errors = page.issues.filter((item) => item.kind === 'error').slice(0, 3);
  for (const { issue } of errors) note.append(node('code', {}, string(issue.code)), node('span', {}, string(issue.message)));
  if (errors.length === 0) note.append(node('span', {}, 'The result gives no reason.'));
  return note;
}

function clearSheet(place) {
  unregister(place);
  place.layers = null;
  place.sheet.replaceChildren();
}

/** Draws everything over a page image anew: after a toggle, or when the page comes near. */
function drawLayers(place) {
  if (!place.built) return;
  unregister(place);
  place.layers.replaceChildren();
  const { page } = place;
  const here = [...page.guests, ...page.own].filter(isShown);
  for (const part of PARTS) if (state.overlays.has(part)) place.layers.append(partsPath(page, here, part));
  if (state.overlays.has('boxes')) drawBoxes(place, here);
  if (state.overlays.has('order')) place.layers.append(orderLine(page, here));
  place.extra = shape('g', { class: 'extra' });
  place.hits = shape('g', { class: 'hits' });
  place.layers.append(place.hits, place.extra);
  drawHits(place);
  drawExtra(place);
}

function drawBoxes(place, here) {
  const boxes = here.flatMap((element) => boxesOn(element, place.page).map((box) => ({ element, box })));
  // The last one drawn takes the pointer: a list must not cover its items.
  boxes.sort((a, b) => area(b.box) - area(a.box));
  for (const { element, box } of boxes) {
    const rect = boxRect(box, `box ${typeClass(element.type)} ${layerClass(element.layer)}`);
    place.layers.append(register(place, element.index, rect));
  }
}

/** Makes a rectangle that can be seen and met even where the box has no area. */
function boxRect([left, top, right, bottom], name) {
  const [width, height] = [Math.max(right - left, 1), Math.max(bottom - top, 1)];
  return shape('rect', { class: name, x: left, y: top, width, height, rx: 1.5 });
}

/** Joins all lines, words or cells of a page into one path: 700 words are one node. */
function partsPath(page, here, part) {
  const boxes = here.flatMap((element) => {
    const own = regionsOn(element, element.raw.regions, page).filter((region) => region.granularity === part);
    const cells = part === 'cell' ? cellsOf(element).flatMap((cell) => regionsOn(element, cell.regions, page)) : [];
    return boxesOf([...own, ...cells]);
  });
  const outlines = boxes.map(([left, top, right, bottom]) => `M${left} ${top}H${right}V${bottom}H${left}Z`);
  return shape('path', { class: `parts ${part}`, d: outlines.join('') });
}

/** Returns what a point is on a letter page, so that numbers and names look alike on every size of page. */
const unitOf = (page) => (page.width / 612) * (isNarrow() ? 1.5 : 1);

/** Draws the reading order: numbers from 1 on each page, joined by a line. */
function orderLine(page, here) {
  const unit = unitOf(page);
  // A group has no text of its own; its items carry the order.
  const inOrder = here.filter((element) => !(element.type === 'list' && element.text === ''));
  const stops = inOrder.sort((a, b) => a.index - b.index).flatMap((element) => {
    const [box] = boxesOn(element, page);
    return box ? [{ element, left: box[0], y: (box[1] + Math.min(box[3], box[1] + 14 * unit)) / 2 }] : [];
  });
  const badges = stops.map(({ element, left, y }, place) => {
    const label = String(place + 1);
    const half = (label.length * 2.1 + 3.4) * unit;
    // Beside the box, where there is room, so that the first letter can be read.
    return { element, label, half, y, x: Math.max(left - half - 2 * unit, half) };
  });
  const group = shape('g', { class: 'order' });
  group.append(shape('polyline', { points: badges.map(({ x, y }) => `${x},${y}`).join(' ') }));
  for (const { element, label, half, x, y } of badges) {
    const pill = { x: x - half, y: y - 5 * unit, width: 2 * half, height: 10 * unit, rx: 5 * unit };
    group.append(shape('rect', { class: typeClass(element.type), ...pill }), shape('text', { x, y: y + 2.5 * unit, 'font-size': 7 * unit }, label));
  }
  return group;
}

/** Draws the regions of the chunk and the name of the element that the reader points at. */
function drawExtra(place) {
  if (!place?.built) return;
  place.extra.replaceChildren();
  const chunk = chunks[state.chunkHovered ?? state.chunkSelected];
  if (chunk) for (const box of chunkBoxes(chunk, place.page)) place.extra.append(boxRect(box, 'chunk-box'));
  const element = elements[state.hovered ?? state.selected];
  const [box] = element && isShown(element) ? boxesOn(element, place.page) : [];
  if (box) place.extra.append(boxLabel(element, box, place.page));
}

function boxLabel(element, [left, top], page) {
  const unit = unitOf(page);
  const label = `${element.type} ${element.id}`.slice(0, 60);
  const width = (label.length * 4.35 + 8) * unit;
  const x = clamp(left, 0, Math.max(page.width - width, 0));
  const y = top > 13 * unit ? top - 12 * unit : top;
  return shape('g', { class: `box-label ${typeClass(element.type)}` },
    shape('rect', { x, y, width, height: 11.5 * unit, rx: 2 * unit }),
    shape('text', { x: x + 4 * unit, y: y + 8.2 * unit, 'font-size': 7.2 * unit }, label));
}

const drawExtras = () => pages.forEach((page) => drawExtra(page.sheet));
const chunkText = (chunk) => string(chunk.text);
const chunkContext = (chunk) => string(chunk.contextualized_text) || string(chunk.context);
const chunkTokens = (chunk) => [chunk.token_count, chunk.tokens].find(isCount) ?? null;
const chunkElements = (chunk) => strings(chunk.element_ids).map((id) => elements[indexOfId.get(id)]).filter(Boolean);

function chunkBoxes(chunk, page) {
  // A chunk spans pages: a region of it that names none is nowhere.
  const own = boxesOn({ page: null, raw: chunk }, page);
  return own.length > 0 ? own : chunkElements(chunk).flatMap((element) => boxesOn(element, page));
}
