"""What other floors learn from the memberships: the role « adherent », menus, what waits, a panel, a person's data."""

import json

from flask import url_for
from flask_login import current_user

from cptsapp.blueprints.association.models import identity
from cptsapp.blueprints.territory import reference
from cptsapp.kernel import journal, registry
from cptsapp.kernel.dates import today
from cptsapp.kernel.prepared import prepared
from cptsapp.kernel.registry import (
    NavItem,
    Waiting,
    navigation,
    person_panel,
    personal_data,
    personal_eraser,
    role_source,
)
from cptsapp.kernel.text import euros, plural

from . import colleges, deciding, former, joining, years
from . import segments as segments  # imported for what it registers
from .models import (
    Application,
    Membership,
    Period,
    PersonNote,
    PersonTag,
    Practice,
    StructureRole,
    Tag,
    Year,
    is_adherent,
    represents_a_member,
    status_on,
)

DECIDE = ("bureau", "coordination")
SHOWN = {
    "show_email": "Adresse e-mail",
    "show_phone": "Téléphone",
    "show_hours": "Horaires",
    "show_photo": "Photo",
    "in_directory": "Dans l’annuaire des adhérents",
    "public_listing": "Dans l’annuaire public",
}
navigation.append(
    NavItem(
        "gestion",
        "Demandes d’adhésion",
        "adherent_gestion.requests",
        "user-plus",
        DECIDE,
        "Association",
        order=8,
        count=deciding.waiting_count,
    )
)
navigation.append(
    NavItem("gestion", "Renouvellement", "adherent_gestion.renewals", "calendar-clock", DECIDE, "Association", order=10)
)
navigation.append(
    NavItem(
        "gestion",
        "Années d’adhésion",
        "adherent_gestion.years_index",
        "calendar",
        ("tresorier", "coordination"),
        "Association",
        order=12,
    )
)
navigation.append(
    NavItem(
        "gestion",
        "Collèges des adhérents",
        "adherent_gestion.college_rules",
        "users",
        ("coordination",),
        "Association",
        order=45,
    )
)


SUBJECTS = {
    "application": "Demande d’adhésion",
    "campaign": "Campagne de renouvellement",
    "fee": "Cotisation",
    "year": "Adhésion d’une année",
}
for _kind, _label in SUBJECTS.items():
    journal.subject(_kind, _label)(lambda ids: {})


@role_source
def adherent(account) -> set[str]:
    """Give the member space to a member, and to who represents a structure that is one."""
    if is_adherent(account.person) or represents_a_member(account.person):
        return {"adherent"}
    return set()


@registry.waiting("adherent.requests", access=DECIDE)
def waiting_requests():
    count = deciding.waiting_count()
    words = plural(count, "demande d’adhésion à décider", "demandes d’adhésion à décider")
    return [Waiting(words, url_for("adherent_gestion.requests"), count)]


@registry.waiting("adherent.colleges", access=("coordination",))
def members_without_college():
    count = colleges.undecided().count_all() if colleges.CollegeRule.select().exists() else 0
    words = plural(count, "adhérent sans collège", "adhérents sans collège")
    return [Waiting(words, url_for("adherent_gestion.college_rules"), count)]


@registry.waiting("adherent.former", access=("coordination",))
def former_members():
    count = former.due_count(today())
    words = plural(count, "fiche d’ancien adhérent à effacer", "fiches d’anciens adhérents à effacer")
    return [Waiting(words, url_for("adherent_gestion.former_members"), count)]


@registry.first_step(
    "Faire entrer les adhérents",
    endpoint="adherent_gestion.index",
    order=60,
    help="Importez votre liste, ou partagez le lien d’adhésion : son QR code et son affiche sont prêts.",
)
def members_have_come() -> bool:
    return Application.select().exists() or Membership.select().exists()


@person_panel("Adhésion", template="adherent/_panel.html", access=DECIDE, order=10)
def membership_panel(person):
    memberships, covered = _memberships_of.all(person.id), _years_of.all(person.id)
    for each in memberships:
        each.ordered_years = [year for year in covered if year.membership_id == each.id]
    return {
        "memberships": memberships,
        "status": status_on(Membership.of_person(person.id), today()),
        "is_adherent": is_adherent(person),
    }


@registry.space_card("adherent.due", "Cotisation à régler", template="adherent/_due.html", order=5)
def my_due_fees():
    due = years.due_of(current_user.person_id)
    for each in due:
        each.amount = euros(each.fee_cents)
    return {"due": due, "payment": identity().fee_payment, "person_id": current_user.person_id} if due else None


@prepared
def _memberships_of(person):
    mine = Membership.select().where(Membership.person == person)
    return mine.order_by(Membership.started_on.desc(), Membership.id.desc())


@prepared
def _years_of(person):
    mine = Membership.select(Membership.id).where(Membership.person == person)
    query = Year.select(Year, Period).join(Period).order_by(Period.starts_on.desc())
    return query.where(Year.membership.in_(mine))


@registry.sitemap
def addresses():
    yield "/adhesion/", None


@personal_data("adherent", "Adhésions, demandes et fiche d’adhérent")
def exported(person_id: int) -> dict:
    rows = Membership.select().where(Membership.person == person_id).order_by(Membership.started_on)
    practice = Practice.get_or_none(Practice.person == person_id)
    return {
        "adhesions": [_membership(row) for row in rows],
        "exercice": _practice(practice) if practice else {},
        "demandes": [_request(each) for each in Application.select().where(Application.person == person_id)],
        "etiquettes": [each.tag.name for each in PersonTag.select().join(Tag).where(PersonTag.person == person_id)],
        "notes": [
            {"date": each.at, "texte": each.text} for each in PersonNote.select().where(PersonNote.person == person_id)
        ],
    }


def _membership(row) -> dict:
    return {
        "qualite": row.type_label,
        "debut": row.started_on,
        "fin": row.ended_on,
        "college": row.college.name if row.college_id else "",
        "origine": row.origin,
        "statuts": row.statutes_version,
        "charte": row.charter_version,
        "annees": [
            {"annee": year.period.label, "payee_le": year.paid_on, "recu": year.receipt_number} for year in row.years
        ],
    }


def _practice(row) -> dict:
    places = (reference.place(insee) for insee in json.loads(row.area_json))
    return {
        "profession": row.profession_label,
        "rpps": row.rpps,
        "adeli": row.adeli,
        "mode": row.mode,
        "commune": row.commune.name if row.commune_id else "",
        "structure": row.organisation,
        "communes_couvertes": [place.name for place in places if place],
        "competences": row.competences,
        "horaires": row.hours,
        "montre": [words for name, words in SHOWN.items() if getattr(row, name)],
    }


def _request(row) -> dict:
    return {
        "date": row.created_at,
        "qualite": row.type_label,
        "adresse": row.email,
        "message": row.message,
        "decision": row.state.label,
        "motif": row.reason,
    }


@personal_eraser()
def erase(person_id: int) -> None:
    """Erase all but what accounts must keep: a paid year stays, on a membership whose person has no name any more."""
    mine = Membership.select(Membership.id).where(Membership.person == person_id)
    paid = Year.select(Year.membership).where(Year.membership.in_(mine), Year.paid_on.is_null(False))
    kept = [membership_id for (membership_id,) in paid.tuples()]
    Year.delete().where(Year.membership.in_(mine), Year.paid_on.is_null()).execute()
    Membership.delete().where(Membership.person == person_id, Membership.id.not_in(kept)).execute()
    for table in (Application, Practice, PersonTag, PersonNote):
        table.delete().where(table.person == person_id).execute()
    StructureRole.delete().where(StructureRole.structure == person_id).execute()


@registry.purge("adherent", "Demandes d’adhésion")
def purge(day) -> int:
    return joining.purge(day)
