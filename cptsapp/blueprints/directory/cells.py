"""What people write in the cells of a directory's spreadsheet, read for each kind of field.

Each reader returns the answer as `values` keeps it, or raises Unreadable with a French sentence.
"""

import re
from datetime import date, datetime

from cptsapp.blueprints.adherent.cells import Communes, Unreadable
from cptsapp.blueprints.person import finding as persons
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.text import fold

from .definition import Field, Kind
from .models import Entry, Means, Status

YES, NO = {"oui", "o", "x", "vrai", "true", "1", "yes"}, {"non", "n", "faux", "false", "0", "no"}
MEANS = (
    ("papier|ecrit|formulaire|signe|bulletin", Means.PAPER),
    ("tel|phone|appel", Means.PHONE),
    ("mail|courriel", Means.MAIL),
    ("oral|vive voix|reunion|rencontre|verbal|visite|parole", Means.SPEECH),
)


def yes_no(text: str) -> bool:
    word = fold(text).strip(" .")
    if word in YES or word in NO:
        return word in YES
    raise Unreadable(f"« {text[:40]} » : écrivez oui ou non")


def day(text: str) -> date:
    for shape in ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y"):
        try:
            found = datetime.strptime(text.strip()[:10], shape).date()
        except ValueError:
            continue
        if 1930 <= found.year <= 2100:
            return found
    raise Unreadable(f"« {text[:40]} » n’est pas une date, écrite comme 31/12/2026")


def means(text: str) -> Means:
    """Return how an agreement was given, by any of the words that people use."""
    folded = fold(text)
    found = next((kind for words, kind in MEANS if re.search(words, folded)), None)
    if found is None:
        raise Unreadable(f"« {text[:40]} » : écrivez papier, téléphone, de vive voix ou e-mail")
    return found


def _choice(field: Field, text: str) -> str:
    word = fold(text).strip()
    for key, label in field.choices:
        if word in (fold(label), fold(key)):
            return key
    known = ", ".join(label for _, label in field.choices[:8])
    raise Unreadable(f"« {text[:40]} » n’est pas une réponse connue : {known}")


def _choices(field: Field, text: str) -> list[str]:
    """Read several answers, between semicolons, lines or commas; a label may hold commas of its own."""
    known = {fold(label): key for key, label in field.choices} | {fold(key): key for key, _ in field.choices}
    found = []
    for part in re.split(r"[;\n|/]", text):
        rest = fold(part).strip(" ,")
        while rest:
            start = next((each for each in sorted(known, key=len, reverse=True) if _begins(rest, each)), None)
            if start is None:
                return [*found, _choice(field, rest.split(",")[0])]
            found.append(known[start])
            rest = rest[len(start) :].strip(" ,")
    return list(dict.fromkeys(found))


def _begins(text: str, start: str) -> bool:
    return text == start or text.startswith((start + ",", start + " ,"))


def _number(text: str) -> int:
    digits = re.sub(r"[\s\u00a0\u202f]", "", text)
    if re.fullmatch(r"-?\d{1,7}([.,]0+)?", digits):
        return int(re.split("[.,]", digits)[0])
    raise Unreadable(f"« {text[:40]} » n’est pas un nombre entier")


class Reader:
    """Reads the answers of one pass over a file; what was looked up once is remembered."""

    def __init__(self):
        self.communes, self.known = Communes(), {}

    def place(self, text: str, postal_code: str = "") -> str:
        insee, _, doubt = self.communes.read(text, postal_code)
        if not insee:
            raise Unreadable(doubt)
        return insee

    def answer(self, field: Field, text: str):
        match field.kind:
            case Kind.CHOICE:
                return _choice(field, text)
            case Kind.CHOICES:
                return _choices(field, text)
            case Kind.NUMBER:
                return _number(text)
            case Kind.DATE:
                return day(text).isoformat()
            case Kind.YES_NO:
                return yes_no(text)
            case Kind.COMMUNES:
                return [self.place(part.strip()) for part in re.split(r"[;,\n]", text) if part.strip()]
            case Kind.PERSON | Kind.ENTRY:
                return self._one(field, text)
            case _:
                return text

    def _one(self, field: Field, text: str) -> int:
        key = (field.key, fold(text))
        if key not in self.known:
            self.known[key] = _named(text) if field.kind == Kind.PERSON else _titled(field.of, text)
        if len(self.known[key]) == 1:
            return self.known[key][0]
        many = self.known[key]
        raise Unreadable(f"« {text[:60]} » désigne plusieurs fiches" if many else f"« {text[:60]} » est inconnu ici")


def _named(text: str) -> list[int]:
    words = persons.asked(text)
    found = Person.present().where(Person.id.in_(persons.found(words))).limit(6) if words else []
    return [each.id for each in found if sorted(fold(each.label).split()) == sorted(fold(text).split())]


def _titled(slug: str, text: str) -> list[int]:
    found = Entry.joined().where(Entry.directory == slug, Entry.status != Status.LEFT)
    return [each.id for each in found if fold(each.label) == fold(text)][:2]
