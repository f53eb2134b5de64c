"""What is done with prospects: noted, approached one at a time, left alone when they ask, made members, forgotten."""

from datetime import date, timedelta

from cptsapp.blueprints.adherent import rules as adherent_rules
from cptsapp.blueprints.adherent.models import MemberType, Practice
from cptsapp.blueprints.association.models import identity
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.person.rules import one_line
from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory import rules as territory_rules
from cptsapp.kernel import journal, mail, tokens
from cptsapp.kernel.dates import add_months, date_fr, today
from cptsapp.kernel.db import alone, db, locked, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.settings import settings

from .models import Approach, Means, Prospect, silent_since

SILENT_MONTHS = 24
STOP_MONTHS = 36
BETWEEN_INVITATIONS = timedelta(days=30)
LINK_LASTS = timedelta(days=365)
ONE_LINE = ("given_name", "family_name", "organisation", "profession_other", "email", "phone", "source")
for _action, _sentence in {
    "prospect.created": "Prospect ajouté",
    "prospect.updated": "Prospect modifié",
    "prospect.approached": "Prospect contacté",
    "prospect.invited": "Invitation à adhérer envoyée à un prospect",
    "prospect.stopped": "Prospect à ne plus contacter",
    "prospect.converted": "Prospect devenu adhérent",
    "prospect.deleted": "Prospect effacé",
}.items():
    journal.declare(_action, _sentence)


@db.atomic()
def create(*, profession: str = "", commune: str | None = None, note: str = "", **values) -> Prospect:
    """Note somebody to invite; `values` are the other columns that people type.

    Raises RuleError when the name or the source is missing, or when the person is a prospect or a member already.
    """
    prospect = Prospect()
    _fill(prospect, profession, commune, note, values)
    _refuse_known(prospect)
    prospect.save(force_insert=True)
    journal.write("prospect.created", "prospect", prospect.id)
    return prospect


@db.atomic()
def update(prospect_id: int, *, profession: str = "", commune: str | None = None, note: str = "", **values) -> Prospect:
    prospect = _open(prospect_id)
    _fill(prospect, profession, commune, note, values)
    _refuse_known(prospect)
    prospect.save()
    journal.write("prospect.updated", "prospect", prospect.id)
    return prospect


def _fill(prospect, profession, commune, note, values):
    if profession and profession not in reference.professions():
        raise RuleError("Choisissez la profession dans la liste.", field="profession")
    for name in ONE_LINE:
        setattr(prospect, name, one_line(values.get(name) or ""))
    if not prospect.family_name:
        raise RuleError("Indiquez le nom de famille.", field="family_name")
    if not prospect.source:
        raise RuleError("Dites d’où viennent ces coordonnées : la personne peut le demander.", field="source")
    prospect.profession = profession
    prospect.commune = territory_rules.use(commune) if commune else None
    prospect.note = note.replace("\0", "").strip()
    prospect.refresh_copies()


def _refuse_known(prospect):
    """Refuse a second row for one address: who asked to be left alone stays so, who is a member needs no invitation."""
    alone("prospects")
    others = Prospect.select().where(Prospect.id != (prospect.id or 0), Prospect.converted_at.is_null())
    same_address = (Prospect.email_normalised == prospect.email_normalised) & (Prospect.email_normalised != "")
    stopped = others.where(Prospect.stopped_on.is_null(False), same_address | _same_name(prospect)).first()
    if stopped:
        raise RuleError(
            f"{stopped.label} a demandé le {date_fr(stopped.stopped_on)} à ne plus être contacté.", field="family_name"
        )
    if others.where(same_address).exists():
        raise RuleError("Un prospect a déjà cette adresse.", field="email")
    person = Person.with_email(prospect.email).first()
    if person:
        raise RuleError(f"Cette adresse est celle de {person.label}, qui a déjà une fiche.", field="email")


def _same_name(prospect):
    """Return the condition of the same names, in the same commune where both are known."""
    names = (Prospect.given_name == prospect.given_name) & (Prospect.family_name == prospect.family_name)
    return (
        names & (Prospect.commune.is_null() | (Prospect.commune == prospect.commune_id))
        if prospect.commune_id
        else names
    )


@db.atomic()
def note_approach(
    prospect_id: int,
    *,
    means: str,
    on: date | None = None,
    text: str = "",
    informed: bool = False,
    by: int | None = None,
) -> Approach:
    """Note that somebody spoke or wrote to a prospect, and whether the origin of the data was told."""
    prospect, on = _open(prospect_id), on or today()
    if means not in set(Means):
        raise RuleError("Choisissez dans la liste.", field="means")
    if on > today():
        raise RuleError("Ce contact est daté de l’avenir. Donnez le jour où il a eu lieu.", field="on")
    text = text.replace("\0", "").strip()
    approach = Approach.create(prospect=prospect, on=on, means=means, text=text, informed=informed, by=by)
    _remember(prospect, on, informed)
    journal.write("prospect.approached", "prospect", prospect.id, means=means)
    return approach


def _remember(prospect, on, informed):
    prospect.last_approach_on = max(filter(None, (prospect.last_approach_on, on)))
    if informed and not prospect.informed_on:
        prospect.informed_on = on
    prospect.save()


@db.atomic()
def invite(prospect_id: int, *, by: int | None = None) -> None:
    """Send one prospect an invitation that says where the address comes from and how to stop; once a month at most."""
    prospect = _open(prospect_id)
    if not prospect.email:
        raise RuleError("Ce prospect n’a pas d’adresse e-mail. Ajoutez-la, ou appelez-le.")
    recent = Approach.select().where(Approach.prospect == prospect, Approach.means == Means.MAIL)
    if recent.where(Approach.on > today() - BETWEEN_INVITATIONS).exists():
        raise RuleError("Un e-mail lui a déjà été envoyé il y a moins d’un mois. Laissez-lui le temps d’y répondre.")
    approach = note_approach(prospect.id, means=Means.MAIL, text="Invitation à adhérer", informed=True, by=by)
    token = tokens.issue("prospect-stop", prospect.id, LINK_LASTS)
    mail.queue(
        "prospect/invitation",
        to=prospect.email,
        key=f"prospect-{approach.id}",
        reply_to=identity().email or None,
        values={
            "name": prospect.label,
            "source": prospect.source,
            "join": f"{settings.base_url}/adhesion/?de=invitation",
            "stop": f"{settings.base_url}/invitation/stop/{token}",
        },
        secret=("stop",),
    )
    journal.write("prospect.invited", "prospect", prospect.id)


@db.atomic()
def stop(prospect_id: int) -> None:
    """Leave a prospect alone, as asked: only what is needed to respect it is kept. Asked again, nothing more."""
    prospect = locked(Prospect.select().where(Prospect.id == prospect_id)).first()
    if prospect is None or prospect.converted_at or prospect.stopped_on:
        return
    Approach.delete().where(Approach.prospect == prospect).execute()
    tokens.forget("prospect-stop", prospect.id)
    prospect.stopped_on = today()
    for name in ("phone", "note", "organisation", "profession", "profession_other"):
        setattr(prospect, name, "")
    prospect.refresh_copies()
    prospect.save()
    journal.write("prospect.stopped", "prospect", prospect.id)


@db.atomic()
def stop_by_link(token: str) -> None:
    stop(int(tokens.consume("prospect-stop", token)))


@db.atomic()
def convert(prospect_id: int, *, type: str = MemberType.LIBERAL, admit: bool = True) -> Person:
    """Make a prospect a person with what is known of them, and a member at once when `admit`; nothing is typed again.

    The prospect's row is emptied: the person now holds the data.
    """
    prospect = _open(prospect_id)
    if type not in set(MemberType) or MemberType(type).is_body:
        raise RuleError("Choisissez dans la liste en quelle qualité cette personne adhère.", field="type")
    known = known_as(prospect)
    if known:
        raise RuleError(f"{known.label} a déjà une fiche avec cette adresse. Rattachez-la plutôt.")
    person = person_rules.create(
        given_name=prospect.given_name,
        family_name=prospect.family_name,
        email=prospect.email,
        phone=prospect.phone,
        note=prospect.note,
    )
    Practice.create(
        person=person,
        profession=prospect.profession,
        profession_other=prospect.profession_other,
        commune=prospect.commune_id,
        organisation=prospect.organisation,
    )
    if admit:
        adherent_rules.admit(person.id, type=type, origin="prospect")
    _empty(prospect, person)
    journal.write("prospect.converted", "prospect", prospect.id, person=person.id)
    return person


def known_as(prospect: Prospect) -> Person | None:
    """Return the person who has the address of a prospect: they have joined by themselves since."""
    return Person.with_email(prospect.email).first() if prospect.email else None


@db.atomic()
def attach(prospect_id: int) -> Person:
    """Close a prospect onto the record of the person who has the same address; that record stays as it is."""
    prospect = _open(prospect_id)
    person = known_as(prospect)
    if person is None:
        raise RuleError("Aucune fiche n’a l’adresse de ce prospect.")
    _empty(prospect, person)
    journal.write("prospect.converted", "prospect", prospect.id, person=person.id)
    return person


def _empty(prospect, person):
    Approach.delete().where(Approach.prospect == prospect).execute()
    tokens.forget("prospect-stop", prospect.id)
    for name in (*ONE_LINE, "profession", "note", "folded", "email_normalised"):
        setattr(prospect, name, "")
    prospect.commune, prospect.person, prospect.converted_at = None, person, now()
    prospect.folded = person.folded
    prospect.save()


@db.atomic()
def delete(prospect_id: int) -> None:
    """Erase a prospect for good; one who asked to be left alone stays, so that the wish is respected."""
    prospect = _get(prospect_id)
    if prospect.stopped_on and not prospect.converted_at:
        raise RuleError("Gardez cette ligne : sans elle, cette personne pourrait être contactée de nouveau.")
    _forget([prospect.id])
    journal.write("prospect.deleted", "prospect", prospect.id)


@db.atomic()
def purge(day: date) -> int:
    """Erase those to whom nobody has spoken for 24 months, and the objections of more than 3 years ago."""
    silent = silent_since(add_months(day, -SILENT_MONTHS))
    old_stop = Prospect.converted_at.is_null() & (Prospect.stopped_on < add_months(day, -STOP_MONTHS))
    return _forget([each.id for each in Prospect.select(Prospect.id).where(silent | old_stop)])


def _forget(ids: list[int]) -> int:
    for id in ids:
        tokens.forget("prospect-stop", id)
    keys = [f"prospect-{each.id}" for each in Approach.select(Approach.id).where(Approach.prospect.in_(ids))]
    mail.OutgoingMail.delete().where(mail.OutgoingMail.key.in_(keys)).execute()
    Approach.delete().where(Approach.prospect.in_(ids)).execute()
    return Prospect.delete().where(Prospect.id.in_(ids)).execute()


def of_person(person_id: int) -> list[Prospect]:
    """Return the rows about a person: those who became them, and those with an address that only they have."""
    person = Person.get_or_none(Person.id == person_id)
    if person is None:
        return []
    mine = Prospect.person == person_id
    if person.email_normalised and Person.with_email(person.email).count() == 1:
        mine |= Prospect.email_normalised == person.email_normalised
    return list(Prospect.select().where(mine))


@db.atomic()
def forget_person(person_id: int) -> None:
    """Erase what concerns a person; the counted conversion stays, without the person."""
    rows = of_person(person_id)
    _forget([each.id for each in rows if not each.converted_at])
    Prospect.update(person=None, folded="").where(Prospect.person == person_id).execute()


def _get(prospect_id: int) -> Prospect:
    prospect = locked(Prospect.select().where(Prospect.id == prospect_id)).first()
    if prospect is None:
        raise RuleError("Ce prospect n’existe plus. Revenez à la liste.")
    return prospect


def _open(prospect_id: int) -> Prospect:
    prospect = _get(prospect_id)
    if prospect.converted_at:
        raise RuleError("Ce prospect est devenu adhérent : tout se passe maintenant sur sa fiche.")
    if prospect.stopped_on:
        raise RuleError("Cette personne a demandé à ne plus être contactée.")
    return prospect
