"""Reaching people: the vCard of a card, the message passed on to who hides their address, who is ready to speak."""

from peewee import fn

from cptsapp.blueprints.annuaire import cards as annuaire
from cptsapp.kernel import journal
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError

from . import catalogue, finding, letters, viewing
from .definition import Definition
from .finding import Asked
from .models import Entry, EntryValue
from .viewing import Card, Viewer

RELAYED = journal.declare("directory.relayed", "Message transmis à une personne d’un répertoire")
MOST_SPEAKERS = 60


def of(definition: Definition, card: Card) -> annuaire.Card:
    """Return what an address book keeps of a card: what the card holds, hence what its reader sees."""
    return annuaire.Card(
        id=card.id,
        given_name=card.given_name,
        family_name=card.family_name,
        name="" if card.family_name else card.label,
        profession=card.profession,
        profession_code="",
        commune=card.commune,
        insee=card.insee,
        organisation="",
        structure_id=None,
        competences=definition.short,
        areas=(),
        email=card.email,
        phone=card.phone,
        hours="",
        has_photo=False,
    )


@db.atomic()
def relay(entry_id: int, *, name: str, email: str, text: str, key: str = "") -> None:
    """Pass a message on; raise RuleError when the entry has left the list meanwhile."""
    entry = Entry.joined().where(Entry.id == entry_id, Entry.live()).first()
    definition = entry and catalogue.of(entry)
    if definition is None or not letters.reached_at(entry)[0]:
        raise RuleError("Cette personne n’est plus dans la liste.")
    letters.relayed(definition, entry, name=name, email=email, text=text.strip(), key=key)
    journal.write(RELAYED, "repertoire_entry", entry_id)


def speakers(viewer: Viewer, q: str) -> dict:
    """Return {q, found: [(definition, cards)]}: those ready to speak who match, list by list."""
    q = " ".join("".join(c if c.isprintable() else " " for c in q).split())[:100]
    having = EntryValue.select(fn.DISTINCT(EntryValue.directory)).where(EntryValue.field == "@speaker")
    slugs = {slug for (slug,) in having.tuples()}
    found = []
    for definition in catalogue.opened().values():
        if definition.slug not in slugs or not viewing.may_see_list(definition, viewer):
            continue
        query = finding.narrowed(
            finding.visible(definition, viewer), definition, viewer, Asked(q=q, speakers=True)
        ).limit(MOST_SPEAKERS)
        if cards := viewing.cards(definition, query, viewer):
            found.append((definition, cards))
    return {"q": q, "found": found}
