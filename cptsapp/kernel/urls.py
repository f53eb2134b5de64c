"""Addresses given by the browser: only a path of this site is ever followed; those people type are https."""

from urllib.parse import SplitResult, urlsplit

from werkzeug.routing import IntegerConverter, ValidationError

from .errors import RuleError

LARGEST_NUMBER = 2**31 - 1  # what the column of an id holds on both engines


def safe_next(target: str | None, default: str = "/espace/") -> str:
    """Return `target` when it is a path of this site, `default` otherwise.

    Browsers drop tabs and newlines and read « \\ » as « / »: any of them, and anything but printable ASCII, is refused.
    """
    if not target or not target.startswith("/") or len(target) > 2000:
        return default
    if not all("!" <= char <= "~" for char in target) or "\\" in target or target.startswith("//"):
        return default
    try:
        parts = urlsplit(target)
    except ValueError:
        return default
    return default if parts.scheme or parts.netloc else target


def split(address: str | None) -> SplitResult:
    """Return the parts of an address that a header gives; one that makes no sense has none."""
    try:
        return urlsplit(address or "")
    except ValueError:
        return urlsplit("")


def refuse_unsafe(url: str, field: str) -> None:
    """Refuse an address that is not one of the web, https."""
    rest = url.removeprefix("https://")
    if url and (rest == url or not rest or rest.startswith("/") or not url.isprintable() or " " in url):
        raise RuleError("Une adresse complète commence par https://. Copiez-la depuis le navigateur.", field)


def number_of(text: str | None) -> int:
    """Return the id that a query string names, or 0, which no row has."""
    number = int(text) if text and text.isascii() and text.isdecimal() and len(text) <= 10 else 0
    return number if number <= LARGEST_NUMBER else 0


class NumberConverter(IntegerConverter):
    """The `int` of the routes: a number that no row may have makes an address that leads nowhere."""

    regex = r"[0-9]{1,10}"

    def to_python(self, value: str) -> int:
        number = super().to_python(value)
        if number > LARGEST_NUMBER:
            raise ValidationError
        return number
