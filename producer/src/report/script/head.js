// The report page of one document: page images with element boxes beside the text, the tables and the chunks.
//
// The data is one JSON document in <script id="quire-data">:
//   {
//     "title":    "report.pdf",                       what the page is called
//     "result":   { … },                              result.json without `elements`, `chunks` and `markdown`
//     "elements": [ … ],                              as in result.json, in reading order
//     "chunks":   [ … ] or null,                      as in result.json; null if none were asked for
//     "images":   { "1": { "src": "pages/0001.png", "width": 850, "height": 1100 }, … }
//   }
// Keys of `images` are page numbers from 1; `src` is a relative address or a `data:image/…` one; width and height are
// pixels. Boxes are [left, top, right, bottom] in points from the top-left of the displayed page.
//
// Everything in the data comes from a stranger's document: no field is trusted to be there or to be well-formed, and
// text reaches the page as text nodes only. The Content-Security-Policy and its Trusted Types are the second lock.

