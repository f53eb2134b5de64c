"""Who sends: one identity for personal mails, one for mailings, told by the feature that knows the association."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..settings import settings
from .models import Kind


@dataclass(frozen=True)
class Identity:
    """The sender of a mail. `bounce` takes the relay's returns; `contact` says how to reach the sender."""

    name: str
    email: str
    reply_to: str = ""
    bounce: str = ""
    contact: str = ""
    colour: str = "#0b6e69"
    association: object = None  # what templates call `association`

    @property
    def envelope(self) -> str:
        return self.bounce or self.email


_provider: list[Callable[[bool], Identity]] = []


def identity_provider(function):
    """Register the function that gives the Identity: `function(collective: bool)`. The last one registered wins."""
    _provider[:] = [function]
    return function


def identity_for(kind: str) -> Identity:
    """Return the sender of a kind of mail; an instance that has not named one yet sends from its own host."""
    found = _provider[0](kind == Kind.COLLECTIVE) if _provider else None
    if found and found.email:
        return found
    return Identity(
        name=found.name if found and found.name else "CPTS",
        email=fallback_address(),
        reply_to=found.reply_to if found else "",
        contact=found.contact if found else "",
        colour=found.colour if found else Identity.colour,
        association=found.association if found else None,
    )


def fallback_address() -> str:
    host = urlsplit(settings.base_url).hostname or "localhost"
    return f"ne-pas-repondre@{host if '.' in host and not host.replace('.', '').isdigit() else 'exemple.fr'}"
