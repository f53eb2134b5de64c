"""The parts of a member's record: what they do, who speaks for a structure, tags, notes, consents, journal."""

from flask import abort, flash, redirect, request, url_for
from flask_login import current_user
from peewee import JOIN
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.person import finding
from cptsapp.blueprints.person.models import Kind, Person
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.prepared import prepared
from cptsapp.kernel.registry import participations, person_panel

from . import checks, record
from .choosing import Among, ChoosingForm, PersonChoice
from .forms import MODES, meant, profession_choices, stripped
from .gestion import bp_gestion
from .models import OTHER, Membership, PersonNote, PersonTag, Practice, StructureRole, Tag

BOTH = ("bureau", "coordination")
MOST_ENTRIES, MOST_PARTICIPATIONS, MOST_PEOPLE = 8, 6, 200


def _structures() -> Among:
    return Among(Person.kind == Kind.STRUCTURE)


class PracticeForm(ChoosingForm):
    profession = SelectField("Profession", choices=profession_choices)
    profession_other = StringField("Profession hors de la liste", [Length(max=120)], [stripped])
    commune_text = StringField("Commune", [Length(max=100)], [stripped])
    mode = SelectField("Mode d’exercice")
    organisation = StringField("Cabinet, maison de santé ou employeur", [Length(max=160)], [stripped])
    works_at = PersonChoice(
        "Structure adhérente où la personne exerce", [Optional()], among=_structures, blank="Aucune"
    )
    rpps = StringField("Numéro RPPS", [Optional()], [checks.digits])
    adeli = StringField("Numéro ADELI", [Optional()], [checks.digits])
    competences = TextAreaField("Compétences", [Length(max=4000)])

    def __init__(self, practice: Practice, **kwargs):
        values = {name: getattr(practice, name) for name in ("mode", "organisation", "rpps", "adeli", "competences")}
        values["profession"] = practice.profession or (OTHER if practice.profession_other else "")
        values["profession_other"] = practice.profession_other
        values["commune_text"] = practice.commune.name if practice.commune_id else ""
        values["works_at"] = str(practice.works_at_id or "")
        super().__init__(data=values, **kwargs)
        known = [value for value, _ in MODES]
        own = [(practice.mode, practice.mode)] if practice.mode and practice.mode not in known else []
        self.mode.choices = [*MODES, *own]
        self.before, self.places = practice, ()

    def read(self) -> dict:
        """Return the values for the rule; a commune that did not change keeps its code."""
        values = {
            name: field.data or "" for name, field in self._fields.items() if name not in ("commune_text", "works_at")
        }
        values["works_at"] = int(self.works_at.data or 0) or None
        text = self.commune_text.data
        before = self.before
        if text and before.commune_id and text == before.commune.name and not request.form.get("commune"):
            return values | {"insee": before.commune_id}
        if text:
            place, self.places = meant(text, request.form.get("commune", ""))
            if place is None:
                raise RuleError("Cette commune n’est pas reconnue, ou plusieurs portent ce nom.", field="commune_text")
            values["insee"] = place.insee
        return values


@person_panel("Exercice", template="adherent/_practice.html", access=BOTH, order=15)
def practice_panel(person):
    practice = Practice.find(person.id)
    if person.is_structure or (practice is None and Membership.of_person(person.id) is None):
        return None
    return {"practice": practice or Practice(person=person)}


@bp_gestion.route("/<int:person_id>/exercice", methods=["GET", "POST"])
@access("coordination")
def practice(person_id):
    person = _present(person_id)
    form = PracticeForm(Practice.of(person_id))
    if form.validate_on_submit():
        try:
            record.set_practice(person_id, **form.read())
        except RuleError as error:
            form.refuse(error)
        else:
            flash("L’exercice est enregistré.")
            return _back(person_id)
    return page("adherent/practice.html", fragment="exercice", form=form, person=person)


@person_panel("Représentants et personnes", template="adherent/_structure.html", access=BOTH, order=16)
def structure_panel(person):
    if not person.is_structure:
        return None
    role = StructureRole.get_or_none(StructureRole.structure == person)
    return {"role": role, "people": _people_of(person.id)}


def _people_of(structure_id) -> list[Person]:
    return list(Person.present().join(Practice, on=(Practice.person == Person.id))
                .where(Practice.works_at == structure_id).limit(MOST_PEOPLE))  # fmt: skip


@bp_gestion.route("/<int:person_id>/representants", methods=["GET", "POST"])
@access("coordination")
def represented(person_id):
    """Choose among those who work there; somebody else is found by name."""
    structure = _present(person_id)
    if not structure.is_structure:
        abort(404)
    q = stripped(request.values.get("q", ""))
    if request.method == "POST":
        chosen = [int(request.form.get(name) or 0) or None for name in ("representative", "deputy")]
        record.represent(person_id, representative_id=chosen[0], deputy_id=chosen[1])
        flash("Les représentants sont enregistrés.")
        return _back(person_id)
    role = StructureRole.get_or_none(StructureRole.structure == structure)
    return page("adherent/represented.html", person=structure, role=role, people=_eligible(structure, role, q), q=q)


def _eligible(structure, role, q) -> list[Person]:
    found = {each.id: each for each in _people_of(structure.id)}
    for each in (role and role.representative, role and role.deputy):
        if each:
            found[each.id] = each
    words = finding.asked(q)
    if words:
        query = Person.present().where(Person.kind == Kind.PERSON, Person.id.in_(finding.found(words))).limit(30)
        found |= {each.id: each for each in query}
    return sorted(found.values(), key=lambda each: each.folded)


@person_panel("Étiquettes et notes", template="adherent/_followup.html", access=BOTH, order=25)
def followup_panel(person):
    return {"tags": _tags_of.all(person.id), "notes": _notes_of.all(person.id)}


@prepared
def _tags_of(person):
    return Tag.select().join(PersonTag).where(PersonTag.person == person).order_by(Tag.folded)


@prepared
def _notes_of(person):
    notes = PersonNote.select(PersonNote, Account, Person).join(Account, JOIN.LEFT_OUTER).join(Person, JOIN.LEFT_OUTER)
    notes = notes.where(PersonNote.person == person).order_by(PersonNote.at.desc(), PersonNote.id.desc())
    return notes.limit(50)


@bp_gestion.post("/<int:person_id>/etiquettes")
@access(*BOTH)
def tag(person_id):
    _present(person_id)
    removed = request.form.get("retirer", "")
    if removed.isdecimal():
        record.take_tag([person_id], int(removed))
    else:
        record.put_tag([person_id], request.form.get("tag", ""))
    return _back(person_id)


@bp_gestion.post("/<int:person_id>/notes")
@access(*BOTH)
def write_note(person_id):
    record.write_note(person_id, request.form.get("text", ""), account_id=current_user.id)
    flash("La note est ajoutée.")
    return _back(person_id)


@bp_gestion.post("/<int:person_id>/notes/<int:id>/supprimer")
@access("coordination")
def remove_note(person_id, id):
    record.remove_note(person_id, id)
    flash("La note est supprimée.")
    return _back(person_id)


@bp_gestion.post("/<int:person_id>/verifiee")
@access("coordination")
def confirm_record(person_id):
    record.confirm(person_id)
    flash("La fiche est notée comme vérifiée aujourd’hui.")
    return _back(person_id)


@person_panel("Accords", template="adherent/_consents.html", access=BOTH, order=28)
def consents_panel(person):
    membership = Membership.of_person(person.id)
    if membership is None:
        return None
    return {"membership": membership, "practice": Practice.of(person.id)}


@person_panel("Participation", template="adherent/_participation.html", access=BOTH, order=40)
def participation_panel(person):
    found = [(each.label, list(each.call(person.id))[:MOST_PARTICIPATIONS]) for each in participations]
    found = [(label, rows) for label, rows in found if rows]
    return {"participations": found} if found else None


@person_panel("Journal de la fiche", template="adherent/_journal.html", access=("coordination",), order=90)
def journal_panel(person):
    return {"entries": _entries_of.all(str(person.id))}


@prepared
def _entries_of(person):
    query = JournalEntry.select(JournalEntry, Account, Person)
    query = query.join(Account, JOIN.LEFT_OUTER).join(Person, JOIN.LEFT_OUTER)
    query = query.where(JournalEntry.subject_kind == "person", JournalEntry.subject_id == person)
    return query.order_by(JournalEntry.id.desc()).limit(MOST_ENTRIES)


def _present(person_id) -> Person:
    return Person.get_or_none(Person.id == person_id, Person.deleted_at.is_null()) or abort(404)


def _back(person_id):
    return redirect(url_for("person_gestion.show", id=person_id), 303)
