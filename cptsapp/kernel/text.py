"""French text: folded for comparison, cut into slugs, counted in words."""

import re
import unicodedata

NBSP = "\u00a0"  # no-break space: before « : » and inside « »
THIN = "\u202f"  # narrow no-break space: before ; ! ? and between thousands
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "’": "'", "‘": "'", "ʼ": "'", "ø": "o", "ł": "l", "đ": "d"})
SLUG_LENGTH = 80


def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def fold(text: str) -> str:
    """Return `text` as it is compared: lower case, no accents, œ as oe, typographic apostrophes as '."""
    if text.isascii():
        return text.lower()
    return _bare(_bare(text).casefold()).translate(_LIGATURES).casefold()


def slugify(text: str, *, limit: int = SLUG_LENGTH) -> str:
    """Return the end of an address made from a title: a-z, 0-9 and hyphens, `limit` characters at most, never empty."""
    slug = re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")
    if len(slug) > limit:
        cut = slug[: limit + 1]
        slug = (cut.rsplit("-", 1)[0] if "-" in cut[limit // 2 :] else cut[:limit]).strip("-")
    return slug or "sans-titre"


def normalise_email(text: str | None) -> str:
    """Return an address as it is compared: no spaces around, lower case."""
    return unicodedata.normalize("NFKC", text or "").strip().lower()


def spaced_phone(text: str) -> str:
    """Return a French number by pairs, « 01 99 00 12 34 », however it was typed; any other as it was typed."""
    digits = re.sub(r"[\s.\u00a0\u202f-]", "", text)
    return " ".join(re.findall("..", digits)) if re.fullmatch(r"0[0-9]{9}", digits) else text.strip()


def number(n: int | float) -> str:
    """Return a number as French writes it: « 97 247 », « 12,5 »."""
    return f"{n:,}".replace(",", THIN).replace(".", ",")


def plural(n: int, one: str, many: str | None = None) -> str:
    """Return « 1 article », « 12 articles »; zero is singular in French. `many` adds an s unless given."""
    word = one if abs(n) < 2 else many or " ".join(f"{each}s" for each in one.split(" "))
    return f"{number(n)}{NBSP}{word}"


def euros(cents: int) -> str:
    """« 20 € », « 12,50 € »."""
    whole, rest = divmod(cents, 100)
    return f"{number(whole)}{f',{rest:02}' if rest else ''}{NBSP}€"
