"""Renewing a membership, by the link of a mail or by hand."""

from cptsapp.blueprints.association.models import identity
from cptsapp.blueprints.person import finding
from cptsapp.blueprints.person import rules as people
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel import journal, mail, tokens
from cptsapp.kernel.dates import date_fr, today
from cptsapp.kernel.db import db, locked, now, revision
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.settings import settings

from . import years
from .models import OTHER, Membership, Period, Practice, Year
from .renewing import RENEW, Campaign, leave_out

DECLINED = "Ne souhaite pas renouveler"
journal.declare("adherent.renewed", "Adhésion renouvelée")


def asked_by(token: str) -> tuple[Campaign, Membership] | None:
    """Return what a link renews, or None when it opens nothing any more."""
    subject = tokens.peek(RENEW, token)
    return _named(subject) if subject else None


def _named(subject) -> tuple[Campaign, Membership] | None:
    campaign_id, membership_id = map(int, subject.split("-"))
    campaign = Campaign.get_or_none(Campaign.id == campaign_id)
    query = Membership.select(Membership, Person).join(Person)
    membership = query.where(Membership.id == membership_id, Person.deleted_at.is_null()).first()
    return (campaign, membership) if campaign and membership else None


@db.atomic()
def answer(token: str, **values) -> Year:
    """Renew by the link: what was corrected is written, the period is covered, thanks leave. The link serves once."""
    campaign, membership = _consumed(token)
    membership = _held(membership.id)
    if membership.left_at:
        raise RuleError("Cette adhésion a pris fin. Pour revenir, remplissez le formulaire d’adhésion.")
    changed = _write(membership, values)
    for name in ("statutes_version", "charter_version"):
        if values.get(name):
            setattr(membership, name, values[name])
            membership.accepted_at = now()
    membership.save()
    year = _cover(membership, campaign.period)
    person = membership.person
    mail.queue(
        "adherent/renewed",
        to=person.email or "",
        person_id=person.id,
        values={
            "name": person.label,
            "label": campaign.period.label,
            "until": date_fr(membership.ended_on),
            **years.asked(year.due_cents),
        },
    )
    if changed and identity().email:
        link = f"{settings.base_url}/gestion/personnes/{person.id}"
        values = {"name": person.label, "changed": changed, "link": link}
        mail.queue("adherent/changed", to=identity().email, values=values, person_id=person.id)
    return year


@db.atomic()
def renew(membership: Membership, period: Period) -> Year:
    """Cover a period by an existing membership, whoever asks for it; said twice, it is done once."""
    return _cover(_held(membership.id), period)


def _held(membership_id: int) -> Membership:
    return locked(Membership.select(Membership, Person).join(Person).where(Membership.id == membership_id)).get()


def _cover(membership: Membership, period: Period) -> Year:
    known = Year.get_or_none(Year.membership == membership, Year.period == period)
    if known:
        return known
    membership.confirmed_on = today()
    membership.save()
    year = years.cover(membership, period)
    revision.bump()
    journal.write("adherent.renewed", "person", membership.person_id, period=period.id)
    return year


@db.atomic()
def decline(token: str) -> None:
    """Say by the link that one does not renew: no reminder follows, the membership lasts until its end."""
    campaign, membership = _consumed(token)
    leave_out(campaign.id, [membership.id], reason=DECLINED)


def _consumed(token):
    return _named(tokens.consume(RENEW, token)) or _gone()


def _gone():
    raise RuleError("Cette adhésion n’existe plus.")


def _write(membership, values) -> list[str]:
    """Write what the person corrected; return in French what the coordination should know of."""
    person, changed = membership.person, []
    practice = Practice.get_or_none(Practice.person == person)
    is_new, practice = practice is None, practice or Practice(person=person)
    before = practice.profession_label, practice.commune_id
    if "profession" in values:
        other = values.get("profession_other") or ""
        practice.profession = "" if other or values["profession"] == OTHER else values["profession"]
        practice.profession_other = other
    for name in ("mode", "organisation", "rpps", "adeli"):
        if name in values:
            setattr(practice, name, values[name] or "")
    if values.get("insee"):
        practice.commune = territory.use(values["insee"])
    practice.save(force_insert=is_new)
    finding.put([person])
    if practice.profession_label != before[0] and not is_new:
        changed.append(f"profession : {practice.profession_label or 'aucune'}")
    if practice.commune_id != before[1] and not is_new:
        changed.append(f"commune : {practice.commune.name if practice.commune_id else 'aucune'}")
    if "phone" in values and values["phone"] != person.phone:
        own = {name: getattr(person, name) for name in ("name", "given_name", "family_name", "email", "note")}
        people.update(person.id, **own, phone=values["phone"])
    return changed
