"""The text of the samples. Original, and about bookbinding, because a quire is a gathering of leaves."""

TITLE = "Notes on Bookbinding"
AUTHOR = "The Quire Project"

PREFACE = (
    "A book looks like one object, but it is made of many small ones. Somebody prints a large sheet, folds it "
    "until it has the size of a page, and lays the folded sheet inside others like it. The bundle that comes out "
    "is a quire. A dozen quires, put in order and sewn through their folds, are the body of a book; boards and "
    "cloth only protect what the thread already holds together.",

    "These notes follow the sheet on that way. They are short on purpose, and they name each part once, because "
    "most of the mistakes made at the bench begin with two people who use one and the same word for two quite "
    "different things, and neither of them notices it. Whoever counts sig\u2027na\u2027tures "
    "while a neighbour counts leaves will end up with a book whose middle comes first.",

    "The first two pages carry Roman numbers, as the opening pages of a book often do: they are printed last, when "
    "everything else has its number already. The counting in ordinary figures starts with the chapter on folding. "
    "A reader who only wants to know how many pages a sheet gives can go at once to",
)
PREFACE_LINK = "the table of formats"

TERMS_OPENING = (
    "A binder's vocabulary is small and exact. Five words are enough for everything that follows, and all five "
    "describe paper rather than tools. They are given here from the smallest part to the largest."
)
TERMS = (
    "A page is one side of a leaf; it is the only part that a reader ever counts.",
    "A leaf is one piece of paper in the finished book, with a page on either side of it.",
    "A bifolium is a sheet folded once, two leaves that share a fold.",
    "A quire is a set of bifolia, one inside another, sewn through the common fold.",
    "A signature is the mark, a letter or a number, that tells the binder where a quire belongs.",
)
TERMS_CLOSING = (
    "Usage is not always so tidy. Many workshops say signature when they mean the quire itself, and paper mills "
    "sell a quire of twenty-five sheets that nobody has folded at all. Neither habit does any harm as long as "
    "everyone at one table shares it. In these notes the words keep the narrow sense given above, even where an "
    "old hand would smile at so much caution, and the plural of the last word never means a heap of unfolded "
    "sheets, however well some conscien\u00adtious cata\u00adlogues defend it."
)
OTHER_LANGUAGES = "Words from other languages"
ACCENTS = (
    "The craft has travelled, and its words with it: reliure à la française, hors-d'œuvre, Blätter und "
    "Bünde, Schließe, læg og løsblad, cuadernillo español, encadernação."
)
LIGATURES = "Set by hand, a ﬁne ﬁnish needs a ﬂat ﬂoor: the types of this line are joined."

FOLDING = (
    "The printer delivers sheets on which the pages stand in an order that seems mad until the paper is folded. "
    "Half of them are upside down. Lay the sheet on the bench with its lowest page number face down at the left, "
    "bring the right edge over to the left, and press the fold with a bone folder from the middle outwards. Turn "
    "the sheet by a quarter and repeat. Each fold doubles the leaves and halves their size.",
)
FORMATS = (
    "A sheet folded once is a folio, twice a quarto, three times an octavo. The names count leaves, not folds: a "
    "quarto has four leaves and therefore eight pages. Past five folds the paper resists, the inner leaves creep "
    "outwards, and it is better to cut the sheet in two and fold the halves.",
)
TABLE_CAPTION = "Table 1. What one sheet gives, by the number of its folds."
TABLE = (
    ("Format", "Folds", "Leaves", "Pages"),
    ("Folio", "1", "2", "4"),
    ("Quarto", "2", "4", "8"),
    ("Octavo", "3", "8", "16"),
    ("Sextodecimo", "4", "16", "32"),
    ("Trigesimo-secundo", "5", "32", "64"),
)
AFTER_TABLE = (
    "Before the next sheet is taken, the folded one is checked: the numbers must run without a gap, and the lines "
    "of one page must lie on the lines of the page behind it. Hold the quire against a window to see this. Only then "
    "are the bolts, the closed edges at the head and the side, slit with a blunt knife.",
)

SEWING = (
    "Sewing turns a stack into a book. The quires are knocked up square, marked across their backs, and pierced "
    "where the marks meet the folds. The thread enters the first quire at the tail, runs along the inside of the "
    "fold, comes out to take hold of each tape or cord, and leaves at the head. The second quire is laid on the "
    "first, and the thread goes back the way it came.",
)
KETTLE = (
    "At each end the thread must be tied to the quire below, or the book would open like a fan. The knot for this is "
    "the kettle stitch. Pass the needle behind the stitch that joins the two quires underneath, bring it up through "
    "the loop, and pull in the direction of the fold, never across it, since a taut thread cuts wet paper like a wire.",

    "From the third quire on, every end is tied in this way. The tension should be even from first to last: a loose "
    "quire shows as a step in the spine, a tight one as a hollow. When the last knot is made, paste is rubbed between "
    "the backs of the quires, and the whole block is left under a board until the following day.",
)
READING = ("Patterns for practice sheets, and a list of suppliers of thread and board, are kept on",)
READING_URI = "https://example.org/bookbinding/patterns"
READING_LINK = "the project's page"

SENTENCES = (
    "The paper was damped overnight and pressed between felts.",
    "No two sheets from that mill had quite the same weight.",
    "A narrow margin at the head leaves room for a wider one below.",
    "The apprentice counted the quires twice and found one missing.",
    "Linen thread should be drawn over wax before it is used.",
    "Boards warp towards the side that was pasted last.",
    "The spine was rounded with a hammer, lightly, from both ends.",
    "Gold leaf needs a dry room and a steady hand.",
    "When the glue is too thin it strikes through the cloth.",
    "Old bindings were opened and their fragments kept in a folder.",
    "The endpapers carry the strain each time the cover is lifted.",
    "A good knife is sharpened before the work and after it.",
    "Twelve gatherings of eight leaves make a modest volume.",
    "The catalogue describes the sewing but not the thread.",
    "Headbands were once sewn and are now mostly glued.",
    "Every leaf has a grain, and it should run from head to tail.",
)
