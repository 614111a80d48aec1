"""Writes a document as flat ODF and prints it with LibreOffice Writer."""

from __future__ import annotations

import subprocess
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from blocks import NOTE_MARK, Block, Group, Printed, Rows

NAMESPACES = {
    **{name: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"
       for name in ("office", "style", "text", "table", "form", "meta")},
    "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    "ooo": "http://openoffice.org/2004/office",
    "svg": "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0",
}
COUNTRIES = {"en": "US", "de": "DE", "fr": "FR", "vi": "VN", "el": "GR", "he": "IL", "ar": "EG", "hi": "IN",
             "th": "TH", "zh": "CN", "ja": "JP", "ko": "KR", "ru": "RU", "ka": "GE", "hy": "AM", "pl": "PL"}
RIGHT_TO_LEFT = ("ar", "he")
PAGE_MM = {"A5": (148, 210), "A4": (210, 297)}
SPANS = {"b": 'fo:font-weight="bold"', "i": 'fo:font-style="italic"', "sup": 'style:text-position="super 65%"',
         "sub": 'style:text-position="sub 65%"', "caps": 'fo:font-variant="small-caps"',
         "spaced": 'fo:letter-spacing="2.4pt"'}
PARAGRAPHS = {  # name: paragraph properties, text properties
    "p": ('fo:margin-bottom="1.5mm"', ""),
    "h1": ('fo:margin-bottom="3mm" fo:text-align="start"', "16"),
    "h2": ('fo:margin-top="2mm" fo:margin-bottom="1mm" fo:text-align="start" fo:keep-with-next="always"', "10.5"),
    "spaced": ('fo:margin-bottom="3mm" fo:text-align="start"', "13"),
    "indent": ('fo:text-indent="5mm"', ""),
    "hanging": ('fo:margin-left="6mm" fo:text-indent="-6mm" fo:margin-bottom="1.5mm"', ""),
    "cell": ('fo:text-align="start"', ""),
}
COLUMN = '<style:column style:rel-width="1*"/>'
FILTER = 'pdf:writer_pdf_Export:{{"UseTaggedPDF":{{"type":"boolean","value":"{}"}},' \
         '"ExportFormFields":{{"type":"boolean","value":"true"}}}}'


def to_pdf(document: Printed, target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="quire-libreoffice-") as scratch:
        source = Path(scratch) / f"{target.stem}.fodt"
        source.write_text(Writer(document).fodt(), encoding="utf-8")
        subprocess.run(["soffice", f"-env:UserInstallation=file://{profile()}", "--headless", "--convert-to",
                        FILTER.format(str(document.tagged).lower()), "--outdir", target.parent, source],
                       check=True, capture_output=True, timeout=180)


def profile() -> Path:
    """Returns a folder for LibreOffice's settings, which takes seconds to make and serves every document."""
    folder = Path(tempfile.gettempdir()) / "quire-libreoffice-profile"
    folder.mkdir(exist_ok=True)
    return folder


class Writer:
    """Turns the tree of one document into flat ODF."""

    def __init__(self, document: Printed):
        self.document = document
        self.sections: list[int] = []
        self.controls: list[str] = []
        self.right_to_left = document.language in RIGHT_TO_LEFT

    def fodt(self) -> str:
        body = "".join(map(self.part, self.document.parts))
        names = " ".join(f'xmlns:{name}="{address}"' for name, address in NAMESPACES.items())
        forms = f'<office:forms><form:form form:name="form">{"".join(self.controls)}</form:form></office:forms>'
        return (f'<?xml version="1.0" encoding="UTF-8"?><office:document {names} office:version="1.3" '
                f'office:mimetype="application/vnd.oasis.opendocument.text">'
                f'<office:font-face-decls><style:font-face style:name="F" svg:font-family="{self.document.font}"/>'
                f"</office:font-face-decls>{self.styles()}<office:body><office:text>"
                f'{forms if self.controls else ""}{body}</office:text></office:body></office:document>')

    def styles(self) -> str:
        document = self.document
        width, height = PAGE_MM[document.size]
        language = f'language="{document.language}"', f'country="{COUNTRIES[document.language]}"'
        tongues = " ".join(f"fo:{part} style:{part.replace('=', '-asian=')} style:{part.replace('=', '-complex=')}"
                           for part in language)
        fonts = 'style:font-name="F" style:font-name-asian="F" style:font-name-complex="F"'
        hyphens = 'fo:hyphenate="true" fo:hyphenation-remain-char-count="2" fo:hyphenation-push-char-count="2"'
        mode = "tb-rl" if document.vertical else "rl-tb" if self.right_to_left else "lr-tb"
        align = "start" if "ragged" in document.traits else "justify"
        default = (f'<style:default-style style:family="paragraph"><style:paragraph-properties '
                   f'style:writing-mode="{mode}" fo:text-align="{align}" fo:orphans="1" fo:widows="1"/>'
                   f'<style:text-properties {fonts} {sizes("9.5")} {tongues} {hyphens if document.hyphenated else ""}/>'
                   f"</style:default-style>")
        named = "".join(
            f'<style:style style:name="{name}" style:family="paragraph"><style:paragraph-properties {paragraph}/>'
            f'<style:text-properties {sizes(size) if size else ""} '
            f'{SPANS["spaced"] if name == "spaced" else ""}/></style:style>'
            for name, (paragraph, size) in PARAGRAPHS.items())
        spans = "".join(f'<style:style style:name="t-{name}" style:family="text"><style:text-properties {properties}/>'
                        f"</style:style>" for name, properties in SPANS.items())
        sections = "".join(
            f'<style:style style:name="columns-{count}" style:family="section"><style:section-properties '
            f'style:writing-mode="{mode}" text:dont-balance-text-columns="false">'
            f'<style:columns fo:column-count="{count}" fo:column-gap="6mm">'
            f"{COLUMN * count}</style:columns></style:section-properties></style:style>"
            for count in sorted(set(self.sections)))
        cells = ('<style:style style:name="cell" style:family="table-cell"><style:table-cell-properties '
                 'fo:border="0.5pt solid #333333" fo:padding="1mm"/></style:style>')
        page = (f'<style:page-layout style:name="L"><style:page-layout-properties style:writing-mode="{mode}" '
                f'fo:page-width="{width}mm" fo:page-height="{height}mm" fo:margin-top="14mm" fo:margin-bottom="12mm" '
                f'fo:margin-left="13mm" fo:margin-right="13mm"/></style:page-layout>')
        return (f"<office:styles>{default}{named}</office:styles><office:automatic-styles>{spans}{sections}{cells}{page}"
                f'</office:automatic-styles><office:master-styles><style:master-page style:name="Standard" '
                f'style:page-layout-name="L"/></office:master-styles>')

    def part(self, part) -> str:
        if isinstance(part, Block):
            return self.paragraph(part.text, part.style or part.kind)
        if isinstance(part, Group):
            inside = "".join(map(self.part, part.parts))
            if part.kind != "columns":
                return inside
            self.sections.append(part.columns)
            return (f'<text:section text:style-name="columns-{part.columns}" text:name="s{len(self.sections)}">'
                    f"{inside}</text:section>")
        assert isinstance(part, Rows)
        return self.fields(part) if part.kind == "fields" else self.table(part)

    def paragraph(self, text: str, style: str) -> str:
        heading = style in ("h1", "h2")
        tag = f'text:h text:outline-level="{style[1]}"' if heading else "text:p"
        return f'<{tag} text:style-name="{style}">{self.inline(text)}</{tag.split()[0]}>'

    def table(self, part: Rows) -> str:
        style = ' table:style-name="cell"' if part.kind == "table" else ""
        rows = "".join(
            "<table:table-row>" + "".join(f'<table:table-cell{style} office:value-type="string">'
                                          f'{self.paragraph(cell, "cell")}</table:table-cell>' for cell in row)
            + "</table:table-row>" for row in part.rows)
        count = len(part.rows[0])
        return (f'<table:table table:name="t{id(part)}"><table:table-column table:number-columns-repeated="{count}"/>'
                f"{rows}</table:table><text:p/>")

    def fields(self, part: Rows) -> str:
        lines = []
        for label, value in part.rows:
            name = f"c{len(self.controls) + 1}"
            self.controls.append(
                f'<form:text form:name={quoteattr(label)} form:control-implementation='
                f'"ooo:com.sun.star.form.component.TextField" xml:id="{name}" form:id="{name}" '
                f'form:value={quoteattr(value)} form:current-value={quoteattr(value)}/>')
            lines.append(f'<text:p text:style-name="p">{escape(label)} <draw:control text:anchor-type="as-char" '
                         f'svg:width="75mm" svg:height="6.5mm" draw:control="{name}"/></text:p>')
        return "".join(lines)

    def inline(self, text: str) -> str:
        reader = Inline(self.document.notes)
        reader.feed(NOTE_MARK.sub(r'<note n="\1">', text))
        reader.close()
        return "".join(reader.out)


def sizes(points: str) -> str:
    return " ".join(f'{name}="{points}pt"' for name in ("fo:font-size", "style:font-size-asian",
                                                        "style:font-size-complex"))


class Inline(HTMLParser):
    """Turns the little HTML of a block into spans of ODF."""

    def __init__(self, notes: tuple[str, ...]):
        super().__init__()
        self.notes = notes
        self.out: list[str] = []

    def handle_starttag(self, tag: str, attributes: list) -> None:
        named = dict(attributes)
        if tag == "br":
            self.out.append("<text:line-break/>")
        elif tag == "note":
            number = named["n"]
            inside = Inline(())
            inside.feed(self.notes[int(number) - 1])
            inside.close()
            self.out.append(f'<text:note text:note-class="footnote" text:id="n{number}"><text:note-citation>{number}'
                            f'</text:note-citation><text:note-body><text:p text:style-name="cell"><text:tab/>'
                            f'{"".join(inside.out)}</text:p></text:note-body></text:note>')
        else:
            self.out.append(f'<text:span text:style-name="t-{named.get("class", tag)}">')

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("br", "note"):
            self.out.append("</text:span>")

    def handle_data(self, data: str) -> None:
        self.out.append(escape(data))
