"""Any list, declared once: search as one types, filters, sort, pages, bulk actions, CSV and XLSX export.

A list is a `DataTable` beside its views. What it reads is given at each request: a peewee query, or any sequence.

    MESSAGES = DataTable(
        "messages",
        Column("nom", "Nom", "name", sort=Message.folded_name, link="contact_gestion.show", sub="email"),
        Column("objet", "Objet", "subject"),
        Column("recu", "Reçu le", "at", sort=Message.at),
        Column("etat", "État", lambda m: m.state.label, badge=lambda m: m.state.badge),
        noun=("message", "messages"),
        search=[Message.folded_name, Message.folded_text],    # columns that hold folded text (kernel.text.fold)
        filters=[
            Cases("etat", "État", {"a-traiter": ("À traiter", Message.handled_at.is_null())}, default="a-traiter"),
            OneOf("sujet", "Sujet", Message.topic, Topic),    # a labelled StrEnum, (value, label) pairs, or a function
            Period("recu", "Reçu", Message.at),               # two days, both included: recu_du, recu_au
        ],
        order="-recu",                                        # the key of a sortable column, « - »: the last first
        bulk=[Bulk("traiter", "Marquer comme traités")], bulk_endpoint="contact_gestion.bulk",
        export_endpoint="contact_gestion.export",
        empty="Les messages envoyés depuis la page Contact arrivent ici.",
        people=True,                                          # the word searched stays out of the address bar
    )

    @bp_gestion.get("/")
    def index():
        return MESSAGES.page("contact/gestion_list.html", Message.inbox())

    @bp_gestion.post("/export")
    def export():
        return MESSAGES.export(Message.inbox())               # what is filtered, the columns chosen; journaled

    @bp_gestion.post("/lot")
    def bulk():
        action, ids = MESSAGES.selection(Message.inbox())     # RuleError when nothing is ticked
        rules.bulk(action, ids)
        return redirect(MESSAGES.back("contact_gestion.index"), 303)

The page's template shows it with two macros, filters above and the part that htmx swaps below:

    {% from "_table.html" import table_filters, table_results %}
    {% block content %}
    {{ table_filters(table) }}
    {% block resultats %}{{ table_results(table) }}{% endblock %}
    {% endblock %}

On a query, `sort`, `search`, `of` and the conditions of `Cases` are peewee expressions, and all is done in SQL. On a
sequence they are functions of a row (or names of its attributes); `sort=True` sorts by the value shown. The query must
join what its columns show. The address holds q, tri, page, par and the filters' keys; a wrong value counts as absent.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from itertools import islice
from urllib.parse import urlencode

from flask import Response, get_template_attribute, request, url_for

from . import exports, journal, tablerows
from .dates import short_fr
from .db import db
from .errors import RuleError
from .filters import Cases, OneOf, Period, getter
from .htmx import page, wants_fragment
from .sources import source_of
from .text import fold, number, plural

__all__ = ["Bulk", "Cases", "Column", "DataTable", "OneOf", "Period", "View"]

SIZES = (25, 50, 100)
RESERVED = {"q", "tri", "page", "par", "action", "id", "tout", "colonne", "format", "csrf_token"}
LONGEST_SEARCH = 100
BATCH = 500  # rows prepared at once for an export
journal.declare("list.exported", "Liste exportée")


def text_of(value) -> str:
    """Return what a person reads of any value: French dates, labels, « oui » and « non », nothing for None."""
    match value:
        case None:
            return ""
        case bool():
            return "oui" if value else "non"
        case date():
            return short_fr(value)
        case StrEnum():
            return getattr(value, "label", str(value))
        case int() | float():
            return number(value)
        case _:
            return value


@dataclass(frozen=True)
class Column:
    """One column. The first of a table identifies its row: it is the row's heading and carries its link.

    value: what is shown and exported; link: an endpoint taking the row's key, or a function that gives an address;
    sub: a second, small line; badge: the kind of badge (ok, warn, bad, mute) or None;
    macro: "file.html:name", a macro of the row that draws the cell; shown=False: in the export only.
    """

    key: str
    label: str
    value: object
    sort: object = None
    link: object = None
    sub: object = None
    badge: Callable | None = None
    macro: str = ""
    export: object = None
    number: bool = False
    shown: bool = True
    exported: bool = True

    @cached_property
    def _value(self):
        return getter(self.value)

    def text(self, row):
        value = self._value(row)
        return value if type(value) is str else text_of(value)

    def subtext(self, row):
        return text_of(getter(self.sub)(row)) if self.sub else ""

    def exported_value(self, row):
        return getter(self.export or self.value)(row)


@dataclass(frozen=True)
class Bulk:
    """An action on the rows that are ticked; `kind` is the button's class: "", "outline", "danger"."""

    key: str
    label: str
    kind: str = "outline"


@dataclass(frozen=True)
class State:
    """What a person asked of a list: words, filters' values, order, page, size."""

    q: str
    values: dict[str, str]
    tri: str
    page: int
    par: int


@dataclass
class View:
    """One reading of a table: the rows of a page and what its template needs. No query is left to run."""

    table: "DataTable"
    state: State
    total: int
    pages: int
    rows: list
    path: str
    options: dict[str, tuple] = field(default_factory=dict)
    most: int | None = None  # more than this were not counted

    @property
    def first(self) -> int:
        return (self.state.page - 1) * self.state.par + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.state.page * self.state.par, self.total)

    @property
    def narrowed(self) -> bool:
        """Tell whether words or filters hide rows that the list shows at first."""
        return bool(self.state.q) or self.state.values != self.table.read_filters({})

    @property
    def narrowed_afar(self) -> bool:
        """Tell whether a filter that does not show at first is in use."""
        normal = self.table.read_filters({})
        return any(self.state.values[name] != normal[name] for each in self.table.far_filters for name in each.names)

    def parameters(self, **changes) -> dict[str, str]:
        """Return what the address must hold to show this reading, with `changes`; defaults are left out."""
        asked = {"q": self.state.q, "tri": self.state.tri, "page": self.state.page, "par": self.state.par}
        asked |= self.state.values | changes
        normal = {"q": "", "tri": self.table.order, "page": 1, "par": self.table.size} | self.table.read_filters({})
        return {key: value for key, value in asked.items() if value != normal[key]}

    def url(self, **changes) -> str:
        query = urlencode(self.parameters(**changes))
        return f"{self.path}?{query}" if query else self.path

    def sort_url(self, column: Column) -> str:
        return self.url(tri=f"-{column.key}" if self.state.tri == column.key else column.key, page=1)

    def sorted_by(self, column: Column) -> str | None:
        """Return the value of aria-sort."""
        return {column.key: "ascending", f"-{column.key}": "descending"}.get(self.state.tri)

    def linker(self, column: Column) -> Callable:
        """Return the function of a row that gives its link; an endpoint's address is built once for the page."""
        if callable(column.link) or not column.link:
            return column.link
        key = self.table.key
        before, after = url_for(column.link, **{key: 0}).rsplit("0", 1)
        return lambda row: f"{before}{getattr(row, key)}{after}"

    def cells(self) -> list[tuple]:
        """Return (column, link, macro) of the columns shown, looked up once for the page."""
        draw = {each.key: get_template_attribute(*each.macro.split(":")) for each in self.table.shown if each.macro}
        return [(each, self.linker(each), draw.get(each.key)) for each in self.table.shown]

    def body(self):
        """Return the markup of the rows."""
        return tablerows.draw(self)

    def address(self, endpoint: str) -> str:
        """Return an address of the same list: /groupes/4/export beside /groupes/4."""
        return url_for(endpoint, **(request.view_args or {}))

    def key(self, row):
        return getter(self.table.key)(row)

    @property
    def sizes(self) -> tuple[int, ...]:
        return SIZES

    @property
    def counted(self) -> str:
        """« 187 adhérents », « plus de 10 000 adhérents »."""
        if self.most and self.total > self.most:
            return f"plus de {plural(self.most, *self.table.noun)}"
        return plural(self.total, *self.table.noun)

    @property
    def summary(self) -> str:
        """« 187 adhérents, de 26 à 50 »: announced after each search."""
        place = f", de {number(self.first)} à {number(self.last)}" if self.pages > 1 else ""
        return self.counted + place


class DataTable:
    """A list declared once; see the top of this module.

    `key` names the attribute that tells one row from another. `prepare` gets the rows of a page, or 500 of an export,
    to look up at once what no join can bring and to set it on them. `near`: how many filters show at first.
    """

    def __init__(
        self,
        name: str,
        *columns: Column,
        noun: tuple[str, str],
        search=(),
        filters=(),
        order: str,
        key: str = "id",
        bulk=(),
        bulk_endpoint: str = "",
        export_endpoint: str = "",
        empty: str = "",
        starts: tuple[tuple[str, str], ...] = (),
        hint: str = "",
        people: bool = False,
        size: int = SIZES[0],
        prepare: Callable | None = None,
        near: int | None = None,
    ):
        self.name, self.columns, self.noun, self.search, self.filters = name, columns, noun, search, filters
        self.order, self.key, self.bulk, self.bulk_endpoint = order, key, bulk, bulk_endpoint
        self.export_endpoint, self.empty, self.hint, self.people, self.size = export_endpoint, empty, hint, people, size
        self.prepare, self.starts = prepare or (lambda rows: None), starts
        self.near_filters, self.far_filters = filters[:near], [] if near is None else filters[near:]
        self.sortable = {column.key: column for column in columns if column.sort is not None}
        names = {name for each in filters for name in each.names}
        if names & RESERVED or order.removeprefix("-") not in self.sortable:
            raise ValueError(f"table {name!r}: a filter has a reserved name, or the order is not a sortable column")

    @property
    def shown(self) -> list[Column]:
        return [column for column in self.columns if column.shown]

    @property
    def exported(self) -> list[Column]:
        return [column for column in self.columns if column.exported]

    def read_filters(self, args) -> dict[str, str]:
        return {name: value for each in self.filters for name, value in each.read(args).items()}

    def state(self, args) -> State:
        """Read what was asked; whatever cannot be understood counts as absent."""
        q = " ".join("".join(c if c.isprintable() else " " for c in args.get("q", "")).split())[:LONGEST_SEARCH]
        tri = args.get("tri", "")
        par = _number(args.get("par"))
        return State(
            q=q,
            values=self.read_filters(args),
            tri=tri if tri.removeprefix("-") in self.sortable and not tri.startswith("--") else self.order,
            page=max(1, _number(args.get("page"))),
            par=par if par in SIZES else self.size,
        )

    def narrow(self, rows, state: State):
        """Return the rows that `state` asks for, sorted."""
        source = source_of(rows, self.key)
        if words := fold(state.q).split():
            source.search(self.search, words)
        for each in self.filters:
            condition = each.condition(state.values)
            if condition is not None:
                source.where(condition)
        source.order(self.sortable[state.tri.removeprefix("-")], state.tri.startswith("-"))
        return source

    def read(self, rows, args=None) -> View:
        """Return one page of `rows`, as the address of the request asks for it."""
        state = self.state(request.args if args is None else args)
        source = self.narrow(rows, state)
        state, part, total = self._part(source, state)
        pages = max(1, -(-total // state.par))
        self.prepare(part)
        choices = [] if wants_fragment() else [each for each in self.filters if each.widget == "choice"]
        options = {each.key: tuple(each.options()) for each in choices}
        return View(self, state, total, pages, part, request.path, options, source.most)

    @staticmethod
    def _part(source, state: State) -> tuple[State, list, int]:
        """Return the page to show, its rows, and how many there are in all; a page too far is the last one."""
        part = source.part((state.page - 1) * state.par, state.par + 1)
        if part and len(part) <= state.par:  # it is the last page: no need to count
            return state, part, (state.page - 1) * state.par + len(part)
        total = source.count() if part or state.page > 1 else 0
        if part or not total:
            return replace(state, page=state.page if part else 1), part[: state.par], total
        state = replace(state, page=-(-total // state.par))
        return state, source.part((state.page - 1) * state.par, state.par), total

    def page(self, template: str, rows, **context) -> Response:
        """Answer the list as a page, or as its part « resultats » for htmx, which then shows the tidied address."""
        view = self.read(rows)
        response = page(template, fragment="resultats", table=view, **context)
        if wants_fragment():
            response.headers["HX-Replace-Url"] = view.url(q="") if self.people else view.url()
        return response

    def selection(self, rows) -> tuple[str, list]:
        """Return (action, keys of the rows) of a posted bulk form; all that is filtered when « tout » is ticked.

        Keys outside `rows` are left out. Raises RuleError when nothing is chosen.
        """
        action = request.form.get("action", "")
        if action not in {each.key for each in self.bulk}:
            raise RuleError("Choisissez une action dans la liste.")
        keys = self.narrow(rows, self.state(request.form)).keys()
        if not request.form.get("tout"):
            chosen = set(request.form.getlist("id"))
            keys = [key for key in keys if str(key) in chosen]
        if not keys:
            raise RuleError("Cochez au moins une ligne de la liste.")
        return action, keys

    def back(self, endpoint: str, **values) -> str:
        """Return the address of the list in the state from which a bulk form was posted, for the redirect."""
        state = self.state(request.form)
        view = View(self, replace(state, q="") if self.people else state, 0, 1, [], url_for(endpoint, **values))
        return view.url()

    def export(self, rows) -> Response:
        """Answer a posted export form: what is filtered, the columns chosen; one line in the journal."""
        state = self.state(request.form)
        source = self.narrow(rows, state)
        chosen = set(request.form.getlist("colonne"))
        columns = [each for each in self.exported if each.key in chosen] or self.exported
        kind = "xlsx" if request.form.get("format") == "xlsx" else "csv"
        with db.atomic():
            detail = {"format": kind, "columns": [each.key for each in columns], "rows": source.count_all()}
            journal.write("list.exported", "list", self.name, **detail)
        lines = ([each.exported_value(row) for each in columns] for row in self._prepared(source))
        return exports.download(self.name, kind, [each.label for each in columns], lines)

    def _prepared(self, source):
        rows = iter(source)
        while batch := list(islice(rows, BATCH)):
            self.prepare(batch)
            yield from batch


def _number(text) -> int:
    """Return a small positive number, or 0 for anything else."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 8 else 0
