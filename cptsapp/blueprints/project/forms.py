"""What is typed of a fiche."""

from wtforms import BooleanField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from cptsapp.blueprints.adherent.choosing import Among, ChoosingForm, PersonChoice
from cptsapp.blueprints.adherent.models import Membership
from cptsapp.blueprints.contract.models import Contract
from cptsapp.blueprints.person.models import Kind, Person
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.forms import Form

from .models import SECTIONS


def _missions() -> list[tuple[str, str]]:
    return [("", "Hors des missions du contrat"), *((each.code, each.label) for each in reference.missions().values())]


def _pilots() -> Among:
    """The members: who leads an action is one of them."""
    members = Membership.current().select(Membership.person)
    return Among(Person.id.in_(members) & (Person.kind == Kind.PERSON))


class FicheForm(ChoosingForm):
    title = StringField("Titre", [InputRequired("Donnez un titre à la fiche."), Length(max=160)])
    label = StringField("Numéro affiché", [Optional(), Length(max=60)], description="Par exemple « Action 4 ».")
    code = StringField(
        "Code", [Optional(), Length(max=40)], description="Celui que portent les événements de l’action."
    )
    mission = SelectField("Mission", choices=_missions)
    pilot = PersonChoice("Pilote", [Optional()], among=_pilots, blank="Personne pour l’instant")
    priority = SelectField("Priorité", choices=[("", "Non définie"), ("1", "1, la première"), ("2", "2"), ("3", "3")])
    progress = IntegerField("Avancement, en %", [Optional(), NumberRange(0, 100, "L’avancement va de 0 à 100 %%.")])
    is_public = BooleanField("Montrer cette fiche sur le site, une fois validée")
    summary = TextAreaField(
        "Résumé", [Optional(), Length(max=400)], description="Une ou deux phrases, lues en premier."
    )
    revision_read = HiddenField()
    locals().update({name: TextAreaField(label, [Optional(), Length(max=20_000)]) for name, label in SECTIONS.items()})

    def values(self) -> dict:
        """Return what the rules take."""
        names = ("title", "label", "code", "mission", "is_public", "summary", *SECTIONS)
        pilot, priority = self.pilot.data or "", self.priority.data or ""
        return {name: self[name].data for name in names} | {
            "pilot_id": int(pilot) if pilot.isascii() and pilot.isdigit() else None,
            "priority": int(priority) if priority else None,
            "progress": self.progress.data or 0,
        }

    @property
    def revision(self) -> int:
        told = self.revision_read.data or ""
        return int(told) if told.isascii() and told.isdigit() and len(told) < 10 else 0


def _years() -> list[tuple[str, str]]:
    found = []
    for contract in Contract.ordered():
        for year in range(contract.years, 0, -1):
            start, end = contract.bounds(year)
            found.append((f"{contract.id}-{year}", f"Année {year} ({start:%m/%Y} à {end:%m/%Y})"))
    return found


class EvaluationForm(Form):
    year = SelectField("Année du contrat", choices=_years)
    text = TextAreaField(
        "Ce que l’année a permis", [InputRequired("Écrivez ce que l’année a permis."), Length(max=20_000)]
    )
    progress = IntegerField(
        "Avancement atteint, en %",
        [InputRequired("Donnez l’avancement."), NumberRange(0, 100, "L’avancement va de 0 à 100 %%.")],
    )
