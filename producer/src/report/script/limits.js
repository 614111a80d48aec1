// Limits.

// A document may hold one element of a megabyte or a grid of 10,000 cells; the page shows a part and says so.
const MAX_TEXT = 20_000;
const MAX_GRID = 20_000;
const MAX_JSON = 100_000;
const MAX_HITS = 200_000;
// More marks on one page than this help nobody.
const MAX_MARKS = 2_000;
const MAX_OUTLINE = 5_000;
const MAX_ISSUES = 200;
// A sheet as wide as the pane is at most this many times as high, whatever size the file states.
const MAX_ASPECT = 4;
