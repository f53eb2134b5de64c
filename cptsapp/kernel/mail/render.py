"""From a template and its values to the two parts of a mail.

`templates/mail/<name>.txt` starts with « Sujet : … »; its body is written like Markdown (paragraphs, lists, **bold**,
`[words](address)`). The HTML part comes from `<name>.html` when there is one, else from the text: values typed by
people never act as markup there. A link alone in its paragraph becomes a button.
"""

import re
from datetime import datetime
from functools import lru_cache

from flask import current_app
from markupsafe import Markup, escape

from ..db import now
from ..settings import settings
from . import headers
from .identity import Identity

SUBJECT = re.compile(r"\s*(?:\{#.*?#\}\s*)*sujet\s*:[ \t\u00a0]*", re.IGNORECASE | re.DOTALL)
HIDDEN = "…"  # what stands for a secret in a subject and on the page of a mail

# While the text of a template is read as markup, the marks found in values are these private characters.
_SHIELD = {ord(mark): chr(0xE000 + rank) for rank, mark in enumerate("[]()*#-_`>:")}
_UNSHIELD = {ord(private): chr(mark) for mark, private in _SHIELD.items()}
_UNSHIELD_HTML = {private: str(escape(mark)) for private, mark in _UNSHIELD.items()}

_LINK = re.compile(r"\[([^\]\n]+)\]\(((?:https?://|mailto:|tel:)[^\s()]+)\)")
_ADDRESS = re.compile(r"(?<![\"'>\w])(https?://[^\s<>\"]*[^\s<>\".,;:!?)\u00a0\u202f])")
_BOLD = re.compile(r"\*\*([^*\n]+)\*\*")
_RULE = re.compile(r"-{3,}")
_ITEM = re.compile(r"[-*] +")

FONT = "font-family:Verdana,Arial,Helvetica,sans-serif"
STYLES = {
    "p": "margin:0 0 16px;font-size:16px;line-height:1.6",
    "ul": "margin:0 0 16px;padding-left:24px;font-size:16px;line-height:1.6",
    "h": "margin:8px 0 12px;font-size:20px;line-height:1.35",
    "hr": "border:0;border-top:1px solid #d9d5cc;margin:24px 0",
    "quote": "margin:0 0 16px;padding:4px 0 4px 16px;border-left:3px solid #d9d5cc;font-size:16px;line-height:1.6",
    "button": "display:inline-block;padding:13px 22px;border-radius:8px;color:#ffffff;font-weight:bold;"
    "font-size:16px;text-decoration:none",
}


def subject_of(template: str, values: dict, *, secret=()) -> str:
    """Return the subject line of a template, on one line; secret values are never in it."""
    shown = {name: HIDDEN if name in secret else value for name, value in values.items()}
    subject, _ = _compiled(current_app._get_current_object(), template)
    return headers.one_line(subject.render(**context(shown)))[:300]


@lru_cache(maxsize=256)
def _compiled(app, template):
    """Return the two templates of a mail, its subject and its body, neither escaped: what is HTML escapes later."""
    name = f"mail/{template}.txt"
    source = app.jinja_env.loader.get_source(app.jinja_env, name)[0]
    found = SUBJECT.match(source)
    if not found:
        raise ValueError(f"templates/{name} does not start with « Sujet : … »")
    subject, _, body = source[found.end() :].partition("\n")
    env = app.jinja_env
    return tuple(
        env.template_class.from_code(env, env.compile(each, name), env.make_globals(None)) for each in (subject, body)
    )


def context(values: dict, identity: Identity | None = None) -> dict:
    base = {"values": values, "base_url": settings.base_url, **values}
    if identity:
        base |= {"association": identity.association, "sender": identity}
    return base


def parts(template: str, values: dict, identity: Identity, *, subject: str) -> tuple[str, str]:
    """Return the text and the HTML of a mail."""
    app, env = current_app._get_current_object(), current_app.jinja_env
    _, source = _compiled(app, template)
    shielded = re.sub(r"\n{3,}", "\n\n", source.render(**context(shield(values), identity)).strip())
    layout = {"subject": subject, "sender": identity, "base_url": settings.base_url, "font": FONT}
    text = env.get_template("mail/_layout.txt").render(body=plain(shielded), **layout)
    html_name = f"mail/{template}.html"
    if html_name in _names(app):
        inner = Markup(env.get_template(html_name).render(**context(values, identity)))  # noqa: S704 (autoescaped)
    else:
        inner = markup(shielded, colour=identity.colour)
    return text, env.get_template("mail/_layout.html").render(body=inner, **layout)


@lru_cache(maxsize=4)
def _names(app) -> frozenset[str]:
    return frozenset(app.jinja_env.list_templates(filter_func=lambda name: name.startswith("mail/")))


def shield(value):
    """Return `value` (text, list or dict of JSON) with the marks of its texts put out of action, addresses apart."""
    if isinstance(value, str):
        whole = re.fullmatch(r"https?://\S+", value)
        return value if whole else value.replace("\r\n", "\n").replace("\r", "\n").translate(_SHIELD)
    if isinstance(value, list):
        return [shield(each) for each in value]
    if isinstance(value, dict):
        return {name: shield(each) for name, each in value.items()}
    return value


def plain(body: str) -> str:
    """Return the text part: a link is its words and its address, a button its address on a line of its own."""
    lines = []
    for line in body.split("\n"):
        alone = _LINK.fullmatch(line.strip())
        lines.append(f"{alone[1]} :\n{alone[2]}" if alone else _LINK.sub(_plain_link, line))
    return _BOLD.sub(r"\1", "\n".join(lines)).translate(_UNSHIELD)


def _plain_link(found) -> str:
    words, address = found[1], found[2].removeprefix("mailto:").removeprefix("tel:")
    return address if words == address else f"{words} ({address})"


def markup(body: str, *, colour: str) -> Markup:
    """Return the HTML of a body written like Markdown: one column, inline styles, nothing from anywhere else."""
    blocks = [_block(block.strip("\n"), colour) for block in re.split(r"\n\s*\n", body) if block.strip()]
    return Markup("\n".join(blocks).translate(_UNSHIELD_HTML))  # noqa: S704 (every piece went through escape)


def _block(block: str, colour: str) -> str:
    lines = block.split("\n")
    alone = _LINK.fullmatch(block.strip())
    if alone:
        return _button(alone[1], alone[2], colour)
    if _RULE.fullmatch(block.strip()):
        return f'<hr style="{STYLES["hr"]}">'
    if block.startswith("#"):
        return f'<h2 style="{STYLES["h"]}">{_inline(block.lstrip("# "), colour)}</h2>'
    if all(line.startswith(">") for line in lines):
        inner = "<br>".join(_inline(line.lstrip("> "), colour) for line in lines)
        return f'<blockquote style="{STYLES["quote"]}">{inner}</blockquote>'
    if _ITEM.match(lines[0]):
        return _list(lines, colour)
    inner = "<br>\n".join(_inline(line, colour) for line in lines)
    return f'<p style="{STYLES["p"]}">{inner}</p>'


def _list(lines: list[str], colour: str) -> str:
    items = []
    for line in lines:
        if _ITEM.match(line) or not items:
            items.append(_ITEM.sub("", line, count=1))
        else:
            items[-1] += " " + line.strip()
    inner = "".join(f"<li>{_inline(item, colour)}</li>" for item in items)
    return f'<ul style="{STYLES["ul"]}">{inner}</ul>'


def _button(words: str, address: str, colour: str) -> str:
    """A button, and under it the address to copy for programs that show no buttons."""
    style = f"{STYLES['button']};background-color:{escape(colour)}"
    href = escape(address)
    small = "margin:0 0 20px;font-size:13px;line-height:1.5;color:#5b5b55;word-break:break-all"
    return (
        f'<p style="margin:24px 0 12px"><a href="{href}" style="{style}">{escape(words)}</a></p>\n'
        f'<p style="{small}">Si le bouton ne répond pas, copiez cette adresse : {href}</p>'
    )


def _inline(text: str, colour: str) -> str:
    """Escape a line, then give it its links and its bold."""
    pieces, at = [], 0
    for found in _LINK.finditer(text):
        pieces += [_words(text[at : found.start()], colour), _anchor(found[1], found[2], colour)]
        at = found.end()
    return "".join([*pieces, _words(text[at:], colour)])


def _words(text: str, colour: str) -> str:
    pieces, at = [], 0
    for found in _ADDRESS.finditer(text):
        pieces += [_bold(text[at : found.start()]), _anchor(found[1], found[1], colour)]
        at = found.end()
    return "".join([*pieces, _bold(text[at:])])


def _bold(text: str) -> str:
    return _BOLD.sub(r"<strong>\1</strong>", str(escape(text)))


def _anchor(words: str, address: str, colour: str) -> str:
    return f'<a href="{escape(address)}" style="color:{escape(colour)}">{escape(words)}</a>'


def freeze(mail, identity: Identity, *, message_id: str, at: datetime | None = None, files=()) -> bytes:
    """Return the bytes of a mail of a template (a row, or what a sender holds of it), the same at every try.

    `files` are those that go with it (headers.Attached).
    """
    text, html = parts(mail.template, mail.values, identity, subject=mail.subject)
    to = headers.envelope_address(mail.to_address)
    lines = headers.head(
        kind=mail.kind,
        identity=identity,
        to=to,
        subject=mail.subject,
        message_id=message_id,
        at=at or now(),
        reply_to=mail.reply_to,
        extra=mail.headers,
    )
    return headers.message(lines, text=text, html=html, files=files)
