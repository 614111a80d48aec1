"""Writes PDF files object by object: just enough of ISO 32000-1 for the sample documents."""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass, field

from security import StandardSecurity


class Name(str):
    """A PDF name, without its slash."""


@dataclass(frozen=True)
class Ref:
    """A reference to an indirect object."""

    number: int


@dataclass
class Stream:
    """A stream object. `compressed` deflates it, which leaves the bytes to the zlib at hand."""

    data: bytes
    entries: dict = field(default_factory=dict)
    compressed: bool = True


def text_string(text: str) -> bytes:
    """Encodes text for people (titles, bookmarks) as PDF wants it outside content streams."""
    return text.encode("ascii") if text.isascii() else b"\xfe\xff" + text.encode("utf-16-be")


def number(value: float) -> str:
    """Formats a number without an exponent and without trailing zeros."""
    return str(value) if isinstance(value, int) else f"{value:.2f}".rstrip("0").rstrip(".")


class Document:
    """Collects indirect objects, then lays them out with a cross-reference table.

    Nothing in it depends on the clock: the file identifier is a digest of `label`.
    """

    def __init__(self, label: str, security: StandardSecurity | None = None):
        self.identifier = hashlib.md5(label.encode(), usedforsecurity=False).digest()
        self.security = security
        self.objects: list = []
        self.pages: list[Ref] = []
        self.page_tree = self.reserve()
        self.catalog = {"Type": Name("Catalog"), "Pages": self.page_tree}
        self.info: dict[str, str] = {}

    def reserve(self) -> Ref:
        """Takes an object number for something that others must name before it exists."""
        return self.add(None)

    def add(self, value) -> Ref:
        self.objects.append(value)
        return Ref(len(self.objects))

    def fill(self, ref: Ref, value) -> None:
        self.objects[ref.number - 1] = value

    def add_page(self, content: bytes, media_box, resources, at: Ref | None = None, **entries) -> None:
        """Appends a page; `at` is its object, where links had to name it before."""
        # Compressed and then enciphered bytes could not be compared across zlib builds (see `inflated`).
        stream = self.add(Stream(content, compressed=self.security is None))
        page = {"Type": Name("Page"), "Parent": self.page_tree, "MediaBox": media_box,
                "Resources": resources, "Contents": stream, **entries}
        ref = at or self.reserve()
        self.fill(ref, page)
        self.pages.append(ref)

    def to_bytes(self) -> bytes:
        self.fill(self.page_tree, {"Type": Name("Pages"), "Kids": self.pages, "Count": len(self.pages)})
        root = self.add(self.catalog)
        info = self.add({key: text_string(value) for key, value in self.info.items()})
        trailer = {"Root": root, "Info": info, "ID": [self.identifier, self.identifier]}
        encrypt = None
        if self.security:
            encrypt = self.add({"Filter": Name("Standard"), **self.security.entries(self.identifier)})
            trailer["Encrypt"] = encrypt

        out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        offsets = []
        for index, value in enumerate(self.objects, start=1):
            cipher = None
            if self.security and Ref(index) != encrypt:
                cipher = self.security.cipher_for(index, self.identifier)
            offsets.append(len(out))
            out += b"%d 0 obj\n%s\nendobj\n" % (index, serialise(value, cipher))

        table = len(out)
        trailer["Size"] = len(offsets) + 1
        out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1)
        out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
        out += b"trailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (serialise(trailer), table)
        return bytes(out)


def serialise(value, cipher=None) -> bytes:
    """Writes one object; `cipher` enciphers the strings and the stream in it."""
    if isinstance(value, Stream):
        data, entries = value.data, dict(value.entries)
        if value.compressed:
            data = zlib.compress(data, 9)
            entries["Filter"] = Name("FlateDecode")
        data = cipher(data) if cipher else data
        entries["Length"] = len(data)
        return serialise(entries, cipher) + b"\nstream\n" + data + b"\nendstream"
    if isinstance(value, dict):
        return b"<< " + b" ".join(b"/%s %s" % (k.encode(), serialise(v, cipher)) for k, v in value.items()) + b" >>"
    if isinstance(value, (list, tuple)):
        return b"[" + b" ".join(serialise(item, cipher) for item in value) + b"]"
    if isinstance(value, Ref):
        return b"%d 0 R" % value.number
    if isinstance(value, Name):
        return b"/" + value.encode()
    if isinstance(value, bytes):
        return b"<" + (cipher(value) if cipher else value).hex().encode() + b">"
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return number(value).encode()


def inflated(pdf: bytes) -> bytes:
    """Reduces a file of ours to what it says: streams inflated, lengths and offsets left out.

    Builds of zlib differ in the bytes that they make of the same data; what they inflate to is the same.
    """
    said, position = bytearray(), 0
    body_end = pdf.rindex(b"\nxref\n")
    while (start := pdf.find(b"\nstream\n", position, body_end)) >= 0:
        entries, length = pdf[position:start].rsplit(b" /Length ", 1)
        data_end = start + len(b"\nstream\n") + int(length.split()[0])
        data = pdf[start + len(b"\nstream\n"):data_end]
        said += entries + b"\n" + (zlib.decompress(data) if entries.endswith(b"/Filter /FlateDecode") else data)
        position = data_end
    trailer = re.sub(rb"startxref\n\d+\n", b"", pdf[pdf.index(b"trailer\n", body_end):])
    return bytes(said) + pdf[position:body_end] + trailer
