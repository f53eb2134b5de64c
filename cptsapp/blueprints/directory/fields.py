"""Form fields that read the name of a person or a structure of the association, and give an id."""

from wtforms import SelectMultipleField, StringField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from cptsapp.blueprints.adherent.models import Membership, Practice
from cptsapp.blueprints.person import finding
from cptsapp.blueprints.person.models import Kind, Person
from cptsapp.kernel.text import fold

MOST_SHOWN = 5


class Ticks(SelectMultipleField):
    """Several choices, as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def known_to_members():
    """Return the persons whom any adherent may name: those in the members' directory, and the structures."""
    members = Membership.current().select(Membership.person)
    hidden = Practice.select(Practice.person).where(Practice.in_directory == False)  # noqa: E712 (SQL)
    return Person.present().where((Person.kind == Kind.STRUCTURE) | (Person.id.in_(members) & Person.id.not_in(hidden)))


def named(text: str, people, limit: int = MOST_SHOWN + 1) -> list[Person]:
    """Return those of `people` who answer to every word of a text."""
    words = finding.asked(text)
    return list(people.where(Person.id.in_(finding.found(words))).limit(limit)) if words else []


class PersonField(StringField):
    """One person or structure, by name. `data` is an id or None; `text` what was typed."""

    def process_data(self, value):
        person = Person.get_or_none(Person.id == value) if value else None
        self.data, self.text = (person.id, person.label) if person else (None, "")
        self._before = self.data, self.text

    def process_formdata(self, valuelist):
        if valuelist:
            self.data, self.text = None, " ".join(valuelist[0].split())[:160]

    def _value(self):
        return self.text

    def pre_validate(self, form):
        if self.text and self.data is None:
            id, label = getattr(self, "_before", (None, ""))
            self.data = id if id and self.text == label else self._one()

    def _one(self) -> int:
        found = named(self.text, known_to_members())
        exact = [each for each in found if fold(each.label) == fold(self.text)]
        found = exact or found
        if not found:
            raise ValidationError(f"Ni adhérent ni structure ne s’appelle « {self.text} ». Vérifiez le nom.")
        if len(found) > 1:
            names = ", ".join(each.label for each in found[:MOST_SHOWN])
            raise ValidationError(f"« {self.text} » peut être : {names}. Écrivez le nom complet.")
        return found[0].id
