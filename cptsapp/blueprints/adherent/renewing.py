"""The campaign that renews memberships for a period: who is asked, who is not and why, the mails and reminders."""

from datetime import date, timedelta

from peewee import SQL, Case, CharField, DateTimeField, ForeignKeyField, IntegerField, fn

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal, mail, tokens
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.dates import date_fr, start_of, to_paris, today
from cptsapp.kernel.db import Table, db, locked, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import Kind
from cptsapp.kernel.registry import Personal
from cptsapp.kernel.settings import settings

from . import years
from .models import Membership, Period, Year

RENEW = "adhesion-renew"
QUIET_DAYS = 7  # between two mails to one member
BATCH = 100  # mails recorded in one transaction
MOST_OFFSETS, LONGEST_OFFSET = 6, 180
for _action, _sentence in {
    "renewal.prepared": "Campagne de renouvellement préparée",
    "renewal.opened": "Campagne de renouvellement lancée",
    "renewal.closed": "Campagne de renouvellement close",
    "renewal.left_out": "Adhérent écarté d’une campagne de renouvellement",
    "renewal.taken_back": "Adhérent remis dans une campagne de renouvellement",
}.items():
    journal.declare(_action, _sentence)


class Campaign(Table):
    """The renewal of one period. `offsets`: days after the opening at which those who did not answer are reminded."""

    period = ForeignKeyField(Period, unique=True, on_delete="RESTRICT")
    offsets = CharField(max_length=60, default="15 30")
    prepared_at = DateTimeField(default=now)
    opened_at = DateTimeField(null=True)
    closed_at = DateTimeField(null=True)

    @property
    def days(self) -> list[int]:
        return [int(each) for each in self.offsets.split()]

    @property
    def is_running(self) -> bool:
        return self.opened_at is not None and self.closed_at is None

    @property
    def opened_on(self) -> date | None:
        return to_paris(self.opened_at).date() if self.opened_at else None

    @property
    def reminder_dates(self) -> list[date]:
        return [self.opened_on + timedelta(days=each) for each in self.days] if self.opened_at else []


class LeftOut(Table):
    """A member that a campaign does not write to, and why."""

    campaign = ForeignKeyField(Campaign, on_delete="CASCADE")
    membership = ForeignKeyField(Membership, on_delete="CASCADE")
    reason = CharField(max_length=200, default="")
    at = DateTimeField(default=now)

    class Meta:
        indexes = ((("campaign", "membership"), True),)
        personal = Personal(
            purpose="Renouvellement des adhésions",
            basis="Exécution de l’adhésion",
            kept="3 ans après la fin de l’adhésion",
            categories="Choix de ne pas être relancé, motif",
            recipients="Bureau et coordination",
        )


class RenewalMail(Table):
    """A mail of a campaign to a member, once for each offset; 0 is the first."""

    campaign = ForeignKeyField(Campaign, on_delete="CASCADE")
    membership = ForeignKeyField(Membership, on_delete="CASCADE")
    offset = IntegerField()
    at = DateTimeField(default=now)

    class Meta:
        indexes = ((("campaign", "membership", "offset"), True),)
        personal = Personal(
            purpose="Renouvellement des adhésions",
            basis="Exécution de l’adhésion",
            kept="3 ans après la fin de l’adhésion",
            categories="Dates des messages de renouvellement",
            recipients="Bureau et coordination",
        )


class Situation(Choice):
    """Where a member stands in a campaign; only those to ask are written to."""

    ASK = "ask", "À solliciter"
    RENEWED = "renewed", "Renouvelé"
    LEFT_OUT = "left_out", "Écarté"
    LAPSED = "lapsed", "Échu depuis longtemps"
    NO_EMAIL = "no_email", "Sans adresse e-mail"

    @property
    def badge(self) -> str:
        return {"ask": "warn", "renewed": "ok", "left_out": "mute", "lapsed": "bad", "no_email": "bad"}[self.value]


# Who


def situation(campaign: Campaign):
    """Return the SQL expression of the Situation of a membership in a campaign."""
    renewed = Year.select(Year.membership).where(Year.period == campaign.period_id)
    out = LeftOut.select(LeftOut.membership).where(LeftOut.campaign == campaign)
    oldest = campaign.period.starts_on - timedelta(days=1 + settings.membership_grace_days)
    return Case(
        None,
        (
            (Membership.id.in_(renewed), Situation.RENEWED.value),
            (Membership.id.in_(out), Situation.LEFT_OUT.value),
            (Membership.ended_on < oldest, Situation.LAPSED.value),
            (Person.email_normalised == "", Situation.NO_EMAIL.value),
        ),
        Situation.ASK.value,
    )


def members(campaign: Campaign):
    """Return the memberships that a campaign looks at, with their person, reason and `situation`."""
    own = (LeftOut.membership == Membership.id) & (LeftOut.campaign == campaign)
    reason = LeftOut.select(fn.MAX(LeftOut.reason)).where(own)
    last = RenewalMail.select(fn.MAX(RenewalMail.at)).where(
        RenewalMail.membership == Membership.id, RenewalMail.campaign == campaign
    )
    query = Membership.select(
        Membership, Person, situation(campaign).alias("situation"), reason.alias("reason"), last.alias("mailed_at")
    )
    return query.join(Person).where(
        Membership.left_at.is_null(), Person.deleted_at.is_null(), Membership.started_on <= campaign.period.ends_on
    )


def figures(campaign: Campaign) -> dict[Situation, int]:
    """Count the members in each situation."""
    counted = members(campaign).select(situation(campaign).alias("situation"), fn.COUNT(1)).group_by(SQL("situation"))
    found = dict(counted.tuples())
    return {each: found.get(each.value, 0) for each in Situation}


# Preparing, opening, closing


def next_bounds() -> tuple[date, date]:
    """Return the bounds of the period that a campaign prepared today renews for: the one after the present year."""
    present = Period.at(today())
    end = present.ends_on if present else years.bounds(today())[1]
    return years.bounds(end + timedelta(days=1))


def read_offsets(text: str) -> list[int]:
    """Return the days of the reminders; a RuleError names the field `offsets`."""
    words = text.replace(",", " ").replace(";", " ").split()
    if len(words) > MOST_OFFSETS or not all(each.isascii() and each.isdigit() for each in words):
        raise RuleError(f"Écrivez des nombres de jours, {MOST_OFFSETS} au plus. Exemple : 15, 30.", field="offsets")
    days = sorted({int(each) for each in words})
    if days and not 1 <= days[0] <= days[-1] <= LONGEST_OFFSET:
        raise RuleError(f"Une relance part de 1 à {LONGEST_OFFSET} jours après l’envoi.", field="offsets")
    return days


@db.atomic()
def prepare(*, for_present: bool = False) -> Campaign:
    """Make the campaign of the next period (or of the present one), or return the one that is there; nothing leaves."""
    period = years.period_at(today() if for_present else next_bounds()[0])
    campaign = Campaign.get_or_none(Campaign.period == period)
    if campaign is None:
        campaign = Campaign.create(period=period)
        journal.write("renewal.prepared", "campaign", campaign.id, period=period.id)
    return campaign


@db.atomic()
def set_offsets(campaign_id: int, text: str) -> None:
    days = read_offsets(text)
    Campaign.update(offsets=" ".join(map(str, days))).where(Campaign.id == campaign_id).execute()


@db.atomic()
def open_campaign(campaign_id: int) -> Campaign:
    """Say that the mails may leave; the job that follows writes them."""
    campaign = _campaign(campaign_id)
    if campaign.opened_at and not campaign.closed_at:
        raise RuleError("Cette campagne est déjà lancée. Rechargez la page.")
    campaign.opened_at, campaign.closed_at = campaign.opened_at or now(), None
    campaign.save()
    journal.write("renewal.opened", "campaign", campaign.id)
    return campaign


@db.atomic()
def close(campaign_id: int) -> None:
    """End a campaign: no mail leaves any more; the links already sent still renew."""
    campaign = _campaign(campaign_id)
    if campaign.closed_at is None:
        campaign.closed_at = now()
        campaign.save()
        journal.write("renewal.closed", "campaign", campaign.id)


@db.atomic()
def leave_out(campaign_id: int, membership_ids: list[int], *, reason: str = "") -> int:
    """Keep members out of the mails of a campaign; return how many were not out yet."""
    changed = 0
    for each in membership_ids:
        values = {"campaign": campaign_id, "membership": each, "reason": reason[:200]}
        if not LeftOut.select().where(LeftOut.campaign == campaign_id, LeftOut.membership == each).exists():
            LeftOut.create(**values)
            changed += 1
    journal.write("renewal.left_out", "campaign", campaign_id, number=changed)
    return changed


@db.atomic()
def take_back(campaign_id: int, membership_ids: list[int]) -> int:
    """Put back those who were left out; return how many."""
    mine = (LeftOut.campaign == campaign_id) & LeftOut.membership.in_(membership_ids)
    changed = LeftOut.delete().where(mine).execute()
    journal.write("renewal.taken_back", "campaign", campaign_id, number=changed)
    return changed


def _campaign(campaign_id) -> Campaign:
    campaign = locked(Campaign.select().where(Campaign.id == campaign_id)).first()
    if campaign is None:
        raise RuleError("Cette campagne n’existe plus. Revenez au renouvellement.")
    return campaign


# Mails


def send_due(day: date | None = None) -> int:
    """Record the mails that running campaigns owe on a day; run again, it records nothing more. Returns how many."""
    day = day or today()
    running = Campaign.select().where(Campaign.opened_at.is_null(False), Campaign.closed_at.is_null())
    return sum(_send(campaign, day) for campaign in running)


def _send(campaign, day) -> int:
    """Reminders first, the latest due standing for those before it; then the first mail of those who had none."""
    due = [each for each in campaign.days if campaign.opened_on + timedelta(days=each) <= day]
    return sum(_send_offset(campaign, each, day) for each in (*reversed(due), 0))


def _send_offset(campaign, offset, day) -> int:
    """Mail those to ask who had nothing of this offset or after; a reminder waits a week after their last mail."""
    told = RenewalMail.select(RenewalMail.membership).where(RenewalMail.campaign == campaign)
    waiting = members(campaign).where(situation(campaign) == Situation.ASK.value)
    waiting = waiting.where(Membership.id.not_in(told.where(RenewalMail.offset >= offset)))
    if offset:
        quiet_since = start_of(day) - timedelta(days=min(offset, QUIET_DAYS) - 1)
        waiting = waiting.where(
            Membership.id.in_(told), Membership.id.not_in(told.where(RenewalMail.at >= quiet_since))
        )
    sent, after = 0, 0
    while batch := list(waiting.where(Membership.id > after).order_by(Membership.id).limit(BATCH)):
        with db.atomic():
            if _campaign(campaign.id).closed_at:  # meanwhile: nothing more leaves
                break
            sent += sum(_mail_once(campaign, membership, offset) for membership in batch)
        after = batch[-1].id
    return sent


def _mail_once(campaign, membership, offset) -> bool:
    """Record one mail and its key together: of two passes at once, one records it."""
    own = {"campaign": campaign, "membership": membership, "offset": offset}
    if not RenewalMail.insert(**own).on_conflict_ignore().as_rowcount().execute():
        return False
    period = campaign.period
    lifetime = timedelta(days=max(30, (period.ends_on - today()).days))
    token = tokens.issue(RENEW, f"{campaign.id}-{membership.id}", lifetime)
    mail.queue(
        "adherent/renew",
        to=membership.person.email,
        kind=Kind.REMINDER,
        key=f"renewal-{campaign.id}-{membership.id}-{offset}",
        person_id=membership.person_id,
        secret=("link",),
        values={
            "name": membership.person.label,
            "label": period.label,
            "ended": date_fr(membership.ended_on),
            "is_over": bool(membership.ended_on and membership.ended_on < today()),
            "is_reminder": offset > 0,
            **years.asked(years.fee_cents(membership.type)),
            "link": f"{settings.base_url}/adhesion/renouveler/{token}",
        },
    )
    return True
