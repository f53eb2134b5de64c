"""What prospects tell the floors below."""

from datetime import date

from flask import url_for

from cptsapp.kernel import journal
from cptsapp.kernel.dates import span
from cptsapp.kernel.prepared import prepared
from cptsapp.kernel.registry import (
    NavItem,
    Waiting,
    indicator,
    navigation,
    person_panel,
    personal_data,
    personal_eraser,
    purge,
    waiting,
)
from cptsapp.kernel.text import plural

from . import rules
from .models import Prospect, State

navigation.append(
    NavItem("gestion", "Prospects", "prospect_gestion.index", "user-plus", ("coordination",), "Association", order=40)
)


@journal.subject("prospect", "Prospect")
def names(ids):
    rows = Prospect.listed().where(Prospect.id.in_(ids))
    return {str(each.id): (each.label, url_for("prospect_gestion.show", id=each.id)) for each in rows}


@waiting("prospect.uninformed", access=("coordination",))
def uninformed():
    """People must learn where their data come from within a month, or at the first contact. RGPD, article 14."""
    count = Prospect.uninformed().count()
    words = f"{plural(count, 'prospect')} à informer de l’origine de ses coordonnées"
    yield Waiting(words, url_for("prospect_gestion.index", etat=State.APPROACHED.value), count)


@person_panel("Prospect", template="prospect/_panel.html", access=("coordination",), order=70)
def panel(person):
    prospect = _prospect_of.first(person.id)
    return {"prospect": prospect} if prospect else None


@prepared
def _prospect_of(person):
    return Prospect.select().where(Prospect.person == person)


@indicator("prospect.converted", "Prospects devenus adhérents", unit="personnes")
def converted(start: date, end: date) -> int:
    return Prospect.converted_between(*span(start, end))


@indicator("prospect.open", "Prospects en cours", unit="personnes")
def ongoing(start: date, end: date) -> int:
    return Prospect.count_in(State.NEW) + Prospect.count_in(State.APPROACHED)


@personal_data("prospect", "Invitation à adhérer")
def exported(person_id: int) -> dict:
    return {"prospects": [_exported(each) for each in rules.of_person(person_id)]}


def _exported(prospect) -> dict:
    return {
        "nom": prospect.label,
        "profession": prospect.profession_label,
        "commune": prospect.commune_name,
        "adresse": prospect.email,
        "telephone": prospect.phone,
        "origine_des_coordonnees": prospect.source,
        "informe_le": prospect.informed_on,
        "notes": prospect.note,
        "note_le": prospect.created_at,
        "devenu_adherent_le": prospect.converted_at,
        "contacts": [{"le": x.on, "comment": x.means_label, "compte_rendu": x.text} for x in prospect.approaches],
    }


@personal_eraser()
def erase(person_id: int) -> None:
    rules.forget_person(person_id)


@purge("prospect", "Prospects sans contact depuis 24 mois")
def forget_silent(today: date) -> int:
    return rules.purge(today)
