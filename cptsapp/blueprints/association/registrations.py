"""What the association tells the floors below: who sends mails, who may see the logo, first steps, public counters."""

from cptsapp.kernel.access import Visibility
from cptsapp.kernel.files import file_use
from cptsapp.kernel.mail.identity import Identity as Sender
from cptsapp.kernel.mail.identity import identity_provider
from cptsapp.kernel.registry import check, first_step, public_counter

from .models import UNNAMED, Association, identity
from .rules import missing_for_online


@identity_provider
def sender(collective: bool) -> Sender:
    """Return who mails come from: the personal sender, or the collective one where it is set."""
    own = identity()
    name, email = own.sender_name or own.short_name, own.sender_email or own.email
    if collective:
        name, email = own.collective_sender_name or name, own.collective_sender_email or email
    contact = ", ".join(part for part in (", ".join(own.address.splitlines()), own.phone) if part)
    return Sender(
        name=name,
        email=email,
        reply_to=own.reply_to,
        bounce=own.bounce_email,
        contact=contact,
        colour=own.colour,
        association=own,
    )


@file_use
def logo(name: str) -> list[Visibility]:
    return [Visibility.PUBLIC] if identity().logo_name == name else []


@public_counter("Communes", order=10)
def communes() -> int | None:
    return identity().communes_count or None


@public_counter("Habitants", order=20)
def inhabitants() -> int | None:
    return identity().population or None


@first_step(
    "Donner l’identité de l’association",
    endpoint="association_gestion.identity",
    order=10,
    help="Son nom, l’adresse de son siège, un e-mail ou un téléphone. Le logo et la couleur : onglet Apparence.",
)
def identity_is_given() -> bool:
    row = Association.current()
    return bool(row.name != UNNAMED and row.address and (row.email or row.phone))


@first_step("Choisir les communes du territoire", endpoint="territory_gestion.communes", order=20)
def communes_are_chosen() -> bool:
    return bool(identity().communes)


@first_step(
    "Essayer l’envoi des e-mails",
    endpoint="association_gestion.mail",
    order=30,
    help="Invitations, confirmations, lettres : tout en dépend.",
)
def mail_is_tested() -> bool:
    return Association.current().mail_tested_at is not None


@first_step(
    "Remplir les mentions légales",
    endpoint="association_gestion.legal",
    order=40,
    help="La loi les demande avant la mise en ligne.",
)
def legal_notices_are_filled() -> bool:
    return not missing_for_online()


@first_step(
    "Mettre en ligne",
    endpoint="association_gestion.online",
    order=55,
    help="Les visiteurs voient une page d’attente jusque-là.",
)
def site_is_online() -> bool:
    return Association.current().is_online


@check("Mentions légales", order=60)
def legal_notices() -> tuple[bool, str]:
    missing = missing_for_online() if Association.current().is_online and Association.current().id else []
    return not missing, f"Il manque : {', '.join(missing)}." if missing else "Complètes, ou site pas encore en ligne."
