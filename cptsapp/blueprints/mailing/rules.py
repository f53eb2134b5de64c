"""What may be done with a sending."""

from cptsapp.kernel import journal
from cptsapp.kernel.db import db, locked
from cptsapp.kernel.errors import RuleError

from .models import OPEN, Mailing, State

journal.declare("mailing.opened", "Envoi préparé")


@db.atomic()
def open_for(source_key: str, source_id: int) -> Mailing:
    """Return the sending of a letter that has not left yet; make it when there is none."""
    query = Mailing.of_source(source_key, source_id).where(Mailing.state.in_(OPEN))
    found = locked(query.limit(1)).first()
    if found is None:
        found = Mailing.create(source_key=source_key, source_id=source_id)
        journal.write("mailing.opened", "mailing", found.id, source=source_key, letter=source_id)
    return found


def is_frozen(mailing: Mailing) -> bool:
    """Tell whether the letter of a sending may not change any more: it has started to leave."""
    return mailing.state not in OPEN


def refuse_frozen(source_key: str, source_id: int):
    """Refuse to change a letter that is leaving or has left; its feature calls it before it writes.

    Raises RuleError.
    """
    last = Mailing.of_source(source_key, source_id).where(Mailing.state.not_in([*OPEN, str(State.CANCELLED)])).first()
    if last is not None:
        raise RuleError(
            "Cette lettre est partie, ou en train de partir : son texte ne change plus. "
            "Dupliquez-la pour en écrire une autre."
        )
