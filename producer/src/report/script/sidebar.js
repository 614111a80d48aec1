// Sidebar: legend and outline.

function countBy(items, keyOf) {
  const counts = new Map();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

function redraw() {
  for (const page of pages) {
    if (page.sheet.built) drawLayers(page.sheet);
    if (page.section.built) applyVisibility(page.section);
  }
  if (stray.section?.built) applyVisibility(stray.section);
}

function typesInOrder() {
  const counts = countBy(elements, (element) => element.type);
  const rank = (type) => (TYPES.includes(type) ? TYPES.indexOf(type) : TYPES.length);
  return [...counts].sort(([a], [b]) => rank(a) - rank(b)).slice(0, 100);
}

function startLegend() {
  const legend = byId('legend');
  legend.append(typeToggles(), layerToggles(), imageOpacity());
}

function typeToggles() {
  const types = typesInOrder();
  const rows = types.map(([type, count], place) => {
    const key = place < 9 ? `Key ${place + 1}; ` : '';
    const row = toggle('', true, (on, event) => (event.shiftKey ? showOnly(type) : setType(type, on)), {
      class: `row ${typeClass(type)}`, 'data-type': type, title: `${key}Shift+click: only this type`,
    });
    row.append(...rowContent('swatch', type, count));
    return row;
  });
  const everything = (hidden) => () => {
    state.hiddenTypes = new Set(hidden ? types.map(([type]) => type) : []);
    syncTypes();
  };
  const actions = [button('all', everything(false), { class: 'link' }), button('none', everything(true), { class: 'link' })];
  return group('Types', actions, rows);
}

function rowContent(mark, name, count) {
  return [node('i', { class: mark }), node('span', {}, name), node('small', {}, grouped(count))];
}

function setType(type, on) {
  if (on) state.hiddenTypes.delete(type);
  else state.hiddenTypes.add(type);
  syncTypes();
}

/** Shows one type alone; asked again, all of them. */
function showOnly(type) {
  const others = typesInOrder().map(([other]) => other).filter((other) => other !== type);
  const isAlone = !state.hiddenTypes.has(type) && others.every((other) => state.hiddenTypes.has(other));
  state.hiddenTypes = new Set(isAlone ? [] : others);
  syncTypes();
}

function syncTypes() {
  for (const row of document.querySelectorAll('[data-type]')) row.setAttribute('aria-pressed', !state.hiddenTypes.has(row.dataset.type));
  redraw();
}

function layerToggles() {
  const counts = countBy(elements, (element) => element.layer);
  const known = LAYERS.filter((layer) => layer !== 'background' || counts.has(layer));
  const names = [...known, ...[...counts.keys()].filter((layer) => !LAYERS.includes(layer)).slice(0, 20)];
  const rows = names.map((layer) => {
    const row = toggle('', true, (on) => {
      if (on) state.hiddenLayers.delete(layer);
      else state.hiddenLayers.add(layer);
      redraw();
    }, { class: 'row layer', disabled: !counts.has(layer) });
    row.append(...rowContent('tick', layer, counts.get(layer) ?? 0));
    return row;
  });
  return group('Layers', [], rows);
}

function imageOpacity() {
  const range = node('input', { type: 'range', min: 0, max: 100, value: 100, 'aria-label': 'Opacity of the page images' });
  range.addEventListener('input', () => document.documentElement.style.setProperty('--image-opacity', range.value / 100));
  return group('Page image', [], [node('label', { class: 'range' }, range)]);
}

function group(title, actions, rows) {
  return node('section', { class: 'group' }, node('h2', {}, title, node('span', { class: 'gap' }), ...actions), ...rows);
}

/** Fills the buttons that stand over the panes: what is drawn over pages, what is told beside text. */
function startQuick() {
  const overlay = (label, name, key) => toggle(label, state.overlays.has(name), (on) => {
    if (on) state.overlays.add(name);
    else state.overlays.delete(name);
    redraw();
  }, { 'data-key': key, title: `${label} (${key})` });
  const overlays = [['Boxes', 'boxes', 'b'], ['Order', 'order', 'r'], ['Lines', 'line', 'l'], ['Words', 'word', 'w'], ['Cells', 'cell', 'e']];
  byId('quick').append(...overlays.map((names) => overlay(...names)));
  const option = (label, key, title, on, name, change) => toggle(label, on, change, { class: name, title: `${title} (${key})`, 'data-key': key });
  byId('reading-options').append(
    option('Context', 'x', 'Show the contextualised text of chunks', false, 'for-chunks', setContext),
    option('Ids', 'i', 'Show type, id and box of every element', false, 'for-text', (on) => textPane.classList.toggle('with-particulars', on)),
    option('Scroll together', 's', 'Scroll pages and text together', true, 'for-text only-wide', (on) => { state.together = on; }),
  );
}

/** Lists headings and the file's own bookmarks; built when first opened, a long document has thousands. */
function buildOutline() {
  const outline = byId('outline');
  if (outline.childElementCount > 0) return;
  const headings = elements.filter((element) => ['title', 'section_header'].includes(element.type));
  const bookmarks = records(record(result.document).outline);
  const entry = (depth, words, number, act) => {
    const go = () => {
      act();
      if (isDrawer()) setSidebar(false);
    };
    const made = button('', go, { class: 'entry', disabled: !act, title: words });
    made.style.setProperty('--depth', clamp(depth, 0, 8));
    made.append(node('span', { dir: 'auto' }, words.slice(0, 200) || '(no text)'), node('small', {}, number ?? ''));
    return made;
  };
  const rows = headings.slice(0, MAX_OUTLINE).map((element) => {
    const depth = element.type === 'title' ? 0 : (levelOf(element) ?? 1) - 1;
    return entry(depth, element.text, element.page, () => select(element.index));
  });
  const marks = bookmarks.slice(0, MAX_OUTLINE).map((bookmark) => {
    const depth = (isPage(bookmark.level) ? bookmark.level : 1) - 1;
    return entry(depth, string(bookmark.title), bookmark.page_number, bookmarkTarget(bookmark));
  });
  outline.append(group('Headings', [], rows.length > 0 ? rows : [emptyNote('The parse found no headings.')]));
  if (marks.length > 0) outline.append(group('Bookmarks of the file', [], marks));
}

function bookmarkTarget({ element_id: id, page_number: number }) {
  if (indexOfId.has(id)) return () => select(indexOfId.get(id));
  return pageOf.has(number) ? () => showPage(number) : null;
}

function setSidebarTab(name) {
  for (const tab of ['legend', 'outline']) {
    byId(tab).hidden = tab !== name;
    byId(`tab-${tab}`).setAttribute('aria-selected', tab === name);
  }
  if (name === 'outline') buildOutline();
}

const isDrawer = () => matchMedia('(max-width: 1180px)').matches;

function setSidebar(open) {
  document.body.classList.toggle(isDrawer() ? 'drawer-open' : 'sidebar-closed', isDrawer() ? open : !open);
  byId('sidebar-button').setAttribute('aria-expanded', open);
}

const bodyHas = (name) => document.body.classList.contains(name);
const isSidebarOpen = () => (isDrawer() ? bodyHas('drawer-open') : !bodyHas('sidebar-closed'));

function switchSidebar() {
  if (!isSidebarOpen()) setSidebar(true);
  setSidebarTab(byId('outline').hidden ? 'outline' : 'legend');
}

function startSidebar() {
  byId('sidebar-button').addEventListener('click', () => setSidebar(!isSidebarOpen()));
  byId('veil').addEventListener('click', () => setSidebar(false));
  for (const tab of ['legend', 'outline']) byId(`tab-${tab}`).addEventListener('click', () => setSidebarTab(tab));
  byId('sidebar-button').setAttribute('aria-expanded', isSidebarOpen());
}
