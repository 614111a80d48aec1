// What the reader has chosen.

const state = {
  hiddenTypes: new Set(),
  hiddenLayers: new Set(),
  overlays: new Set(['boxes']),
  ids: false,
  together: true,
  context: false,
  page: pages[0]?.number ?? 1,
  hovered: null,
  selected: null,
  chunkHovered: null,
  chunkSelected: null,
  search: null,
  hits: [],
  hitsOf: new Map(),
  hit: -1,
  // The pane that the reader moves; the other one follows. Null while the page itself moves both.
  driver: null,
  // What stays where it is while texts above it are built: a pane, a node in it, and the distance between their tops.
  anchor: null,
};

const isShown = (element) => !state.hiddenTypes.has(element.type) && !state.hiddenLayers.has(element.layer);
