"""Audiences with a name: kept as steps, so that whoever comes later is in them."""

from cptsapp.kernel import journal
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError

from . import audience
from .audience import Step
from .models import SavedAudience

journal.declare("audience.saved", "Groupe de destinataires enregistré")
journal.declare("audience.deleted", "Groupe de destinataires effacé")


@db.atomic()
def save(name: str, steps: list[Step]) -> SavedAudience:
    """Keep steps under a name; the same name replaces its steps. Raises RuleError for none, or for groups inside."""
    if not steps:
        raise RuleError("Choisissez d’abord au moins un critère.")
    if any(each.segment == audience.SAVED for each in steps):
        raise RuleError("Un groupe ne peut pas en contenir un autre : choisissez les critères eux-mêmes.")
    audience.refuse_unknown(steps)
    row = SavedAudience.get_or_none(SavedAudience.name == name) or SavedAudience(name=name)
    row.steps_json = audience.stored(steps)
    row.save()
    journal.write("audience.saved", "audience", row.id)
    return row


@db.atomic()
def delete(group_id: int) -> None:
    """Forget a group; the sendings that named it find nobody in it any more."""
    if SavedAudience.delete().where(SavedAudience.id == group_id).execute():
        journal.write("audience.deleted", "audience", group_id)
