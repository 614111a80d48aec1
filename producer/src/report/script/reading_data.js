// Reading data that nobody vouches for.

const isRecord = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const record = (value) => (isRecord(value) ? value : {});
const records = (value) => (Array.isArray(value) ? value.filter(isRecord) : []);
const strings = (value) => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []);
const string = (value) => (typeof value === 'string' ? value : '');
/** Joins those words that are there. */
const joined = (words, between) => words.filter((word) => typeof word === 'string' && word !== '').join(between);
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
const isPage = (value) => isCount(value) && value >= 1;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Returns a box whose sides are finite and the right way round, or null. */
function readBox(value) {
  if (!Array.isArray(value) || value.length !== 4 || !value.every(Number.isFinite)) return null;
  const [a, b, c, d] = value.map((side) => clamp(side, -1e5, 1e5));
  return [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)];
}

function polygonBox(value) {
  if (!Array.isArray(value) || value.length < 6 || !value.every(Number.isFinite)) return null;
  const across = value.filter((_, place) => place % 2 === 0);
  const down = value.filter((_, place) => place % 2 === 1);
  return readBox([Math.min(...across), Math.min(...down), Math.max(...across), Math.max(...down)]);
}

const regionBox = (region) => readBox(region.bbox) ?? polygonBox(region.polygon);
const around = ([a, b, c, d], [e, f, g, h]) => [Math.min(a, e), Math.min(b, f), Math.max(c, g), Math.max(d, h)];
const area = ([left, top, right, bottom]) => (right - left) * (bottom - top);

/** Returns the address if a reader may follow it; a document may carry `javascript:` and `data:` ones. */
function safeAddress(value) {
  const address = string(value).trim();
  if (!/^(https?:\/\/|mailto:)/i.test(address)) return null;
  try {
    return ['http:', 'https:', 'mailto:'].includes(new URL(address).protocol) ? address : null;
  } catch {
    return null;
  }
}

/** Returns the address of a page image if it is relative or inline; another one would call a stranger's server. */
function safeImage(value) {
  const address = string(value);
  if (/^data:image\/(png|jpeg|webp|avif);base64,/.test(address)) return address;
  return address && !/^([a-z][a-z0-9+.-]*:|[/\\])/i.test(address.trim()) ? address : null;
}

/** Returns what is known of a page's image: its address, or a sentence that says why there is none, or ''. */
function imageOrReason(number) {
  return string(record(images[number]).src) || (document.getElementById(`quire-image-${number}`)?.textContent ?? '');
}

const imageSource = (number) => safeImage(imageOrReason(number));
