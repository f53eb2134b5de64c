"""Every write on the association. Each bumps the revision, so that all pages follow at once."""

import re
from collections.abc import Iterable
from datetime import date

from peewee import fn

from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel import journal
from cptsapp.kernel.db import db, locked, now, revision
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.files import StoredFile

from . import colours
from .models import Association, College, Conformity

IDENTITY = journal.declare("association.identity", "Identité de l’association modifiée")
LOOK = journal.declare("association.look", "Apparence du site modifiée")
MAIL = journal.declare("association.mail", "Expéditeurs des e-mails modifiés")
MEMBERSHIP = journal.declare("association.membership", "Année d’adhésion ou cotisation modifiée")
LEGAL = journal.declare("association.legal", "Mentions légales modifiées")
ACCESSIBILITY = journal.declare("association.accessibility", "Déclaration d’accessibilité modifiée")
COLLEGES = journal.declare("association.colleges", "Collèges modifiés")
ONLINE = journal.declare("association.online", "Site mis en ligne")
OFFLINE = journal.declare("association.offline", "Site retiré de la vue des visiteurs")

MOST_LINKS = 12
FIRST_COLLEGES = (
    ("Professionnels de santé libéraux", "Professionnels de santé qui exercent en ville."),
    ("Établissements et structures de soins", "Hôpitaux, cliniques, centres et maisons de santé."),
    ("Usagers et collectivités", "Habitants, associations d’usagers, communes."),
)


def _write(action: str, **values) -> Association:
    """Change columns of the one row, journal the act with the names of what changed, tell the caches."""
    row = locked(Association.select().where(Association.id == 1)).get_or_none()
    if row is None:
        Association.insert(id=1).on_conflict_ignore().execute()
        row = Association.get_by_id(1)
    changed = sorted(name for name, value in values.items() if row.__data__.get(name) != value)
    if changed:
        Association.update(values).where(Association.id == 1).execute()
        journal.write(action, "association", 1, changed=changed)
        revision.bump()
    return Association.get_by_id(1)


@db.atomic()
def set_identity(*, name: str, missions: Iterable[str] = (), links: str = "", **values) -> Association:
    """Keep who the association is. Raises RuleError for a line of links that is not « Nom : https://… »."""
    if not name.strip():
        raise RuleError("Donnez le nom de l’association.", field="name")
    known = [code for code in reference.missions() if code in set(missions)]
    return _write(IDENTITY, name=name.strip(), mission_codes=" ".join(known), links_text=_clean_links(links), **values)


def _clean_links(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_LINKS:
        raise RuleError(f"Gardez {MOST_LINKS} liens au plus.", field="links")
    for line in lines:
        if not re.fullmatch(r"[^:]{1,60}?\s*:?\s*https?://[^\s<>\"]{4,300}", line):
            raise RuleError(f"Écrivez ce lien ainsi, « Nom : https://… » : « {line[:80]} ».", field="links")
    return "\n".join(lines)


@db.atomic()
def set_look(*, colour: str, logo: StoredFile | None = None, remove_logo: bool = False) -> Association:
    """Change the colour, and the logo when one is given or taken away.

    Raises RuleError for a colour that would not be readable; it names the nearest one that is.
    """
    parsed = colours.parse(colour)
    if parsed is None:
        raise RuleError("Écrivez la couleur en six chiffres hexadécimaux, par exemple « #0b6e69 ».", field="colour")
    try:
        colours.palettes(parsed)
    except colours.UnreadableColour as error:
        raise RuleError(f"{error.reason} La plus proche qui convient : {error.nearest}.", field="colour") from error
    values = {"colour": parsed}
    if logo or remove_logo:
        values["logo"] = logo.id if logo else None
    return _write(LOOK, **values)


@db.atomic()
def set_mail(**values) -> Association:
    """Keep who mails come from. Another sender is another identity to try: the last test no longer counts."""
    before = Association.current()
    watched = ("sender_email", "collective_sender_email")
    if any(name in values and values[name] != getattr(before, name) for name in watched):
        values["mail_tested_at"] = None
    return _write(MAIL, **values)


@db.atomic()
def record_mail_test() -> None:
    """Remember that a test mail was accepted by the mail server: the first step « E-mails » is done."""
    _write(MAIL, mail_tested_at=now())


@db.atomic()
def set_membership(*, month: int, fee_cents: int, payment: str = "", late_month: int | None = None) -> Association:
    """Keep the month (1 to 12) in which the membership year begins, the fee in cents and how it is paid.

    `late_month`: who joins from it on is covered for the next year too; None: nobody is.
    """
    if not 1 <= month <= 12:
        raise RuleError("Choisissez un mois de l’année.", field="month")
    if not 0 <= fee_cents <= 1_000_000:
        raise RuleError("La cotisation va de 0 à 10 000 €.", field="fee")
    if late_month is not None and not 1 <= late_month <= 12:
        raise RuleError("Choisissez un mois de l’année.", field="late_month")
    if late_month == month:
        raise RuleError(
            "L’année commence ce mois-là : toute nouvelle adhésion vaudrait deux ans. Choisissez un mois plus tardif.",
            field="late_month",
        )
    values = {"membership_month": month, "fee_cents": fee_cents, "late_month": late_month}
    return _write(MEMBERSHIP, **values, fee_payment=payment.strip())


@db.atomic()
def set_payment(text: str) -> Association:
    """Keep how a fee is paid, for those who owe one; empty, nothing is said of it."""
    return _write(MEMBERSHIP, fee_payment=text.strip())


@db.atomic()
def set_legal(*, rna: str = "", siret: str = "", **values) -> Association:
    """Keep what the law asks a site to say. Raises RuleError for an RNA or a SIRET number that cannot be one."""
    rna, siret = re.sub(r"\s", "", rna).upper(), re.sub(r"\s", "", siret)
    if rna and not re.fullmatch(r"W\d{9}", rna):
        raise RuleError("Un numéro RNA s’écrit W et neuf chiffres, par exemple « W772001234 ».", field="rna")
    if siret and not is_siret(siret):
        raise RuleError("Ce numéro SIRET est inexact. Recopiez ses 14 chiffres.", field="siret")
    return _write(LEGAL, rna=rna, siret=siret, **values)


def is_siret(text: str) -> bool:
    """Tell whether 14 digits carry a sound key (Luhn)."""
    if not re.fullmatch(r"[0-9]{14}", text):
        return False
    doubled = (int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(text))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


@db.atomic()
def set_accessibility(*, level: str, checked_on: date | None = None, contact: str = "", gaps: str = "") -> Association:
    """Keep the declaration of accessibility. Raises RuleError for a level that supposes an audit, without its date."""
    if level != Conformity.NONE and checked_on is None:
        raise RuleError("Ce niveau suppose un audit : donnez sa date.", field="checked_on")
    values = {"accessibility_level": Conformity(level).value, "accessibility_on": checked_on}
    return _write(ACCESSIBILITY, **values, accessibility_contact=contact.strip(), accessibility_gaps=gaps.strip())


# Collèges


@db.atomic()
def save_college(college_id: int | None, *, name: str, description: str = "", seats: int | None = None) -> College:
    """Add a collège at the end, or change one. Raises RuleError for a name already taken."""
    name = " ".join(name.split())
    if not name:
        raise RuleError("Donnez un nom au collège.", field="name")
    same = College.select().where(fn.LOWER(College.name) == name.lower(), College.id != (college_id or 0))
    if same.exists():
        raise RuleError("Un collège porte déjà ce nom. Choisissez-en un autre.", field="name")
    last = College.select(fn.MAX(College.position)).scalar() or 0
    college = College.get_by_id(college_id) if college_id else College(position=last + 1)
    college.name, college.description, college.seats = name, description.strip(), seats
    college.save()
    _colleges_changed(college.id)
    return college


@db.atomic()
def move_college(college_id: int, *, up: bool) -> None:
    """Exchange a collège with its neighbour; the first cannot go up, nor the last down."""
    ordered = list(College.ordered())
    place = next(index for index, college in enumerate(ordered) if college.id == college_id)
    other = place + (-1 if up else 1)
    if 0 <= other < len(ordered):
        ordered[place], ordered[other] = ordered[other], ordered[place]
        for position, college in enumerate(ordered, start=1):
            College.update(position=position).where(College.id == college.id).execute()
        _colleges_changed(college_id)


@db.atomic()
def remove_college(college_id: int) -> None:
    """Remove a collège. Raises RuleError while something points to it."""
    college = College.get_by_id(college_id)
    for key, model in College._meta.backrefs.items():
        if model.select().where(key == college).exists():
            raise RuleError("Des adhérents sont dans ce collège. Changez-les de collège avant de le supprimer.")
    college.delete_instance()
    _colleges_changed(college_id)


def _colleges_changed(college_id):
    journal.write(COLLEGES, "college", college_id)
    revision.bump()


# Online


def missing_for_online() -> list[str]:
    """Return in French what the law asks before the site is shown, if anything. Source: LCEN, article 6."""
    row = Association.current()
    wanted = {
        "le nom de l’association": row.id and row.name,
        "l’adresse du siège": row.address,
        "le numéro RNA ou SIRET": row.rna or row.siret,
        "un téléphone ou une adresse e-mail": row.phone or row.email,
        "le nom de la personne qui dirige la publication": row.publication_director,
        "le nom de l’hébergeur": row.host_name,
        "l’adresse de l’hébergeur": row.host_address,
        "le téléphone de l’hébergeur": row.host_phone,
    }
    return [words for words, value in wanted.items() if not value]


@db.atomic()
def put_online() -> Association:
    """Show the site to visitors. Raises RuleError with the list of what the law still asks."""
    missing = missing_for_online()
    if missing:
        raise RuleError(f"Le site ne peut pas encore être mis en ligne. Il manque : {', '.join(missing)}.")
    if Association.current().online_at:
        return Association.current()
    return _write(ONLINE, online_at=now())


@db.atomic()
def take_offline() -> Association:
    """Hide the site from visitors: they read that it is being prepared."""
    return _write(OFFLINE, online_at=None)


# A new instance


@db.atomic()
def default_identity(*, name: str = "", communes: Iterable[str] = (), email: str = "") -> Association:
    """Write the first identity of an instance: a name, the communes (INSEE codes), an address, three collèges to adapt.

    The site is not online yet. Raises RuleError for an unknown commune.
    """
    territory.add_communes(communes)
    named = {"name": name.strip()} if name.strip() else {}
    row = _write(IDENTITY, **named, email=email.strip(), sender_email=email.strip())
    if not College.select().exists():
        for college, description in FIRST_COLLEGES:
            save_college(None, name=college, description=description)
    revision.bump()
    return row
