"""After the act that completes one of the first steps, the page leads to the next one."""

import re

import pytest

from cptsapp.blueprints.outbox import rules as outbox
from cptsapp.kernel import registry
from cptsapp.kernel.registry import FirstStep

WHERE = {"Décrire": "association_gestion.identity", "Écrire": "page_gestion.index", "Régler": "system_gestion.index"}
IDENTITY = "/gestion/parametres/identite"
TYPED = {"name": "CPTS fictive", "legal_form": "Association"}


@pytest.fixture
def done():
    """The steps that are done, by label; a test adds some."""
    return set()


@pytest.fixture
def steps(app, done):
    kept = registry.first_steps[:]
    registry.first_steps[:] = [
        FirstStep(label, endpoint, lambda label=label: label in done, order)
        for order, (label, endpoint) in enumerate(WHERE.items())
    ]
    yield
    registry.first_steps[:] = kept


def offers(page: str) -> list[str]:
    """Return the addresses of the next steps that a page offers."""
    return re.findall(r"Étape suivante\s:\s<a href=\"([^\"]+)", page)


def save(browser) -> list[str]:
    """Save the identity, and return what the page that follows offers."""
    answer = browser.post(IDENTITY, data=TYPED, follow_redirects=True)
    assert "L’identité est enregistrée." in answer.text
    return offers(answer.text)


def test_a_step_just_done_leads_once_to_the_next_one_that_the_reader_may_do(as_admin, steps, done):
    as_admin.get("/gestion/")
    done.add("Décrire")
    assert save(as_admin) == ["/gestion/systeme"]  # the administration writes no page
    assert offers(as_admin.get(IDENTITY).text) == []
    assert save(as_admin) == []


def test_an_act_that_completes_nothing_leads_nowhere(as_coordinator, steps):
    as_coordinator.get("/gestion/")
    assert save(as_coordinator) == []


def test_after_the_last_step_come_those_left_before_it(as_coordinator, steps, done):
    as_coordinator.get("/gestion/")
    done.update({"Écrire", "Régler"})
    assert save(as_coordinator) == [IDENTITY]


def test_nothing_is_offered_once_all_is_done(as_coordinator, steps, done):
    as_coordinator.get("/gestion/")
    done.update(WHERE)
    assert save(as_coordinator) == []


def test_whoever_does_not_see_the_list_is_offered_nothing(as_coordinator, steps, done):
    done.add("Décrire")
    assert save(as_coordinator) == []


def test_a_page_that_only_shows_something_offers_nothing_and_does_not_use_up_the_offer(as_coordinator, steps, done):
    as_coordinator.get("/gestion/")
    done.add("Décrire")
    assert offers(as_coordinator.get(IDENTITY).text) == []
    assert save(as_coordinator) == ["/gestion/pages/"]


def test_a_part_that_alone_answers_the_act_makes_the_offer(app, as_coordinator, steps, done, monkeypatch):
    def accepted(*sent):
        done.add("Décrire")
        return outbox.Tested("coordination@exemple.fr", True, 250, "250 OK", "")

    monkeypatch.setattr(outbox, "send_test", accepted)
    as_coordinator.get("/gestion/")
    data = {"to": "coordination@exemple.fr", "kind": "personal"}
    part = as_coordinator.post("/gestion/courriels/essai", data=data, headers={"HX-Request": "true"}).text
    assert offers(part) == ["/gestion/pages/"]
    assert "<html" not in part
