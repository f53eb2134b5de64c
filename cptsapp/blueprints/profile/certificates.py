"""The certificate of membership: a PDF with a code, and what whoever holds the code may learn."""

import re
import secrets
from dataclasses import dataclass
from datetime import date

import segno

from cptsapp.blueprints.adherent.models import Membership, StructureRole
from cptsapp.blueprints.association.models import identity
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal
from cptsapp.kernel.dates import date_fr, today
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.pdf import sheet_of, winansi
from cptsapp.kernel.settings import settings

from .models import Certificate

ISSUED = journal.declare("profile.certificate", "Attestation d’adhésion délivrée")
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no sign that is read as another: 12 of them are 59 bits
LENGTH = 12
INK, SOFT = (23, 49, 47), (75, 102, 99)


@dataclass(frozen=True)
class Verdict:
    """What a stranger with the code learns: whether it holds, and just enough to compare with the paper."""

    is_valid: bool
    holder: str = ""
    issued_on: date | None = None
    until: date | None = None


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
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    certificate = Certificate.create(code=code, person=person_id, issued_on=today(), until=membership.ended_on)
    journal.write(ISSUED, "person", person_id)
    return certificate


def spaced(code: str) -> str:
    """« K7QF-2MWX-9HTA »: a code as people read it."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def verify(typed: str) -> Verdict:
    """Tell whether the code of a certificate holds today; an unknown one and one that was erased answer alike."""
    code = re.sub(r"[^0-9A-Z]", "", typed.upper())[:LENGTH]
    certificate = Certificate.select(Certificate, Person).join(Person).where(Certificate.code == code).first()
    if certificate is None or certificate.person.deleted_at:
        return Verdict(False)
    membership = standing(certificate.person_id)
    holds = membership is not None and (certificate.until is None or certificate.until >= today())
    return Verdict(holds, initialled(certificate.person), certificate.issued_on, certificate.until)


def initialled(person: Person) -> str:
    """« Camille E. », or the name of a structure."""
    return person.name or f"{person.given_name} {person.family_name[:1]}.".strip()


def pdf(certificate: Certificate, person: Person, membership: Membership) -> bytes:
    """Return the certificate, one A4 page."""
    own, sheet = identity(), sheet_of("Attestation d’adhésion")
    sheet.set_author(winansi(own.name))
    sheet.set_margins(24, 24)
    sheet.add_page()
    _head(sheet, own)
    _statement(sheet, own, person, membership)
    _proof(sheet, certificate)
    return bytes(sheet.output())


def _write(sheet, text, *, size=11, style="", colour=INK, align="L", after=0):
    sheet.set_text_color(*colour)
    sheet.set_font("helvetica", style, size)
    sheet.multi_cell(0, size * 0.55, winansi(text), align=align, new_x="LMARGIN", new_y="NEXT")
    sheet.ln(after)


def _head(sheet, own):
    _write(sheet, own.name, size=14, style="B")
    for line in (own.legal_form, *own.address.splitlines(), own.email, f"RNA {own.rna}" if own.rna else ""):
        if line:
            _write(sheet, line, size=9, colour=SOFT)
    sheet.ln(22)
    _write(sheet, "Attestation d’adhésion", size=24, style="B", align="C", after=16)


def _statement(sheet, own, person, membership):
    quality = f", en qualité de {membership.type_label.lower()}" if not person.is_structure else ""
    until = f", jusqu’au {date_fr(membership.ended_on)}" if membership.ended_on else ""
    _write(sheet, f"{own.name} atteste que", size=12, after=4)
    _write(sheet, person.label, size=16, style="B", after=4)
    _write(
        sheet,
        f"est adhérent de l’association depuis le {date_fr(membership.started_on)}{until}{quality}.",
        size=12,
        after=10,
    )
    _write(sheet, "Attestation délivrée à la demande de l’intéressé, pour servir et valoir ce que de droit.", after=16)


def _proof(sheet, certificate):
    address = f"{settings.base_url}/verifier/{certificate.code}"
    top, side = sheet.get_y(), 34
    _draw(sheet, segno.make(address, error="m", micro=False), left=24, top=top, side=side)
    sheet.set_left_margin(24 + side + 8)
    sheet.set_xy(24 + side + 8, top + 4)
    _write(sheet, f"Délivrée le {date_fr(certificate.issued_on)}", style="B", after=1)
    _write(sheet, f"Code de vérification : {spaced(certificate.code)}", after=1)
    _write(sheet, f"À vérifier sur {address.split('://', 1)[1]}", size=9, colour=SOFT)


def _draw(sheet, qr, *, left, top, side):
    """Draw the modules of a QR code, `side` millimetres wide."""
    rows = list(qr.matrix_iter(border=2))
    unit = side / len(rows)
    sheet.set_fill_color(*INK)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                sheet.rect(left + x * unit, top + y * unit, unit + 0.02, unit + 0.02, style="F")
