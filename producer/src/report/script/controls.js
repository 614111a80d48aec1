// Views, theme, width, keys.

const isNarrow = () => matchMedia('(max-width: 820px)').matches;

function setView(name) {
  const wide = !isNarrow();
  document.body.dataset.view = name;
  for (const view of ['pages', 'text', 'chunks']) byId(`tab-${view}`).setAttribute('aria-selected', view === name);
  if (state.hovered !== null) hover(null);
  // A pane that was not displayed may have lost its place.
  if (!wide && name !== 'chunks') showPage(state.page);
  if (state.selected === null) return;
  if (name === 'text') revealText(state.selected);
  if (name === 'chunks') revealChunkOf(state.selected);
}

function startViews() {
  for (const view of ['pages', 'text', 'chunks']) byId(`tab-${view}`).addEventListener('click', () => setView(view));
  for (const tabs of document.querySelectorAll('[role=tablist]')) {
    tabs.addEventListener('keydown', (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      const all = [...tabs.children].filter((tab) => tab.offsetWidth > 0);
      const next = all[(all.indexOf(document.activeElement) + by + all.length) % all.length];
      next.focus();
      next.click();
    });
  }
}

const THEMES = ['system', 'light', 'dark'];

function setTheme(name) {
  if (name === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  byId('theme').setAttribute('aria-label', `Theme: ${name}`);
  byId('theme').title = `Theme: ${name} (t)`;
  // Some browsers refuse storage to files; the theme then holds until the page is closed.
  try { localStorage.setItem('quire-theme', name); } catch { /* stays for this page */ }
}

function startTheme() {
  let saved = 'system';
  try { saved = localStorage.getItem('quire-theme') ?? 'system'; } catch { /* no storage */ }
  setTheme(THEMES.includes(saved) ? saved : 'system');
  byId('theme').addEventListener('click', () => {
    const current = THEMES.indexOf(document.documentElement.dataset.theme ?? 'system');
    setTheme(THEMES[(current + 1) % THEMES.length]);
  });
}

let zoom = 1;
function setZoom(by) {
  zoom = clamp(zoom * by, 0.25, 4);
  const { page } = state;
  pagesPane.style.setProperty('--zoom', zoom);
  if (pageOf.has(page)) pagesPane.scrollTop = pageOf.get(page).sheet.node.offsetTop - 8;
}

function setSplit(percent) {
  const share = clamp(percent, 20, 80);
  byId('main').style.setProperty('--split', `${share}fr`);
  byId('main').style.setProperty('--rest', `${100 - share}fr`);
  byId('splitter').setAttribute('aria-valuenow', Math.round(share));
}

function startWidths() {
  const splitter = byId('splitter');
  byId('zoom-in').addEventListener('click', () => setZoom(1.25));
  byId('zoom-out').addEventListener('click', () => setZoom(0.8));
  splitter.addEventListener('pointerdown', (event) => splitter.setPointerCapture(event.pointerId));
  splitter.addEventListener('pointermove', (event) => {
    if (!splitter.hasPointerCapture(event.pointerId)) return;
    const left = pagesPane.getBoundingClientRect().left;
    setSplit((100 * (event.clientX - left)) / (innerWidth - left));
  });
  splitter.addEventListener('keydown', (event) => {
    const by = { ArrowLeft: -2, ArrowRight: 2 }[event.key];
    if (by) setSplit(Number(splitter.getAttribute('aria-valuenow')) + by);
  });
}

const KEYS = [
  ['j  k', 'next, previous element; in the chunks view, chunk', { j: () => step(1), k: () => step(-1) }],
  ['Enter', 'details of the element', {}],
  ['n  p', 'next, previous page', { n: () => turn(1), p: () => turn(-1) }],
  ['/', 'search; Enter and Shift+Enter go through the hits', { '/': () => byId('search').focus() }],
  ['c', 'text or chunks', { c: () => setView(document.body.dataset.view === 'chunks' ? 'text' : 'chunks') }],
  ['o', 'legend and outline', { o: switchSidebar }],
  ['1 … 9', 'types of the legend on and off', {}],
  ['b r l w e', 'boxes, reading order, lines, words, cells', {}],
  ['i s x', 'ids, scroll together, context of chunks', {}],
  ['+  -', 'larger, smaller pages', { '+': () => setZoom(1.25), '=': () => setZoom(1.25), '-': () => setZoom(0.8) }],
  ['t', 'theme', { t: () => byId('theme').click() }],
  ['Esc', 'close details, leave search', { Escape: () => (bodyHas('drawer-open') ? setSidebar(false) : closeDetails()) }],
  ['?', 'this help', { '?': () => byId('help').showModal() }],
];

function startHelp() {
  const help = byId('help');
  const list = node('dl', {});
  const keyNode = (key) => (key === '…' ? key : node('kbd', {}, key));
  for (const [keys, words] of KEYS) list.append(node('dt', {}, ...keys.split(/\s+/).map(keyNode)), node('dd', {}, words));
  help.append(node('h2', { id: 'help-title' }, 'Keys'), list,
    node('p', {}, 'Point at a box or at its text to see the other. Click to keep it and to read its JSON. '
      + 'Numbers at boxes are the reading order of the page. Dashed boxes are furniture, notes or groups.'),
    button('Close', () => help.close(), { class: 'small' }));
  byId('help-button').addEventListener('click', () => help.showModal());
}

function startKeys() {
  const actions = Object.assign({}, ...KEYS.map(([, , bound]) => bound));
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || byId('help').open) return;
    if (event.target.matches('input:not([type=range]), textarea')) return;
    const act = actionOf(event, actions);
    if (!act) return;
    act();
    event.preventDefault();
  });
}

function actionOf({ key, target }, actions) {
  const index = target.matches('.element') ? indexAt(target) : null;
  if (index !== null && key === 'Enter') return () => select(index, { focus: true, details: true });
  // Arrows scroll a pane as ever; on an element they go to the next one.
  const by = { ArrowDown: 1, ArrowUp: -1 }[key];
  if (by) return index === null ? null : () => step(by);
  if (/^[1-9]$/.test(key)) return () => document.querySelectorAll('[data-type]')[key - 1]?.click();
  return Object.hasOwn(actions, key) ? actions[key] : keyButton(key);
}

function keyButton(key) {
  const made = /^[a-z]$/.test(key) ? document.querySelector(`[data-key=${key}]`) : null;
  return made && (() => made.click());
}

startTheme();
startSummary();
startLegend();
startQuick();
startPages();
startText();
startChunks();
for (const pane of [pagesPane, textPane]) startPointer(pane);
startCellHover();
startChunkPointer();
startScrolling();
startSearch();
startSidebar();
startViews();
startWidths();
startHelp();
startKeys();
