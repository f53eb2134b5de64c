"""What the directories tell the floors below: names in the journal, a person's data, its end, what is purged."""

from datetime import date

from flask import url_for

from cptsapp.kernel import journal
from cptsapp.kernel.prepared import prepared
from cptsapp.kernel.registry import nearby_request, person_panel, personal_data, personal_eraser, purge, role_source

from . import announcements, catalogue, finding, freshness, personal, sharing, viewing
from .models import Entry

__all__ = ["announcements"]
MOST_DEMANDS = 20


@journal.subject("repertoire_entry", "Fiche d’un répertoire")
def entry_names(ids):
    definitions = catalogue.everything()
    rows = Entry.joined().where(Entry.id.in_([int(id) for id in ids if id.isdigit()]))
    return {str(each.id): (_named(definitions, each), "") for each in rows}


def _named(definitions, entry) -> str:
    definition = definitions.get(entry.directory)
    return f"{entry.label} ({definition.short if definition else entry.directory})"


@journal.subject("repertoire", "Répertoire")
def directory_names(ids):
    definitions = catalogue.everything()
    return {id: (definitions[id].name, "") for id in ids if id in definitions}


@person_panel("Répertoires", template="directory/_panel.html", access=("coordination",), order=45)
def panel(person):
    definitions = catalogue.everything()
    found = [
        (definitions[each.directory], each) for each in _entries_of.all(person.id) if each.directory in definitions
    ]
    return {"entries": found} if found else None


@prepared
def _entries_of(person):
    return Entry.of_person(person)


@role_source
def partner(account) -> set[str]:
    """Whoever has a list opened to them today reads as a partner."""
    return {"partenaire"} if sharing.is_partner(account.person_id) else set()


@person_panel("Accès de partenaire", template="directory/_partner_panel.html", access=("coordination",), order=46)
def partner_panel(person):
    found = sharing.of_person(person.id)
    return {"partner": found, "lists": sharing.names_of(found)} if found else None


@nearby_request("directory.demands", "Demandes des répertoires")
def demands_near(insee: str):
    """Return the requests of the lists that hold some, in a commune and its intercommunalité."""
    around = finding.Asked(commune=insee, around=True)
    for definition in catalogue.opened().values():
        if definition.is_demand:
            query = finding.visible(definition, viewing.COORDINATION)
            for entry in finding.narrowed(query, definition, viewing.COORDINATION, around).limit(MOST_DEMANDS):
                where = f", {entry.commune.name}" if entry.commune_id else ""
                address = url_for("directory_gestion.entry", slug=definition.slug, id=entry.id)
                yield f"{entry.label}{where} ({definition.short})", address


@personal_data("directory", "Répertoires de volontaires")
def exported(person_id: int) -> dict:
    return {"fiches": personal.exported(person_id), "acces_de_partenaire": sharing.exported(person_id)}


@personal_eraser()
def erase(person_id: int) -> None:
    personal.erase(person_id)
    sharing.erase(person_id)


@purge("directory", "Fiches des répertoires retirées ou oubliées")
def forget_old(today: date) -> int:
    return freshness.purge(today) + sharing.purge(today)
