// Details.

function openDetails(content) {
  const panel = byId('details');
  const close = button('×', closeDetails, { class: 'icon close', 'aria-label': 'Close details', title: 'Close (Esc)' });
  panel.replaceChildren(...content.filter(Boolean), close);
  panel.hidden = false;
}

function closeDetails() {
  byId('details').hidden = true;
  select(null);
  if (state.chunkSelected !== null) selectChunk(null);
}

function elementPages(element) {
  const numbers = new Set(records(element.raw.regions).map((region) => pageOfRegion(element, region)));
  return [...numbers].map((number) => pageOf.get(number)).filter(Boolean);
}

function elementDetails(element) {
  const { raw } = element;
  const boxes = elementPages(element).flatMap((page) => boxesOn(element, page).map((box) => `p. ${page.number} ${boxText(box)}`));
  const rows = [
    ['boxes', boxes.slice(0, 6).join('\n')], ['layer', element.layer], ['level', raw.level],
    ['section', strings(raw.section_path).join(' › ')], ['parent', raw.parent_id], ['source', raw.text_source],
    ['language', raw.language], ['confidence', raw.confidence],
  ];
  const within = (chunksOfElement.get(element.index) ?? []).slice(0, 12).map((place) => {
    const name = `chunk ${string(chunks[place].id).slice(0, 60) || place + 1}`;
    return button(name, () => goToChunk(place), { class: 'member', title: 'Show the chunk' });
  });
  const showOnPage = () => {
    setView('pages');
    revealBox(element.index, 'start');
  };
  return [detailsHead([chip(element.type), node('code', {}, element.id)], [
    button('Previous', () => step(-1), { class: 'small' }), button('Next', () => step(1), { class: 'small' }),
    button('Show on page', showOnPage, { class: 'small only-narrow' }),
  ], raw), factList(rows), within.length > 0 ? node('p', { class: 'members' }, ...within) : null, jsonBlock(raw)];
}

function chunkDetails(chunk, place) {
  const members = chunkElements(chunk).slice(0, 60).map((element) => {
    const name = `member ${typeClass(element.type)}`;
    return button(element.id, () => select(element.index), { class: name, title: element.type });
  });
  const context = chunkContext(chunk);
  return [
    detailsHead([node('b', {}, `Chunk ${place + 1}`), node('code', {}, string(chunk.id))], [], chunk),
    node('p', { class: 'members' }, ...members),
    ...(context ? [node('pre', { class: 'json wrap', dir: 'auto' }, shortened(context))] : []),
    jsonBlock(chunk),
  ];
}

function detailsHead(name, buttons, raw) {
  const copy = button('Copy JSON', async () => {
    const words = JSON.stringify(raw, null, 2);
    // Absent on a page that came over plain http from another host.
    const written = await navigator.clipboard?.writeText(words).then(() => true, () => false);
    copy.textContent = written ? 'Copied' : 'Not allowed';
  }, { class: 'small' });
  return node('header', {}, ...name, node('span', { class: 'gap' }), ...buttons, copy);
}

function factList(rows) {
  const list = node('dl', { class: 'fact-list' });
  for (const [name, value] of rows) {
    if ((value ?? '') !== '') list.append(node('dt', {}, name), node('dd', { dir: 'auto' }, String(value)));
  }
  return list;
}

function jsonBlock(raw) {
  // Boxes and spans on one line each; in JSON a line break never stands inside a string.
  const flat = (list) => list.replace(/\s+/g, ' ').replace('[ ', '[').replace(' ]', ']');
  const words = JSON.stringify(raw, null, 2).replace(/\[\n[\s\d.,e+-]+\]/g, flat);
  const cut = `${words.slice(0, MAX_JSON)}\n… shortened: Copy JSON has all of it`;
  return node('pre', { class: 'json', tabindex: 0, 'aria-label': 'JSON' }, words.length <= MAX_JSON ? words : cut);
}
