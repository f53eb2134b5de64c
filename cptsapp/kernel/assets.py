"""The files of `static/`: named by their content, sent compressed, kept by browsers for ever.

The style sheets are written as separate files and sent as one, so that a first view costs few requests. There is no
build step: the bundle is made from its parts when it is first asked for, and kept in memory.
"""

import gzip
import hashlib
import re
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Blueprint, abort, current_app, request

from cptsapp.kernel.access import access
from cptsapp.kernel.security import vary_on

STATIC = Path(__file__).resolve().parent.parent / "static"
LAYERS = "@layer pico, tokens, base, layout, components;\n"
BUNDLES = {"app.css": ("vendor/pico.min.css", "tokens.css", "base.css", "components.css")}
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".ico": "image/x-icon",
    ".txt": "text/plain; charset=utf-8",
}
FOR_EVER = "public, max-age=31536000, immutable"
FOR_NOW = "public, max-age=300"

bp = Blueprint("assets", __name__)


@dataclass(frozen=True)
class Asset:
    """One file as it is sent. `version` is part of its address; `zipped` is None when gzip would not help."""

    body: bytes
    media_type: str
    version: str
    integrity: str
    zipped: bytes | None


@cache
def names() -> frozenset[str]:
    """Return what may be asked for: the files of `static/` with a known type, and the bundles."""
    files = (path for path in STATIC.rglob("*") if path.suffix in MEDIA_TYPES and path.is_file())
    return frozenset(path.relative_to(STATIC).as_posix() for path in files) | frozenset(BUNDLES)


@cache
def load(name: str) -> Asset:
    """Return the asset; `name` must be one of `names()`."""
    body = _bundle(name) if name in BUNDLES else (STATIC / name).read_bytes()
    digest = hashlib.sha384(body).digest()
    media_type = MEDIA_TYPES[Path(name).suffix]
    zipped = gzip.compress(body, 9, mtime=0) if media_type.startswith(("text/", "image/svg")) else None
    return Asset(body, media_type, digest.hex()[:12], f"sha384-{b64encode(digest).decode()}", zipped)


def _bundle(name: str) -> bytes:
    """Join the parts of a bundle, Pico inside its layer, and give each file that they name its version."""
    parts = [LAYERS]
    for part in BUNDLES[name]:
        text = (STATIC / part).read_text(encoding="utf-8").removeprefix('@charset "UTF-8";')
        if part.startswith("vendor/pico"):
            parts.append("@layer pico {" + text + "}\n")
        else:
            parts.append(re.sub(r"\s*\n\s*", "\n", re.sub(r"/\*.*?\*/", "", text, flags=re.S)).lstrip())
    return re.sub(r'url\("(vendor/[^"]+)"\)', _versioned_url, "".join(parts)).encode()


def _versioned_url(match: re.Match) -> str:
    return f'url("{match[1]}?v={load(match[1]).version}")'


@bp.app_template_global()
@cache
def asset(name: str) -> str:
    """Return the address of a static file, different for each content of it (a page asks for many: no url_for)."""
    return f"/static/{name}?v={load(name).version}"


@bp.app_template_global()
def integrity(name: str) -> str:
    """Return the value of the attribute `integrity` of a static script or style sheet."""
    return load(name).integrity


@bp.get("/static/<path:name>")
@access("public")
def send(name):
    """Send one static file: for ever when its address carries its version, for a few minutes otherwise."""
    if name not in names():
        abort(404)
    found = load(name)
    zipped = found.zipped is not None and request.accept_encodings.quality("gzip") > 0
    response = current_app.response_class(found.zipped if zipped else found.body, content_type=found.media_type)
    if zipped:
        response.content_encoding = "gzip"
    if found.zipped is not None:
        vary_on(response, "Accept-Encoding")
    response.set_etag(found.version + ("-gz" if zipped else ""))
    response.headers["Cache-Control"] = FOR_EVER if request.args.get("v") == found.version else FOR_NOW
    return response.make_conditional(request)
