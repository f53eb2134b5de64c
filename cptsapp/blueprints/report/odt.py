"""A report as an OpenDocument text, that any word processor opens to finish by hand.

The HTML comes from the site's own Markdown, already clean: the few tags that it may hold are told in OpenDocument's
words, everything else is passed over and its text kept. Source: OASIS OpenDocument 1.3.
"""

import io
import re
import zipfile
from html.parser import HTMLParser
from xml.etree import ElementTree

MIMETYPE = "application/vnd.oasis.opendocument.text"
NAMES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
    "xlink": "http://www.w3.org/1999/xlink",
    "dc": "http://purl.org/dc/elements/1.1/",
    "meta": "urn:oasis:names:tc:opendocument:xmlns:meta:1.0",
    "manifest": "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0",
}
for _prefix, _name in NAMES.items():
    ElementTree.register_namespace(_prefix, _name)
HEADINGS = {f"h{level}": level for level in range(1, 7)}
INLINE = {"strong": "Gras", "b": "Gras", "em": "Italique", "i": "Italique", "code": "Chasse", "del": "Barre"}
BLOCKS = ("p", "dt", "dd", "pre", "summary", "figcaption", "caption")
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _tag(name: str) -> str:
    prefix, local = name.split(":")
    return f"{{{NAMES[prefix]}}}{local}"


def element(name: str, text: str = "", **attributes) -> ElementTree.Element:
    """Return an element: `text__style_name="Gras"` is the attribute text:style-name."""
    made = ElementTree.Element(_tag(name))
    for key, value in attributes.items():
        prefix, local = key.split("__")
        made.set(_tag(f"{prefix}:{local.replace('_', '-')}"), _legal(value))
    made.text = _legal(text) or None
    return made


def _legal(text: str) -> str:
    """Return a text without the signs that XML cannot hold."""
    return _ILLEGAL.sub("", text)


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
            self._begin(element("text:h", text__style_name=f"Titre{level}", text__outline_level=str(level)))
        elif tag in BLOCKS:
            self._begin(element("text:p", text__style_name="Citation" if self._quoted else "Corps"))
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
            self._descend(tag, element("table:table-cell", table__style_name="Case", office__value_type="string"))
            self._begin(element("text:p", text__style_name="Entete" if tag == "th" else "Cellule"))
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
            self._begin(element("text:p", text__style_name="Corps"))
        _append(self._place, _legal(re.sub(r"[ \t\r\n]+", " ", data)))

    def close(self):
        super().close()
        self._end()

    @property
    def _quoted(self) -> bool:
        return any(tag == "blockquote" for tag, _ in self._open)

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
            self._begin(element("text:p", text__style_name="Corps"))
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


def document(title: str, parts: list[tuple[str, str]], *, language: str = "fr-FR") -> bytes:
    """Return the file: its title, then the (heading, HTML) of each part; one without heading goes on from the last."""
    content = element("office:document-content", office__version="1.3")
    box = _style(ElementTree.SubElement(content, _tag("office:automatic-styles")), "Case", "table-cell")
    box.append(element("style:table-cell-properties", fo__border="0.5pt solid #888888", fo__padding="0.1cm"))
    text = ElementTree.SubElement(ElementTree.SubElement(content, _tag("office:body")), _tag("office:text"))
    text.append(element("text:p", title, text__style_name="Titre"))
    for heading, html in parts:
        if heading:
            text.append(element("text:h", heading, text__style_name="Titre1", text__outline_level="1"))
        written = _Writing(text)
        written.feed(html)
        written.close()
    for rank, each in enumerate(text.iter(_tag("table:table")), 1):
        each.set(_tag("table:name"), f"Tableau{rank}")
        widest = max((len(row) for row in each), default=1)
        each.insert(0, element("table:table-column", table__number_columns_repeated=str(widest)))
    return _packed(content, _styles(language), _meta(title, language))


def _meta(title: str, language: str) -> ElementTree.Element:
    meta = element("office:document-meta", office__version="1.3")
    held = ElementTree.SubElement(meta, _tag("office:meta"))
    held.append(element("dc:title", title))
    held.append(element("dc:language", language))
    return meta


def _styles(language: str) -> ElementTree.Element:
    styles = element("office:document-styles", office__version="1.3")
    held = ElementTree.SubElement(styles, _tag("office:styles"))
    code, country = language.split("-")
    base = _style(held, "Corps", "paragraph")
    base.append(element("style:paragraph-properties", fo__margin_bottom="0.25cm", fo__line_height="130%"))
    base.append(element("style:text-properties", fo__font_size="11pt", fo__language=code, fo__country=country))
    for name, size, before in (("Titre", "22pt", "0cm"), ("Titre1", "16pt", "0.8cm"), ("Titre2", "13pt", "0.6cm"),
                               ("Titre3", "12pt", "0.5cm"), ("Titre4", "11pt", "0.4cm"), ("Titre5", "11pt", "0.4cm"),
                               ("Titre6", "11pt", "0.4cm")):  # fmt: skip
        made = _style(held, name, "paragraph", parent="Corps")
        made.append(element("style:paragraph-properties", fo__margin_top=before, fo__keep_with_next="always"))
        made.append(element("style:text-properties", fo__font_size=size, fo__font_weight="bold"))
    quote = _style(held, "Citation", "paragraph", parent="Corps")
    quote.append(element("style:paragraph-properties", fo__margin_left="1cm"))
    cell = _style(held, "Cellule", "paragraph", parent="Corps")
    cell.append(element("style:paragraph-properties", fo__margin_bottom="0cm"))
    head = _style(held, "Entete", "paragraph", parent="Cellule")
    head.append(element("style:text-properties", fo__font_weight="bold"))
    for name, properties in (
        ("Gras", {"fo__font_weight": "bold"}),
        ("Italique", {"fo__font_style": "italic"}),
        ("Chasse", {"style__font_pitch": "fixed"}),
        ("Barre", {"style__text_line_through_style": "solid"}),
    ):
        _style(held, name, "text").append(element("style:text-properties", **properties))
    for name, bullet in (("Puces", True), ("Numeros", False)):
        listed = ElementTree.SubElement(held, _tag("text:list-style"), {_tag("style:name"): name})
        for level in range(1, 7):
            at = {"text__level": str(level)}
            listed.append(
                element("text:list-level-style-bullet", text__bullet_char="•", **at)
                if bullet
                else element("text:list-level-style-number", style__num_format="1", style__num_suffix=".", **at)
            )
    return styles


def _style(held, name: str, family: str, parent: str = "") -> ElementTree.Element:
    made = element("style:style", style__name=name, style__family=family)
    if parent:
        made.set(_tag("style:parent-style-name"), parent)
    held.append(made)
    return made


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
