// Summary.

function startSummary() {
  const title = string(data.title) || 'Quire report';
  const status = string(result.status) || 'unknown';
  document.title = `${title} · Quire report`;
  byId('title').textContent = title;
  byId('title').title = title;
  byId('status').textContent = status;
  byId('status').dataset.status = status;
  byId('facts').replaceChildren(...factItems());
  byId('summary-body').append(runCard(), timingsCard(), typesCard(), issuesCard('error'), issuesCard('warning'));
  byId('summary').open = status === 'failed';
}

function factItems() {
  const engine = record(record(record(result.branches).parse).engine);
  const total = record(result.timings).total;
  const counts = { error: records(result.errors).length, warning: records(result.warnings).length };
  const engineName = joined([engine.name, engine.version, engine.mode], ' ');
  const facts = [engineName, plural(pages.length, 'page'), plural(elements.length, 'element')];
  if (chunks.length > 0) facts.push(plural(chunks.length, 'chunk'));
  if (Number.isFinite(total)) facts.push(milliseconds(total));
  const items = facts.filter(Boolean).map((words) => node('span', {}, words));
  for (const [kind, count] of Object.entries(counts)) {
    if (count > 0) items.push(node('span', { class: `flag ${kind}` }, plural(count, kind)));
  }
  for (const [list, count] of Object.entries(leftOut)) {
    if (count > 0) items.push(node('span', { class: 'flag warning' }, `${grouped(count)} ${list} left out of the report`));
  }
  return items;
}

function card(title, ...content) {
  return node('section', { class: 'card' }, node('h2', {}, title), ...content);
}

function runCard() {
  const { parse, images: rendering } = record(result.branches);
  const branch = (report) => {
    const { status, duration_ms: duration, pages_succeeded: done, pages_total: total } = record(report);
    const share = isCount(total) && `${done ?? '?'} of ${total} pages`;
    return joined([status, Number.isFinite(duration) && milliseconds(duration), share], ' · ');
  };
  const source = record(result.source);
  const { title, author, languages, pdf_version: version, tagged } = record(result.document);
  const size = isCount(source.size_bytes) && `${grouped(source.size_bytes)} bytes`;
  const kind = [source.media_type, size, string(version) && `PDF ${version}`, tagged === true && 'tagged'];
  return card('Run', factList([
    ['parse', branch(parse)], ['images', branch(rendering)], ['fallback from', record(parse).fallback_from],
    ['document', joined([title, author], ', ')], ['file', joined(kind, ' · ')],
    ['languages', strings(languages).join(', ')], ['job', result.job_id], ['completed', result.completed_at],
    ['worker', record(result.provenance).worker_version],
  ]));
}

function timingsCard() {
  const steps = Object.entries(record(result.timings)).filter(([, value]) => Number.isFinite(value) && value > 0);
  return card('Timings', bars(steps.map(([name, value]) => [name.replace('_', ' '), value, milliseconds(value), ''])));
}

function typesCard() {
  return card('Elements by type', bars(typesInOrder().map(([type, count]) => [type, count, grouped(count), typeClass(type)])));
}

function bars(rows) {
  const most = rows.reduce((high, [, value]) => Math.max(high, value), 0);
  const list = node('dl', { class: 'bars' });
  for (const [name, value, words, colour] of rows) {
    list.append(node('dt', {}, name), node('dd', {}, barOf(colour, value / most), words));
  }
  return rows.length > 0 ? list : emptyNote('None stated.');
}

/** Lists errors or warnings by code, with the pages to go to. */
function issuesCard(kind) {
  const issues = records(kind === 'error' ? result.errors : result.warnings);
  const title = kind === 'error' ? 'Errors' : 'Warnings';
  if (issues.length === 0) return card(title, emptyNote('None.'));
  const groups = Map.groupBy(issues, (issue) => string(issue.code) || 'no code');
  const rows = [...groups].sort((a, b) => b[1].length - a[1].length).slice(0, MAX_ISSUES).map(([code, group]) => {
    const numbers = [...new Set(group.map((issue) => issue.page_number).filter((number) => pageOf.has(number)))];
    const links = numbers.slice(0, 24).map((number) => button(`p. ${number}`, () => showPage(number), { class: 'link' }));
    if (numbers.length > 24) links.push(node('span', {}, `and ${numbers.length - 24} more`));
    const head = [node('code', {}, code), node('b', {}, ` × ${group.length}`), node('span', {}, string(group[0].message))];
    return node('div', { class: `issue ${kind}` }, ...head, ...links);
  });
  return card(title, ...rows);
}
