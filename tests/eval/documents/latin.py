"""The documents in Latin script, with the text that is made for them."""

from __future__ import annotations

from blocks import Drawing, Printed, beside, box, columns, fields, h1, h2, p, pairs, table
from declaration import body, title

FRIEZE = ('<svg width="100%" height="60" viewBox="0 0 300 60" preserveAspectRatio="none"><rect width="300" height="60" '
          'fill="#9bb"/><path d="M0 60 L60 15 L110 45 L170 8 L230 50 L300 20 L300 60 Z" fill="#476"/>'
          '<circle cx="255" cy="14" r="8" fill="#fd6"/></svg>')

EFFICIENCY = (
    p("When the <span class='caps'>Office of Affluent Efficiency</span> first opened, the staff found it difficult to "
      "define a sufficient offer. Five officials filed off the surface of every official affidavit; the affable chief "
      "shuffled a muffin, a raffle ticket and a stuffed giraffe across the buffet.[[1]] Nobody flinched.", "drop"),
    p("A well-known fjord flows afresh after the coffee break, and the state-of-the-art waffle iron flickers. "
      "Trafficking in effigies, as the sheriff affirmed, is a baffling affair: “If we affix the flags, the fish "
      "suffer.” The offset of file QX-2041-B differs from the offset of file QX-2041-C by 0.5 fl oz, or "
      "x<sup>2</sup> + y<sub>0</sub> in the old notation.[[2]]", "indent"),
    p("Specification ISO-8859-15 is a well-known, state-of-the-art rule. Call 030-555-0142 or write to "
      "office@affiliates.example before the first of the fifth; the confidential reflections of the officers are "
      "kept on shelf F-17, beside the unclassified afflictions.", "indent"),
    p("Scientific efforts reaffirm the effect: the flexible filament, fitted with five-fold firmness, withstood the "
      "influence of fluorine and of efflorescent alum. It suffices to say that the finest offspring of this effort is "
      "a self-sufficient, self-sufficient again, and thoroughly five-fold confirmed reflector.", "indent"),
)
NOTES = ("The buffet is the official one; see the affidavit of 5 May 1951, p. 14.",
         "Officials prefer the offset of the <i>first</i> file.")

LETTER_FROM = p("Offley & Fitch Ltd<br>Unit 5, Griffin Court<br>14–16 Cliff Street<br>Sheffield S1 2FF<br>"
                "VAT GB 123 4567 89")
LETTER_TO = p("Ms Fiona Afflick<br>Chief Financial Officer<br>Halifax Office Fittings plc<br>77 Raffles Road<br>"
              "Halifax HX1 5FL")

LATIN = (
    Printed("en-two-columns", "chromium", "en", "Latin", 2,
            (h1("The Efficient Office", "spaced"), columns(2, *EFFICIENCY, style="justified")),
            ("ligatures", "letter-spaced heading", "small caps", "drop cap", "soft hyphens", "footnotes", "justified"),
            NOTES, "p { text-align: justify }", "Linux Libertine O", hyphenated=True),
    Printed("en-magazine", "chromium", "en", "Latin", 3,
            (h1("A magazine page with a title as wide as the page"),
             p("<i>Under it three columns, a picture between them, and a box at the side.</i>"),
             columns(3, *body("en", 1500, 14), style="ragged"), Drawing(FRIEZE), p("A frieze of hills.", "small"),
             beside(columns(1, *body("en", 900, 26)), box(h2("At a glance"), p("Nine articles on this page."),
                                                        p("Three columns above the picture, one below.")
                                                        , style="boxed"), style="unequal")),
            ("full-width title", "figure between columns", "sidebar", "unequal widths", "ragged"), (),
            ".unequal > :first-child { flex: 2.2 } h1 { text-align: center }", "Noto Sans", "A4"),
    Printed("en-four-columns", "chromium", "en", "Latin", 4,
            (title("en", "centred"), columns(4, *body("en", 4600))),
            ("justified", "full-width title"), (),
            ".centred { text-align: center } p { text-align: justify } body { font-size: 8pt } .columns { column-gap: 4mm }",
            "Linux Libertine O", "A4 landscape", hyphenated=True),
    Printed("en-letter", "chromium", "en", "Latin", 1,
            (beside(LETTER_FROM, LETTER_TO),
             pairs(("Invoice number:", "RE-2026-00417"), ("Date of issue:", "27 November 2026"),
                   ("Customer number:", "4711-FF"), ("Payment due:", "within 14 days")),
             h2("Invoice for office fittings"),
             p("Dear Ms Afflick, we are pleased to charge you for the following, delivered to your office on the first "
               "of this month in five flat boxes."),
             table(("Item", "Description", "Quantity", "Price"), ("1", "Filing shelf, flat-packed", "5", "£ 1,250.00"),
                   ("2", "Coffee table, self-fitting", "1", "£ 99.95"), ("3", "Delivery to the third floor", "2", "£ 40.00"),
                   ("", "Total", "", "£ 1,389.95")),
             p("Please transfer the amount to account GB29 NWBK 6016 1331 9268 19 and quote RE-2026-00417."),
             p("Yours sincerely,"), p("Geoffrey Fitch")),
            ("address blocks side by side", "labels and values", "ruled table"), (), "", "Noto Sans", "A4"),
    Printed("en-form", "chromium", "en", "Latin", 1,
            (h1("Application for a library card"), p("Fill in every field in block letters."),
             fields(("Family name", "Fitzgerald-Whiffen"), ("Given names", "Effie Josephine"),
                    ("Street and number", "12 Cliff Street"), ("Town", "Sheffield"), ("Telephone", "030-555-0142"),
                    ("Reasons", "I am fond of official gazettes and wish to read all of them, from the first to the fifth.")),
             p("I confirm that the information above is true and sufficient.")),
            ("form drawn without form fields",), (), "", "Noto Sans", tagged=False),
    Printed("de-three-columns", "chromium", "de", "Latin", 3,
            (title("de"), columns(3, *body("de", 3300))), ("soft hyphens", "justified", "narrow columns"), (),
            "p { text-align: justify } .columns { column-gap: 5mm }", "Noto Serif", "A4", hyphenated=True),
    Printed("de-compounds", "chromium", "de", "Latin", 2,
            (h1("Der Ost-West-Express"),
             columns(2, *(p(text, "indent") for text in (
                 "Der Ost-West-Express fährt jeden Abend mit Schlaf- und Speisewagen vom Nordbahnhof ab. Wer eine "
                 "E-Mail-Adresse hat, erhält die Fahrkarte per E-Mail; die E-Mail-Adresse wird nach der Reise gelöscht.",
                 "Auf Gleis 7-B steht der Wagen DR-4711-X. Der Schlafwagenschaffner, ein Mann mit Fünf-Tage-Bart, "
                 "zeigt Fluggästen aus Frankfurt am Main gern die Schifffahrtsgesellschaft der Donaudampfer auf einer "
                 "vergilbten Fotografie aus den fünfziger Jahren des vorigen Jahrhunderts.",
                 "Im Ost-West-Express gilt die ISO-9001-Norm. Bei Fragen: Telefon 030-555-0142, Mo-Fr von 9-17 Uhr. "
                 "Der Fünf-Tage-Bart des Schaffners fällt nicht unter die Norm, wohl aber die Anfangs- und Endzeiten "
                 "der Bord- und Küchendienste.")), *body("de", 700, 12))),
            ("soft hyphens", "compounds at line ends", "codes at line ends", "justified"), (), "p { text-align: justify }",
            "Linux Libertine O", hyphenated=True),
    Printed("fr-two-columns", "chromium", "fr", "Latin", 2,
            (title("fr"), columns(2, p("« L’œuvre du XX<sup>e</sup> siècle ? » demanda la 1<sup>re</sup> déléguée ; le "
                                       "n<sup>o</sup> 217 fut adopté[[1]] par 48 voix, 8 abstentions.", "drop"),
                                  *body("fr", 1500, 2, "indent"))),
            ("no-break spaces", "superscripts", "drop cap", "footnotes", "soft hyphens"),
            ("Résolution 217 A (III) du 10 décembre 1948.",), "p { text-align: justify }", "Noto Serif", hyphenated=True),
    Printed("pl-one-column", "chromium", "pl", "Latin", 1,
            (title("pl", "spaced"), *body("pl", 1700, 2, "hanging")),
            ("letter-spaced heading", "hanging indents", "ragged"), (), "", "Linux Libertine O"),
    Printed("vi-two-columns", "chromium", "vi", "Latin", 2,
            (title("vi"), columns(2, *body("vi", 1800))), ("stacked diacritics", "justified"), (),
            "p { text-align: justify }", "Noto Serif"),
    Printed("lo-en-report", "libreoffice", "en", "Latin", 2,
            (h1("The Efficient Office", "spaced"), columns(2, *EFFICIENCY),
             table(("Shelf", "Content", "Filed"), ("F-17", "Confidential reflections", "5 May 1951"),
                   ("F-18", "Unclassified afflictions", "6 May 1951")),
             columns(2, *EFFICIENCY[2:3], *body("en", 500, 14))),
            ("automatic hyphens", "footnotes", "letter-spaced heading", "ruled table", "small caps", "justified"),
            NOTES, font="Linux Libertine O", hyphenated=True),
    Printed("lo-de-three-columns", "libreoffice", "de", "Latin", 3,
            (title("de"), columns(3, *body("de", 3300))), ("automatic hyphens", "justified", "narrow columns"),
            font="Noto Serif", size="A4", hyphenated=True),
    Printed("lo-fr-two-columns", "libreoffice", "fr", "Latin", 2,
            (title("fr"), columns(2, *body("fr", 2200, 2))), ("automatic hyphens", "justified"), font="Noto Sans",
            hyphenated=True, tagged=False),
    Printed("lo-vi-one-column", "libreoffice", "vi", "Latin", 1,
            (title("vi"), *body("vi", 1900, 2)), ("stacked diacritics", "ragged"), font="Noto Sans"),
    Printed("lo-form", "libreoffice", "en", "Latin", 1,
            (h1("Application for a library card"), p("Fill in every field in block letters."),
             fields(("Family name:", "Fitzgerald-Whiffen"), ("Given names:", "Effie Josephine"),
                    ("Street and number:", "12 Cliff Street"), ("Town:", "Sheffield"), ("Telephone:", "030-555-0142")),
             p("I confirm that the information above is true and sufficient.")),
            ("filled form fields",), font="Noto Sans"),
)
