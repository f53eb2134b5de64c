"""What people write in a cell, read: names, addresses, phones, professions, communes, dates.

Each function returns (value, remark): the remark is empty when the text is kept as it was or differs by nothing that a
person would notice. `Unreadable` says why a text stops its row.
"""

import re
from datetime import date, datetime
from functools import cache, lru_cache

from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel.text import fold, normalise_email

from . import checks
from .models import MemberType

MOST_TAGS = 20
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_EMAIL = re.compile(rf"[^@\s,;:<>()\[\]\"']+@{_LABEL}(?:\.{_LABEL})*\.[a-z]{{2,24}}")
_PARTICLES = {"de", "du", "des", "la", "le", "les", "d", "l", "et", "van", "von", "der", "den", "di", "da", "el", "ben"}
_NOISE = re.compile(
    r"\b(liberale?s?|salariee?s?|diplomee? d'etat|d\.?e\.?|en cabinet|hospitaliere?|cheffe? de service)\b"
)
SHORT = {
    "medecin": "10-MG", "docteur": "10-MG", "mg": "10-MG", "generaliste": "10-MG", "medecine generale": "10-MG",
    "medecin traitant": "10-MG", "ide": "60", "idel": "60", "ipa": "60-IPA", "infirmiere puericultrice": "60-PUER",
    "puericultrice": "60-PUER", "kine": "70", "kinesitherapeute": "70", "mk": "70", "mkde": "70", "masseur kine": "70",
    "dentiste": "40", "orthodontiste": "40-ODF", "podologue": "80", "pedicure": "80", "nutritionniste": "95",
    "dieteticienne nutritionniste": "95", "psy": "93", "opticien": "28", "opticienne": "28", "biologiste": "10-BIO",
    "pediatre": "10-PEDIA", "gynecologue": "10-GYNOBS", "psychiatre": "10-PSY", "interne": "X-IMG",
    "pharmacien d'officine": "21", "pharmacienne d'officine": "21", "pharmacien titulaire": "21", "pharmacie": "21",
    "taxi": "X-TAXI", "ambulancier": "X-TAXI", "transporteur sanitaire": "X-TAXI", "assistante sociale": "X-ASS",
    "assistant social": "X-ASS", "apa": "X-APA", "enseignant apa": "X-APA", "enseignante apa": "X-APA",
    "elu": "X-ELU", "elue": "X-ELU", "usager": "X-USAG", "usagere": "X-USAG", "patient": "X-USAG", "habitant": "X-USAG",
    "patient expert": "X-USAG", "maire": "X-ELU", "ergo": "94", "psychomot": "96", "sf": "50", "etudiant": "X-EXT",
    "aide soignante": "X-AS", "aide soignant": "X-AS", "coordinatrice": "X-COORD", "coordinateur": "X-COORD",
}  # fmt: skip
_TYPES = (
    ("collectiv|mairie|commune|departement", MemberType.COLLECTIVITE),
    ("structure|etablissement|personne morale|association|organisme", MemberType.STRUCTURE),
    ("usager|patient|citoyen|habitant", MemberType.USAGER),
    ("salari|hospitalier|employe", MemberType.SALARIE),
    ("liberal|cabinet|ville", MemberType.LIBERAL),
)


def tags(text: str) -> list[str]:
    """Return the tags of a cell, parted by commas, semicolons, bars or line ends; each once."""
    found = {}
    for part in re.split(r"[,;|\n]", text):
        name = " ".join(part.split())
        if len(name) > 60:
            raise Unreadable("une étiquette compte 60 caractères au plus")
        if fold(name):
            found.setdefault(fold(name), name)
    if len(found) > MOST_TAGS:
        raise Unreadable(f"{MOST_TAGS} étiquettes au plus par ligne")
    return list(found.values())


class Unreadable(ValueError):
    """A cell that cannot be kept; the text is a French sentence."""


@cache
def given_names() -> frozenset[str]:
    """Return the first names that are seldom family names, folded; enough to smell two columns exchanged."""
    return frozenset((reference.DATA / "prenoms.txt").read_text("utf-8").split())


@lru_cache(maxsize=40_000)
def name(text: str) -> tuple[str, str]:
    """« DUPONT-MARTIN » and « dupont-martin » are Dupont-Martin; what has both cases is kept."""
    text = text.strip(" .,;-–").replace("'", "’")
    if not (text.isupper() or text.islower()):
        return text, ""
    pieces = re.split(r"([ ’-])", text.lower())
    words = [p if p in _PARTICLES and i else p[:1].upper() + p[1:] for i, p in enumerate(pieces)]
    written = "".join(words)
    return written, ""


def split_name(text: str) -> tuple[str, str]:
    """Return (family, given) of one cell: the capitals are the family name, or else the first word."""
    words = re.sub(r"^(m\.?|mme|mlle|dr\.?|docteur|pr\.?)\s+", "", text.strip(), flags=re.IGNORECASE).split()
    capitals = [word for word in words if word.isupper() and len(word) > 1]
    if capitals and len(capitals) < len(words):
        return " ".join(capitals), " ".join(word for word in words if word not in capitals)
    if len(words) > 1 and fold(words[0]) in given_names() and fold(words[-1]) not in given_names():
        return " ".join(words[1:]), words[0]
    return " ".join(words[:-1]) or text, words[-1] if len(words) > 1 else ""


def looks_swapped(family: str, given: str) -> bool:
    """Tell whether the two names seem to be in each other's column."""
    if not family or not given:
        return False
    known = given_names()
    first, last = fold(given).split("-")[0].split(" ")[0], fold(family).split("-")[0].split(" ")[0]
    if last in known and first not in known:
        return True
    return given.isupper() and len(given) > 2 and not family.isupper() and first not in known


def email(text: str) -> tuple[str, str]:
    """Return the first address of a cell; raise Unreadable when there is none."""
    address = normalise_email(text).removeprefix("mailto:")
    if _EMAIL.fullmatch(address) and len(address) <= 254:
        return address, ""
    found = _EMAIL.search(address)
    others = [part for part in re.split(r"[\s;,/]+", address) if part]
    if found and len(others) > 1 and len(found[0]) <= 254 and all(map(_EMAIL.fullmatch, others)):
        return found[0], "la première adresse"
    if found and f"<{found[0]}>" in address:
        return found[0], ""
    raise Unreadable(f"l’adresse « {text[:80]} » ne semble pas complète")


def phone(text: str) -> tuple[str, str]:
    """« 0612345678 », « 6 12 34 56 78 » and « +33 6… » are 06 12 34 56 78; anything else is kept as it is."""
    first = re.split(r"\s*(?:/|;|,| ou )\s*", text)[0]
    digits = re.sub(r"\D", "", first.replace("(0)", ""))
    if digits.startswith("0033"):
        digits = digits[2:]
    if digits.startswith("33") and len(digits) == 11:
        digits = "0" + digits[2:]
    if len(digits) == 9 and digits[0] != "0":
        digits = "0" + digits
    if len(digits) == 10 and digits[0] == "0":
        return " ".join(digits[i : i + 2] for i in range(0, 10, 2)), ""
    return first[:30], "gardé tel quel"


@cache
def _professions() -> dict[str, str]:
    found = {}
    for each in reference.professions().values():
        for label in (each.label, each.feminine, each.plural):
            found.setdefault(_plain(label), each.code)
            found.setdefault(_plain(re.sub(r"\(.*?\)", "", label)), each.code)
    return {**found, **{_plain(text): code for text, code in SHORT.items()}}


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9']+", " ", fold(text)).split())


@lru_cache(maxsize=20_000)
def profession(text: str) -> tuple[str, str, str]:
    """Return (code, other, remark): a code of the list, or the text itself when it is not there."""
    known = _professions()
    plain = _plain(text)
    code = known.get(plain) or known.get(_plain(_NOISE.sub(" ", fold(text)))) or known.get(plain.rstrip("s"))
    if code:
        label = reference.professions()[code].label
        return code, "", "" if fold(label) == fold(text) else label
    return "", text[:120], f"{text[:120]} (hors de la liste, gardée)"


class Communes:
    """Communes read for one pass: each spelling once, and the slow search a bounded number of times."""

    slow_left = 300

    def __init__(self):
        self.near, self.known = territory.departements(), {}

    def read(self, text: str, postal_code: str = "") -> tuple[str, str, str]:
        """Return (INSEE code or "", how it was read, doubt or "")."""
        key = (text, postal_code)
        if key not in self.known:
            self.known[key] = self._read(text.replace(",", " "), re.sub(r"\D", "", postal_code))
        return self.known[key]

    def _read(self, text, postal_code):
        places = territory.meant(f"{text} {postal_code}".strip(), self.near) if text or postal_code else []
        if not places and text:
            places = territory.meant(re.sub(r"(?i)\bcedex\b.*$", "", text).strip(), self.near)
        if not places and self.slow_left > 0 and len(text) > 3:
            self.slow_left -= 1
            likely = reference.search(text, near=self.near, limit=2)
            places = likely if len(likely) == 1 else []
        if len(places) == 1:
            place = places[0]
            return place.insee, f"{place.name} ({place.insee})", ""
        if places:
            several = ", ".join(place.label for place in places[:4])
            return "", "", f"« {text or postal_code} » désigne plusieurs communes : {several}"
        return "", "", f"aucune commune ne s’appelle « {text or postal_code} »"


def member_type(text: str) -> MemberType | None:
    folded = fold(text)
    return next((kind for words, kind in _TYPES if re.search(words, folded)), None)


def day(text: str, today: date) -> date:
    """Read a day as the French write it; a year alone is its first day. Raises Unreadable."""
    for shape in ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%Y"):
        try:
            found = datetime.strptime(text.strip()[:10], shape).date()
        except ValueError:
            continue
        if found.year >= 1980 and found <= today:
            return found
        break
    raise Unreadable(f"« {text[:40]} » n’est pas une date passée, écrite comme 31/12/2025")


def number(text: str, length: int) -> str:
    """Return a number of professional, or raise Unreadable; the check digit is looked at apart."""
    found = checks.digits(text)
    if len(found) == length and found.isascii():
        return found
    raise Unreadable(f"« {text[:30]} » ne compte pas {length} signes")
