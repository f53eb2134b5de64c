"""The fictitious people of the demonstration who can log in, all with the password that `serve --demo` prints."""

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import passwords
from cptsapp.kernel.db import db, now
from cptsapp.kernel.registry import demo_data

from . import rules
from .models import Account, Role

DEMO_PASSWORD = "cerise-tambour-lagune-77"  # noqa: S105 (printed on purpose, for fictitious accounts on a local run)
DEMO_ACCOUNTS = [
    ("coordination", "coordinatrice@exemple.fr"),
    ("bureau", "bureau@exemple.fr"),
    ("adhérent", "adherent@exemple.fr"),
]
PEOPLE = {
    "coordinatrice@exemple.fr": ("Camille Exemple", (Role.COORDINATION, Role.ADMIN)),
    "bureau@exemple.fr": ("Dominique Modèle", (Role.BUREAU,)),
    "adherent@exemple.fr": ("Sacha Fictif", ()),
}


@demo_data(order=20)
def fill():
    hashed = passwords.hash(DEMO_PASSWORD)
    with db.atomic():
        for email, (name, roles) in PEOPLE.items():
            account = opened(email, name, hashed, roles)
            Person.update(phone="01 99 00 12 34").where(Person.id == account.person_id).execute()


def opened(email: str, name: str, hashed: str, roles: tuple = ()) -> Account:
    """Return a new account that opens with a password, of which this is the hash."""
    account = rules.create(email, by=None, name=name, roles=roles)
    Account.update(password_hash=hashed, activated_at=now()).where(Account.id == account.id).execute()
    return account
