"""The mails of directories, each recorded in the transaction of its cause."""

from datetime import date

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import mail
from cptsapp.kernel.dates import date_fr
from cptsapp.kernel.mail import OutgoingMail
from cptsapp.kernel.settings import settings

from . import links
from .definition import Definition
from .models import Entry


def reached_at(entry: Entry) -> tuple[str, Person | None]:
    """Return the address and the person to write to about an entry: its own address, else that of who declared it."""
    person = entry.person if entry.person_id else None
    declarer = entry.declared_by if entry.declared_by_id else None
    for email, who in (
        (entry.email, declarer or person),
        (declarer and declarer.email, declarer),
        (person and person.email, person),
    ):
        if email:
            return email, who
    return "", person


def _send(template: str, definition: Definition, entry: Entry, *, key: str | None = None, **more) -> int:
    email, person = reached_at(entry)
    if not email:
        return 0
    if key and OutgoingMail.select().where(OutgoingMail.key == key).exists():
        return 0
    shown = {
        "name": person.label if person else "",
        "list": definition.name,
        "entry": entry.title or (entry.person.label if entry.person_id and entry.person.is_structure else ""),
        "confirmed": date_fr(entry.confirmed_on),
        "until": date_fr(entry.expires_on) if entry.expires_on else "",
        "link": links.link_of(entry),
        **more,
    }
    mail.queue(
        f"directory/{template}",
        to=email,
        values=shown,
        person_id=person.id if person else None,
        secret=("link",),
        key=key,
    )
    return 1


def keyed(definition: Definition, entry: Entry) -> int:
    return _send("keyed", definition, entry, means=entry.means_label.lower(), on=date_fr(entry.consented_on))


def validated(definition: Definition, entry: Entry) -> int:
    return _send("validated", definition, entry)


def refused(definition: Definition, entry: Entry, reason: str) -> int:
    return _send("refused", definition, entry, reason=reason)


def reminder(definition: Definition, entry: Entry, *, key: str | None = None) -> int:
    return _send("reminder", definition, entry, key=key)


def expired(definition: Definition, entry: Entry, *, key: str | None = None) -> int:
    return _send("expired", definition, entry, key=key)


def opened(email: str, person: Person, *, lists: list[str], until: date) -> None:
    """Tell somebody who has an account that they read lists as a partner from now on."""
    shown = {"name": person.label, "lists": ", ".join(lists), "until": date_fr(until)}
    link = f"{settings.base_url}/espace/repertoires"
    mail.queue("directory/opened", to=email, values=shown | {"link": link}, person_id=person.id)


def relayed(definition: Definition, entry: Entry, *, name: str, email: str, text: str, key: str = "") -> int:
    """Pass a message on to whoever hides their address; the answer goes to the one who wrote.

    The same form sent again (its `key`) is the same message.
    """
    to, person = reached_at(entry)
    mail.queue(
        "directory/relayed",
        to=to,
        values={"list": definition.name, "writer": name, "email": email, "text": text, "link": links.link_of(entry)},
        secret=("link",),
        person_id=person.id if person else None,
        reply_to=email,
        key=f"directory-relay-{key}" if key else None,
    )
    return 1
