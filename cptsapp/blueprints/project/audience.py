"""Who is asked about the project, and how many of them a mail would reach.

They are told by a reminder: whoever refuses these gets none, and finds the question in the member space all the same.
"""

from collections.abc import Callable
from datetime import date

from peewee import Case, fn

from cptsapp.blueprints.account.models import Account, Grant, Role
from cptsapp.blueprints.adherent.models import Membership
from cptsapp.blueprints.person.models import Kind, Person
from cptsapp.kernel import mail
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.kept import kept
from cptsapp.kernel.mail import holds
from cptsapp.kernel.text import number

MOST_TOLD = 2_000  # they are written in one transaction, which nobody must wait for


class Audience(Choice):
    BUREAU = "bureau", "Le bureau"
    ADHERENTS = "adherents", "Les adhérents"

    def people(self):
        """Return the query of those who are asked today: persons, since a structure has no opinion of its own."""
        ids = _elected() if self == Audience.BUREAU else Membership.current().select(Membership.person)
        return Person.present().where(Person.kind == Kind.PERSON, Person.id.in_(ids))

    def holds(self, person_id: int | None) -> bool:
        return person_id is not None and self.people().where(Person.id == person_id).exists()


def _elected():
    current = (Grant.role == Role.BUREAU) & (Grant.until.is_null() | (Grant.until >= today()))
    return Account.select(Account.person).join(Grant, on=Grant.account).where(current, Account.disabled_at.is_null())


def reached(audience: Audience) -> list[Person]:
    """Return those who have an address and take reminders."""
    people = list(audience.people().where(Person.email_normalised != ""))
    refusing = holds.reasons((each.email for each in people), mail.Kind.REMINDER)
    return [each for each in people if each.email not in refusing]


def told_words(audience: Audience) -> str:
    """Say how many people a mail would reach, out of how many are asked; no address is read when they are too many."""
    asked, addressed = _counts(audience, today())
    if addressed - holds.count(mail.Kind.REMINDER) > MOST_TOLD:
        return f"{number(asked)} personnes, trop pour les prévenir ainsi : écrivez-leur plutôt une lettre"
    found = _reached(audience, today())
    words = f"{number(found)} sur {number(asked)} recevront l’e-mail"
    return words if found == asked else f"{words} : les autres n’ont pas d’adresse, ou refusent les rappels"


@kept
def _counts(audience: Audience, day: date) -> tuple[int, int]:
    """Return how many are asked on a day, and how many of them have an address."""
    has_address = fn.SUM(Case(None, [(Person.email_normalised != "", 1)], 0))
    return audience.people().order_by().select(fn.COUNT(1), fn.COALESCE(has_address, 0)).tuples().get()


@kept
def _reached(audience: Audience, day: date) -> int:
    """Return how many have an address that takes reminders, on a day."""
    query = audience.people().order_by().select(Person.email_normalised).where(Person.email_normalised != "")
    addresses = [address for (address,) in query.tuples()]
    refusing = holds.reasons(addresses, mail.Kind.REMINDER)
    return sum(address not in refusing for address in addresses)


def tell(audience: Audience, template: str, key: str, values: Callable[[Person], dict]) -> int:
    """Record a mail to each of those who take them, inside the transaction of what they are told; return how many.

    Raises RuleError when they are too many for one transaction.
    """
    people = reached(audience)
    if len(people) > MOST_TOLD:
        raise RuleError(
            f"Plus de {number(MOST_TOLD)} personnes sont à prévenir : décochez la case, puis écrivez-leur une lettre.",
            "tell",
        )
    for each in people:
        mail.queue(
            template,
            to=each.email,
            kind=mail.Kind.REMINDER,
            person_id=each.id,
            key=f"{key}-{each.id}",
            values={"name": each.label} | values(each),
        )
    return len(people)
