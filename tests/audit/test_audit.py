import ast
import re
from datetime import date, datetime
from pathlib import Path

import pytest
from flask import Flask
from playhouse.test_utils import assert_query_count

from cptsapp.blueprints.association.models import Association
from cptsapp.blueprints.audit import models, words
from cptsapp.blueprints.audit.gestion import JOURNAL
from cptsapp.kernel import journal
from cptsapp.kernel.db import db
from cptsapp.kernel.journal import JournalEntry


@pytest.fixture
def acts(app, coordinator, admin):
    """An exported list by the coordinator, a role given by the admin, a purge by the site itself."""
    JournalEntry.delete().execute()
    with journal.acting(coordinator.id):
        journal.write("list.exported", "list", "messages", rows=12, format="csv")
    with journal.acting(admin.id):
        journal.write("account.role_given", "account", coordinator.id, role="bureau")
    journal.write("contact.trashed", "contact", 404)


def test_the_journal_is_read_in_sentences(as_admin, acts):
    html = as_admin.get("/gestion/journal/").text
    for said in ("Liste exportée", "Liste : messages", "lignes : 12", "rôle : Bureau", "Camille Exemple"):
        assert said in html
    assert models.NOBODY in html
    assert "404" in html


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ({"role": "bureau", "until": None}, "rôle : Bureau"),
        ({"roles": []}, ""),
        ({"role": "bureau", "until": "2027-01-31"}, "rôle : Bureau ; jusqu’au : 31 janvier 2027"),
        ({"changed": ["phone", "address"]}, "changé : téléphone, adresse"),
        ({"version": "20261122T071027856807Z-02ef7aab-1"}, "version : 22 novembre 2026 à 8 h 10"),
        ({"email_changed": True, "factor_removed": False}, "adresse changée : oui ; second facteur retiré : non"),
        ({"purges": {"contact": 3}}, "effacés : Messages de contact 3"),
    ],
)
def test_the_detail_of_an_act_is_in_french(app, detail, said):
    assert words.detail_words(detail).replace("\u202f", " ").replace("\xa0", " ") == said


def test_every_key_and_column_that_an_act_can_name_has_its_french(app):
    trees = (ast.parse(path.read_text()) for path in Path("cptsapp").rglob("*.py"))
    calls = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    written = [call for call in calls if ast.unparse(call.func) in ("journal.write", "desk.write")]
    assert {each.arg for call in written for each in call.keywords if each.arg} <= set(words.DETAILS)
    assert set(Association._meta.fields) - {"id"} <= set(words.COLUMNS)


def test_it_is_narrowed_by_person_act_subject_and_period(app, coordinator, acts):
    def sentences(**asked):
        with app.test_request_context("/gestion/journal/"):
            return [row.action for row in JOURNAL.read(models.entries(), asked).rows]

    assert sentences(qui=str(coordinator.id)) == ["list.exported"]
    assert sentences(acte="contact.trashed") == ["contact.trashed"]
    assert sentences(objet="account") == ["account.role_given"]
    assert sentences(q="messages") == ["list.exported"]
    assert sentences(le_au="2020-01-01") == []
    assert len(sentences(qui="999999", acte="inconnu")) == 3


def test_a_page_of_the_journal_costs_few_queries_whatever_its_length(app, coordinator, acts):
    with journal.acting(coordinator.id):
        for _ in range(60):
            journal.write("account.login", "account", coordinator.id)
    with app.test_request_context("/gestion/journal/"), assert_query_count(4):
        view = JOURNAL.read(models.entries())
        assert {models.actor_of(row) for row in view.rows} == {"Camille Exemple"}
        assert view.rows[0].subject_words == "Compte : Camille Exemple"


def test_the_export_says_the_same(as_admin, acts):
    lines = as_admin.post("/gestion/journal/export", data={"format": "csv"}).text.splitlines()
    assert "Acte;Sur;Par;Le;Détail" in lines[0]
    assert any("Compte : Camille Exemple" in line for line in lines)


@pytest.mark.parametrize("who", ["as_coordinator", "as_bureau", "as_adherent"])
def test_only_the_administration_reads_it(request, who):
    assert request.getfixturevalue(who).get("/gestion/journal/").status_code == 403


def test_nothing_in_the_product_changes_an_entry():
    writes = re.compile(r"JournalEntry\.(update|delete|insert|create|replace)|\bentry\.save\(")
    places = {
        f"{path.parent.name}/{path.name}"
        for path in Path("cptsapp").rglob("*.py")
        if "migrations" not in path.parts and "JournalEntry" in (text := path.read_text()) and writes.search(text)
    }
    assert places == {"kernel/journal.py", "audit/models.py"}


def test_no_route_of_the_journal_writes_but_its_export(app: Flask):
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("audit_")]
    assert {(rule.rule, "POST" in rule.methods) for rule in rules} == {
        ("/gestion/journal/", False),
        ("/gestion/journal/export", True),
    }


def test_old_entries_leave_after_two_years(app, acts):
    JournalEntry.update(at=datetime(2024, 2, 28)).where(JournalEntry.action == "contact.trashed").execute()
    JournalEntry.update(at=datetime(2024, 3, 2)).where(JournalEntry.action == "list.exported").execute()
    assert models.purge(date(2026, 3, 1)) == 1
    assert {each.action for each in JournalEntry.select()} == {"list.exported", "account.role_given"}


def test_every_act_has_its_french_words(app):
    assert all(words[0].isupper() for words in journal.ACTIONS.values())


def test_an_undeclared_act_is_refused(app):
    with pytest.raises(KeyError), db.atomic():
        journal.write("jamais.declare", "list", 1)


def test_the_closed_lists_of_other_rooms_are_in_french(app):
    said = words.detail_words({"outcome": "no_follow", "reason": "bounced", "state": "validated"}).replace("\xa0", " ")
    assert said == "issue : Sans suite ; motif : Adresse qui ne reçoit plus ; état : Validée par le bureau"
