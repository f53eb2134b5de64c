"""The partners who read some lists: a dispositif d'appui, the caisse, the service d'accès aux soins, a CLIC.

    give(person_id, "DAC Sud", ["ipa"], until=…)     opens lists, or changes what is opened
    withdraw(partner_id)                             closes them at once, with the sessions of the account

What a partner sees of a list is decided in `viewing`: what an adherent reads, of those who agreed to it.
"""

from collections.abc import Iterable
from datetime import date

from peewee import fn

from cptsapp.blueprints.account import rules as accounts
from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal, sessions
from cptsapp.kernel.dates import add_months, date_fr, today
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.prepared import prepared
from cptsapp.kernel.text import normalise_email

from . import catalogue, letters, viewing
from .definition import Definition
from .models import Partner, PartnerList, PartnerReading
from .viewing import Viewer

LONGEST_YEARS = 3
KEPT_MONTHS = 12
GIVEN = journal.declare("directory.partner_given", "Répertoires ouverts à un partenaire")
WITHDRAWN = journal.declare("directory.partner_withdrawn", "Accès d’un partenaire retiré")


def openable() -> list[Definition]:
    """Return the lists that may be opened to partners: the ones that ask people for it."""
    return [each for each in catalogue.opened().values() if each.has_partners]


def readable(viewer: Viewer) -> list[Definition]:
    return [each for each in openable() if viewing.may_see_list(each, viewer)]


def is_partner(person_id: int) -> bool:
    return _current.first(person_id, today()) is not None


@prepared
def _current(person, day):
    return Partner.select(Partner.id).where(Partner.person == person, Partner.until >= day)


def of_person(person_id: int) -> Partner | None:
    return _of_person.first(person_id)


@prepared
def _of_person(person):
    return Partner.select().where(Partner.person == person)


def names_of(partner: Partner) -> list[str]:
    """Return the names of the lists opened to a partner."""
    known = catalogue.everything()
    return [known[each.directory].name for each in partner.lists if each.directory in known]


@db.atomic()
def invite(name: str, email: str, organisation: str, slugs: Iterable[str], *, until: date, by: int | None) -> Partner:
    """Open lists to whoever has this address: the account that has it, or a new one, which is invited."""
    account = Account.with_email(email)
    is_new = account is None
    if is_new:
        account = accounts.invite(email, by=by, name=name, person_id=_known_person(email))
    partner = give(account.person_id, organisation, slugs, until=until, by=by)
    if not is_new:
        letters.opened(account.email, account.person, lists=names_of(partner), until=until)
    return partner


def _known_person(email: str) -> int | None:
    """Return the one person of an address; an address that several share tells nobody."""
    found = list(Person.present().where(Person.email == normalise_email(email), Person.kind == "person").limit(2))
    return found[0].id if len(found) == 1 else None


@db.atomic()
def give(person_id: int, organisation: str, slugs: Iterable[str], *, until: date, by: int | None) -> Partner:
    """Open these lists, and no other, to a person until a day included; given again, it changes what is opened.

    Raises RuleError when no list is chosen, one may not be opened, or the day is past or too far.
    """
    slugs, organisation = list(dict.fromkeys(slugs)), " ".join(organisation.split())[:120]
    _check(slugs, organisation, until)
    Partner.insert(
        person=person_id, organisation=organisation, until=until, given_at=now(), given_by=by
    ).on_conflict_ignore().execute()
    partner = locked(Partner.select().where(Partner.person == person_id)).get()
    partner.organisation, partner.until, partner.given_at, partner.given_by = organisation, until, now(), by
    partner.save()
    PartnerList.delete().where(PartnerList.partner == partner).execute()
    PartnerList.insert_many(
        [(partner.id, slug) for slug in slugs], [PartnerList.partner, PartnerList.directory]
    ).execute()
    journal.write(GIVEN, "person", person_id, lists=slugs, until=until)
    return partner


def _check(slugs: list[str], organisation: str, until: date):
    if not organisation:
        raise RuleError("Indiquez l’organisme du partenaire.", "organisation")
    if not slugs:
        raise RuleError("Cochez au moins une liste à ouvrir.", "lists")
    known = {each.slug for each in openable()}
    if not known.issuperset(slugs):
        raise RuleError("Une de ces listes ne s’ouvre pas aux partenaires. Rechargez la page.", "lists")
    if until < today():
        raise RuleError("Cette date est passée. Choisissez un jour à venir.", "until")
    if until > (last := add_months(today(), 12 * LONGEST_YEARS)):
        raise RuleError(f"Un accès se donne pour {LONGEST_YEARS} ans au plus, donc jusqu’au {date_fr(last)}.", "until")


@db.atomic()
def withdraw(partner_id: int) -> None:
    """Close every list to a partner, at once; the account stays, without them."""
    partner = locked(Partner.select().where(Partner.id == partner_id)).first()
    if partner is None:
        raise RuleError("Cet accès est déjà retiré.")
    Partner.delete().where(Partner.id == partner_id).execute()
    for account in Account.select(Account.id).where(Account.person == partner.person_id):
        sessions.end_all(account.id)
    journal.write(WITHDRAWN, "person", partner.person_id)


@db.atomic()
def count_reading(slug: str, day: date) -> None:
    """Count one card opened by a partner."""
    PartnerReading.insert(directory=slug, read_on=day, count=0).on_conflict_ignore().execute()
    mine = (PartnerReading.directory == slug) & (PartnerReading.read_on == day)
    PartnerReading.update(count=PartnerReading.count + 1).where(mine).execute()


def readings(start: date, end: date) -> int:
    rows = PartnerReading.select(fn.SUM(PartnerReading.count))
    return rows.where(PartnerReading.read_on.between(start, end)).scalar() or 0


def partners_on(day: date) -> int:
    """Return how many have a list open on a day, among the accesses that are kept."""
    return Partner.select().where(Partner.until >= day).count()


def exported(person_id: int) -> dict | None:
    partner = of_person(person_id)
    if partner is None:
        return None
    return {"organisme": partner.organisation, "jusqu_au": partner.until, "listes": names_of(partner)}


def erase(person_id: int) -> None:
    Partner.delete().where(Partner.person == person_id).execute()


def purge(day: date) -> int:
    """Forget the accesses that ended a year ago; return how many."""
    return Partner.delete().where(Partner.until < add_months(day, -KEPT_MONTHS)).execute()
