"""People who practise, and a short way to declare."""

from itertools import count

import pytest

from cptsapp.blueprints.adherent import rules as adherent_rules
from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.directory import catalogue, rules
from cptsapp.blueprints.directory.definition import Kind
from cptsapp.blueprints.directory.rules import Agreement, Typed
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.territory import rules as territory

BRIE = "77053"  # Brie-Comte-Robert
SERVON = "77450"  # same intercommunalité
MELUN = "77288"
_ranks = count(1)


def practitioner(profession="10-MG", *, commune=BRIE, member=True, name="Modèle", email=None):
    """Return a person who practises, an adherent by default."""
    rank = next(_ranks)
    email = f"volontaire{rank}@exemple.fr" if email is None else email
    person = person_rules.create(kind="person", given_name=f"Camille{rank:03}", family_name=name, email=email)
    Practice.create(person=person, profession=profession, commune=territory.use(commune))
    if member:
        adherent_rules.admit(person.id)
    return person


def structure(name="Maison de santé des Exemples"):
    return person_rules.create(kind="structure", name=name, email="accueil@exemple.fr")


def answer(field):
    """Return a fair answer to a field."""
    match field.kind:
        case Kind.CHOICE:
            return field.choices[0][0]
        case Kind.CHOICES:
            return [field.choices[0][0]]
        case Kind.NUMBER:
            return max(field.least, 3)
        case Kind.DATE:
            number = sum(map(ord, field.key))  # a day of its own
            return f"{2000 + number % 27}-{1 + number % 12:02}-{1 + number % 28:02}"
        case Kind.YES_NO:
            return True
        case Kind.COMMUNES:
            return [MELUN]
        case Kind.PERSON | Kind.ENTRY:
            return None
        case _:
            return f"mot{field.key.replace('_', '')}"


def answers(definition, **given):
    return {field.key: answer(field) for field in definition.fields} | given


def declared(slug, person=None, *, title="", agreement=None, keyed=False, stage="", typed=None, **given):
    """Declare an entry with fair answers; `given` replaces some of them."""
    definition = catalogue.find(slug)
    typed = {"email": person.email or ""} if person else {}
    typed |= {"title": title, "commune": BRIE, "values": answers(definition, **given)}
    agreement = agreement or Agreement()
    return rules.declare(slug, person and person.id, Typed(**typed), agreement, keyed=keyed, stage=stage)


@pytest.fixture
def doctor(app):
    return practitioner()
