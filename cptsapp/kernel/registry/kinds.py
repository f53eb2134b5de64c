"""What the registries hold: the shape of each thing that a feature tells the floors below it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class NavItem:
    """One entry of a menu. `area` is "site", "space" or "gestion"; `count` gives the number shown beside it."""

    area: str
    label: str
    endpoint: str
    icon: str = ""
    access: tuple[str, ...] = ("public",)
    group: str = ""
    order: int = 50
    count: Callable[[], int] | None = None
    is_open: Callable[[], bool] = lambda: True  # of the site: whether there is anything behind it


@dataclass(frozen=True)
class Card:
    """A part of a first page, loaded by itself; `load` gives the template's values, or None for nothing to show."""

    key: str
    title: str
    access: tuple[str, ...]
    template: str
    load: Callable[[], dict | None]
    order: int = 50


@dataclass(frozen=True)
class Waiting:
    """One thing that waits for a person: a sentence, where to act, how many."""

    label: str
    url: str
    count: int


@dataclass(frozen=True)
class WaitingSource:
    key: str
    access: tuple[str, ...]
    load: Callable[[], Iterable[Waiting]]


@dataclass(frozen=True)
class Panel:
    """A part of the page of a person or of a fiche-action, added by the feature that knows it.

    `load(object)` gives the template's values, or None for nothing to show.
    """

    title: str
    template: str
    access: tuple[str, ...]
    load: Callable[[object], dict | None]
    order: int = 50


@dataclass(frozen=True)
class Parameter:
    """What narrows an indicator: one of `choices()`, (value, label) pairs, or any text when there are none."""

    key: str
    label: str
    choices: Callable[[], list[tuple[str, str]]] | None = None


@dataclass(frozen=True)
class Indicator:
    """A figure of a period: `count(start, end)`, both days included; None when there is nothing to divide by.

    It may be narrowed by its parameters, given by name; one that is left out narrows nothing.
    """

    key: str
    label: str
    unit: str
    count: Callable[..., int | float | None]
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True)
class Behind:
    """One thing that a figure counts: its words, its day, its page in the gestion, how much it counts for."""

    words: str
    on: date | None = None
    url: str = ""
    number: int = 1


@dataclass(frozen=True)
class RowSource:
    """What is behind an indicator: `rows(start, end, **parameters)` gives them, for those whom `access` lets in."""

    access: tuple[str, ...]
    rows: Callable[..., Iterable[Behind]]


@dataclass(frozen=True)
class Breakdown:
    """An indicator told apart: `count(start, end)` gives {label: figure}."""

    key: str
    by: str
    label: str
    count: Callable[[date, date], dict[str, int]]


@dataclass(frozen=True)
class Named:
    """A function with the key and the French label under which people meet it."""

    key: str
    label: str
    call: Callable
    order: int = 50
    template: str = ""


@dataclass(frozen=True)
class Segment:
    """A way to choose whom a mailing is for: « Profession », « Participants d’un événement »…

    `choices()` gives the (value, label) pairs offered; `people(value)` the query of the ids of the persons it holds
    when it is called, in one column.
    """

    key: str
    label: str
    choices: Callable[[], list[tuple[str, str]]]
    people: Callable[[str], object]
    order: int = 50


@dataclass(frozen=True)
class LetterItem:
    """Something a letter may speak of. `url` is its page on the site, `readers` the visibility that it has there."""

    key: str
    title: str
    summary: str
    url: str
    on: date
    readers: str = "public"
    image_url: str = ""
    image_alt: str = ""
    details: str = ""  # what is said beside the title: « jeudi 3 décembre à 20 h, en ligne »
    theme: str = ""  # one of kernel.themes.Theme


@dataclass(frozen=True)
class Outlet:
    """Where a text may go once it is online, in the same step: « Publier et envoyer ».

    `kinds` are those of the desks whose texts it takes; `open(kind, slug)` acts and returns where to go on, or refuses.
    """

    key: str
    verb: str
    kinds: tuple[str, ...]
    open: Callable[[str, str], str]


@dataclass(frozen=True)
class FirstStep:
    label: str
    endpoint: str
    is_done: Callable[[], bool]
    order: int = 50
    help: str = ""


@dataclass(frozen=True)
class Personal:
    """The line of the register of processings that a table stands for. Source: RGPD, article 30."""

    purpose: str
    basis: str
    kept: str
    categories: str
    recipients: str
    table: str = field(default="", compare=False)
