"""What « Ma fiche » tells the floors below."""

from datetime import date

from flask import url_for
from flask_login import current_user

from cptsapp.blueprints.adherent.models import Membership, Practice
from cptsapp.blueprints.annuaire.cards import CHOSEN
from cptsapp.kernel import journal
from cptsapp.kernel.dates import span, today
from cptsapp.kernel.prepared import Counted, count, prepared
from cptsapp.kernel.registry import (
    NavItem,
    Waiting,
    indicator,
    navigation,
    person_panel,
    personal_data,
    personal_eraser,
    purge,
    space_card,
    waiting,
)
from cptsapp.kernel.text import plural

from . import rules
from .models import Certificate, ProfileChange, ProfileRequest, RequestKind


def _changes():
    return ProfileChange.select().where(ProfileChange.seen_at.is_null())


def _erasures():
    return ProfileRequest.select().where(ProfileRequest.decided_at.is_null())


changes_to_read, erasures_to_answer, to_follow = Counted(_changes), Counted(_erasures), Counted(_changes, _erasures)
navigation.append(
    NavItem(
        "gestion",
        "Fiches à suivre",
        "profile_gestion.index",
        "refresh-cw",
        ("coordination",),
        "Association",
        order=35,
        count=to_follow,
    )
)


@journal.subject("profile_change", "Changement de fiche")
def names(ids):
    return {id: (f"Changement n° {id}", url_for("profile_gestion.index")) for id in ids}


@waiting("profile.changes", access=("coordination",))
def changes_and_requests():
    address = url_for("profile_gestion.index")
    changes, erasures = count(changes_to_read, erasures_to_answer)
    words = plural(changes, "fiche modifiée par son titulaire", "fiches modifiées par leurs titulaires")
    yield Waiting(words, address, changes)
    yield Waiting(plural(erasures, "demande d’effacement", "demandes d’effacement"), address, erasures)


@waiting("profile.stale", access=("account",))
def my_stale_record():
    stale = rules.is_stale(Membership.of_person(current_user.person_id))
    yield Waiting("Votre fiche : tout est-il toujours exact ?", url_for("profile.index"), int(stale))


@space_card("profile.mine", "Ma fiche", template="profile/_card.html", order=10)
def my_card():
    person = current_user.person
    practice, membership = Practice.of(person.id), Membership.of_person(person.id)
    shown = [label for name, label in CHOSEN.items() if getattr(practice, f"show_{name}")]
    return {
        "person": person,
        "practice": practice,
        "membership": membership,
        "shown": shown,
        "stale": rules.is_stale(membership),
    }


@person_panel("Fiche et annuaire", template="profile/_panel.html", access=("bureau", "coordination"), order=20)
def panel(person):
    membership = Membership.of_person(person.id)
    if membership is None:
        return None
    practice = Practice.of(person.id)
    return {
        "practice": practice,
        "membership": membership,
        "confirmed_on": rules.confirmed_on(membership),
        "stale": rules.is_stale(membership),
        "shown": [label for name, label in CHOSEN.items() if getattr(practice, f"show_{name}")],
        "requests": _requests_of.all(person.id),
    }


@prepared
def _requests_of(person):
    mine = ProfileRequest.select().where(ProfileRequest.person == person)
    return mine.order_by(ProfileRequest.asked_at.desc()).limit(5)


@indicator("profile.confirmed", "Fiches confirmées par leurs titulaires", unit="fiches")
def confirmed(start: date, end: date) -> int:
    return Membership.select().where(Membership.confirmed_on >= start, Membership.confirmed_on <= end).count()


@indicator("profile.stale", "Fiches non confirmées depuis 12 mois", unit="fiches")
def stale(start: date, end: date) -> int:
    return rules.stale_count(min(end, today()))


@indicator("profile.left", "Départs demandés", unit="personnes")
def left(start: date, end: date) -> int:
    since, until = span(start, end)
    asked = (ProfileRequest.asked_at >= since) & (ProfileRequest.asked_at < until)
    return ProfileRequest.select().where(ProfileRequest.kind == RequestKind.LEAVE, asked).count()


@personal_data("profile", "Ma fiche : attestations, changements et demandes")
def exported(person_id: int) -> dict:
    certificates = Certificate.select().where(Certificate.person == person_id).order_by(Certificate.issued_on)
    changes = ProfileChange.select().where(ProfileChange.person == person_id).order_by(ProfileChange.at)
    requests = ProfileRequest.select().where(ProfileRequest.person == person_id).order_by(ProfileRequest.asked_at)
    return {
        "attestations": [{"code": x.code, "delivree_le": x.issued_on, "jusqu_au": x.until} for x in certificates],
        "changements": [
            {"le": row.at, "champ": label, "avant": before, "apres": after}
            for row in changes
            for label, before, after in row.changes
        ],
        "demandes": [
            {"le": x.asked_at, "demande": x.kind_label, "motif": x.reason, "issue": x.outcome_label} for x in requests
        ],
    }


@personal_eraser()
def erase(person_id: int) -> None:
    Certificate.delete().where(Certificate.person == person_id).execute()
    rules.forget_person(person_id)


@purge("profile", "Changements de fiches et demandes anciennes")
def forget_old(today: date) -> int:
    return rules.purge(today)
