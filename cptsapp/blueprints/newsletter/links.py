"""The addresses that a letter holds, and whether those of this site lead somewhere."""

import re
from collections import OrderedDict
from contextvars import copy_context
from enum import StrEnum
from html import unescape
from threading import Lock

from flask import current_app
from werkzeug.test import Client

from cptsapp.kernel.markdown import render
from cptsapp.kernel.pagecache import stamp
from cptsapp.kernel.settings import settings

from .contents import Content

MOST_KEPT = 500
MOST_FOLLOWED = 60
_HREF = re.compile(r'href="([^"]+)"')
_FOREIGN_IMAGE = re.compile(r"!\[[^\]]*\]\(\s*(?:https?:)?//[^)]+\)|<img[^>]+src=[\"']?https?:", re.IGNORECASE)


class Fate(StrEnum):
    ALIVE = "alive"
    DEAD = "dead"
    RESERVED = "reserved"


_kept: "OrderedDict[str, tuple[tuple, Fate]]" = OrderedDict()
_lock = Lock()


def of(content: Content) -> list[str]:
    """Return the addresses of a content, each once, in their order."""
    texts = [content.editorial, *(each.blurb for each in content.blocks)]
    found = [unescape(address) for text in texts for address in _HREF.findall(str(render(text, trusted=True)))]
    found += [each.url for each in content.blocks if each.url]
    return list(dict.fromkeys(found))


def inside(address: str) -> str | None:
    """Return the path of an address of this site, or None."""
    path = address.removeprefix(settings.base_url) if address.startswith(settings.base_url + "/") else address
    return path.split("#")[0] if path.startswith("/") and not path.startswith("//") else None


def fates(content: Content) -> dict[str, Fate]:
    """Return what a visitor meets behind each address of this site."""
    paths = {address: path for address in of(content)[:MOST_FOLLOWED] if (path := inside(address))}
    return {address: fate_of(path) for address, path in paths.items()}


def fate_of(path: str) -> Fate:
    """Ask the site itself, as a visitor would; the answer is kept as long as nothing public changes."""
    here = f"{settings.instance} {path}"
    now_stamp = stamp()
    with _lock:
        kept = _kept.get(here)
    if kept and kept[0] == now_stamp:
        return kept[1]
    fate = copy_context().run(_ask, path)  # the visitor's act is not that of whoever asks
    with _lock:
        _kept[here] = (now_stamp, fate)
        if len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return fate


def _ask(path: str) -> Fate:
    app = current_app._get_current_object()
    with app.app_context():  # its own: nothing of whoever asks serves the visitor
        answer = Client(app).open(path, method="HEAD", base_url=settings.base_url, buffered=True)
    if answer.status_code in (401, 403) or "/connexion?" in answer.headers.get("Location", ""):
        return Fate.RESERVED
    return Fate.DEAD if answer.status_code in (404, 405, 410) else Fate.ALIVE


def has_foreign_image(text: str) -> bool:
    return bool(_FOREIGN_IMAGE.search(text))
