"""The years of membership: their bounds, what each type pays, what is paid."""

from datetime import date, timedelta

from peewee import CharField, Check, IntegerField

from cptsapp.blueprints.association.models import identity
from cptsapp.blueprints.association.rules import set_payment
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.db import Table, db, locked
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.kept import kept
from cptsapp.kernel.prepared import prepared
from cptsapp.kernel.text import euros

from .models import Membership, MemberType, Period, StructureRole, Year

for _action, _sentence in {
    "adherent.fee_set": "Cotisation d’une qualité modifiée",
    "adherent.paid": "Paiement d’une cotisation noté",
    "adherent.unpaid": "Paiement d’une cotisation retiré",
}.items():
    journal.declare(_action, _sentence)


class Means(Choice):
    """How a fee was paid."""

    CHEQUE = "cheque", "Chèque"
    TRANSFER = "transfer", "Virement"
    CASH = "cash", "Espèces"
    CARD = "card", "Carte bancaire"
    OTHER = "other", "Autre"


class Fee(Table):
    """What a type of member pays for a year; a type without a row pays what the association's settings say."""

    type = CharField(max_length=12, primary_key=True, choices=MemberType.choices())
    cents = IntegerField(constraints=[Check("cents >= 0")])


def fee_cents(type: str) -> int:
    """Return what a type pays for a year, in cents; zero means that no money is ever spoken of."""
    cents = _fees().get(str(type))
    return identity().fee_cents if cents is None else cents


@kept
def _fees() -> dict[str, int]:
    return dict(Fee.select(Fee.type, Fee.cents).tuples())


def asked(cents: int) -> dict[str, str]:
    """Return what a person reads of a fee, `fee` and how to pay it, `payment`; both are empty when nothing is asked."""
    return {"fee": euros(cents), "payment": identity().fee_payment} if cents else {"fee": "", "payment": ""}


def due_of(person_id: int) -> list[Year]:
    """Return the fees of years not over that a person owes, or the bodies for which the person speaks."""
    return _due_of.all(person_id, today())


@prepared
def _due_of(person, day):
    speaks = (StructureRole.representative == person) | (StructureRole.deputy == person)
    bodies = StructureRole.select(StructureRole.structure).where(speaks)
    query = Year.select(Year, Period, Membership, Person).join(Period).switch(Year).join(Membership).join(Person)
    theirs = (Membership.person == person) | Membership.person.in_(bodies)
    running = Membership.left_at.is_null() & (Period.ends_on >= day)
    return query.where(theirs, running, Year.fee_cents > 0, Year.paid_on.is_null()).order_by(Period.starts_on, Year.id)


def bounds(day: date) -> tuple[date, date]:
    """Return the first and last days of the year of membership that holds `day`."""
    month = identity().membership_month
    start = date(day.year if day.month >= month else day.year - 1, month, 1)
    return start, add_months(start, 12) - timedelta(days=1)


def label_of(start: date, end: date) -> str:
    """« 2026 », or « 2026-2027 » when the year straddles two."""
    return str(start.year) if start.year == end.year else f"{start.year}-{end.year}"


def period_at(day: date | None = None) -> Period:
    """Return the period of `day` (today), made when it is not there yet; call it in the transaction of a write.

    A period that stands keeps its bounds when the setting changes: the next one then starts where it ends.
    """
    day = day or today()
    found = Period.at(day)
    if found:
        return found
    start, end = bounds(day)
    before = (
        Period.select().where(Period.ends_on >= start, Period.ends_on < day).order_by(Period.ends_on.desc()).first()
    )
    after = Period.select().where(Period.starts_on <= end, Period.starts_on > day).order_by(Period.starts_on).first()
    start = before.ends_on + timedelta(days=1) if before else start
    end = after.starts_on - timedelta(days=1) if after else end
    return Period.create(label=label_of(start, end), starts_on=start, ends_on=end)


def is_late(period: Period, day: date) -> bool:
    """Tell whether who joins on `day` of a period is covered for the next one too.

    The association's month counts where it begins within the period, after its first day: a period that a change of
    settings made short may have none.
    """
    month = identity().late_month
    if month is None:
        return False
    end = period.ends_on
    since = date(end.year if month <= end.month else end.year - 1, month, 1)
    return period.starts_on < since <= day <= end


def cover_newcomer(membership: Membership) -> None:
    """Cover the year in which somebody joins; who joins late has the next one too, and owes that one's fee alone."""
    period = period_at(max(membership.started_on, today()))
    if not is_late(period, membership.started_on):
        cover(membership, period)
        return
    cover(membership, period, fee=0)
    cover(membership, period_at(period.ends_on + timedelta(days=1)), by_joining=True)


def cover(membership: Membership, period: Period, *, fee: int | None = None, by_joining: bool = False) -> Year:
    """Make a membership cover a period, once, for `fee` cents (what its type pays); its last day moves to the end."""
    year = Year.get_or_none(Year.membership == membership, Year.period == period)
    if year is None:
        cents = fee_cents(membership.type) if fee is None else fee
        year = Year.create(membership=membership, period=period, fee_cents=cents, by_joining=by_joining)
    if membership.ended_on is None or membership.ended_on < period.ends_on:
        membership.ended_on = period.ends_on
        membership.save()
    return year


@db.atomic()
def set_fee(type: str, cents: int) -> None:
    """Say what a type pays from now on; the years that are there keep what they asked."""
    if type not in set(MemberType) or cents < 0:
        raise RuleError("Indiquez un montant, 0 si l’adhésion est gratuite.")
    if fee_cents(type) == cents:
        return
    if not Fee.update(cents=cents).where(Fee.type == type).execute():
        Fee.create(type=type, cents=cents)
    journal.write("adherent.fee_set", "fee", type, cents=cents)


@db.atomic()
def set_fees(fees: dict[str, int], *, payment: str) -> None:
    """Say what each type pays from now on, and how."""
    for type, cents in fees.items():
        set_fee(type, cents)
    set_payment(payment)


def is_paying() -> bool:
    """Tell whether money is spoken of at all: a type pays, or a year asked for something."""
    return any(fee_cents(each) for each in MemberType) or Year.select().where(Year.fee_cents > 0).exists()


@db.atomic()
def pay(year_id: int, *, on: date, means: str) -> Year:
    """Note a payment, and give it the next receipt number of the period."""
    year = _year(year_id)
    if year.paid_on:
        raise RuleError("Cette cotisation est déjà notée comme payée. Rechargez la page.")
    if not year.fee_cents:
        raise RuleError("Rien n’est demandé pour cette année.")
    if on > today():
        raise RuleError("Cette date est à venir. Indiquez le jour du paiement.", field="on")
    if means not in set(Means):
        raise RuleError("Choisissez un moyen de paiement.", field="means")
    Period.update(receipts=Period.receipts + 1).where(Period.id == year.period_id).execute()
    number = Period.select(Period.receipts).where(Period.id == year.period_id).scalar()
    year.paid_on, year.paid_means = on, means
    year.receipt_number = f"{year.period.starts_on.year}-{number:04}"
    year.save()
    journal.write("adherent.paid", "year", year.id)
    return year


@db.atomic()
def unpay(year_id: int) -> Year:
    """Take back a payment noted by mistake; its receipt number is not given again."""
    year = _year(year_id)
    year.paid_on, year.paid_means, year.receipt_number = None, "", None
    year.save()
    journal.write("adherent.unpaid", "year", year.id)
    return year


def _year(year_id) -> Year:
    year = locked(Year.select().where(Year.id == year_id)).first()
    if year is None:
        raise RuleError("Cette adhésion n’existe plus. Revenez à la liste.")
    return year
