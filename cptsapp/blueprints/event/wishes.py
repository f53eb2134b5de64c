"""« Prévenez-moi de la prochaine session » : an address is kept until it is told, then forgotten."""

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal
from cptsapp.kernel.db import db, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail.headers import envelope_address, is_closed_network

from .entries import CLOSED_NETWORK, address_of
from .models import Event
from .people import Interest

ASKED = journal.declare("event.wished", "Demande d’être prévenu de la prochaine session")


@db.atomic()
def ask(event: Event, email: str, *, name: str = "", person: Person | None = None) -> None:
    """Keep an address that wants to hear of the next session; asking twice is asking once."""
    address = address_of(email)
    if envelope_address(address) is None:
        raise RuleError("Cette adresse ne semble pas complète. Exemple : prenom.nom@exemple.fr", "email")
    if is_closed_network(address):
        raise RuleError(CLOSED_NETWORK, "email")
    mine = (Interest.event == event.id) & (Interest.email_normalised == address)
    values = {"email": email.strip(), "name": name[:160], "person": person, "asked_at": now(), "told_at": None}
    if not Interest.update(values).where(mine).execute():
        Interest.insert(event=event.id, email_normalised=address, **values).on_conflict_ignore().execute()
        journal.write(ASKED, "event", event.id)
