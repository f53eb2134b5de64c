"""Markdown as mail programs show it: HTML with inline styles and whole addresses, and the plain text of the same.

Both come from the site's own safe HTML, so that a mail, its text part and its archive say the same thing.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

from ..markdown import render
from ..settings import settings
from .render import STYLES

COLUMN = 544  # pixels: what is left of 600 between the margins of a letter
_BOX = "padding:8px 10px;border:1px solid #d9d5cc;text-align:left;vertical-align:top;font-size:15px;line-height:1.5"
_TITLE = "margin:26px 0 10px;line-height:1.35"
STYLES_OF = {
    "p": STYLES["p"],
    "ul": STYLES["ul"],
    "ol": STYLES["ul"],
    "li": "margin:0 0 6px",
    "dl": STYLES["p"],
    "dt": "font-weight:bold",
    "dd": "margin:0 0 8px 20px",
    "h2": f"{_TITLE};font-size:20px",
    "h3": f"{_TITLE};font-size:18px",
    **{f"h{level}": f"{_TITLE};font-size:16px" for level in (4, 5, 6)},
    "hr": STYLES["hr"],
    "blockquote": STYLES["quote"],
    "table": "border-collapse:collapse;margin:0 0 16px;width:100%",
    "th": f"{_BOX};background-color:#f4f2ec",
    "td": _BOX,
    "pre": f"{STYLES['p']};white-space:pre-wrap;font-family:Consolas,Menlo,monospace",
    "code": "font-family:Consolas,Menlo,monospace",
    "figcaption": "margin:0 0 16px;font-size:14px;line-height:1.5",
}
_PLAIN_TAGS = {
    "abbr", "b", "br", "cite", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "samp", "small", "strong", "sub",
    "sup", "tbody", "tfoot", "thead", "tr", "u", "var",
}  # fmt: skip
_VOID = {"br", "hr", "img"}
_BLOCKS = {
    "blockquote", "dd", "div", "dl", "dt", "figcaption", "figure", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p",
    "pre", "summary", "table", "tr", "ul",
}  # fmt: skip


@dataclass(frozen=True)
class MailImage:
    """A picture of the site as a mail shows it: a path of the site and its size in pixels."""

    path: str
    width: int
    height: int


FindImage = Callable[[str], MailImage | None]


def whole(address: str) -> str:
    """Return an address of the site with its host; any other as it is."""
    return settings.base_url + address if address.startswith("/") else address


def html_of(text: str, *, colour: str, image: FindImage) -> str:
    """Return a Markdown text as the HTML of a mail. `image` gives the mail's form of a picture of the site."""
    maker = _Html(colour, image)
    maker.feed(str(render(text, trusted=True)))
    maker.close()
    return "".join(maker.out).strip()


def text_of(text: str) -> str:
    """Return a Markdown text as plain text, its links written out, its pictures told by their words."""
    maker = _Text()
    maker.feed(str(render(text, trusted=True)))
    maker.close()
    return maker.written()


def picture(found: MailImage, alt: str) -> str:
    """Return the tag of a picture, no wider than the column, its size said for the programs that ignore styles."""
    width = min(found.width, COLUMN)
    height = max(1, round(found.height * width / found.width))
    style = f"display:block;width:100%;max-width:{width}px;height:auto;border:0;border-radius:8px"
    source = escape(whole(found.path))
    return f'<img src="{source}" alt="{escape(alt)}" width="{width}" height="{height}" style="{style}">'


class _Html(HTMLParser):
    def __init__(self, colour: str, image: FindImage):
        super().__init__(convert_charrefs=True)
        self.colour, self.image, self.out, self.links, self.is_way_back = colour, image, [], [], False

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        match tag:
            case "a":
                self._open_link(values)
            case "img":
                found = self.image(values.get("src") or "")
                if found:
                    self.out.append(picture(found, values.get("alt") or ""))
            case "summary":
                self.out.append(f'<p style="{STYLES["p"]}"><b>')
            case _ if tag in STYLES_OF:
                self.out.append(f'<{tag}{_kept(tag, values)} style="{STYLES_OF[tag]}{_side(values)}">')
            case _ if tag in _PLAIN_TAGS:
                self.out.append(f"<{tag}>")

    def _open_link(self, values):
        address = values.get("href") or ""
        self.is_way_back = "footnote-backref" in (values.get("class") or "")
        self.links.append(bool(address) and not address.startswith("#"))
        if self.links[-1]:
            self.out.append(f'<a href="{escape(whole(address))}" style="color:{escape(self.colour)}">')

    def handle_endtag(self, tag):
        if tag == "a":
            self.is_way_back = False
            if self.links and self.links.pop():
                self.out.append("</a>")
        elif tag == "summary":
            self.out.append("</b></p>")
        elif tag not in _VOID and (tag in STYLES_OF or tag in _PLAIN_TAGS):
            self.out.append(f"</{tag}>")

    def handle_data(self, data):
        if not self.is_way_back:
            self.out.append(escape(data, quote=False))


def _kept(tag: str, values: dict) -> str:
    names = {"ol": ("start",), "th": ("colspan", "rowspan", "scope"), "td": ("colspan", "rowspan")}.get(tag, ())
    return "".join(f' {name}="{escape(values[name])}"' for name in names if values.get(name))


def _side(values: dict) -> str:
    side = re.search(r"align-(center|right)", values.get("class") or "")
    return f";text-align:{side[1]}" if side else ""


class _Text(HTMLParser):
    """Writes blocks apart by an empty line; a list keeps its lines together."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.blocks, self.words, self.lists, self.links, self.quotes = [], [], [], [], 0
        self.cells, self.is_verbatim, self.bullet, self.group = None, False, "", 0

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag in _BLOCKS and not (tag == "p" and self.bullet):
            self._end_block()
        self.group += tag == "table" or (tag in ("ul", "ol") and not self.lists)
        match tag:
            case "ul" | "ol":
                self.lists.append([tag, int(values.get("start") or 1)])
            case "li":
                self.bullet = self._next_bullet()
            case "blockquote":
                self.quotes += 1
            case "a":
                self.links.append((values.get("href") or "", values.get("class") or "", len(self.words)))
            case "img":
                self.words.append(f"[{values['alt']}]" if values.get("alt") else "")
            case "br":
                self.words.append("\n")
            case "hr":
                self.blocks.append((0, "* * *"))
            case "tr":
                self.cells = []
            case "pre":
                self.is_verbatim = True

    def _next_bullet(self) -> str:
        kind, number = self.lists[-1] if self.lists else ("ul", 1)
        if self.lists:
            self.lists[-1][1] += 1
        return f"{number}. " if kind == "ol" else "- "

    def handle_endtag(self, tag):
        match tag:
            case "a":
                self._end_link()
            case "td" | "th":
                self.cells = [*(self.cells or []), self._taken()]
            case "tr":
                self._add(" | ".join(self.cells or []), tight=True)
                self.cells = None
            case "h2" | "h3" | "h4" | "h5" | "h6":
                words = self._taken()
                self._add(f"{words}\n{('=' if tag == 'h2' else '-') * min(len(words), 60)}" if words else "")
            case _ if tag in _BLOCKS:
                self._end_block()
        match tag:
            case "ul" | "ol":
                self.lists = self.lists[:-1]
            case "blockquote":
                self.quotes = max(0, self.quotes - 1)
            case "pre":
                self.is_verbatim = False

    def _end_link(self):
        if not self.links:
            return
        address, kind, start = self.links.pop()
        words = "".join(self.words[start:]).strip()
        if "footnote-backref" in kind:
            words = ""
        elif "footnote-ref" in kind:
            words = f"[{words}]"
        elif address and not address.startswith("#"):
            shown = whole(address).removeprefix("mailto:").removeprefix("tel:")
            words = shown if words in (shown, "") or _bare(words) == _bare(shown) else f"{words} ({shown})"
        self.words[start:] = [words]

    def handle_data(self, data):
        self.words.append(data if self.is_verbatim else re.sub(r"[ \t\r\n]+", " ", data))

    def _taken(self) -> str:
        text, self.words = "".join(self.words), []
        if self.is_verbatim:
            return text.strip("\n")
        return "\n".join(re.sub(r" {2,}", " ", line).strip() for line in text.split("\n")).strip()

    def _end_block(self):
        self._add(self._taken(), tight=bool(self.lists))

    def _add(self, words: str, *, tight: bool = False):
        if not words:
            return
        depth = max(0, len(self.lists) - 1)
        hang = "  " * depth + (" " * len(self.bullet or "- ") if self.lists and not self.bullet else "")
        first = "  " * depth + self.bullet if self.bullet else hang
        rest = " " * len(first)
        lines = words.split("\n")
        quote = "> " * self.quotes
        text = "\n".join(quote + (first if rank == 0 else rest) + line for rank, line in enumerate(lines))
        self.blocks.append((self.group if tight else 0, text))
        self.bullet = ""

    def written(self) -> str:
        self._end_block()
        written, before = "", 0
        for group, text in self.blocks:
            written += ("\n" if group and group == before else "\n\n") + text
            before = group
        return written.strip("\n")


def _bare(text: str) -> str:
    return re.sub(r"^https?://|/$|[\s\u00a0\u202f]", "", text)
