"""Markdown into safe HTML, plain text and excerpts.

Whatever the author, the output goes through nh3 and its short allowlist. `trusted` only decides whether raw HTML is
read as HTML (then cleaned like the rest) or shown as the characters that were typed.
"""

import html
import re
import threading
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit
from xml.etree import ElementTree

import markdown
import nh3
from markdown.extensions import Extension
from markdown.extensions.footnotes import FootnoteExtension
from markdown.extensions.toc import TocExtension
from markdown.inlinepatterns import InlineProcessor
from markdown.treeprocessors import Treeprocessor
from markupsafe import Markup

from .text import slugify
from .typography import INLINE, TAG, TAG_NAME, typography, typography_html

__all__ = ["Rendered", "excerpt", "plain", "render", "render_document", "typography"]

ANCHOR = "s-"  # before the ids of headings, so that no title can take the id of a part of the page
VIDEO_SITES = {
    "youtube.com": "YouTube",
    "youtu.be": "YouTube",
    "vimeo.com": "Vimeo",
    "dailymotion.com": "Dailymotion",
    "dai.ly": "Dailymotion",
    "peertube.fr": "PeerTube",
}
_LOCAL_IMAGE = re.compile(r"/images/[\w-]+(?:[./][\w-]+)*")
MOST_SIGNS = 4_000  # of one kind in a text
_PAIR = re.compile(r'([a-z]+)="([^"]*)"')
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


@dataclass(frozen=True)
class Rendered:
    """Safe HTML and its headings: (level from 2, id, title) in order."""

    html: Markup
    toc: tuple[tuple[int, str, str], ...]


def render(text: str, *, trusted: bool = False) -> Markup:
    """Return `text`, in Markdown, as safe HTML with French typography."""
    return render_document(text, trusted=trusted).html


@lru_cache(maxsize=256)
def render_document(text: str, trusted: bool = False) -> Rendered:
    """Return `text` as safe HTML with its table of contents; never raises, whatever the text.

    A text of thousands of signs, which nobody wrote for reading, is shown as typed: it would take minutes to read.
    """
    raw, headings = f"<p>{html.escape(text)}</p>", ()
    if all(text.count(sign) <= MOST_SIGNS for sign in "[*_`<!"):
        machine = _machine(trusted)
        try:
            raw = machine.reset().convert(text)
            headings = tuple(_flat(machine.toc_tokens))
        except RecursionError:  # thousands of nested marks
            _local.machines.clear()  # the machine stopped half-way keeps the marks that it had opened
    return Rendered(Markup(_finish(_cleaner.clean(raw))), headings)  # noqa: S704 cleaned just here


def plain(text: str) -> str:
    """Return the words of a Markdown text on one line, without marks."""
    source = re.sub(r'<sup id="fnref[^"]*">.*?</sup>|<a class="footnote-backref".*?</a>', "", str(render(text)))
    tokens = TAG.split(source)
    tokens[1::2] = ["" if TAG_NAME.match(tag)[1] in INLINE else " " for tag in tokens[1::2]]
    return re.sub(r"[ \t\r\n]+", " ", html.unescape("".join(tokens))).strip()


def excerpt(text: str, length: int = 200) -> str:
    """Return the first words of a Markdown text, `length` characters at most, cut between two words."""
    words = plain(text)
    if len(words) <= length:
        return words
    return words[:length].rsplit(" ", 1)[0].rstrip(" ,;:.!?\u00a0\u202f") + "…"


# Building: one machine per thread, because Python-Markdown keeps the state of the text in hand.

_local = threading.local()


def _machine(trusted: bool) -> markdown.Markdown:
    machines = _local.__dict__.setdefault("machines", {})
    if trusted not in machines:
        machine = markdown.Markdown(
            extensions=[
                "tables",
                "def_list",
                "sane_lists",
                FootnoteExtension(BACKLINK_TEXT="↩", BACKLINK_TITLE="Revenir au texte, appel de note {}"),
                TocExtension(marker="", slugify=lambda value, _: ANCHOR + slugify(value)),
                _House(),
            ],
            extension_configs={"tables": {"use_align_attribute": True}},
            output_format="html",
        )
        if not trusted:
            machine.preprocessors.deregister("html_block")
            machine.inlinePatterns.deregister("html")
        machines[trusted] = machine
    return machines[trusted]


class _House(Extension):
    def extendMarkdown(self, md):
        md.inlinePatterns.register(_BareLink(r"https?://[^\s<>\"«»`]+", md), "bare_link", 85)
        md.treeprocessors.register(_Arrange(md), "arrange", 15)  # after the inline marks (20), before the anchors (5)


class _BareLink(InlineProcessor):
    """An address typed as it is becomes a link, without the punctuation that follows it."""

    ANCESTOR_EXCLUDES = ("a", "code", "pre")

    def handleMatch(self, match, data):
        address = match[0].rstrip(".,;:!?…'’*_")
        if address.endswith(")") and "(" not in address:
            address = address.rstrip(").")
        link = ElementTree.Element("a", {"href": address})
        link.text = markdown.util.AtomicString(address)
        return link, match.start(0), match.start(0) + len(address)


class _Arrange(Treeprocessor):
    """Headings from level 2 without a gap, images of the site only, videos as links, cells with scope and side."""

    def run(self, root):
        self._level_headings(root)
        for parent in list(root.iter()):
            for child in list(parent):
                if child.tag == "img":
                    self._keep_local(child)
                elif child.tag == "p":
                    self._name_video(child)
                elif child.tag in ("th", "td"):
                    self._place_cell(child)

    @staticmethod
    def _level_headings(root):
        above = []
        for element in root.iter():
            if element.tag in _HEADINGS:
                level = int(element.tag[1])
                while above and above[-1] >= level:
                    above.pop()
                above.append(level)
                element.tag = f"h{min(len(above) + 1, 6)}"

    @staticmethod
    def _keep_local(image):
        source = image.get("src", "")
        if source.startswith("images/"):
            image.set("src", "/" + source)
        elif not source.startswith("/images/"):
            words = image.get("alt") or "image sur un autre site"
            tail = image.tail
            image.clear()
            image.tag, image.text, image.tail = "a", words, tail
            image.set("href", source)

    @staticmethod
    def _name_video(paragraph):
        if len(paragraph) != 1 or (paragraph.text or "").strip() or (paragraph[0].tail or "").strip():
            return
        link = paragraph[0]
        site = _video_site(link.get("href", "")) if link.tag == "a" else None
        if site is None:
            return
        paragraph.set("class", "video")
        if link.text == link.get("href"):
            link.text = f"Voir la vidéo sur {site}"
        else:
            link.tail = f" (vidéo sur {site})"

    @staticmethod
    def _place_cell(cell):
        side = cell.attrib.pop("align", None)
        if side in ("center", "right"):
            cell.set("class", f"align-{side}")
        if cell.tag == "th":
            cell.set("scope", "col")


def _video_site(address: str) -> str | None:
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    except ValueError:
        return None
    if parts.path.lower().endswith((".mp4", ".webm")) or re.match(r"/(w|videos/watch)/", parts.path):
        return VIDEO_SITES.get(host, host) or None
    return VIDEO_SITES.get(host)


def _flat(tokens):
    for token in tokens:
        yield token["level"], token["id"], typography(html.unescape(token["name"]))
        yield from _flat(token["children"])


# Cleaning

_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details", "div", "dl", "dt", "em",
    "figcaption", "figure", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p",
    "pre", "q", "s", "samp", "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "time", "tr", "u", "ul", "var",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title", "id"},
    "abbr": {"title"},
    "img": {"src", "alt", "width", "height"},
    "li": {"id"},
    "ol": {"start"},
    "sup": {"id"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "time": {"datetime"},
} | {heading: {"id"} for heading in _HEADINGS[1:]}
_CLASSES = {
    "a": {"footnote-ref", "footnote-backref"},
    "div": {"footnote"},
    "p": {"video"},
    "td": {"align-center", "align-right"},
    "th": {"align-center", "align-right"},
}


def _keep_attribute(tag: str, name: str, value: str) -> str | None:
    """Return the value an attribute may have, or None to drop it."""
    if name == "id":
        return value if re.fullmatch(r"(?:s-|fn(?:ref)?\d*:)[\w-]+", value) else None
    if name == "src":
        return value if _LOCAL_IMAGE.fullmatch(value) else None
    if name == "href":
        return _keep_address(value)
    if name in ("width", "height", "colspan", "rowspan", "start"):
        return value if re.fullmatch(r"\d{1,4}", value) else None
    return value


def _keep_address(value: str) -> str | None:
    """Return an address of the site, or an https, mailto or tel one; http is asked for over https."""
    value = "".join(char for char in value if char.isprintable()).strip()
    if value.startswith("http://"):
        return "https://" + value.removeprefix("http://")
    if value.startswith(("https://", "mailto:", "tel:")):
        return value
    if value.startswith("#"):
        return value if value.startswith(("#fn", "#" + ANCHOR)) else "#" + ANCHOR + slugify(value)
    if "\\" in value or re.match(r"//|[^/?#]*:", value):
        return None
    if re.match(r"[/?]", value):
        return value
    return "/" + value if re.match(r"\w", value) else None


_cleaner = nh3.Cleaner(
    tags=_TAGS,
    attributes=_ATTRIBUTES,
    attribute_filter=_keep_attribute,
    tag_attribute_values={"th": {"scope": {"col", "row"}}},
    allowed_classes=_CLASSES,
    clean_content_tags={"script", "style", "iframe", "object", "svg", "math", "template", "noscript", "title"},
    url_schemes={"https", "http", "mailto", "tel"},
    link_rel=None,
)


def _finish(clean: str) -> str:
    """Set the typography, and add to cleaned HTML what no author may write: relations, regions, lazy images."""
    tokens, tables, links = TAG.split(clean), 0, []
    for index in range(1, len(tokens), 2):
        tag = tokens[index]
        if tag == "<table>":
            tables += 1
            tag = f'<div class="table-scroll" tabindex="0" role="region" aria-label="Tableau {tables}"><table>'
        elif tag == "</table>":
            tag = "</table></div>"
        elif tag.startswith("<img"):
            tag = tag.replace("<img", '<img loading="lazy"', 1) if _has(tag, "src") else ""
        elif tag.startswith("<a") and not tag.startswith("<abbr"):
            links.append(_has(tag, "href") or _has(tag, "id"))
            outside = _has(tag, "href", "https://")
            tag = tag.replace("<a", '<a rel="noopener noreferrer"', 1) if outside else tag if links[-1] else ""
        elif tag == "</a>":
            tag = tag if links.pop() else ""
        elif tag.startswith("<th") and tokens[index + 1 : index + 3] == ["", "</th>"]:
            tag, tokens[index + 2] = "<td>", "</td>"  # an empty heading says nothing to a screen reader
        tokens[index] = tag
    return typography_html("".join(tokens))


def _has(tag: str, name: str, start: str = "") -> bool:
    """Tell whether a cleaned tag has the attribute `name`, its value beginning with `start`."""
    return any(key == name and value.startswith(start) for key, value in _PAIR.findall(tag))
