"""The images that follow from the name, the colour and the logo: mark, icons, sharing image.

Drawn when first asked for, kept in `instance/cache` under the sign of what they show (`identity().look`).
"""

import os
import tempfile
from base64 import b64encode
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from cptsapp.kernel.settings import settings

from .colours import LIGHT
from .models import Identity

FONT = Path(__file__).parents[2] / "static" / "vendor" / "atkinson-hyperlegible-next-latin.woff2"
ICON_SIZES = (32, 180, 192, 512)
SHARE_SIZE = (1200, 630)
MARGIN, BAND = 80, 22
# The mark of those who have no logo: three people linked, in a square of 48; `_ui.html` draws the same in pages.
GRID = 48
NODES = ((24, 15), (14, 31), (34, 31))
NODE_RADIUS, LINK_WIDTH = 3.6, 2.4


def mark_svg(colour: str) -> str:
    """Return the mark drawn in `colour`."""
    links = " ".join(f"{x},{y}" for x, y in NODES)
    nodes = "".join(f'<circle cx="{x}" cy="{y}" r="{NODE_RADIUS}"/>' for x, y in NODES)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {GRID} {GRID}">'
        f'<circle cx="{GRID / 2}" cy="{GRID / 2}" r="{GRID / 2}" fill="{colour}"/><g fill="#fff">{nodes}</g>'
        f'<polygon points="{links}" fill="none" stroke="#fff" stroke-width="{LINK_WIDTH}"/></svg>'
    )


def favicon_svg(identity: Identity) -> str:
    """Return the icon of the site as SVG: the logo in a square, or the mark."""
    if not identity.logo_name:
        return mark_svg(identity.colour)
    data = b64encode(icon(identity, 192)).decode()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">'
        f'<image width="64" height="64" href="data:image/png;base64,{data}"/></svg>'
    )


def icon(identity: Identity, side: int) -> bytes:
    """Return the icon as a PNG of `side` pixels."""
    return _kept(f"icone-{side}", identity.look, lambda: _icon(identity, side))


def share_image(identity: Identity) -> bytes:
    """Return the PNG that social networks show beside a link to the site."""
    return _kept("partage", identity.look, lambda: _share_image(identity))


def _kept(kind: str, look: str, draw: Callable[[], Image.Image]) -> bytes:
    """Return the kept image, or draw it, keep it and remove the ones it replaces."""
    folder = settings.instance / "cache"
    path = folder / f"{kind}-{look}.png"
    if path.is_file():
        return path.read_bytes()
    out = BytesIO()
    draw().save(out, "PNG", optimize=True)
    folder.mkdir(exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(out.getvalue())
    os.replace(temporary, path)
    for old in folder.glob(f"{kind}-*.png"):
        if old != path:
            old.unlink(missing_ok=True)
    return out.getvalue()


def _icon(identity, side):
    logo = _logo(identity)
    if logo is None:
        return _mark(identity.colour, side, square=side >= 180)
    image = Image.new("RGB", (side, side), "#ffffff")
    room = round(side * 0.84)
    logo.thumbnail((room, room), Image.Resampling.LANCZOS)
    image.paste(logo, ((side - logo.width) // 2, (side - logo.height) // 2), logo)
    return image


def _logo(identity) -> Image.Image | None:
    """Return the logo with its transparency, or None when there is none (or its file is lost)."""
    if not identity.logo_name or not identity.logo.path.is_file():
        return None
    with Image.open(identity.logo.path) as image:
        return image.convert("RGBA")


def _mark(colour, side, *, square=False):
    """Draw the mark four times too large, then shrink it: smooth edges. A square one fills what phones cut round."""
    scale = 4 * side / GRID
    image = Image.new("RGBA", (4 * side, 4 * side), colour if square else (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    if not square:
        draw.ellipse((0, 0, 4 * side - 1, 4 * side - 1), fill=colour)
    points = [(x * scale, y * scale) for x, y in NODES]
    draw.line([*points, points[0], points[1]], fill="#ffffff", width=round(LINK_WIDTH * scale), joint="curve")
    for x, y in points:
        radius = NODE_RADIUS * scale
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill="#ffffff")
    return image.resize((side, side), Image.Resampling.LANCZOS)


def _share_image(identity):
    width, height = SHARE_SIZE
    image = Image.new("RGB", SHARE_SIZE, LIGHT["paper"])
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, height - BAND, width, height), fill=identity.colour)
    logo = _logo(identity) or _mark(identity.colour, 150)
    logo.thumbnail((420, 150), Image.Resampling.LANCZOS)
    image.paste(logo, (MARGIN, MARGIN), logo)
    size, lines = _fitted(identity.name, width - 2 * MARGIN)
    y = 275 + (3 - len(lines)) * 14
    for line in lines:
        draw.text((MARGIN, y), line, font=_font(size, 750), fill=LIGHT["ink"])
        y += round(size * 1.16)
    for line in _wrapped(identity.tagline, _font(36, 400), width - 2 * MARGIN)[:2]:
        draw.text((MARGIN, y + 22), line, font=_font(36, 400), fill=LIGHT["ink-soft"])
        y += 44
    return image


def _fitted(text, room):
    """Return the largest size (pixels) at which `text` takes at most three lines of `room` pixels, and the lines."""
    for size in (84, 72, 62, 54, 46):
        lines = _wrapped(text, _font(size, 750), room)
        if len(lines) <= (2 if size > 62 else 3) and all(_font(size, 750).getlength(line) <= room for line in lines):
            break
    return size, lines[:3]


def _wrapped(text, font, room):
    lines = []
    for word in text.split(" "):
        if lines and font.getlength(f"{lines[-1]} {word}") <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


@cache
def _font(size: int, weight: int):
    font = ImageFont.truetype(FONT, size)
    font.set_variation_by_axes([weight])
    return font
