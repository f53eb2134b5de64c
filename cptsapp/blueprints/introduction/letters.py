"""The mails of introductions, each recorded in the transaction of its cause and sent to one side alone."""

from cptsapp.blueprints.directory.letters import reached_at
from cptsapp.kernel import mail
from cptsapp.kernel.dates import date_fr

from . import links, showing
from .models import Introduction, Side


def _send(template: str, found: Introduction, side: Side, *, secret=("link",), reply_to=None, **values) -> None:
    entry = found.entry(side)
    email, person = reached_at(entry) if entry else ("", None)
    if not email:
        return
    about = "stage" if found.is_placement else "exercice"
    mail.queue(
        f"introduction/{template}",
        to=email,
        key=f"introduction-{template}-{found.id}-{side}",
        values={"name": person.label if person else "", "about": about, "side": str(side), **values},
        person_id=person.id if person else None,
        secret=secret,
        reply_to=reply_to,
    )


def proposed(found: Introduction, side: Side) -> None:
    """Describe the other side without naming it, and ask."""
    lines = [f"{label} : {words}" for label, words in showing.described(found.entry(side.other))]
    _send("proposed", found, side, lines=lines, until=date_fr(found.expires_on), link=links.link_of(found, side))


def reminder(found: Introduction, side: Side) -> None:
    """Remind a side that has not answered, once: the key of the mail says so."""
    _send("reminder", found, side, until=date_fr(found.expires_on), link=links.link_of(found, side))


def agreed(found: Introduction, side: Side) -> None:
    """Tell a side how to reach the other, once both have agreed; wiped from the record of the mail when it has left."""
    other = showing.contact_of(found, side.other)
    values = {"other": other.name, "email": other.email, "phone": other.phone, "link": links.link_of(found, side)}
    _send("agreed", found, side, secret=tuple(values), reply_to=other.email or None, **values)


def ended(found: Introduction, side: Side) -> None:
    _send("ended", found, side, secret=())
