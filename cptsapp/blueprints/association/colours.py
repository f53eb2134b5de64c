"""The look that follows from one colour: its darker, paler and night-time relatives, all readable.

Lightness and chroma are those of OKLCH, where equal steps look equal. Contrast is that of WCAG 2, and 4.5 is what
small text needs (RGAA 4.1, criterion 3.2). The backgrounds are those of `static/tokens.css`.
"""

import re
from dataclasses import dataclass
from math import atan2, cos, hypot, sin
from urllib.parse import quote

NEEDED = 4.5
DEFAULT = "#0b6e69"
LIGHT = {"surface": "#ffffff", "paper": "#fbfaf6", "sunk": "#f4f2eb", "ink": "#17312f", "ink-soft": "#4b6663"}
DARK = {"surface": "#172523", "paper": "#0f1a19", "sunk": "#1e2e2c", "ink": "#e8f0ee", "ink-soft": "#a9bfbb"}
STEP = 0.005


@dataclass(frozen=True)
class Palette:
    """The four tokens of one scheme, as #rrggbb."""

    brand: str
    strong: str
    wash: str
    on_brand: str


class UnreadableColour(ValueError):
    """A colour on which or with which text could not be read; `reason` in French, `nearest` the closest that can."""

    def __init__(self, reason: str, nearest: str):
        super().__init__(reason)
        self.reason, self.nearest = reason, nearest


def parse(text: str) -> str | None:
    """Return a colour as #rrggbb, or None when `text` is not one: « 0B6E69 », « #0b6 » are."""
    found = re.fullmatch(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})", text.strip())
    if not found:
        return None
    digits = found[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


def contrast(one: str, other: str) -> float:
    """Return the WCAG contrast of two colours, 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def palettes(colour: str) -> tuple[Palette, Palette]:
    """Return the light and the dark palettes of a colour (#rrggbb).

    Raises UnreadableColour when the colour itself is too pale to be read on the pages.
    """
    worst = min(contrast(colour, LIGHT[name]) for name in ("surface", "paper", "sunk"))
    if worst < NEEDED:
        raise UnreadableColour(
            f"Cette couleur est trop claire : un lien écrit ainsi n’aurait qu’un contraste de {_french(worst)} "
            f"sur le fond des pages, quand il en faut {_french(NEEDED)} pour être lu.",
            nearest(colour),
        )
    return _light(colour), _dark(colour)


def nearest(colour: str) -> str:
    """Return the readable colour closest to `colour`: the same hue, darkened as little as possible."""
    lightness, chroma, hue = _to_oklch(colour)
    while contrast(colour, LIGHT["sunk"]) < NEEDED:
        lightness -= STEP
        colour = _from_oklch(lightness, chroma, hue)
    return colour


def _light(colour):
    lightness, chroma, hue = _to_oklch(colour)
    strong = _from_oklch(max(lightness - 0.11, 0), chroma, hue)
    wash = _until(
        lambda wash: min(contrast(colour, wash), contrast(LIGHT["ink-soft"], wash)),
        (_from_oklch(0.945 + step * STEP, min(chroma, 0.1) * 0.25, hue) for step in range(12)),
    )
    return Palette(colour, strong, wash, "#ffffff")


def _dark(colour):
    _, chroma, hue = _to_oklch(colour)
    chroma = min(chroma, 0.13)
    wash = _from_oklch(0.32, min(chroma, 0.1) * 0.45, hue)
    on_brand = _from_oklch(0.23, chroma * 0.35, hue)
    backgrounds = (*(DARK[name] for name in ("surface", "paper", "sunk")), wash, on_brand)
    brand = _until(
        lambda brand: min(contrast(brand, back) for back in backgrounds),
        (_from_oklch(0.77 + step * STEP, chroma, hue) for step in range(46)),
    )
    strong = _from_oklch(min(_to_oklch(brand)[0] + 0.1, 1), chroma * 0.7, hue)
    return Palette(brand, strong, wash, on_brand)


def _until(measure, candidates):
    """Return the first candidate that is readable, or else the last."""
    for candidate in candidates:
        if measure(candidate) >= NEEDED:
            break
    return candidate


def stylesheet(colour: str) -> str:
    """Return the CSS that gives the pages this colour, in both schemes."""
    light, dark = palettes(colour)
    night = f"@media (prefers-color-scheme:dark){{:root{{{_tokens(dark)}{_dark_tick(dark)}}}}}"
    return f"@layer tokens{{:root{{{_tokens(light)}}}{night}}}\n"


def _tokens(palette):
    return (
        f"--brand:{palette.brand};--brand-strong:{palette.strong};"
        f"--brand-wash:{palette.wash};--on-brand:{palette.on_brand};"
    )


def _dark_tick(palette):
    """The tick of a checkbox is drawn in an address, which cannot read a token."""
    svg = (
        "<svg xmlns='http://www.w3.org/2000/svg' width='24' height='24' viewBox='0 0 24 24' fill='none' "
        f"stroke='{palette.on_brand}' stroke-width='4' stroke-linecap='round' stroke-linejoin='round'>"
        "<polyline points='20 6 9 17 4 12'></polyline></svg>"
    )
    return f'--pico-icon-checkbox:url("data:image/svg+xml,{quote(svg)}");'


def _french(value):
    return f"{int(value * 10) / 10:.1f}".replace(".", ",")


def _channels(colour):
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def _hex(channels):
    return "#" + "".join(f"{round(min(max(channel, 0), 1) * 255):02x}" for channel in channels)


def _linear(channel):
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _gamma(channel):
    return channel * 12.92 if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _luminance(colour):
    red, green, blue = map(_linear, _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _to_oklch(colour):
    red, green, blue = map(_linear, _channels(colour))
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, hypot(a, b), atan2(b, a)


def _from_oklch(lightness, chroma, hue):
    """Return the colour as #rrggbb, its chroma lowered as far as screens ask."""
    lightness = min(max(lightness, 0), 1)
    while True:
        channels = _to_linear(lightness, chroma * cos(hue), chroma * sin(hue))
        if chroma < 0.001 or all(-0.0005 <= channel <= 1.0005 for channel in channels):
            return _hex([_gamma(min(max(channel, 0), 1)) for channel in channels])
        chroma *= 0.96


def _to_linear(lightness, a, b):
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
