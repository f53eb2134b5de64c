"""The partners that the coordination keeps: added, corrected, told of it, taken off and put back."""

from collections.abc import Iterable

from peewee import fn

from cptsapp.blueprints.association.models import identity
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.person.models import Kind as PersonKind
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.person.rules import one_line
from cptsapp.kernel import journal, mail
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import Kind, holds
from cptsapp.kernel.mail.headers import envelope_address, is_closed_network
from cptsapp.kernel.mail.holds import Reason
from cptsapp.kernel.sources import read_in_turn
from cptsapp.kernel.text import fold

from . import links
from .models import Partner, PartnerKind

LENGTHS = {"organisation": 160, "function": 120, "source": 200}
NO_ADDRESS, CLOSED, RECEIVES = "Sans adresse", "Adresse MSSanté", "Reçoit"
STATES = {
    Reason.UNSUBSCRIBED: "Désabonné",
    Reason.OPPOSED: "S’oppose aux envois",
    Reason.COMPLAINED: "S’oppose aux envois",
    Reason.BOUNCED: "Adresse suspendue",
}
for _action, _sentence in {
    "partner.created": "Partenaire ajouté",
    "partner.updated": "Partenaire modifié",
    "partner.removed": "Partenaire retiré",
    "partner.restored": "Partenaire remis dans la liste",
    "partner.informed": "Partenaire informé que ses coordonnées sont gardées",
}.items():
    journal.declare(_action, _sentence)


def present():
    """Return the partners with their records; those whose record is in the bin are left out."""
    return Partner.select(Partner, Person).join(Person).where(Person.deleted_at.is_null())


@db.atomic()
def create(*, kind: str, email: str = "", phone: str = "", note: str = "", **values) -> Partner:
    """Add a partner: an organisation, somebody there, or both; `values` are the columns and names that people type.

    The person who has this name and address already becomes the partner: there are not two records.
    """
    _check(kind, email, values)
    person = _known(email, values) or person_rules.create(**_person(values), email=email, phone=phone, note=note)
    partner = Partner.get_or_none(Partner.person == person.id)
    if partner and partner.removed_at is None:
        raise RuleError("Cette personne est déjà dans la liste des partenaires.", field="email")
    partner = partner or Partner(person=person)
    partner.removed_at = None
    _fill(partner, kind, values)
    partner.save()
    journal.write("partner.created", "partner", partner.id)
    return partner


@db.atomic()
def update(partner_id: int, *, kind: str, email: str = "", phone: str = "", note: str = "", **values) -> Partner:
    _check(kind, email, values)
    partner = find(partner_id)
    person, wanted = partner.person, _person(values)
    if person.kind != wanted["kind"]:  # somebody is now named there, or no longer
        blank = {"given_name": "", "family_name": "", "name": ""}
        Person.update(blank | wanted).where(Person.id == person.id).execute()
    person_rules.update(person.id, **_names(wanted), email=email, phone=phone, note=note)
    _fill(partner, kind, values)
    partner.save()
    journal.write("partner.updated", "partner", partner.id)
    return partner


def _check(kind: str, email: str, values: dict) -> None:
    if kind not in set(PartnerKind):
        raise RuleError("Choisissez dans la liste ce qu’est ce partenaire.", field="kind")
    for name, longest in LENGTHS.items():
        if len(values.get(name) or "") > longest:
            raise RuleError(f"Écrivez {longest} caractères au plus.", field=name)
    if not one_line(values.get("organisation") or "") and not one_line(values.get("family_name") or ""):
        raise RuleError("Indiquez l’organisme, ou le nom de la personne.", field="organisation")
    if email and envelope_address(email.strip()) is None:
        raise RuleError("Cette adresse ne semble pas complète. Exemple : nom@exemple.fr.", field="email")


def _person(values: dict) -> dict:
    """Return the kind and the names of the record: a person when one is named, the organisation otherwise."""
    family = one_line(values.get("family_name") or "")
    if family:
        given = one_line(values.get("given_name") or "")
        return {"kind": PersonKind.PERSON, "given_name": given, "family_name": family}
    return {"kind": PersonKind.STRUCTURE, "name": one_line(values["organisation"])}


def _names(person: dict) -> dict:
    return {key: value for key, value in person.items() if key != "kind"}


def _known(email: str, values: dict) -> Person | None:
    """Return the record that has this address and this name: that of somebody is not that of an organisation."""
    wanted = _person(values)
    label = fold(wanted.get("name") or f"{wanted['given_name']} {wanted['family_name']}".strip())
    alike = (each for each in Person.with_email(email) if each.kind == wanted["kind"] and fold(each.label) == label)
    return next(alike, None) if email else None


def _fill(partner: Partner, kind: str, values: dict) -> None:
    partner.kind = kind
    for name in LENGTHS:
        setattr(partner, name, one_line(values.get(name) or ""))
    partner.folded = fold(f"{partner.organisation} {partner.function}")[:300]


@db.atomic()
def remove(ids: Iterable[int]) -> int:
    """Take partners off the list; they can be put back for a month, then their record goes."""
    return _mark(ids, "partner.removed", Partner.removed_at.is_null(), removed_at=now())


@db.atomic()
def restore(ids: Iterable[int]) -> int:
    return _mark(ids, "partner.restored", Partner.removed_at.is_null(False), removed_at=None)


def _mark(ids, action, condition, **values) -> int:
    mine = [id for (id,) in Partner.select(Partner.id).where(Partner.id.in_(list(ids)), condition).tuples()]
    Partner.update(values).where(Partner.id.in_(mine)).execute()
    for id in mine:
        journal.write(action, "partner", id)
    return len(mine)


@db.atomic()
def inform(ids: Iterable[int]) -> int:
    """Tell partners, once, that we keep their address, where it comes from and how to object. RGPD, article 14."""
    chosen = Partner.id.in_(list(ids)) & Partner.informed_at.is_null() & Partner.removed_at.is_null()
    count = 0
    for partner in list(present().where(chosen, Person.email_normalised != "")):
        email = partner.person.email
        if is_closed_network(email) or holds.reasons([email], Kind.COLLECTIVE):
            continue
        values = {"source": partner.source, "link": links.preferences_url(email), "name": identity().name}
        key = f"partner-informed-{partner.id}"
        mail.queue("subscription/informed", to=email, person_id=partner.person_id, values=values, key=key)
        Partner.update(informed_at=now()).where(Partner.id == partner.id).execute()
        journal.write("partner.informed", "partner", partner.id)
        count += 1
    return count


def uninformed() -> int:
    """Count those who have not been told yet and could be."""
    waits = Partner.informed_at.is_null() & Partner.removed_at.is_null() & (Person.email_normalised != "")
    query = Partner.select(fn.COUNT(1)).from_(read_in_turn([Partner, Person]))
    return query.where(Person.id == Partner.person, Person.deleted_at.is_null(), waits).scalar()


def find(partner_id: int) -> Partner:
    partner = locked(Partner.select().where(Partner.id == partner_id)).first()
    if partner is None:
        raise RuleError("Ce partenaire n’est plus dans la liste.")
    return partner


def warnings_about(email: str) -> list[str]:
    """Return what whoever types an address should know: sentences."""
    if not email:
        return []
    if is_closed_network(email):
        return ["Adresse MSSanté : ce réseau fermé ne reçoit pas nos envois. Ajoutez une autre adresse."]
    why = holds.reasons([email], Kind.COLLECTIVE).get(email)
    if why is None:
        return []
    if why == Reason.BOUNCED:
        return ["Cette adresse est suspendue : nos derniers e-mails en sont revenus."]
    return ["Cette adresse a refusé nos envois : rien ne lui sera envoyé tant qu’elle ne se réabonne pas elle-même."]


def set_receptions(rows: list[Partner]) -> None:
    """Set on the rows of a list what each receives, in one query."""
    addresses = [each.person.email for each in rows if each.person.email]
    held = holds.reasons(addresses, Kind.COLLECTIVE)
    for each in rows:
        email = each.person.email
        if not email:
            each.reception = NO_ADDRESS
        elif is_closed_network(email):
            each.reception = CLOSED
        else:
            each.reception = STATES[held[email]] if email in held else RECEIVES
