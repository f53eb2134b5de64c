"""What is typed about pairs, equipment and loans."""

from peewee import JOIN
from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.directory.models import Entry
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.dates import today
from cptsapp.kernel.forms import EurosField, Form

from .models import End
from .rules import GP, NURSES

VOLUNTEERS = "teleconsultation"  # the directory where people offer themselves
CHOOSE = ("", "Choisissez")


def _practising(codes: list[str]) -> list[tuple[str, str, bool]]:
    """Return (id, words, is a volunteer) of those present who practise one of these professions, by name."""
    offers = Entry.select(Entry.person).where(Entry.directory == VOLUNTEERS, Entry.live(), Entry.person.is_null(False))
    volunteers = {id for (id,) in offers.tuples()}
    query = Practice.select(Practice, Person, Commune).join(Person, on=(Practice.person == Person.id))
    query = query.switch(Practice).join(Commune, JOIN.LEFT_OUTER)
    query = query.where(Practice.profession.in_(codes), Person.deleted_at.is_null()).order_by(Person.folded, Person.id)
    return [(str(each.person_id), _words(each), each.person_id in volunteers) for each in query]


def _words(practice) -> str:
    place = f", {practice.commune.name}" if practice.commune_id else ""
    return f"{practice.person.list_label}{place}"


def people_of(codes: list[str]) -> dict:
    """Return the choices of a list of professions, the volunteers of the directory first."""
    found = _practising(codes)
    groups = {
        "Volontaires": [(id, words) for id, words, offers in found if offers],
        "Autres": [(id, words) for id, words, offers in found if not offers],
    }
    return {"": [CHOOSE], **{title: rows for title, rows in groups.items() if rows}}


def nurse_codes() -> list[str]:
    return [code for code, each in reference.professions().items() if each.family == NURSES]


def holders() -> dict:
    """Return who may borrow: professionals, and structures."""
    health = [code for code, each in reference.professions().items() if each.is_health]
    structures = [(str(each.id), each.name) for each in Person.present().where(Person.name != "")]
    groups = people_of(health)
    return {**groups, "Structures": structures} if structures else groups


class PairForm(Form):
    doctor = SelectField("Médecin généraliste", [InputRequired("Choisissez un médecin généraliste.")])
    nurse = SelectField("Infirmier", [InputRequired("Choisissez un infirmier.")])
    protocol_on = DateField(
        "Protocole signé le", [Optional()], description="Sans cette date, le binôme ne peut pas devenir actif."
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.doctor.choices, self.nurse.choices = people_of([GP]), people_of(nurse_codes())


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
