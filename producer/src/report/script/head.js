// The report page of one document: page images with element boxes beside the text, the tables and the chunks.
//
// The data lies in script elements that browsers do not run, by their ids:
//   quire-data        { "title": "report.pdf", "result": { … }, "pages": [ … ], "images": { "1": { … }, … } }
//                     `result` is result.json without what stands elsewhere here; `pages` is its list without texts
//   quire-elements    [ … ] as in result.json, in reading order
//   quire-chunks      [ … ] as in chunks.jsonl; empty if none were asked for
//   quire-left-out    { "elements": 0, "chunks": 0 }, how many of them found no room
//   quire-image-1, …  the image of a page as `data:image/…`, or a sentence that says why there is none
// Keys of `images` are page numbers from 1; { "src": "pages/0001.png", "width": 850, "height": 1100 } has pixels, and no
// `src` where the image has a block of its own. Boxes are [left, top, right, bottom] in points from the top-left of the
// displayed page.
//
// Everything in the data comes from a stranger's document: no field is trusted to be there or to be well-formed, and
// text reaches the page as text nodes only. The Content-Security-Policy and its Trusted Types are the second lock.

