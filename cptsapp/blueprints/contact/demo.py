"""The messages of the demonstration: fictitious people who write to a fictitious association."""

from datetime import timedelta

from cptsapp.blueprints.account.models import Account
from cptsapp.kernel.db import db, now
from cptsapp.kernel.registry import demo_data

from . import rules
from .models import ContactMessage

# Hours ago, who, from where, topic, subject, message.
MESSAGES = [
    (
        3,
        "Hélène Fictive",
        "helene.fictive@exemple.fr",
        "professional",
        "Rejoindre la CPTS",
        "Bonjour,\n\nJe m’installe comme infirmière à Gretz-Armainvilliers en janvier. Comment rejoindre la "
        "communauté, et quand a lieu la prochaine réunion ?\n\nMerci d’avance.",
    ),
    (
        26,
        "Marc Imaginaire",
        "marc.imaginaire@exemple.fr",
        "partner",
        "Un stand au forum des associations",
        "Bonjour,\n\nLa commune organise son forum des associations en septembre. Souhaitez-vous y tenir un "
        "stand sur la prévention ?\n\nBien cordialement.",
    ),
    (
        75,
        "Inès Supposée",
        "ines.supposee@exemple.fr",
        "patient",
        "Où trouver un médecin traitant ?",
        "Bonjour,\n\nNous venons d’emménager à Tournan-en-Brie et nous cherchons un médecin traitant. À qui "
        "pouvons-nous nous adresser ?",
    ),
    (
        170,
        "Dominique Personnage",
        "dominique.personnage@exemple.fr",
        "press",
        "Article sur la semaine du dépistage",
        "Bonjour,\n\nNotre journal local prépare un article sur le dépistage du diabète. Qui puis-je appeler ?",
    ),
]


@demo_data(order=60)
def fill():
    coordinator = Account.with_email("coordinatrice@exemple.fr")
    for rank, (hours, *said) in enumerate(MESSAGES):
        values = dict(zip(("name", "email", "topic", "subject", "body"), said, strict=True))
        message = rules.receive(f"demonstration-{rank}", **values)
        with db.atomic():
            ContactMessage.update(at=now() - timedelta(hours=hours)).where(ContactMessage.id == message.id).execute()
    if coordinator:
        rules.handle(message.id, account_id=coordinator.id)
        rules.write_note(message.id, "Rappelé le lendemain, entretien prévu avec la présidente.")
