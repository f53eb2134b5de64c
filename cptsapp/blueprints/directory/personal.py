"""What directories hold of a person: a copy for them, and its end, in their entries and in the answers of others."""

import json

from cptsapp.kernel.db import db

from . import catalogue, history, values, writing
from .definition import Kind
from .models import Act, Entry, EntryChange, EntryValue


def exported(person_id: int) -> list[dict]:
    """Return all that the entries of a person say, with their agreement and every change."""
    found = []
    for entry in Entry.of_person(person_id):
        definition = catalogue.of(entry)
        if definition is None:
            continue
        said = entry.values
        names = values.Names(values.person_names(values.pointed(definition, [said], Kind.PERSON)))
        found.append(
            {
                "repertoire": definition.name,
                "titre": entry.title,
                "etat": entry.state.label,
                "commune": entry.commune.name if entry.commune_id else "",
                "adresse": entry.email,
                "telephone": entry.phone,
                "reponses": {
                    field.label: values.text_of(field, said[field.key], names)
                    for field in definition.fields
                    if field.key in said
                },
                "accord_le": entry.consented_on,
                "accord_par": entry.means_label,
                "accord_texte": entry.consent_text,
                "confirmee_le": entry.confirmed_on,
                "page_publique": entry.is_public,
                "partenaires": entry.is_shared,
                "historique": [
                    {"le": told.change.at, "acte": told.change.act_label, "changements": list(told.differences)}
                    for told in history.changes_of(definition, entry.id)
                ],
            }
        )
    return found


@db.atomic()
def erase(person_id: int) -> None:
    """Erase the entries of a person, their name in those of others, and that they declared some."""
    writing.forget(list(Entry.select().where(Entry.person == person_id)))
    for definition in catalogue.everything().values():
        keys = [field.key for field in definition.fields if field.kind == Kind.PERSON]
        if keys:
            _unname(definition, keys, person_id)
    Entry.update(declared_by=None, email="", phone="").where(Entry.declared_by == person_id).execute()


def _unname(definition, keys: list[str], person_id: int):
    """Take a person out of the answers that name them, today's and those of the history."""
    named = EntryValue.select(EntryValue.entry).where(
        EntryValue.directory == definition.slug, EntryValue.field.in_(keys), EntryValue.value == str(person_id)
    )
    for entry in list(Entry.joined().where(Entry.id.in_(named))):
        entry.values_json = json.dumps({k: v for k, v in entry.values.items() if k not in keys or v != person_id})
        writing.write(definition, entry, Act.CHANGED)
    for change in EntryChange.select().where(EntryChange.directory == definition.slug):
        state = change.after
        kept = {k: v for k, v in state["values"].items() if k not in keys or v != person_id}
        if kept != state["values"]:
            state["values"] = kept
            EntryChange.update(state_json=json.dumps(state)).where(EntryChange.id == change.id).execute()
