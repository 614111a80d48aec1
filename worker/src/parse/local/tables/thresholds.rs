//! Every threshold of the table rules, with its unit and where it comes from. Those without a source were chosen on the
//! development sets (`docs/parsing.md`, "Tables") and are not sharp.

// Pieces of a row, in units of the font size.
/// A gap between two words of one cell is at most this wide; a wider one parts two pieces. Word spaces are about 0.28.
pub(super) const PIECE_GAP: f64 = 0.9;
/// And the gap is so many times as wide as the usual one of its row: gutters are 3.4 to 4.4 times as wide, gaps of
/// justified prose at most 1.6 times.
pub(super) const PIECE_RATIO: f64 = 2.2;
/// A gap that is wider parts two words.
pub(super) const WORD_GAP: f64 = 0.14;
/// A space between words, where none is known.
pub(super) const USUAL_SPACE: f64 = 0.28;
/// Room for a space before a word that may have stood in the line above.
pub(super) const SPACE: f64 = 0.3;
/// A row of text is stretched, and not parted, if it has so many gaps, none of nine in ten wider than the usual one by
/// this factor, and that one no wider than this.
pub(super) const WORDS_OF_STRETCHED: usize = 4;
pub(super) const EVEN_GAPS: f64 = 1.6;
pub(super) const WIDEST_STRETCHED: f64 = 1.8;
/// And the widest gap of it is so many times as wide as the usual one, at most.
pub(super) const WIDEST_GAP: f64 = 2.5;
/// Or if it has so many gaps of one width, within this factor, no wider than this: no table has that by chance.
pub(super) const GAPS_OF_ONE_WIDTH: usize = 3;
pub(super) const ONE_WIDTH: f64 = 1.05;
pub(super) const WIDEST_OF_ONE_WIDTH: f64 = 6.0;

// Runs of rows.
/// Rows of one table are no further apart, in units of the font size from baseline to baseline.
pub(super) const LARGEST_STEP: f64 = 4.2;
/// Nor than so many times the usual step of their table.
pub(super) const STEP_RATIO: f64 = 2.6;
/// So many rows of one piece may follow each other inside a table: labels of sections, lines of a wrapped cell.
pub(super) const SINGLE_ROWS: usize = 3;

/// Rows that are no table as a whole are parted at a step that is larger than most by this factor, and searched again.
pub(super) const PARTING_STEP: f64 = 1.45;

// Columns, in units of the font size.
/// White space between two columns is so wide in tables of up to 3, up to 6, and more rows: with more rows it is less
/// likely to be there by chance.
pub(super) const SEPARATOR: [f64; 3] = [0.8, 0.5, 0.35];
/// Of the rows with text on both sides of it, this share has a gap between pieces there.
pub(super) const PROVEN_SEPARATOR: f64 = 0.25;
/// One row of so many may cross a separator: a label that is longer than its column.
pub(super) const ROWS_PER_CROSSING: usize = 8;
/// A table without a grid has fewer columns than this.
pub(super) const MOST_COLUMNS: usize = 200;
/// A column has text in this share of the rows.
pub(super) const LEAST_SUPPORT: f64 = 0.1;
/// A piece is parted between two columns only where its gap is so many times as wide as the usual one of its row: words
/// of a line above the columns have gaps there by chance.
pub(super) const WIDER_THAN_SPACE: f64 = 1.4;
/// And where it lies over this share of the white space, or of itself if that is smaller.
pub(super) const OVER_SEPARATOR: f64 = 0.6;

// The gate.
/// Words of a line over several columns that is a label inside a table; a longer one ends it.
pub(super) const WORDS_OF_SECTION: usize = 12;
/// A heading between two lists of labels is larger than the first label by this factor, or bold where that is not.
pub(super) const LARGER_THAN_LABEL: f64 = 1.08;
/// A first column is the marks of a list if this share of it is.
pub(super) const MARKED: f64 = 0.7;
/// Rows of three and more columns, and of two.
pub(super) const LEAST_ROWS: usize = 2;
pub(super) const LEAST_ROWS_OF_TWO_COLUMNS: usize = 3;
/// Of fewer rows, half have several pieces.
pub(super) const FEW_ROWS: usize = 4;
/// This share of the places of a table holds text.
pub(super) const LEAST_FILLED: f64 = 0.45;
/// And this share if no column behind the first one is figures.
pub(super) const LEAST_FILLED_OF_TEXT: f64 = 0.6;
/// This share of its rows has text in most of its columns.
pub(super) const STRONG_ROWS: f64 = 0.3;
/// At most this share of its rows, those of the head left aside, has text that runs over several columns.
pub(super) const MOST_CROSSED: f64 = 0.15;
/// A cell has at most so many words, on average over a column.
pub(super) const MOST_WORDS: f64 = 30.0;
/// A column whose lines have so many words, on average, may be running text.
pub(super) const WORDS_OF_PROSE: f64 = 3.5;
/// It is, if this share of its lines goes on in the next row of the table.
pub(super) const GOES_ON: f64 = 0.25;
/// Or if its lines have so many words, and this share of them fills this share of the column.
pub(super) const WORDS_OF_FULL_LINES: f64 = 5.0;
pub(super) const FULL_LINES: f64 = 0.5;
/// Lines of justified text reach both edges, this near, and have a gap this wide, in units of the font size; so many
/// lines of a column are such lines, and this share of them.
pub(super) const SAME_EDGE: f64 = 0.25;
pub(super) const STRETCHED_GAP: f64 = 0.5;
pub(super) const STRETCHED_LINES: usize = 5;
pub(super) const STRETCHED: f64 = 0.5;
pub(super) const FULL_LINE: f64 = 0.85;
/// A column is figures if this share of its cells is.
pub(super) const FIGURES: f64 = 0.6;
/// A label has at most so many words, on average.
pub(super) const WORDS_OF_LABEL: f64 = 8.0;
/// Without figures and rules, a list of labels and values has so many rows, labels of so many words and characters, on
/// average, and so much white space, in units of the font size, between the two.
pub(super) const ROWS_OF_LIST: usize = 3;
pub(super) const WORDS_OF_LIST: f64 = 3.5;
pub(super) const CHARACTERS_OF_LIST: f64 = 24.0;
pub(super) const GAP_OF_LIST: f64 = 1.2;
/// Such labels have at least so many characters, on average, or they are the marks of a list; and values are longer by
/// this factor, or the two are lists side by side, unless the labels end with a colon.
pub(super) const LEAST_LABEL: f64 = 3.0;
pub(super) const LONGER_VALUE: f64 = 1.2;
/// This share of the entries of a column begin, end or have their middle at one place, within so many units of the font
/// size.
pub(super) const ALIGNED: f64 = 0.55;
/// Or this share begins at one of two places.
pub(super) const ALIGNED_INDENTED: f64 = 0.8;
pub(super) const ALIGNED_WITHIN: f64 = 0.4;

// Narrow decisions, which become warnings.
/// Rows that are no table miss it by little if they reach this share of what the measures of the gate ask for.
pub(super) const NEAR: f64 = 0.8;
/// They stand in so many rows and columns, at least: fewer stand below each other by chance.
pub(super) const ROWS_OF_NEAR: usize = 3;
pub(super) const COLUMNS_OF_NEAR: usize = 3;
/// Of their columns, this share is aligned; the gate asks for three quarters.
pub(super) const ALIGNED_OF_NEAR: f64 = 0.6;
/// Labels and values are told from two columns of text by little if a value is shorter than so many labels.
pub(super) const MUCH_LONGER_VALUE: f64 = 2.0;

// Rows of wrapped text.
/// Lines that overlap by more than this, in units of the font size, belong to one row: a cell is set in the middle of
/// it.
pub(super) const OVERLAPPING_STEP: f64 = 0.75;
/// Steps between rows are larger than steps between lines by this factor, if they differ.
pub(super) const ROW_STEP: f64 = 1.25;
/// This share of the lines that follow a larger step begin in the first column.
pub(super) const BEGINS: f64 = 0.7;
/// At most so many lines, on average, are in a band between two rules that is a row.
pub(super) const LINES_OF_BAND: f64 = 4.0;
/// A line that follows its cell's last one stands no further below it, in units of the font size.
pub(super) const LINE_STEP: f64 = 1.55;
/// Nor further than so many times the smallest step of the table.
pub(super) const LINE_STEP_RATIO: f64 = 1.3;
/// A rule counts as border between rows if it runs along this share of the table's width.
pub(super) const ROW_RULE: f64 = 0.5;

/// A line that goes on with its cell begins no further left than this before the first line of it, in units of the font
/// size.
pub(super) const OUTDENT: f64 = 0.3;
/// A rule closes the head if it runs along this share of the table's width, and no more than so many lines stand above
/// it.
pub(super) const HEAD_RULE: f64 = 0.85;
pub(super) const LINES_ABOVE_HEAD_RULE: usize = 6;

// Heads.
/// A head has at most so many rows.
pub(super) const MOST_HEAD_ROWS: usize = 4;
/// Lines above a table that may belong to its head.
pub(super) const MOST_HEAD_LINES: usize = 5;
/// They are no further from it and from each other, in units of the font size from baseline to baseline.
pub(super) const HEAD_STEP: f64 = 2.6;

/// An entry of a head stands over the middle of several columns if the two middles are no further apart, in units of
/// the font size.
pub(super) const CENTRED_WITHIN: f64 = 0.7;
/// Or than this share of the width of the columns, as figures may be set to the right of theirs.
pub(super) const CENTRED_SHARE: f64 = 0.2;
/// A rule below an entry of a head underlines it if it is no wider than this share of the table.
pub(super) const UNDERLINE: f64 = 0.85;

// Closed grids.
/// Lines this near to each other, in units of the font size, stand in one band across the cells of a row.
pub(super) const ONE_BAND: f64 = 0.6;
/// Cells with text, at least.
pub(super) const LEAST_CELLS: usize = 3;
/// Of a head or of labels, there are so many cells with text, at least.
pub(super) const LEAST_LABELS: usize = 2;
/// A row of a grid is split into its lines if this share of the neighbouring lines in its cells are not wrapped.
pub(super) const UNWRAPPED: f64 = 0.6;
/// And if so many of its cells have several lines.
pub(super) const DENSE_CELLS: usize = 2;
/// A grid with less text than this has a head or labels on its left, and this share of those is there: the lines of a
/// chart have none.
pub(super) const SPARSE: f64 = 0.25;
pub(super) const LABELLED: f64 = 0.7;
/// Drawings of curves or slanted lines over this share of a table without a grid make it a chart, if each is so wide
/// and high, in points.
pub(super) const DRAWN: f64 = 0.3;
pub(super) const LEAST_DRAWING: f64 = 8.0;
/// Of the cells with text, at least this share is as high as this part of its text: the lines of a stave are closer.
pub(super) const HIGH_CELLS: f64 = 0.7;
pub(super) const LEAST_HEIGHT: f64 = 0.7;
/// Places of a column of a grid that hold text, at least, and the share of them with gaps below each other, for it to
/// be split.
pub(super) const ROWS_OF_SPLIT_COLUMN: usize = 2;
pub(super) const PARTED_CELLS: f64 = 0.7;
