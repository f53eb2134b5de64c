"""The certificate of membership: a PDF with a code, and what whoever holds the code may learn."""

from datetime import date

from cptsapp.blueprints.adherent.models import Membership, StructureRole
from cptsapp.blueprints.association.models import identity
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal
from cptsapp.kernel.certificates import Verdict, head, initialled, new_code, proof, verifier, write
from cptsapp.kernel.dates import date_fr, today
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.pdf import sheet_of

from .models import Certificate

ISSUED = journal.declare("profile.certificate", "Attestation d’adhésion délivrée")


def standing(person_id: int, day: date | None = None) -> Membership | None:
    """Return the membership that covers `day` (today), without days of grace."""
    return Membership.current(day, grace_days=0).where(Membership.person == person_id).first()


def represented(person_id: int) -> list[Person]:
    """Return the structures, members today, for which a person speaks or stands in."""
    speaks = (StructureRole.representative == person_id) | (StructureRole.deputy == person_id)
    members = Membership.current(grace_days=0).select(Membership.person)
    query = Person.select().join(StructureRole, on=(StructureRole.structure == Person.id))
    return list(query.where(speaks, Person.deleted_at.is_null(), Person.id.in_(members)).order_by(Person.folded))


@db.atomic()
def issue(person_id: int) -> Certificate:
    """Return the certificate of the present membership, the same one as long as it covers the same time."""
    membership = standing(person_id)
    if membership is None:
        raise RuleError("L’attestation se délivre pendant l’adhésion. Renouvelez la vôtre, puis revenez ici.")
    same_end = Certificate.until.is_null() if membership.ended_on is None else Certificate.until == membership.ended_on
    known = Certificate.select().where(Certificate.person == person_id, same_end)
    known = known.where(Certificate.issued_on >= membership.started_on).first()
    if known:
        return known
    certificate = Certificate.create(code=new_code(), person=person_id, issued_on=today(), until=membership.ended_on)
    journal.write(ISSUED, "person", person_id)
    return certificate


@verifier
def verdict_on(code: str) -> Verdict | None:
    """Tell what the certificate of membership that carries a code is worth today."""
    certificate = Certificate.select(Certificate, Person).join(Person).where(Certificate.code == code).first()
    if certificate is None or certificate.person.deleted_at:
        return None
    person, membership = certificate.person, standing(certificate.person_id)
    holder = person.name or initialled(person.given_name, person.family_name)
    if membership is None or (certificate.until is not None and certificate.until < today()):
        return Verdict(False, f"Cette attestation de {holder} a pris fin.", certificate.issued_on)
    until = f", jusqu’au {date_fr(certificate.until)}" if certificate.until else ""
    return Verdict(True, f"{holder} est bien adhérent de {identity().name}{until}.", certificate.issued_on)


def pdf(certificate: Certificate, person: Person, membership: Membership) -> bytes:
    """Return the certificate, one A4 page."""
    own, sheet = identity(), sheet_of("Attestation d’adhésion")
    head(sheet, own, "Attestation d’adhésion")
    _statement(sheet, own, person, membership)
    proof(sheet, certificate.code, certificate.issued_on)
    return bytes(sheet.output())


def _statement(sheet, own, person, membership):
    quality = f", en qualité de {membership.type_label.lower()}" if not person.is_structure else ""
    until = f", jusqu’au {date_fr(membership.ended_on)}" if membership.ended_on else ""
    write(sheet, f"{own.name} atteste que", size=12, after=4)
    write(sheet, person.label, size=16, style="B", after=4)
    write(
        sheet,
        f"est adhérent de l’association depuis le {date_fr(membership.started_on)}{until}{quality}.",
        size=12,
        after=10,
    )
    write(sheet, "Attestation délivrée à la demande de l’intéressé, pour servir et valoir ce que de droit.", after=16)
