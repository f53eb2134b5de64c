"""What is typed about pairs, equipment and loans."""

from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

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


def holders() -> dict:
    """Return who may borrow: professionals, and structures."""
    health = [code for code, each in reference.professions().items() if each.is_health]
    structures = [(str(each.id), each.name) for each in Person.present().where(Person.name != "")]
    groups = offering.choices(health, VOLUNTEERS)
    return {**groups, "Structures": structures} if structures else groups


class PairForm(Form):
    doctor = SelectField("Médecin généraliste", [InputRequired("Choisissez un médecin généraliste.")])
    nurse = SelectField("Infirmier", [InputRequired("Choisissez un infirmier.")])
    protocol_on = DateField(
        "Protocole signé le", [Optional()], description="Sans cette date, le binôme ne peut pas devenir actif."
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.doctor.choices = offering.choices([GP], VOLUNTEERS)
        self.nurse.choices = offering.choices(nurse_codes(), VOLUNTEERS)


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


class LendForm(Form):
    holder = SelectField("À qui", [InputRequired("Choisissez à qui ce matériel est prêté.")])
    out_on = DateField("Sorti le", [InputRequired("Donnez le jour de la sortie.")], default=today)
    due_on = DateField("Retour prévu le", [Optional()])

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.holder.choices = holders()


class ReturnForm(DayForm):
    on = DateField("Rendu le", [InputRequired("Donnez le jour du retour.")], default=today)
    state = StringField("État au retour", [Length(max=200)])
