"""What is typed about pairs, equipment and loans."""

from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from cptsapp.blueprints.adherent.choosing import Among, ChoosingForm, PersonChoice
from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.directory import offering
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.dates import today
from cptsapp.kernel.forms import EurosField, Form

from .models import End
from .rules import GP, NURSES

VOLUNTEERS = "teleconsultation"  # the directory where people offer themselves


def nurse_codes() -> list[str]:
    return [code for code, each in reference.professions().items() if each.family == NURSES]


def _practising(codes: list[str], *, or_structures: bool = False) -> Among:
    """Return those who practise one of these professions, the volunteers of teleconsultation first."""
    condition = Practice.profession.in_(codes)
    if or_structures:
        condition |= Person.name != ""
    return Among(condition, "Volontaires", offering.volunteers(VOLUNTEERS))


def holders() -> Among:
    """Return who may borrow: professionals, and structures."""
    health = [code for code, each in reference.professions().items() if each.is_health]
    return _practising(health, or_structures=True)


class PairForm(ChoosingForm):
    doctor = PersonChoice(
        "Médecin généraliste",
        [InputRequired("Choisissez un médecin généraliste.")],
        among=lambda: _practising([GP]),
    )
    nurse = PersonChoice(
        "Infirmier", [InputRequired("Choisissez un infirmier.")], among=lambda: _practising(nurse_codes())
    )
    protocol_on = DateField(
        "Protocole signé le", [Optional()], description="Sans cette date, le binôme ne peut pas devenir actif."
    )


class DayForm(Form):
    on = DateField("Le", [InputRequired("Donnez le jour.")], default=today)


class EndForm(DayForm):
    reason = SelectField("Pourquoi", choices=End.choices())


class EquipmentForm(Form):
    label = StringField("Matériel", [InputRequired("Dites de quel matériel il s’agit."), Length(max=120)])
    serial = StringField(
        "Numéro de série", [InputRequired("Donnez le numéro de série, ou celui collé dessus."), Length(max=80)]
    )
    cost_cents = EurosField("Coût en euros", [Optional()])
    bought_on = DateField("Acheté le", [Optional()], description="Le coût compte dans l’année de cette date.")
    note = StringField("Note", [Length(max=300)], description="Accessoires, emplacement. Aucun nom de patient.")


class LendForm(ChoosingForm):
    holder = PersonChoice("À qui", [InputRequired("Choisissez à qui ce matériel est prêté.")], among=holders)
    out_on = DateField("Sorti le", [InputRequired("Donnez le jour de la sortie.")], default=today)
    due_on = DateField("Retour prévu le", [Optional()])


class ReturnForm(DayForm):
    on = DateField("Rendu le", [InputRequired("Donnez le jour du retour.")], default=today)
    state = StringField("État au retour", [Length(max=200)])
