"""Choosing one person in a form: in a list while they are few, by their name when they are many.

A list of everybody is long to read, longer to send. Beyond `FEW`, one types a name, « Rechercher » shows who answers
to it, and one of them is ticked; with a script they show as one types. What else was typed in the form stays.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask import render_template
from markupsafe import Markup
from peewee import JOIN, SQL, Expression, Query, fn
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from cptsapp.blueprints.person import finding
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.forms import WRONG_CHOICE, Form
from cptsapp.kernel.kept import keep
from cptsapp.kernel.sources import counted

from .models import Practice

FEW = 200  # persons, up to which a list is simpler than a search
MOST_FOUND, MOST_FIRST = 20, 30
LONGEST_SEARCH = 100
OTHERS, STRUCTURES = "Autres", "Structures"


@dataclass(frozen=True)
class Among:
    """Who may be chosen: the persons present who meet `condition`, those of `first` (ids) before the others.

    `title` names these; without one there are no groups.
    """

    condition: Expression
    title: str = ""
    first: Query | None = None

    def people(self, kept: int | None = None):
        """Return their query, in the order of a list; who was chosen before, `kept`, is still one of them."""
        columns = (Person.id, Person.given_name, Person.family_name, Person.name, Commune.name.alias("place"))
        query = Person.select(*columns).join(Practice, JOIN.LEFT_OUTER, on=(Practice.person == Person.id))
        query = query.join(Commune, JOIN.LEFT_OUTER, on=(Commune.insee == Practice.commune))
        condition = self.condition | (Person.id == kept) if kept else self.condition
        return query.where(Person.deleted_at.is_null(), condition).order_by(Person.folded, Person.id).objects()

    def are_many(self) -> bool:
        some = self.people().select(SQL("1")).order_by().limit(FEW + 1)
        return counted(Person.select(fn.COUNT(1)).from_(some)) > FEW

    def _all(self, kept: int | None) -> list[Person]:
        """Return all of them, read again once something has been written."""
        query = self.people(kept)
        text, values = query.sql()
        return keep((Among, text, tuple(values)), lambda: list(query))

    def firsts(self) -> set[int]:
        return {id for (id,) in self.first.tuples()} if self.first is not None else set()

    def listed(self, kept: int | None) -> list[SelectChoice]:
        """Return all of them as the choices of a select, in their groups."""
        firsts, groups = self.firsts(), {self.title: [], OTHERS: [], STRUCTURES: []}
        for each in self._all(kept):
            rest = STRUCTURES if each.name else OTHERS
            groups[self.title if each.id in firsts or not self.title else rest].append(each)
        return [
            SelectChoice(str(each.id), words_of(each), optgroup=title or None)
            for title, people in groups.items()
            for each in people
        ]


def words_of(person) -> str:
    return f"{person.list_label}, {person.place}" if person.place else person.list_label


def render_search(field, **kwargs) -> Markup:
    """Draw the search of a field: a widget of WTForms."""
    return Markup(render_template("adherent/_choosing.html", f=field, attributes=kwargs))  # noqa: S704 (escaped there)


class PersonChoice(SelectField):
    """One person; `data` is an id as a text, or "". `blank`: the words of nobody, first of the choices.

    `post_to`: where its form is sent, when that is not the page it is on.
    """

    post_to = ""

    def __init__(self, label=None, validators=None, *, among: Callable[[], Among], blank: str = "Choisissez", **kwargs):
        super().__init__(label, validators, choices=[], **kwargs)
        self.make_among, self.blank = among, blank

    def process(self, formdata, *args, **kwargs):
        super().process(formdata, *args, **kwargs)
        self.among, self.kept = self.make_among(), _number(self.object_data)
        self.is_long = self.among.are_many()
        self.q, self.is_searching = "", False
        if not self.is_long:
            self.choices = [SelectChoice("", self.blank), *self.among.listed(self.kept)]
            return
        self.widget = render_search
        if formdata:
            self.q, searched = (self._typed(formdata, part) for part in ("q", "lu"))
            self.is_searching = bool(self._typed(formdata, "chercher")) or self.q != searched

    def _typed(self, formdata, part: str) -> str:
        return " ".join("".join(formdata.getlist(f"{self.name}-{part}")[:1]).split())[:LONGEST_SEARCH]

    def pre_validate(self, form):
        if not self.is_long:
            return super().pre_validate(form)
        if self.data and not self.among.people(self.kept).where(Person.id == _number(self.data)).exists():
            raise ValidationError(WRONG_CHOICE)

    @property
    def groups(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Return what a search offers: (title, [(id, words)]), who is chosen first, each person once."""
        people, seen, groups = self.among.people(self.kept), set(), []
        words = finding.asked(self.q)
        parts = [("Votre choix", people.where(Person.id == _number(self.data)))]
        if words:
            found = people.where(Person.id.in_(finding.found(words)))
            parts.append((f"Pour « {self.q} »", found.limit(MOST_FOUND)))
        elif self.among.title:
            parts.append((self.among.title, people.where(Person.id.in_(self.among.first)).limit(MOST_FIRST)))
        for title, query in parts:
            rows = [each for each in query if each.id not in seen]
            seen.update(each.id for each in rows)
            if rows:
                groups.append((title, [(str(each.id), words_of(each)) for each in rows]))
        return groups

    @property
    def is_optional(self) -> bool:
        return not self.flags.required


def _number(text) -> int:
    told = str(text or "")
    return int(told) if told.isascii() and told.isdecimal() and len(told) < 15 else 0


class ChoosingForm(Form):
    """A form where a person is chosen: a name that has just been typed is searched, and nothing is written yet."""

    @property
    def is_searching(self) -> bool:
        return any(getattr(field, "is_searching", False) for field in self)

    def validate_on_submit(self, *args, **kwargs):
        return not self.is_searching and super().validate_on_submit(*args, **kwargs)
