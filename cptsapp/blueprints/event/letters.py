"""The mails of events. Each function queues in the caller's transaction; a key keeps a mail from leaving twice."""

from .models import Event
from .people import Registration

PREVIEWS: list[tuple[str, str]] = [
    ("confirmed", "Confirmation d’inscription"),
    ("waiting", "Liste d’attente"),
    ("promoted", "Une place s’est libérée"),
    ("changed", "Changement de date ou de lieu"),
    ("cancelled", "Annulation"),
    ("reminder", "Rappel"),
    ("thanks", "Remerciements"),
]


def facts(event: Event) -> dict:
    """Return what people must know of an event (its dates, where it is): taken before a change, given to `changed`."""
    raise NotImplementedError


def confirmation(registration: Registration, *, again: str = "") -> None:
    raise NotImplementedError


def waiting(registration: Registration, *, again: str = "") -> None:
    raise NotImplementedError


def again(registration: Registration, act: str) -> None:
    """Send somebody the mail that says where their registration stands; one `act` sends it once."""
    raise NotImplementedError


def left(registration: Registration) -> None:
    """Say that somebody is no longer registered, as they asked."""
    raise NotImplementedError


def removed(registration: Registration, reason: str) -> None:
    raise NotImplementedError


def transferred(registration: Registration, former: str) -> None:
    """Tell the colleague who takes a place over from `former`, with their own link."""
    raise NotImplementedError


def promoted(registration: Registration) -> None:
    raise NotImplementedError


def changed(event: Event, before: dict) -> int:
    """Tell every living registrant of a new date or place; `before` is `facts(event)` taken before the change."""
    raise NotImplementedError


def cancelled(event: Event, reason: str) -> int:
    raise NotImplementedError


def reminder(registration: Registration, code: str, session=None) -> None:
    raise NotImplementedError


def thanks(event: Event) -> int:
    """Thank those who were there (everybody confirmed, when attendance was not taken)."""
    raise NotImplementedError


def announce(event: Event) -> int:
    """Call when an event is published: its invited people get their link, and those who asked to be told of the
    next session of its series (`Interest`) are told, once."""
    raise NotImplementedError


def preview(event: Event, key: str) -> tuple[str, str]:
    """Return the subject and the text of one of PREVIEWS, as a fictitious registrant would read it."""
    raise NotImplementedError
