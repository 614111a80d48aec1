// Building nodes.

const byId = (id) => document.getElementById(id);
const SVG = 'http://www.w3.org/2000/svg';

/** Makes a node; attribute names come from this file only, values and children may be a stranger's text. */
function node(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

function shape(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    // ARIA tells false from absent; every other attribute is there or not.
    if (name.startsWith('aria-')) made.setAttribute(name, value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function button(label, act, attributes = {}) {
  const made = node('button', { type: 'button', ...attributes }, label);
  made.addEventListener('click', act);
  return made;
}

function toggle(label, isOn, change, attributes = {}) {
  const made = button(label, (event) => {
    const on = made.getAttribute('aria-pressed') !== 'true';
    made.setAttribute('aria-pressed', on);
    change(on, event);
  }, { 'aria-pressed': isOn, ...attributes });
  return made;
}

// Only names of this file may become class names; any other type or layer is drawn in the neutral colour.
const typeClass = (type) => (TYPES.includes(type) ? `t-${type}` : 't-unknown');
const layerClass = (layer) => (LAYERS.includes(layer) ? `l-${layer}` : '');
const emptyNote = (words) => node('p', { class: 'empty' }, words);
const chip = (type) => node('span', { class: `chip ${typeClass(type)}` }, type);
const numbers = new Intl.NumberFormat('en');
const grouped = (count) => numbers.format(count);
const plural = (count, word) => `${grouped(count)} ${word}${count === 1 ? '' : 's'}`;
const milliseconds = (value) => (value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${value.toFixed(value < 10 ? 1 : 0)} ms`);
/** Makes a bar that fills a share of its width. */
function barOf(name, share) {
  return shape('svg', { class: name, viewBox: '0 0 100 6', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    shape('rect', { width: Math.max(100 * share, 0.5), height: 6 }));
}

const boxText = (box) => `[${box.map((side) => Math.round(side * 10) / 10).join(', ')}]`;
