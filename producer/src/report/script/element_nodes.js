// Nodes of elements, on both sides.

// The boxes and text blocks that stand for an element now: far pages have none.
const drawn = new Map();

function register(place, index, made) {
  made.dataset.index = index;
  if (!drawn.has(index)) drawn.set(index, new Set());
  drawn.get(index).add(made);
  place.registered.push([index, made]);
  made.classList.toggle('is-hovered', index === state.hovered);
  made.classList.toggle('is-selected', index === state.selected);
  return made;
}

function unregister(place) {
  for (const [index, made] of place.registered) {
    const nodes = drawn.get(index);
    nodes?.delete(made);
    if (nodes?.size === 0) drawn.delete(index);
  }
  place.registered = [];
}

function mark(index, name, on) {
  for (const made of drawn.get(index) ?? []) made.classList.toggle(name, on);
}

/**
 * Builds the content of places near the pane's window and clears far ones, so that the size of the document does not
 * decide the size of the page.
 */
function lazily(pane, places, build, clear) {
  const placeOf = new Map(places.map((place) => [place.node, place]));
  const show = (place) => {
    if (place.built) return;
    place.built = true;
    build(place);
  };
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting, boundingClientRect } of entries) {
      const place = placeOf.get(target);
      if (isIntersecting) show(place);
      else if (place.built) {
        place.built = false;
        // The height of the entry costs no layout; asking the node would cost one for every place.
        clear(place, boundingClientRect.height);
      }
    }
    holdAnchor();
    paintHits();
  }, { root: pane, rootMargin: '120% 0px' });
  for (const place of places) watcher.observe(place.node);
  return show;
}

const newPlace = (made, more) => ({ node: made, built: false, registered: [], ...more });
