"""Tallies: one tap counts one, once; nobody is kept; the coordination reads sums and corrects them."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from playhouse.test_utils import assert_query_count

from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.tally import indicators, rules
from cptsapp.blueprints.tally import models as tallies
from cptsapp.blueprints.tally.gestion import index as gestion_index
from cptsapp.blueprints.tally.models import Tally, TallyKind, total, usual_kinds
from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel import db as database
from cptsapp.kernel import registry
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry
from tests.conftest import text_of

SPACE, DESK = "/espace/compteurs", "/gestion/compteurs"
KEY = "une-page-ouverte"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def kind(app):
    territory.add_communes(["77053", "77004"])
    return rules.save_kind(label="Patients inclus dans le protocole cystite", hint="Une inclusion.")


@pytest.fixture
def nurse(adherent):
    territory.use("77053")
    Practice.create(person=adherent.person_id, profession="60", commune="77053")
    return adherent


def key_of(html: str) -> str:
    return re.search(r'name="key"[^>]*value="([^"]+)"', html)[1]


def counted() -> int:
    return total(today() - timedelta(days=400), today())


def test_one_touch_counts_one_and_a_second_of_the_same_page_counts_nothing(kind, nurse, as_adherent):
    page = as_adherent.get(SPACE).text
    assert '<option selected value="77053">' in page
    sent = {"key": key_of(page), "commune": "77053", "on": today().isoformat(), "kind": str(kind.id)}
    answer = as_adherent.post(SPACE, data=sent)
    assert answer.status_code == 303
    after = as_adherent.get(answer.location).text
    assert "Un de plus" in after
    assert key_of(after) != sent["key"]
    again = as_adherent.post(SPACE, data=sent)
    assert "Déjà compté, une seule fois" in as_adherent.get(again.location).text
    assert (counted(), Tally.get().commune_id, Tally.get().on) == (1, "77053", today())
    assert as_adherent.post(SPACE, data=sent | {"key": key_of(after)}).status_code == 303
    assert counted() == 2


def test_with_htmx_the_answer_is_the_part_and_offers_to_undo(kind, nurse, as_adherent):
    sent = {"key": KEY, "commune": "", "kind": str(kind.id)}
    part = as_adherent.post(SPACE, data=sent, headers=HTMX).text
    assert "<html" not in part
    assert "Un de plus" in part
    assert "hors du territoire" in part
    touched = re.search(r'name="touched" value="(\w+)"', part)[1]
    undone = as_adherent.post(f"{SPACE}/annuler", data={"touched": touched, "commune": ""}, headers=HTMX).text
    assert "Annulé" in undone
    assert counted() == 0
    assert as_adherent.post(f"{SPACE}/annuler", data={"touched": touched}).status_code == 303
    as_adherent.post(SPACE, data=sent)  # a late copy of the tap that was undone
    assert counted() == 0


def test_the_part_is_a_piece_of_the_page(kind, nurse, as_adherent):
    def still(text):
        return re.sub(r'value="[^"]{16,}"', "", text).strip()

    assert still(as_adherent.get(SPACE, headers=HTMX).text) in still(as_adherent.get(SPACE).text)


def test_eight_copies_of_a_touch_at_once_count_one(kind, nurse):
    gate = threading.Barrier(8)

    def tap(_):
        gate.wait()
        with database.connection():
            return rules.count(nurse.person_id, kind.id, key=KEY)[1]

    with ThreadPoolExecutor(8) as pool:
        new = list(pool.map(tap, range(8)))
    assert (counted(), new.count(True)) == (1, 1)


def test_a_tap_is_taken_back_for_a_minute(kind, nurse):
    tally, _ = rules.count(nurse.person_id, kind.id, key=KEY)
    Tally.update(at=now() - timedelta(seconds=61)).execute()
    with pytest.raises(RuleError, match="minute est passée"):
        rules.undo(tally.key)
    Tally.update(at=now() - timedelta(seconds=50)).execute()
    rules.undo(tally.key)
    rules.undo(tally.key)
    assert counted() == 0
    with pytest.raises(RuleError, match="rien à annuler"):
        rules.undo("inconnu")


def test_what_cannot_be_counted_is_refused_and_nothing_is(kind, nurse, as_adherent, app):
    day = today()
    for values, said in (
        ({"on": day + timedelta(days=1)}, "deux derniers mois"),
        ({"on": day - timedelta(days=90)}, "deux derniers mois"),
        ({"insee": "75056"}, "commune de la liste"),
        ({"key": ""}, "trop longtemps"),
        ({"key": "é" * 20}, "trop longtemps"),
    ):
        with pytest.raises(RuleError, match=said):
            rules.count(nurse.person_id, kind.id, **{"key": KEY, **values})
    assert as_adherent.post(SPACE, data={"key": KEY, "commune": "77053", "on": "demain"}).status_code == 422
    assert as_adherent.post(SPACE, data={"key": KEY, "commune": "75056", "kind": str(kind.id)}).status_code == 422
    rules.close(kind.id)
    assert as_adherent.post(SPACE, data={"key": KEY, "commune": "77053", "kind": str(kind.id)}).status_code == 422
    assert counted() == 0


def test_only_professionals_count(kind, as_adherent, adherent):
    assert "professionnels de santé" in as_adherent.get(SPACE).text
    assert as_adherent.post(SPACE, data={"key": KEY, "commune": "", "kind": str(kind.id)}).status_code == 422
    Practice.create(person=adherent.person_id, profession="60")
    rules.close(kind.id)
    assert "Rien à compter" in as_adherent.get(SPACE).text
    assert counted() == 0


def test_neither_a_patient_nor_who_counted_can_be_read_anywhere(kind, nurse, as_adherent):
    as_adherent.post(SPACE, data={"key": KEY, "commune": "77053", "kind": str(kind.id)})
    assert set(Tally._meta.fields) == {
        "id", "kind", "on", "commune", "number", "is_correction", "key", "at", "undone_at",
    }  # fmt: skip
    assert not [each for each in JournalEntry.select() if each.action.startswith("tally") and each.actor_id == nurse.id]


def test_the_card_of_the_first_page_counts_as_well(kind, nurse, as_adherent):
    card = as_adherent.get("/espace/cartes/tally", headers=HTMX).text
    assert kind.label in card
    assert f'action="{SPACE}"' in card
    Practice.update(profession="").execute()
    assert as_adherent.get("/espace/cartes/tally", headers=HTMX).text == ""


def test_the_coordination_reads_sums_by_month_kind_and_commune(kind, nurse, as_coordinator, app):
    other = rules.save_kind(label="Téléconsultations")
    first = today().replace(day=1)
    for rank, (which, day, insee) in enumerate(
        [(kind, today(), "77053"), (kind, today(), None), (other, first - timedelta(days=1), "77004")]
    ):
        rules.count(nurse.person_id, which.id, key=f"{KEY}{rank}", on=day, insee=insee)
    words = text_of(as_coordinator.get(DESK).text)
    for said in ("Comptés 3", "Ce mois-ci 2", "Hors du territoire", "Téléconsultations"):
        assert said in words
    only = text_of(as_coordinator.get(f"{DESK}?compteur={other.id}&commune=77004").text)
    assert "Comptés 1" in only
    month = f"{first:%Y-%m}"
    assert "Comptés 2" in text_of(as_coordinator.get(f"{DESK}?de={month}&a={month}").text)
    assert "Comptés 1" in text_of(as_coordinator.get(f"{DESK}?commune=ailleurs").text)
    for wrong in ("de=demain&a=9999-99", "compteur=x&commune=75056", f"de={month}&a=2000-01"):
        assert as_coordinator.get(f"{DESK}?{wrong}").status_code == 200
    part = as_coordinator.get(DESK, headers=HTMX).text
    assert part.strip() in as_coordinator.get(DESK).text
    with app.test_request_context(DESK), assert_query_count(3):
        gestion_index()
    for file in ("csv", "xlsx"):
        answer = as_coordinator.get(f"{DESK}/compteurs.{file}?compteur={kind.id}")
        assert answer.status_code == 200
    lines = as_coordinator.get(f"{DESK}/compteurs.csv?compteur={kind.id}").text.splitlines()
    assert len(lines) == 3
    assert lines[1].endswith(";Brie-Comte-Robert;1")


def test_a_correction_adds_takes_away_and_never_goes_below_zero(kind, as_coordinator):
    form = {"kind": str(kind.id), "on": today().isoformat(), "commune": "77053", "number": "12"}
    page = as_coordinator.get(f"{DESK}/corriger").text
    for _ in range(2):
        assert as_coordinator.post(f"{DESK}/corriger", data=form | {"key": key_of(page)}).status_code == 303
    assert counted() == 12
    for number, said in (("-13", "12 seulement"), ("0", "Écrivez un nombre"), ("x", "nombre entier"), ("", "Écrivez")):
        answer = as_coordinator.post(f"{DESK}/corriger", data=form | {"number": number, "key": key_of(page) + number})
        assert answer.status_code == 422
        assert said in text_of(answer.text), number
    rules.correct(kind.id, -2, on=today(), insee="77053", key=f"{KEY}-2")
    assert counted() == 10
    entries = JournalEntry.select().where(JournalEntry.action == "tally.corrected")
    assert [each.detail["number"] for each in entries.order_by(JournalEntry.id)] == [12, -2]


def test_what_was_corrected_away_is_not_undone_once_more(kind, nurse):
    tally, _ = rules.count(nurse.person_id, kind.id, key=KEY)
    rules.correct(kind.id, -1, on=today(), key=f"{KEY}-moins")
    with pytest.raises(RuleError, match="déjà retiré"):
        rules.undo(tally.key)
    assert counted() == 0


def test_kinds_are_added_renamed_stopped_and_opened_again(as_coordinator):
    assert "Aucun compteur" in as_coordinator.get(DESK).text
    assert as_coordinator.post(f"{DESK}/liste/courants").status_code == 303
    assert rules.add_usual() == 0
    assert TallyKind.select().count() == len(usual_kinds())
    first = TallyKind.get(TallyKind.key == "epp")
    answer = as_coordinator.post(f"{DESK}/liste/{first.id}", data={"label": "EPP précoces", "position": "5"})
    assert answer.status_code == 303
    answer = as_coordinator.post(f"{DESK}/liste/nouveau", data={"label": "EPP précoces", "hint": "Le même"})
    assert answer.status_code == 422
    assert "porte déjà ce nom" in answer.text
    assert "Le même" in answer.text
    assert as_coordinator.post(f"{DESK}/liste/nouveau", data={"label": " "}).status_code == 422
    as_coordinator.post(f"{DESK}/liste/{first.id}/arreter")
    rules.save_kind(label="EPP précoces")
    as_coordinator.post(f"{DESK}/liste/{first.id}/reprendre")
    assert "Un compteur ouvert porte déjà ce nom" in as_coordinator.get(f"{DESK}/liste").text
    assert TallyKind.get_by_id(first.id).closed_at
    assert as_coordinator.post(f"{DESK}/liste/999/arreter").status_code == 404


def test_each_usual_kind_is_an_indicator_and_all_add_up(nurse):
    rules.add_usual()
    for rank, key in enumerate(("epp", "epp", "cystite")):
        rules.count(nurse.person_id, TallyKind.get(TallyKind.key == key).id, key=f"{KEY}{rank}")
    found = {each.key: each.count(today(), today()) for each in registry.indicators if each.key.startswith("tally.")}
    assert (found["tally.all"], found["tally.epp"], found["tally.cystite"], found["tally.rhino"]) == (3, 2, 1, 0)
    for told in (indicators.by_kind, indicators.by_commune, indicators.by_month):
        assert sum(told(today(), today()).values()) == 3
    assert tallies.lines(today() + timedelta(days=1), today() + timedelta(days=2)) == []


def test_the_form_of_a_counter_is_a_piece_of_its_page(as_coordinator):
    whole, part = (as_coordinator.get(f"{DESK}/liste/nouveau", headers=each).text for each in ({}, HTMX))
    assert part.strip() in whole
    assert "<html" not in part
