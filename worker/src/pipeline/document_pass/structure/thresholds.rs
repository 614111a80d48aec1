//! Every threshold of the rules about the document. Those without a source were chosen on the development sets
//! (`docs/parsing.md`) and are not sharp.

// Body text.
/// A larger size is that of the body if it has this share of the characters of the most frequent one: footnotes may be
/// denser.
pub(super) const LARGER_BODY: f64 = 0.5;

// Headings; sizes in units of the body's.
/// A heading by size alone is so much larger.
pub(super) const LARGER: f64 = 1.12;
/// And so much, if it stands among others of its size.
pub(super) const MUCH_LARGER: f64 = 1.5;
/// A numbered heading, or one in capitals, is no smaller, nor is a bold one, or one in bold capitals.
pub(super) const NOT_SMALLER: f64 = 0.93;
pub(super) const SMALLEST_BOLD: f64 = 0.82;
pub(super) const SMALLEST_BOLD_CAPITALS: f64 = 0.78;
/// Capitals are a style from so many letters on.
pub(super) const LETTERS_OF_CAPITALS: u32 = 4;
/// Characters, words and lines of a heading, at most.
pub(super) const CHARACTERS_OF_HEADING: u32 = 200;
pub(super) const WORDS_OF_BOLD_HEADING: u32 = 16;
pub(super) const WORDS_OF_LARGE_HEADING: u32 = 30;
pub(super) const LINES_OF_HEADING: u32 = 3;
/// Of its characters, this share are letters.
pub(super) const LETTERS_OF_HEADING: f64 = 0.45;
/// Sizes of one level differ by no more, in points.
pub(super) const SAME_LEVEL: f64 = 0.6;
/// If this share of the body is bold, bold says nothing.
pub(super) const BOLD_BODY: f64 = 0.4;
/// A heading without larger or bold type has so much white space above it, in units of the body size.
pub(super) const SPACE_ABOVE: f64 = 0.5;
/// The space above it is no smaller than this share of the one below it.
pub(super) const LEANS_DOWN: f64 = 0.75;
/// A line of text below a heading has so many words; what is filled in below a label has fewer.
pub(super) const WORDS_OF_CONTENT: u32 = 6;
pub(super) const CHARACTERS_OF_CONTENT: u32 = 25;
/// With fewer characters of text, bold type says what it always does.
pub(super) const CHARACTERS_OF_BODY: u64 = 300;
/// With so little text, larger type is never the body's, in points.
pub(super) const LARGEST_BODY: f64 = 12.0;
/// Lines beside each other are no further apart, in units of the font size, unless so many others stand in the row.
/// Lines of one column begin this near to its edge, and it has so many of them.
pub(super) const NEAR_BESIDE: f64 = 8.0;
pub(super) const CELLS_OF_ROW: usize = 2;
pub(super) const SAME_COLUMN: f64 = 0.5;
pub(super) const LINES_OF_COLUMN: u32 = 10;
/// Its lines begin at one edge, in points, and some paragraph of it is so wide, in units of the font size.
pub(super) const SAME_EDGE: f64 = 1.0;
pub(super) const WIDTH_OF_COLUMN: f64 = 15.0;
/// Much larger lines have others beside them only if those are this near.
pub(super) const NEAR_MUCH_LARGER: f64 = 4.0;
/// A style supports its likely headings with so many sure ones, if they are this share of its lines.
pub(super) const HEADINGS_OF_STYLE: u32 = 2;
pub(super) const SUPPORTED_STYLE: f64 = 0.4;
/// Or if this share of its lines is sure or likely.
pub(super) const LIKELY_OF_STYLE: f64 = 0.8;
/// A style says something from so many lines on, and makes no headings if less than this share of them may be some.
pub(super) const LINES_OF_STYLE: u32 = 3;
pub(super) const REFUSED_STYLE: f64 = 0.2;
/// Headings that are deeper count as this deep: each element carries the headings above it.
pub(super) const DEEPEST: u32 = 6;
/// Styles of headings that are told apart.
pub(super) const MOST_STYLES: usize = 100;
/// A title is so much larger than the body, and stands in this upper part of the first page.
pub(super) const TITLE: f64 = 1.25;
pub(super) const TITLE_PART: f64 = 0.6;

// Tags of the structure tree; shares.
/// A kind of tag that more of the text has is not believed: some writers tag everything alike.
pub(super) const TAGGED_SHARE: f64 = 0.5;
/// Items of one depth have marks if so many have one.
pub(super) const MARKED_ITEMS: f64 = 0.5;

// Furniture; shares of the page's height.
/// Heads and feet that repeat stand this near to the edge.
pub(super) const REPEATED_BAND: f64 = 0.16;
/// And those that are told by their look alone.
pub(super) const LONE_BAND: f64 = 0.12;
/// A page number alone at the foot may stand higher.
pub(super) const BAND_OF_NUMBER: f64 = 0.2;
/// Rows at one edge that are told by their look, at most.
pub(super) const LONE_ROWS: usize = 2;
/// A bold line is small if it is so small, in units of the body size.
pub(super) const SMALL_BOLD: f64 = 0.9;
/// Texts whose words repeat have so many words of so many letters, at least.
pub(super) const REPEATED_WORDS: usize = 2;
pub(super) const LETTERS_OF_WORD: usize = 3;
/// Lines that differ stand at one height on so many pages, and on this share of them.
pub(super) const PAGES_OF_SLOT: usize = 3;
pub(super) const SHARE_OF_SLOT: f64 = 0.5;
/// They have so many characters, at most, and so much white space to the text, in units of their size.
pub(super) const CHARACTERS_OF_SLOT: u32 = 60;
pub(super) const SPACE_OF_SLOT: f64 = 0.8;
/// Characters of a head or foot, at most.
pub(super) const CHARACTERS_OF_FURNITURE: u32 = 200;
/// Repeated ones differ in height on the page by no more, in points.
pub(super) const SAME_HEIGHT: f64 = 6.0;
/// They stand on this share of the pages, or of the pages of one side.
pub(super) const REPEATED_SHARE: f64 = 0.4;
/// Texts that differ in their digits are no larger than this, in units of the body size, and count with the pages.
pub(super) const NO_HEADING: f64 = 1.1;
/// Lines told by their look have so many characters, at most, and so much white space to the text, in units of the body
/// size.
pub(super) const CHARACTERS_OF_LONE: u32 = 90;
pub(super) const SPACE_OF_LONE: f64 = 1.8;
/// A page number has so many characters, at most.
pub(super) const CHARACTERS_OF_PAGE_NUMBER: u32 = 24;

/// Elements of a row of furniture, at most, and of one text on one page.
pub(super) const MOST_IN_A_ROW: usize = 4;
pub(super) const MOST_ON_A_PAGE: usize = 2;
/// Characters that repeat on a page that is a copy, at least.
pub(super) const CHARACTERS_OF_COPY: u32 = 300;
/// Elements of a page without which nothing is told by its look.
pub(super) const LEAST_ELEMENTS: usize = 3;

// Notes.
/// A footnote is so much smaller than the body, and stands in this lower part of its page.
pub(super) const NOTE_SIZE: f64 = 0.93;
pub(super) const NOTE_PART: f64 = 0.5;
pub(super) const PART_OF_MARKED_NOTE: f64 = 0.75;

// Captions.
/// Words of a caption, at most.
pub(super) const WORDS_OF_CAPTION: u32 = 90;

/// White space between a table or a picture and its caption, in units of the caption's size, at most.
pub(super) const SPACE_OF_CAPTION: f64 = 3.0;

// Tables that go on.
/// Widths of two parts differ by no more than this share.
pub(super) const SAME_TABLE_SIDE: f64 = 0.05;

// Lists, in units of the item's size.
/// Items whose marks begin at one place differ by no more.
pub(super) const SAME_INDENT: f64 = 0.8;
/// Lists stand inside of so many others, at most; what begins deeper is as deep as this.
pub(super) const DEEPEST_LIST: usize = 16;
/// Items of one list are this many elements apart, at most.
pub(super) const ELEMENTS_BETWEEN: usize = 3;

// Contents.
/// So many lines with leaders in a row are a table of contents.
pub(super) const LINES_OF_CONTENTS: usize = 3;
/// Without leaders so many: a few figures that rise stand beside any labels.
pub(super) const LINES_OF_CONTENTS_BESIDE: usize = 4;

// Paragraphs that go on in the next column or on the next page; in units of the font size.
/// A first line that begins so much further in than others begins a paragraph.
pub(super) const SET_IN: f64 = 0.5;
/// A line that goes on comes as near to its edge as this.
pub(super) const NEAR_EDGE: f64 = 4.0;
/// Sizes of two parts differ by no more, in points.
pub(super) const SAME_SIZE: f64 = 0.3;
/// Words of a part before another column, at least: labels have fewer.
pub(super) const WORDS_OF_PART: u32 = 8;
/// Lines of a part behind which another sentence may begin with a capital, at least.
pub(super) const LINES_OF_PART: u32 = 3;
/// Further parts of a paragraph, at most.
pub(super) const MOST_PARTS: usize = 32;
/// Bytes of the JSON of all parts of a paragraph, at most: the pass holds them several times.
pub(super) const MOST_BYTES_OF_PARAGRAPH: usize = 2 << 20;
/// Paragraphs that begin on one page and go on, at most.
pub(super) const MOST_JOINS_OF_PAGE: usize = 64;

// Bounds of work.
/// On a page with more elements none is compared with all others: it has no footnotes by their look, no names of
/// chapters, and no paragraphs that go on in another column.
pub(super) const MOST_COMPARED: usize = 3_000;
/// Elements in a row that are looked at for one that stands beside a line.
pub(super) const MOST_BESIDE: usize = 200;

// Bookmarks.
/// Letters and digits of a title that are compared: fewer than what is known of the text of an element.
pub(super) const LETTERS_OF_BOOKMARK: usize = 60;
