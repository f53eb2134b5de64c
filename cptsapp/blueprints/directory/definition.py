"""What a directory is: the data by which one list differs from another. Nothing here knows a table or a page.

A `Definition` comes from a file of `data/repertoires/` or from what the coordination made (`catalogue` has both);
`reading` makes it and refuses a wrong one, so that whoever holds a Definition may trust it.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from cptsapp.blueprints.territory import reference
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.dates import add_months


class Readers(Choice):
    """Who reads a list or a field, from the widest to the narrowest; each `rank` reads the ranks below it."""

    PUBLIC = "public", "Tout le monde"
    ADHERENTS = "adherents", "Adhérents"
    PROFESSIONALS = "professionals", "Professionnels de santé adhérents"
    COORDINATION = "coordination", "Coordination"

    @cached_property
    def rank(self) -> int:
        return list(Readers).index(self)


class Kind(Choice):
    """What a field holds. Stored: texts, key, keys, number, ISO date, boolean, INSEE codes, person id, entry id."""

    LINE = "line", "Texte court"
    TEXT = "text", "Texte long"
    CHOICE = "choice", "Un choix"
    CHOICES = "choices", "Plusieurs choix"
    NUMBER = "number", "Nombre"
    DATE = "date", "Date"
    YES_NO = "yes_no", "Oui ou non"
    COMMUNES = "communes", "Communes"
    PERSON = "person", "Personne ou structure de l’association"
    ENTRY = "entry", "Fiche d’un autre répertoire"


FILTERABLE = (Kind.CHOICE, Kind.CHOICES, Kind.YES_NO, Kind.ENTRY)


class Subject(Choice):
    """What an entry speaks of. A thing (a place, a programme, a resource) has a title; the others have their name."""

    PERSON = "person", "Une personne"
    STRUCTURE = "structure", "Une structure"
    ANY = "any", "Une personne ou une structure"
    THING = "thing", "Autre chose : lieu, programme, ressource"


class FilledBy(Choice):
    """Who answers a field, or declares a stage."""

    VOLUNTEER = "volunteer", "La personne"
    COORDINATION = "coordination", "La coordination"


class Theme(Choice):
    """Under which heading lists are shown and printed together."""

    EXERCICE = "exercice", "Exercice coordonné"
    STAGES = "stages", "Accueil d’étudiants"
    PREVENTION = "prevention", "Prévention et éducation thérapeutique"
    ACCES = "acces", "Accès aux soins"
    NAISSANCE = "naissance", "Grossesse, naissance, parentalité"
    TERRITOIRE = "territoire", "Ressources du territoire"
    CRISE = "crise", "Situations exceptionnelles"


class Per(Choice):
    """Over what a capacity is counted."""

    MONTH = "month", "par mois"
    EVER = "ever", "en tout"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One question of a directory. `choices` are (key, label); `of` is the directory an ENTRY field points to;
    `is_printed`: on the lists made for paper, where room is short.
    """

    key: str
    label: str
    kind: Kind
    readers: Readers
    required: bool = False
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    filled_by: FilledBy = FilledBy.VOLUNTEER
    is_filter: bool = False
    is_printed: bool = False
    longest: int = 200
    least: int = 0
    most: int = 1_000_000
    of: str = ""

    @cached_property
    def labels(self) -> dict[str, str]:
        return dict(self.choices)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A step of a path. `to`: the stages one may go to from here, back included; `weeks` before one is stuck in it.

    `needs`: fields to have filled; `needs_link`: what another directory must hold about this entry.
    """

    key: str
    label: str
    help: str = ""
    weeks: int = 0
    to: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    needs_link: "Link | None" = None
    declared_by: FilledBy = FilledBy.VOLUNTEER


@dataclass(frozen=True, kw_only=True)
class Link:
    """An entry of `directory` whose field `through` points here and whose field `where` is `value`."""

    directory: str
    through: str
    where: str
    value: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Unique:
    """At most one live entry has `value` in `field` (any value, when empty), for each value of the field `per`."""

    field: str
    sentence: str
    value: str = ""
    per: str = ""


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """When `field` is `value`, the fields of `needs` are required too."""

    field: str
    value: str
    needs: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Tag:
    """Words that entries bear when `field` is `value`: « Atelier de sensibilisation »."""

    field: str
    value: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure that the list feeds: entries at `stage`, or whose `field` is `value`; or the total of a number `sum`."""

    key: str
    label: str
    stage: str = ""
    field: str = ""
    value: str = ""
    sum: str = ""


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """How many each entry takes: the number of its field, over a month or ever; it is full once they are taken."""

    field: str
    per: Per
    one: str
    many: str


@dataclass(frozen=True, kw_only=True)
class Consent:
    """The wording that people agree to; `public` is what they agree to, besides, for the public page, and `partners`
    for the partners to whom the association opens the list.
    """

    version: str
    text: str
    public: str = ""
    partners: str = ""

    def words(self, *, is_public: bool, is_shared: bool) -> str:
        """Return all that somebody agreed to."""
        return "\n\n".join(filter(None, (self.text, is_public and self.public, is_shared and self.partners)))


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One directory. `limit`: how many entries it takes in all; `season_ends`: (month, day) after which all expire."""

    slug: str
    name: str
    short: str
    purpose: str
    theme: Theme
    subject: Subject
    readers: Readers
    contact_readers: Readers
    consent: Consent
    fields: tuple[Field, ...]
    title_label: str = ""
    professions: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    validity_months: int = 12
    season_ends: tuple[int, int] | None = None
    is_moderated: bool = False
    is_keyed_only: bool = False
    is_exportable: bool = True
    is_indexed: bool = False
    is_printable: bool = False
    has_speakers: bool = False
    is_demand: bool = False  # its entries are requests, which newcomers are told of
    limit: int = 0
    unique_by: str = ""
    group_by: str = ""
    stages: tuple[Stage, ...] = ()
    stage_readers: Readers = Readers.COORDINATION
    uniques: tuple[Unique, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    tags: tuple[Tag, ...] = ()
    figures: tuple[Figure, ...] = ()
    capacity: Capacity | None = None

    def field(self, key: str) -> Field:
        return self._by_key[key]

    def stage(self, key: str) -> Stage | None:
        return next((each for each in self.stages if each.key == key), None)

    def __hash__(self):
        return hash(self.slug)  # what equal definitions share, and cheap: they are looked up at each card

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """The ranks of those who read something in it."""
        return tuple(sorted({self.readers.rank, *(each.readers.rank for each in self.fields)}))

    @cached_property
    def pointing(self) -> tuple[Field, ...]:
        """The fields that hold the id of a person or of an entry."""
        return tuple(each for each in self.fields if each.kind in (Kind.PERSON, Kind.ENTRY))

    @cached_property
    def _by_key(self) -> dict[str, Field]:
        return {each.key: each for each in self.fields}

    @property
    def is_public(self) -> bool:
        return self.readers == Readers.PUBLIC

    @property
    def has_partners(self) -> bool:
        """Tell whether it may be opened to partners: people are then asked whether they agree to it."""
        return bool(self.consent.partners)

    @property
    def takes_persons(self) -> bool:
        return self.subject in (Subject.PERSON, Subject.ANY)

    @property
    def takes_structures(self) -> bool:
        return self.subject in (Subject.STRUCTURE, Subject.ANY)

    @property
    def is_of_things(self) -> bool:
        return self.subject == Subject.THING

    def asked(self, filled_by: FilledBy) -> list[Field]:
        """Return the fields that somebody answers: the coordination answers them all."""
        everything = filled_by == FilledBy.COORDINATION
        return [each for each in self.fields if everything or each.filled_by == FilledBy.VOLUNTEER]

    def filters(self, rank: int) -> list[Field]:
        """Return the fields by which a reader of this rank may filter."""
        return [each for each in self.fields if each.is_filter and each.readers.rank <= rank]

    def takes_profession(self, code: str) -> bool:
        """Tell whether a profession (its code, "" when unknown) may be in it."""
        if not self.professions and not self.families:
            return True
        known = reference.professions().get(code)
        return code in self.professions or bool(known and known.family in self.families)

    @property
    def profession_words(self) -> str:
        """Who may be in it, in words: « Sages-femmes, Infirmiers »."""
        labels = [reference.professions()[code].plural for code in self.professions]
        return ", ".join([*labels, *(reference.FAMILIES[family] for family in self.families)])

    def expires_on(self, confirmed_on: date) -> date:
        """Return the last day on which what was confirmed that day is still listed."""
        last = add_months(confirmed_on, self.validity_months)
        return min(last, self._end_of_season(confirmed_on)) if self.season_ends else last

    def _end_of_season(self, day: date) -> date:
        end = date(day.year, *self.season_ends)
        return end if end >= day else date(day.year + 1, *self.season_ends)
