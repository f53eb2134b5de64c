"""A source of letters, people, and segments of them."""

import pytest

from cptsapp.blueprints.mailing import audience, rules, sources
from cptsapp.blueprints.mailing.letters import Letter
from cptsapp.blueprints.person import rules as persons
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import registry
from cptsapp.kernel.registry import Segment


class Letters:
    """What the source of the tests gives, and what it was told."""

    def __init__(self):
        self.letter = Letter("La lettre {prenom}", "", "<p>{bonjour}</p>", "{bonjour}")
        self.advice, self.started, self.reopened = [], [], []


@pytest.fixture
def letters(app):
    made = Letters()
    before = dict(sources._sources)
    sources.register(
        sources.LetterSource(
            "essai",
            "Lettre d’essai",
            letter=lambda id: made.letter,
            edit_url=lambda id: f"/gestion/essais/{id}",
            advice=lambda id: made.advice,
            started=made.started.append,
            reopened=made.reopened.append,
            create=lambda: 77,
        )
    )
    yield made
    sources._sources.clear()
    sources._sources.update(before)


@pytest.fixture(autouse=True)
def segments(monkeypatch):
    """« noms »: the persons whose family name is the value, one of A, B or C."""
    names = [(each, f"Famille {each}") for each in "ABC"]
    own = Segment(
        "noms", "Noms", lambda: names, lambda value: Person.select(Person.id).where(Person.family_name == value)
    )
    monkeypatch.setattr(registry, "segments", [*registry.segments, own])


@pytest.fixture
def people(app):
    """Return a function that adds persons: people("A", "camille@exemple.fr", …)."""

    def add(family, *emails):
        return [
            persons.create(given_name=f"P{rank}", family_name=family, email=email) for rank, email in enumerate(emails)
        ]

    return add


@pytest.fixture
def mailing(letters):
    """A sending that has not left, for the persons of family A."""
    made = rules.open_for("essai", 1)
    return rules.set_audience(made.id, [audience.Step("or", "noms", "A")])
