// The model.

const TYPES = [
  'title', 'section_header', 'text', 'list', 'list_item', 'table', 'picture', 'chart', 'caption', 'footnote', 'formula',
  'code', 'reference', 'document_index', 'form_field', 'key_value', 'checkbox', 'link', 'handwritten_text', 'watermark',
  'page_header', 'page_footer', 'page_number', 'page_break', 'other',
];
const LAYERS = ['body', 'furniture', 'background', 'notes', 'invisible'];
// Maps, not objects: a type may be called `constructor`.
const LAYER_OF_TYPE = new Map([
  ['page_header', 'furniture'], ['page_footer', 'furniture'], ['page_number', 'furniture'], ['footnote', 'notes'],
]);
const ROLES = new Map([['list', 'list'], ['list_item', 'listitem']]);
const SCOPES = new Map([['column_header', 'col'], ['row_header', 'row'], ['row_section', 'rowgroup']]);
const PARTS = ['line', 'word', 'cell'];

const data = record(readBlock('quire-data'));
const result = record(data.result);
const images = record(data.images);
const elements = records(readBlock('quire-elements')).map(readElement);
const chunks = records(readBlock('quire-chunks'));
const leftOut = record(readBlock('quire-left-out'));
const indexOfId = new Map(elements.toReversed().map((element) => [element.id, element.index]));
const { pages, pageOf, stray } = readPages();
const chunksOfElement = readChunkMembers();

/** Reads a block of data and removes it: what is read is held once, and a block may have megabytes. */
function readBlock(id) {
  const block = document.getElementById(id);
  block?.remove();
  try {
    return JSON.parse(block?.textContent ?? 'null');
  } catch (error) {
    document.body.prepend(`The data of this report cannot be read (${id}): ${error.message}`);
    return null;
  }
}

function readElement(raw, index) {
  const type = string(raw.type) || 'other';
  return {
    raw, index, type,
    id: string(raw.id) || `#${index + 1}`,
    text: string(raw.text),
    page: isPage(raw.page_number) ? raw.page_number : null,
    layer: string(raw.content_layer) || LAYER_OF_TYPE.get(type) || 'body',
  };
}

/** Gathers the pages that the result or an image names; elements of other pages go to `stray`. */
function readPages() {
  const pageOf = new Map();
  const add = (number, raw) => {
    if (isPage(number) && !pageOf.has(number)) pageOf.set(number, newPage(number, raw));
  };
  for (const raw of records(data.pages)) add(raw.page_number, raw);
  for (const key of Object.keys(images)) add(Number(key), {});
  if (pageOf.size === 0) for (const element of elements) add(element.page, {});
  const stray = newPage(null, {});
  for (const element of elements) {
    const home = pageOf.get(element.page) ?? stray;
    home.own.push(element);
    for (const region of records(element.raw.regions)) {
      const page = pageOf.get(region.page_number);
      if (page && page !== home && page.guests.at(-1) !== element) page.guests.push(element);
    }
  }
  gatherIssues(pageOf);
  return { pages: [...pageOf.values()].sort((a, b) => a.number - b.number), pageOf, stray };
}

function newPage(number, raw) {
  return { number, raw, ...pageSize(number, raw), own: [], guests: [], issues: [], sheet: null, section: null };
}

/** Returns width and height in points: as stated, else those of the image, else a letter page. */
function pageSize(number, raw) {
  const sane = (value) => Number.isFinite(value) && value >= 1 && value <= 1e5;
  if (sane(raw.width) && sane(raw.height)) return { width: raw.width, height: raw.height };
  const image = record(images[number]);
  const stated = record(record(result.page_images)[number]).scale;
  const scale = Number.isFinite(stated) && stated > 0 ? stated : image.width / 612;
  const [width, height] = [image.width / scale, image.height / scale];
  return sane(width) && sane(height) ? { width, height } : { width: 612, height: 792 };
}

/** Puts errors and warnings to their pages, each once: a page's errors stand in the result's list too. */
function gatherIssues(pageOf) {
  const put = (page, kind, issue) => {
    const same = (other) => other.issue.code === issue.code && other.issue.message === issue.message;
    if (page && !page.issues.some(same)) page.issues.push({ kind, issue });
  };
  for (const page of pageOf.values()) for (const error of records(page.raw.errors)) put(page, 'error', error);
  for (const error of records(result.errors)) put(pageOf.get(error.page_number), 'error', error);
  for (const warning of records(result.warnings)) put(pageOf.get(warning.page_number), 'warning', warning);
}

function readChunkMembers() {
  const members = new Map();
  chunks.forEach((chunk, place) => {
    for (const id of strings(chunk.element_ids)) {
      const index = indexOfId.get(id);
      if (index === undefined) continue;
      if (!members.has(index)) members.set(index, []);
      members.get(index).push(place);
    }
  });
  return members;
}

const pageOfRegion = (element, region) => (isPage(region.page_number) ? region.page_number : element.page);
const regionsOn = (element, regions, page) => records(regions).filter((region) => pageOfRegion(element, region) === page.number);
const boxesOf = (regions) => regions.map(regionBox).filter(Boolean);

/** Returns an element's boxes on a page; where the engine gave only lines or words, the box around them. */
function boxesOn(element, page) {
  const here = regionsOn(element, element.raw.regions, page);
  const whole = boxesOf(here.filter((region) => !PARTS.includes(region.granularity)));
  if (whole.length > 0) return whole;
  const parts = boxesOf(here);
  return parts.length > 0 ? [parts.reduce(around)] : [];
}

const cellsOf = (element) => records(record(element.raw.table).cells);
const spanOf = (value) => (isCount(value) ? Math.max(value, 1) : 1);
