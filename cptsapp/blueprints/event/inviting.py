"""The list of people invited to an event, or told first of a next session."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.utils import getaddresses

from cptsapp.blueprints.person import finding
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal, segments
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail.headers import envelope_address, is_closed_network
from cptsapp.kernel.text import normalise_email

from . import letters, rules
from .models import Event, Status
from .people import Invitation

journal.declare("event.invited", "Personnes ajoutées aux invités d’un événement")
journal.declare("event.uninvited", "Personne retirée des invités d’un événement")

MOST_LINES = 1000
MOST_INVITED = 5000
MOST_FOUND = 12
_COMPLETE = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]{2,}")


@dataclass
class Pasted:
    """What was read in pasted lines: (address, name) of each person, and (number, line, why not) of the others."""

    people: list[tuple[str, str]] = field(default_factory=list)
    wrong: list[tuple[int, str, str]] = field(default_factory=list)


def read(text: str) -> Pasted:
    """Read pasted addresses, one a line or several between commas: « nom@exemple.fr », « Nom <nom@exemple.fr> »,
    or the columns of a spreadsheet of which one is an address."""
    lines = text.replace("\0", "").splitlines()
    if len(lines) > MOST_LINES:
        raise RuleError(f"Collez {MOST_LINES} lignes au plus à la fois.", "pasted")
    pasted = Pasted()
    for number, line in enumerate(lines, start=1):
        if line.strip():
            _read_line(pasted, number, line.strip())
    return pasted


def _read_line(pasted: Pasted, number: int, line: str) -> None:
    found = _columns(line) if "\t" in line or ";" in line else getaddresses([line])
    found = [(name.strip(" \"'"), address.strip()) for name, address in found if address.strip()]
    if not found:
        pasted.wrong.append((number, line[:80], "aucune adresse e-mail"))
    for name, address in found:
        why = _why_not(address)
        if why:
            pasted.wrong.append((number, address[:80] or line[:80], why))
        else:
            pasted.people.append((address, " ".join(name.split())[: Invitation.name.max_length]))


def _columns(line: str) -> list[tuple[str, str]]:
    """Return the (name, address) pairs of a line of a spreadsheet: the cells before an address make its name."""
    found, names = [], []
    for cell in re.split(r"[\t;]", line):
        if "@" not in cell:
            names.append(cell.strip())
            continue
        for name, address in getaddresses([cell]):
            found.append((name or " ".join(each for each in names if each), address))
        names = []
    return found


def _why_not(address: str) -> str:
    if not _COMPLETE.fullmatch(address) or envelope_address(address) is None or len(address) > 254:
        return "adresse incomplète ou mal écrite"
    return "adresse MSSanté : ce réseau ne reçoit pas nos e-mails" if is_closed_network(address) else ""


@db.atomic()
def invite(event_id: int, people: Iterable[tuple[str, str]]) -> int:
    """Add (address, name) pairs to the list; return how many are new. A known person is recognised by the address."""
    event = rules.editable(event_id)
    wanted = {}
    for email, name in people:
        if why := _why_not(email.strip()):
            raise RuleError(f"« {' '.join(email.split())[:80]} » : {why}. Corrigez-la.", "email")
        wanted.setdefault(normalise_email(email), (email.strip(), name))
    known = dict(
        Person.select(Person.email_normalised, Person.id)
        .where(Person.email_normalised.in_(list(wanted)), Person.deleted_at.is_null())
        .tuples()
    )
    return _add(event, [(address, email, name, known.get(address)) for address, (email, name) in wanted.items()])


@db.atomic()
def invite_persons(event_id: int, person_ids: Iterable[int]) -> tuple[int, int]:
    """Add persons to the list; return how many are new, and how many have no address to write to."""
    event = rules.editable(event_id)
    persons = list(Person.present().where(Person.id.in_(list(person_ids))))
    reached = [each for each in persons if each.email and not _why_not(each.email)]
    rows = [(each.email_normalised, each.email, each.label, each.id) for each in reached]
    return _add(event, rows), len(persons) - len(reached)


def _add(event: Event, rows: list[tuple]) -> int:
    mine = Invitation.event == event
    known = {address for (address,) in Invitation.select(Invitation.email_normalised).where(mine).tuples()}
    new = {row[0]: row for row in rows if row[0] not in known}
    if len(known) + len(new) > MOST_INVITED:
        raise RuleError(f"Une liste compte {MOST_INVITED} personnes au plus. Ouvrez plutôt l’événement à tous.")
    for address, email, name, person_id in new.values():
        Invitation.create(event=event, email_normalised=address, email=email, name=name, person=person_id)
    if new:
        journal.write("event.invited", "event", event.id, count=len(new))
    return len(new)


@db.atomic()
def uninvite(event_id: int, invitation_ids: Iterable[int]) -> int:
    """Take people off the list; who has registered stays registered."""
    rules.living(event_id)
    chosen = Invitation.id.in_(list(invitation_ids))
    count = Invitation.delete().where(Invitation.event == event_id, chosen).execute()
    if count:
        journal.write("event.uninvited", "event", event_id, count=count)
    return count


@db.atomic()
def send(event_id: int) -> int:
    """Mail their link to the invited people who have not had it; return how many."""
    event = rules.editable(event_id)
    if event.status != Status.PUBLISHED or event.is_past:
        raise RuleError("Publiez d’abord l’événement : le lien des invitations mène à sa page.")
    return letters.announce(event)


@db.atomic()
def invite_segment(event_id: int, choice: str) -> tuple[int, int]:
    """Add the persons of a segment (« adherents.profession:60 »), as `invite_persons` does."""
    people = segments.people_of(choice)
    if people is None:
        raise RuleError("Choisissez dans la liste qui inviter.", "segment")
    return invite_persons(event_id, [id for (id,) in people.tuples()])


def found(q: str) -> list[Person]:
    """Return the persons that a search finds, the first twelve."""
    words = finding.asked(q)
    return list(Person.present().where(Person.id.in_(finding.found(words))).limit(MOST_FOUND)) if words else []
