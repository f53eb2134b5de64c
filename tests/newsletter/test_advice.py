"""What is said before a letter leaves."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cptsapp.blueprints.newsletter import health, numbering, picking, rules
from cptsapp.blueprints.newsletter.advice import advice_for, is_shouted
from cptsapp.blueprints.newsletter.contents import Block, Content
from cptsapp.blueprints.newsletter.models import Kind
from cptsapp.kernel import journal
from cptsapp.kernel.access import roles
from cptsapp.kernel.dates import add_months, today
from tests.newsletter.conftest import heading

FINE = Content(subject="La réunion", preheader="Venez nombreux.", editorial="Bonjour, [écrivez-nous](/contact).")


@pytest.fixture
def said(app, site):
    """Return a function that gives what is said of a message: said(subject="…")."""

    def said(**values):
        issue = rules.create(Kind.MESSAGE, replace(FINE, **values))
        with app.test_request_context("/"):
            return [each.sentence for each in advice_for(issue)]

    return said


def test_nothing_is_said_of_a_letter_that_is_fine(said):
    assert said() == []
    assert said(blocks=(heading("Agenda"), Block(title="Un mot", blurb="Du texte", url="/"))) == []


CASES = [
    ({"subject": ""}, "L’objet est vide"),
    ({"subject": "a" * 70}, "70 caractères"),
    ({"subject": "VENEZ TRÈS NOMBREUX"}, "en capitales"),
    ({"subject": "Venez !!"}, "plusieurs signes"),
    ({"preheader": ""}, "phrase d’aperçu est vide"),
    ({"preheader": "a" * 150}, "phrase d’aperçu est longue"),
    ({"editorial": ""}, "La lettre est vide"),
    ({"editorial": "Voir [là](/nulle-part)."}, "/nulle-part ne mène nulle part"),
    ({"editorial": "Voir [là](/espace/)."}, "/espace/ demande de se connecter"),
    ({"editorial": "![](/images/a.jpg)"}, "n’est pas décrite"),
    ({"editorial": "![x](https://ailleurs.fr/a.png)"}, "sur un autre site"),
    ({"editorial": "Bonjour {prenon}"}, "{prenon} n’est pas un champ connu"),
    ({"editorial": "mot " * 30_000}, "Gmail la coupe"),
    ({"blocks": (heading("Agenda"), heading("Autre"), Block(title="a", blurb="b"))}, "La rubrique « Agenda » est vide"),
    ({"blocks": (Block(title="Sans texte"),)}, "« Sans texte » n’a pas de texte"),
    ({"blocks": (Block(title="GRANDE RÉUNION", blurb="b"),)}, "« GRANDE RÉUNION » est en capitales"),
    ({"blocks": (Block(title="a", blurb="b", url="/absent"),)}, "/absent ne mène nulle part"),
]


def test_each_thing_worth_a_look_is_said(said):
    for values, sentence in CASES:
        assert [each for each in said(**values) if sentence in each], (values, said(**values))


def test_what_was_announced_and_has_changed_is_said(said, site):
    site.announce("hier", title="Hier", on=today() - timedelta(days=1), url="/")
    site.announce("bouge", title="Qui bouge", url="/")
    site.announce("membres", title="Pour eux", url="/actualites/reservee", readers="adherents")
    blocks = tuple(picking.block_of("event", each) for each in site.items)
    assert said(blocks=blocks) == ["« Hier » est passé."]
    site.change("bouge", details="samedi")
    site.items = [each for each in site.items if each.key != "hier"]
    sentences = said(blocks=blocks)
    assert any("« Hier » n’est plus sur le site" in each for each in sentences)
    assert any("« Qui bouge » a changé depuis : samedi" in each for each in sentences)


def test_a_missing_month_and_an_older_draft_are_said(app, site, make):
    here = numbering.first_of(today())
    make(month=add_months(here, -3), subject="Ancienne", out=True)
    make(subject="Une en retard")
    issue = make(month=here, subject="La suivante", preheader="Voici", editorial="Bonjour")
    with app.test_request_context("/"):
        sentences = " ".join(each.sentence for each in advice_for(issue))
    assert "Pas de lettre pour" in sentences
    assert "Le n°\u00a02 n’est pas encore parti" in sentences
    assert "est déjà celui de" in sentences


def test_looking_at_links_changes_nothing_of_whoever_asks(app, site, letter, coordinator):
    with app.test_request_context("/"), journal.acting(coordinator.id):
        held = roles()
        advice_for(letter, replace(FINE, editorial="[a](/espace/) [b](/contact)"))
        assert roles() is held
        assert journal.actor() == coordinator.id


def test_an_acronym_is_not_shouting():
    assert not is_shouted("La CPTS et l’ARS vous répondent")
    assert not is_shouted("CPTS BRIE : la lettre du mois de mars est là")
    assert is_shouted("URGENT RÉUNION DEMAIN")


def test_every_month_has_its_health_themes():
    assert all(health.of_month(number) for number in range(1, 13))
    assert health.name_of("mars-bleu").startswith("Mars bleu")
    assert health.name_of("inconnu") == ""
