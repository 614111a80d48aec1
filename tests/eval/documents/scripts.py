"""The documents in other scripts than Latin."""

from __future__ import annotations

from blocks import Printed, columns, h1, h2, p, table
from declaration import body, title

JUSTIFIED = "p { text-align: justify }"
LIGHT = " h1, h2 { font-weight: normal }"

HEBREW = (
    p("בשנת 1948 אושרה החלטה 217 של האו״ם (UNESCO ו־UNICEF נוסדו ב־1945–1946). מחיר העותק: 12.50 ₪; טלפון "
      "03-555-0142, דואר office@example.org."),
    p("שָׁלוֹם עֲלֵיכֶם: כָּל בְּנֵי הָאָדָם נוֹלְדוּ בְּנֵי חוֹרִין."),
)
ARABIC = (
    p("في عام 1948 اعتمدت الأمم المتحدة (UN) القرار رقم 217، وأصدرت UNESCO نسخة منه بثمن 12.50 دولارا؛ الهاتف "
      "030-555-0142. لا إله إلا الله، والسلام لأولئك الذين قالوا: لأن الآباء لا ينسون الأبناء."),
    p("الأرقام العربية: ١٢٣ و٤٥٦٧، والنسبة ٩٫٥٪."),
)
JAPANESE = p("1948年12月10日、国連総会はResolution 217を採択した。UNESCOの職員は「自由」と『平等』について、PDF 1.7の"
             "ファイルを１２３部印刷した。")
MATHEMATICS = (
    p("Let 𝑓 : ℝ → ℝ be smooth and let 𝒟 = { 𝑥 ∈ ℝ : 𝑓(𝑥) ≥ 0 }. Then ∫₀¹ 𝑓(𝑥) d𝑥 ≤ ∑ 𝑎ₙ² for every 𝐀 ∈ 𝔾𝔩 and "
      "every 𝜀 > 0; hence 𝔼[𝑋²] − 𝔼[𝑋]² = 𝜎² ≠ ∞."),
    p("The double-struck digits 𝟙 𝟚 𝟛, the bold script 𝓗𝓮𝓵𝓵𝓸 and the fraktur 𝔚𝔬𝔯𝔩𝔡 are letters of their own, beyond "
      "U+FFFF, and so are the arrows ⟶ ⟹ and the sets ∅ ⊂ ℕ ⊂ ℤ ⊂ ℚ."),
    p("If 𝑎 ⟂ 𝑏 and 𝑏 ∥ 𝑐, then 𝑎 ⟂ 𝑐 (see 𝓁. 12). By 𝒪(𝑛 log 𝑛) we mean 𝑐·𝑛·log 𝑛 with 𝑐 = 1⁄3."),
)
EMOJI = p("Deployed 🚀 on Friday 😀, rolled back 🔥 on Saturday.", "emoji")


def two_columns(name: str, language: str, script: str, font: str, characters: int, program: str = "chromium",
                extra: tuple = (), **settings) -> Printed:
    """Makes the usual document: a title over two columns of the declaration."""
    traits = settings.pop("traits", ()) + ("justified",)
    glued = settings.pop("glued", False)
    parts = (title(language), columns(2, *extra, *body(language, characters, glued=glued)))
    css = JUSTIFIED + settings.pop("css", "")
    return Printed(name, program, language, script, 2, parts, traits, css=css, font=font, **settings)


SCRIPTS = (
    two_columns("ru-two-columns", "ru", "Cyrillic", "Noto Serif", 3200, traits=("soft hyphens", "paragraph over two pages"),
                hyphenated=True, pages=2),
    two_columns("el-two-columns", "el", "Greek", "Noto Serif", 1500, traits=("polytonic",),
                extra=(p("Ἐν ἀρχῇ ἦν ὁ λόγος, καὶ ὁ λόγος ἦν πρὸς τὸν θεόν."),)),
    two_columns("he-two-columns", "he", "Hebrew", "Noto Serif Hebrew", 1750, extra=HEBREW,
                traits=("right to left", "points", "numbers and Latin words")),
    Printed("ar-one-column", "chromium", "ar", "Arabic", 1,
            (title("ar"), *ARABIC, *body("ar", 1500)), ("right to left", "lam-alef", "numbers and Latin words", "ragged"),
            font="Noto Naskh Arabic"),
    two_columns("ar-two-columns", "ar", "Arabic", "Noto Sans Arabic", 1800, traits=("right to left", "lam-alef")),
    two_columns("hi-two-columns", "hi", "Devanagari", "Noto Sans Devanagari", 2000, traits=("conjuncts",)),
    two_columns("th-two-columns", "th", "Thai", "Noto Sans Thai", 1800, traits=("no spaces between words",), glued=True),
    two_columns("zh-two-columns", "zh", "Chinese", "LXGW WenKai", 440, traits=("ideographs",)),
    Printed("ja-horizontal", "chromium", "ja", "Japanese", 1, (title("ja"), JAPANESE, *body("ja", 150)),
            ("ideographs", "numbers and Latin words"), css=JUSTIFIED + LIGHT, font="BIZ UDMincho"),
    Printed("ja-vertical", "chromium", "ja", "Japanese", 1, (title("ja"), *body("ja", 300)),
            ("ideographs", "vertical"), css=JUSTIFIED + LIGHT, font="BIZ UDMincho", vertical=True),
    two_columns("ko-two-columns", "ko", "Korean", "NanumMyeongjo", 750, css=" p { word-break: keep-all }"),
    Printed("ka-one-column", "chromium", "ka", "Georgian", 1, (title("ka"), *body("ka", 1200)), ("ragged",),
            font="Noto Serif Georgian"),
    two_columns("hy-two-columns", "hy", "Armenian", "Noto Serif Armenian", 1200),
    Printed("mathematics", "chromium", "en", "Mathematics", 1,
            (h1("Letters beyond U+FFFF"), *MATHEMATICS, h2("And emoji"), EMOJI,
             table(("Symbol", "Name"), ("𝛼", "alpha"), ("ℵ₀", "aleph null"))),
            ("beyond U+FFFF", "emoji", "ruled table"), css='.emoji { font-family: "Noto Sans", "Noto Color Emoji" }',
            font='Noto Sans", "Noto Sans Math'),
    two_columns("lo-ru-two-columns", "ru", "Cyrillic", "Noto Sans", 1350, "libreoffice", hyphenated=True,
                traits=("automatic hyphens",)),
    two_columns("lo-el-two-columns", "el", "Greek", "Noto Sans", 1400, "libreoffice"),
    two_columns("lo-he-two-columns", "he", "Hebrew", "DejaVu Sans", 1650, "libreoffice", extra=HEBREW[:1],
                traits=("right to left", "numbers and Latin words")),
    two_columns("lo-ar-two-columns", "ar", "Arabic", "Noto Naskh Arabic", 1150, "libreoffice", extra=ARABIC,
                traits=("right to left", "lam-alef", "numbers and Latin words")),
    two_columns("lo-hi-two-columns", "hi", "Devanagari", "Noto Serif Devanagari", 1700, "libreoffice",
                traits=("conjuncts",)),
    two_columns("lo-th-two-columns", "th", "Thai", "Noto Serif Thai", 1700, "libreoffice", glued=True,
                traits=("no spaces between words",)),
    two_columns("lo-zh-two-columns", "zh", "Chinese", "LXGW WenKai Mono", 480, "libreoffice", traits=("ideographs",)),
    Printed("lo-ja-vertical", "libreoffice", "ja", "Japanese", 1, (title("ja"), *body("ja", 380)),
            ("ideographs", "vertical"), font="Noto Sans CJK JP", vertical=True),
    two_columns("lo-ko-two-columns", "ko", "Korean", "Noto Serif CJK KR", 350, "libreoffice"),
    two_columns("lo-ka-two-columns", "ka", "Georgian", "Noto Sans Georgian", 1250, "libreoffice"),
)
