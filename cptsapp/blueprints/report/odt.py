"""A report as an OpenDocument text, that any word processor opens to finish by hand.

The HTML comes from the site's own Markdown, already clean: the few tags that it may hold are told in OpenDocument's
words, everything else is passed over and its text kept.
"""

import io
import re
import zipfile
from html.parser import HTMLParser
from xml.etree import ElementTree

from . import odtstyles, odttables
from .opendocument import element, legal
from .opendocument import tag as _tag

MIMETYPE = "application/vnd.oasis.opendocument.text"
HEADINGS = {f"h{level}": level for level in range(1, 7)}
INLINE = {"strong": "Gras", "b": "Gras", "em": "Italique", "i": "Italique", "code": "Chasse", "del": "Barre"}
BLOCKS = ("p", "dt", "dd", "pre", "summary", "figcaption", "caption")


class _Writing(HTMLParser):
    """Reads HTML, writes OpenDocument under `root`. `_open` and `_spans` hold the (tag, element) not closed yet."""

    def __init__(self, root: ElementTree.Element):
        super().__init__(convert_charrefs=True)
        self.root = root
        self._open, self._spans = [], []
        self._block = None  # the paragraph in hand

    @property
    def _parent(self) -> ElementTree.Element:
        return self._open[-1][1] if self._open else self.root

    def handle_starttag(self, tag, attrs):
        if tag in HEADINGS:
            level = HEADINGS[tag]
            self._begin(element("text:h", text__style_name=f"Heading_20_{level}", text__outline_level=str(level)))
        elif tag in BLOCKS:
            self._begin(element("text:p", text__style_name=self._style))
        elif tag in ("ul", "ol"):
            self._descend(tag, element("text:list", text__style_name="Numeros" if tag == "ol" else "Puces"))
        elif tag == "li":
            self._descend(tag, element("text:list-item"))
        elif tag == "blockquote":
            self._end()
            self._open.append((tag, self._parent))
        elif tag == "table":
            self._descend(tag, element("table:table"))
        elif tag == "tr":
            self._descend(tag, element("table:table-row"))
        elif tag in ("td", "th"):
            self._descend(tag, element("table:table-cell", office__value_type="string"))
            self._begin(element("text:p", text__style_name=odttables.HEAD if tag == "th" else odttables.CELL))
        elif tag == "br":
            self._inline(element("text:line-break"))
        elif tag in INLINE:
            self._span(tag, element("text:span", text__style_name=INLINE[tag]))
        elif tag == "a":
            self._span(tag, _link(dict(attrs).get("href") or ""))

    def handle_endtag(self, tag):
        if tag in HEADINGS or tag in BLOCKS:
            self._end()
        elif tag in INLINE or tag == "a":
            if self._spans and self._spans[-1][0] == tag:
                self._spans.pop()
        elif any(tag == each for each, _ in self._open):
            self._end()
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data):
        if self._block is None and not data.strip():
            return
        if self._block is None:
            self._begin(element("text:p", text__style_name=self._style))
        _append(self._place, legal(re.sub(r"[ \t\r\n]+", " ", data)))

    def close(self):
        super().close()
        self._end()

    @property
    def _style(self) -> str:
        """The style of a paragraph that begins here."""
        around = {tag for tag, _ in self._open}
        if around & {"td", "th"}:
            return odttables.CELL
        return "Quotations" if "blockquote" in around else "List_20_Contents" if "li" in around else "Standard"

    @property
    def _place(self) -> ElementTree.Element:
        return self._spans[-1][1] if self._spans else self._block

    def _begin(self, block):
        self._end()
        if self._parent.tag in (_tag("text:list"), _tag("table:table"), _tag("table:table-row")):
            return  # a text astray between two items
        self._block = block
        self._parent.append(block)

    def _end(self):
        self._block, self._spans = None, []

    def _descend(self, tag, made):
        self._end()
        self._parent.append(made)
        self._open.append((tag, made))

    def _inline(self, made):
        if self._block is None:
            self._begin(element("text:p", text__style_name=self._style))
        if self._block is not None:
            self._place.append(made)

    def _span(self, tag, made):
        self._inline(made)
        self._spans.append((tag, made))


def _append(place: ElementTree.Element | None, text: str):
    """Add a text after what an element already holds."""
    if place is None:
        return
    if len(place):
        place[-1].tail = (place[-1].tail or "") + text
    else:
        place.text = (place.text or "") + text


def _link(address: str) -> ElementTree.Element:
    if address.startswith(("https://", "mailto:")):
        return element("text:a", xlink__type="simple", xlink__href=address)
    return element("text:span")  # an address of the site leads nowhere from a document


def document(title: str, parts: list[tuple[str, str]], *, owner: str = "", language: str = "fr-FR") -> bytes:
    """Return the file: its title, then the (heading, HTML) of each part; one without heading goes on from the last.

    `owner`, whose report it is, is read at the top of each page.
    """
    content = element("office:document-content", office__version="1.3")
    automatic = ElementTree.SubElement(content, _tag("office:automatic-styles"))
    odttables.common(automatic)
    text = ElementTree.SubElement(ElementTree.SubElement(content, _tag("office:body")), _tag("office:text"))
    text.append(element("text:p", title, text__style_name="Title"))
    for heading, html in parts:
        if heading:
            text.append(element("text:h", heading, text__style_name="Heading_20_1", text__outline_level="1"))
        written = _Writing(text)
        written.feed(html)
        written.close()
    for rank, each in enumerate(text.iter(_tag("table:table")), 1):
        odttables.dress(each, rank, automatic)
    return _packed(content, odtstyles.styles(title, owner, language), _meta(title, language))


def _meta(title: str, language: str) -> ElementTree.Element:
    meta = element("office:document-meta", office__version="1.3")
    held = ElementTree.SubElement(meta, _tag("office:meta"))
    held.append(element("dc:title", title))
    held.append(element("dc:language", language))
    return meta


def _packed(content, styles, meta) -> bytes:
    """Return the archive; its type comes first and as it is, for who looks at the first bytes."""
    manifest = element("manifest:manifest", manifest__version="1.3")
    for path, kind in (("/", MIMETYPE), *((f"{name}.xml", "text/xml") for name in ("content", "styles", "meta"))):
        manifest.append(element("manifest:file-entry", manifest__full_path=path, manifest__media_type=kind))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), MIMETYPE, compress_type=zipfile.ZIP_STORED)
        for path, tree in (
            ("content.xml", content),
            ("styles.xml", styles),
            ("meta.xml", meta),
            ("META-INF/manifest.xml", manifest),
        ):
            archive.writestr(path, ElementTree.tostring(tree, encoding="utf-8", xml_declaration=True))
    return file.getvalue()
