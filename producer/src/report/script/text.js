// Right: text.

const textPane = byId('text');
let showSection = () => {};
// The nodes that hold an element's text now, for search: by element, then by cell, `null` for the text itself.
const sources = new Map();

function addSource(index, cell, made) {
  if (!sources.has(index)) sources.set(index, new Map());
  sources.get(index).set(cell, made);
}

function startText() {
  const listed = stray.own.length > 0 ? [...pages, stray] : pages;
  for (const page of listed) {
    const section = node('section', { class: 'page-text' });
    section.style.height = `${estimatedHeight(page)}px`;
    page.section = newPlace(section, { page });
    textPane.append(section);
  }
  if (elements.length === 0) textPane.prepend(emptyNote('The result has no elements.'));
  showSection = lazily(textPane, listed.map((page) => page.section), buildSection, clearSection);
}

/** Guesses the height of a page's text, so that the scroll bar is about right before the text is built. */
function estimatedHeight(page) {
  const lines = page.own.map((element) => 14 + 21 * Math.ceil((Math.min(element.text.length, MAX_TEXT) || 70) / 75));
  return 60 + lines.reduce((sum, height) => sum + height, 0);
}

function buildSection(place) {
  const { page, node: section } = place;
  section.style.height = '';
  section.append(sectionHead(page), ...page.issues.slice(0, MAX_ISSUES).map(issueNote));
  if (page.raw.status === 'failed') section.append(failureNote(page, false));
  for (const guest of page.guests) section.append(guestNote(guest));
  const isEmpty = page.own.length === 0 && page.raw.status !== 'failed';
  if (isEmpty) section.append(emptyNote('No elements on this page.'));
  writeElements(place, page.own, section);
  applyVisibility(place);
}

function sectionHead(page) {
  if (page === stray) return node('h2', { class: 'section-head' }, 'Elements without a known page');
  const facts = [plural(page.own.length, 'element'), string(page.raw.text_source), string(page.raw.language)];
  if (page.raw.status && page.raw.status !== 'succeeded') facts.push(String(page.raw.status));
  if (Number.isFinite(page.raw.confidence)) facts.push(`confidence ${page.raw.confidence.toFixed(2)}`);
  return node('h2', { class: 'section-head' }, `Page ${page.number}`, node('small', {}, joined(facts, ' · ')));
}

function issueNote({ kind, issue }) {
  return node('p', { class: `issue ${kind}` }, node('code', {}, string(issue.code)), ' ', string(issue.message));
}

/** Says that text of this page stands at the page where its element starts. */
function guestNote(element) {
  const words = `↑ continues ${element.type} ${element.id} from page ${element.page ?? '?'}`;
  return button(words, () => select(element.index), { class: 'guest' });
}

function clearSection(place, height) {
  // A pane that is not displayed has no heights; the guess stays.
  if (height > 0) place.node.style.height = `${height}px`;
  unregister(place);
  for (const element of place.page.own) sources.delete(element.index);
  place.node.replaceChildren();
}

/** Writes elements in order; items go into their list where it stands on the same page, else into a list of the run. */
function writeElements(place, own, section) {
  const lists = new Map();
  let run = null;
  for (const element of own) {
    if (element.type === 'list_item') {
      const list = lists.get(element.raw.parent_id) ?? run ?? node('div', { class: 'list', role: 'list' });
      if (!list.isConnected && !list.parentNode) section.append(list);
      run = list;
      list.append(block(place, element, lists));
      continue;
    }
    const made = block(place, element, lists);
    const within = element.type === 'list' ? lists.get(element.raw.parent_id) : null;
    (within ?? section).append(made);
    run = element.type === 'list' ? made : null;
    if (element.type === 'list') lists.set(element.id, made);
  }
}

/** Makes the block of one element: a colour at its side, its content, and its particulars on demand. */
function block(place, element, lists) {
  const write = WRITERS.get(element.type) ?? writeParagraph;
  const role = ROLES.get(element.type) ?? 'group';
  const name = `element ${typeClass(element.type)} ${layerClass(element.layer)}`;
  const made = node('div', { class: name, tabindex: -1, role, 'aria-label': `${element.type} ${element.id}` });
  made.append(node('span', { class: 'tag', 'aria-hidden': 'true' }, tagOf(element)), particulars(element));
  write(made, element, lists);
  writeLooseLinks(made, element);
  return register(place, element.index, made);
}

const levelOf = (element) => (element.type === 'title' ? 0 : isPage(element.raw.level) ? element.raw.level : null);
const tagOf = (element) => (element.type === 'section_header' ? `h${levelOf(element) ?? '?'}` : element.type);

function particulars(element) {
  const page = pageOf.get(element.page);
  const boxes = page ? boxesOn(element, page).map(boxText) : [];
  const words = [element.id, boxes[0] ?? 'no box', element.layer === 'body' ? '' : element.layer];
  if (Number.isFinite(element.raw.confidence)) words.push(element.raw.confidence.toFixed(2));
  return node('span', { class: 'particulars' }, chip(element.type), words.filter(Boolean).join('  '));
}

const WRITERS = new Map(Object.entries({
  title: writeHeading, section_header: writeHeading, list: writeList, list_item: writeListItem, table: writeTable,
  picture: writePicture, chart: writePicture, code: writeCode, formula: writeFormula, checkbox: writeField,
  form_field: writeField, key_value: writeField,
}));

function writeParagraph(made, element) {
  if (element.text === '') {
    const other = string(element.raw.markdown) || string(element.raw.html);
    made.append(other ? node('pre', { class: 'code' }, shortened(other)) : remark(`${element.type} without text`));
    return;
  }
  made.append(sourceText('p', element));
}

const remark = (words) => node('p', { class: 'nothing' }, words);

function writeHeading(made, element) {
  const depth = clamp((levelOf(element) ?? 2) + 1, 1, 6);
  made.append(sourceText(`h${clamp(depth + 1, 2, 6)}`, element, `heading h-${depth}`));
}

function writeList(made, element) {
  made.classList.add('list');
  if (element.text !== '') made.append(sourceText('p', element));
}

function writeListItem(made, element, lists) {
  const info = record(element.raw.list);
  const depth = isCount(info.depth) ? info.depth : listDepth(element, lists);
  made.style.setProperty('--depth', clamp(depth, 0, 12));
  made.setAttribute('aria-level', depth + 1);
  const marker = string(info.marker) || (info.ordered ? '–' : '•');
  // Some engines leave the marker in the text.
  const isInText = element.text.startsWith(string(info.marker) || '•');
  if (!isInText) made.append(node('span', { class: 'marker' }, marker.slice(0, 12)));
  made.append(sourceText('p', element));
}

function listDepth(element, lists) {
  let depth = 0;
  let above = lists.get(element.raw.parent_id)?.parentElement;
  for (; above?.classList.contains('list'); above = above.parentElement) depth += 1;
  return depth;
}

function writeCode(made, element) {
  const language = string(record(element.raw.code).language);
  if (language) made.append(node('span', { class: 'code-language' }, language));
  made.append(sourceText('pre', element, 'code'));
}

function writeFormula(made, element) {
  const latex = string(record(element.raw.formula).latex);
  if (element.text || !latex) made.append(sourceText('p', element, 'formula'));
  if (latex) made.append(node('pre', { class: 'code' }, shortened(latex)));
}

function writeField(made, element) {
  const { name, value, checked } = record(element.raw.field);
  if (typeof checked === 'boolean') made.append(node('span', { class: 'marker' }, checked ? '☑' : '☐'));
  if (element.text) made.append(sourceText('p', element));
  if (joined([name, value], ' ')) made.append(node('p', {}, node('b', {}, string(name)), ' ', string(value)));
}

/** Shows a picture as the part of the page image that it covers. */
function writePicture(made, element) {
  const page = pageOf.get(element.page);
  const source = page && imageSource(element.page);
  const [box] = page ? boxesOn(element, page) : [];
  if (source && box && area(box) > 0) {
    const [left, top, right, bottom] = box;
    const crop = shape('svg', { class: 'crop', viewBox: `${left} ${top} ${right - left} ${bottom - top}`, role: 'img' },
      shape('image', { href: source, x: 0, y: 0, width: page.width, height: page.height, preserveAspectRatio: 'none' }));
    crop.style.aspectRatio = `${right - left} / ${bottom - top}`;
    made.append(crop);
  }
  const { alt_text: alternative, kind } = record(element.raw.image);
  const words = joined([kind, alternative], ': ');
  if (words) made.append(remark(words));
  if (element.text) made.append(sourceText('p', element));
}

function writeTable(made, element) {
  const table = record(element.raw.table);
  if (!isRecord(element.raw.table) || cellsOf(element).length === 0) return writeParagraph(made, element);
  if (element.text) made.append(sourceText('p', element));
  const grid = placeCells(element, table);
  made.append(node('div', { class: 'table-scroll' }, tableNode(element, grid)));
  const facts = [`${table.num_rows ?? '?'} × ${table.num_cols ?? '?'}`, ...grid.notes];
  for (const concern of records(table.concerns)) facts.push(joined([concern.type, concern.details], ': '));
  const foot = node('p', { class: 'table-foot' }, facts.join(' · '));
  for (const [words, id] of [['↑ continued from', table.continued_from], ['↓ continues in', table.continues_in]]) {
    if (string(id)) foot.append(' ', button(`${words} ${id}`, () => select(indexOfId.get(id)), { class: 'link' }));
  }
  made.append(foot);
}

/** Places each cell once in the grid; what overlaps, lies outside or is too much is counted and told. */
function placeCells(element, table) {
  const listed = cellsOf(element).map((cell, place) => ({ cell, place }));
  const cells = listed.filter(({ cell }) => isCount(cell.row) && isCount(cell.col));
  const needed = (name) => cells.reduce((most, { cell }) => Math.max(most, cell[name] + 1), 1);
  const extent = (stated, name) => (isPage(stated) && stated <= MAX_GRID ? stated : needed(name));
  const columns = Math.min(extent(table.num_cols, 'col'), 500);
  const rows = Math.min(extent(table.num_rows, 'row'), Math.ceil(MAX_GRID / columns));
  const grid = Array.from({ length: rows }, () => new Array(columns).fill(undefined));
  let left = listed.length - cells.length;
  for (const item of cells) {
    const { row, col } = item.cell;
    const rowEnd = Math.min(row + spanOf(item.cell.row_span), rows);
    const colEnd = Math.min(col + spanOf(item.cell.col_span), columns);
    if (row >= rows || col >= columns || taken(grid, row, rowEnd, col, colEnd)) {
      left += 1;
      continue;
    }
    for (let r = row; r < rowEnd; r += 1) grid[r].fill(null, col, colEnd);
    grid[row][col] = { ...item, rowSpan: rowEnd - row, colSpan: colEnd - col };
  }
  return { grid, notes: left > 0 ? [`${plural(left, 'cell')} not shown: overlapping, misplaced or too many`] : [] };
}

function taken(grid, row, rowEnd, col, colEnd) {
  for (let r = row; r < rowEnd; r += 1) for (let c = col; c < colEnd; c += 1) if (grid[r][c] !== undefined) return true;
  return false;
}

function tableNode(element, { grid }) {
  const body = node('tbody');
  for (const row of grid) {
    // `undefined` is a place that no cell covers, `null` one under a span.
    const starts = row.filter((item) => item !== null);
    body.append(node('tr', {}, ...starts.map((item) => (item ? cellNode(element, item) : node('td', { class: 'hole' })))));
  }
  return node('table', {}, body);
}

function cellNode(element, { cell, place, rowSpan, colSpan }) {
  const scope = SCOPES.get(cell.role);
  const made = node(scope ? 'th' : 'td', {
    scope, rowspan: rowSpan > 1 ? rowSpan : null, colspan: colSpan > 1 ? colSpan : null, dir: 'auto',
    class: cell.role === 'row_section' ? 'row-section' : null, 'data-cell': place,
  });
  made.append(shortened(string(cell.text)));
  addSource(element.index, place, made);
  return made;
}

/** Writes an element's own text into a new node, with the links that it carries. */
function sourceText(tag, element, name = '') {
  const made = node(tag, { class: `source ${name}`, dir: 'auto', lang: languageOf(element) });
  writeLinked(made, element, shortened(element.text));
  if (element.text.length > MAX_TEXT) {
    const rest = button(`Show all ${grouped(element.text.length)} characters`, () => {
      made.replaceChildren(element.text);
      rest.remove();
    }, { class: 'link' });
    queueMicrotask(() => made.after(rest));
  }
  addSource(element.index, null, made);
  return made;
}

const languageOf = ({ raw }) => (/^[a-z]{2,3}(-[a-z0-9]+)*$/i.test(string(raw.language)) ? raw.language : null);
const shortened = (text) => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);

function writeLinked(made, element, text) {
  let at = 0;
  for (const { start, end, link } of linkSpans(element, text)) {
    if (start < at) continue;
    made.append(text.slice(at, start), linkNode(link, text.slice(start, end)));
    at = end;
  }
  made.append(text.slice(at));
}

/** Finds the linked parts of a text; spans count Unicode scalar values, strings here count UTF-16 units. */
function linkSpans(element, text) {
  const links = records(element.raw.links).filter((link) => isSpan(link.char_span));
  if (links.length === 0) return [];
  const offsets = [0];
  for (const character of text) offsets.push(offsets.at(-1) + character.length);
  const spans = links.map((link) => ({ link, start: offsets[link.char_span[0]], end: offsets[link.char_span[1]] }));
  return spans.filter(({ start, end }) => start < end).sort((a, b) => a.start - b.start);
}

const isSpan = (span) => Array.isArray(span) && span.length === 2 && span.every(isCount);

function linkNode(link, words) {
  const address = safeAddress(link.uri);
  if (address) return node('a', { href: address, target: '_blank', rel: 'noopener noreferrer', title: address }, words);
  const { page_number: number } = link;
  if (pageOf.has(number)) return button(words, () => showPage(number), { class: 'link', title: `Page ${number}` });
  return node('span', { class: 'dead-link', title: `Not followed: ${string(link.uri).slice(0, 300)}` }, words);
}

/** Lists the links that name no part of the text. */
function writeLooseLinks(made, element) {
  const loose = records(element.raw.links).filter((link) => !isSpan(link.char_span)).slice(0, 50);
  if (loose.length === 0) return;
  const words = (link) => (string(link.text) || string(link.uri) || `page ${link.page_number}`).slice(0, 300);
  made.append(node('p', { class: 'loose-links' }, ...loose.flatMap((link) => ['→ ', linkNode(link, words(link)), ' '])));
}

function applyVisibility(place) {
  for (const [index, made] of place.registered) made.classList.toggle('is-off', !isShown(elements[index]));
}
