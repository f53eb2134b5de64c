"""The campaigns: one row whatever its channels, counted once where it serves, proving and telling what was done."""

import io
from datetime import date, timedelta

import pytest
from peewee import IntegrityError
from playhouse.test_utils import assert_query_count

from cptsapp.blueprints.document import rules as document_rules
from cptsapp.blueprints.evidence import rules as evidence_rules
from cptsapp.blueprints.evidence.standing import State, standings
from cptsapp.blueprints.outreach import evidence, gestion, registrations, rules
from cptsapp.blueprints.outreach.models import Carrier, Material, Moment, Outreach, Service
from cptsapp.blueprints.project import rules as project_rules
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.files import StoredFile
from cptsapp.kernel.registry import row_sources
from tests.conftest import text_of

DESK = "/gestion/campagnes"
PDF = b"%PDF-1.4\nrien\n%%EOF\n"
YEAR = (today() - timedelta(days=365), today())
FINE = {"title": "Appelez avant de vous déplacer", "audience": "public", "starts_on": today() - timedelta(days=30),
        "ends_on": today() - timedelta(days=2), "channels": ["poster", "radio", "social"]}  # fmt: skip


@pytest.fixture
def fiche(app):
    return project_rules.create(title="Soins non programmés", code="A1", mission="acces")


def campaign(**values):
    return rules.save(**FINE | values)


def counted(**which):
    """Return the figure, checked against the rows behind it."""
    number = registrations.campaigns(*YEAR, **which)
    assert sum(row.number for row in row_sources["outreach.campaigns"].rows(*YEAR, **which)) == number
    return number


def test_a_campaign_of_many_channels_counts_once_for_each_action_that_it_serves(app, fiche):
    twin = project_rules.create(title="La même, ailleurs", code="A1", mission="acces")
    other = project_rules.create(title="Dépistage", code="A2", mission="prevention")
    campaign(fiche_ids=[fiche.id, twin.id, other.id])
    campaign(audience="professionals", theme="prevention", channels=["letter"], fiche_ids=[other.id])
    campaign(starts_on=YEAR[0] - timedelta(days=1), ends_on=today(), fiche_ids=[fiche.id])
    campaign(starts_on=today() + timedelta(days=1), ends_on=None, fiche_ids=[fiche.id])
    with app.test_request_context():
        assert (counted(), counted(action="A1"), counted(action="A2"), counted(action="A")) == (2, 1, 2, 0)
        assert counted(audience="public", action="A2") == counted(channel="radio") == counted(theme="prevention") == 1
        project_rules.trash(fiche.id)
        project_rules.trash(twin.id)
        assert counted(action="A1") == 0
    assert registrations.by_audience(*YEAR) == {"Grand public": 1, "Professionnels de santé": 1}
    assert registrations.by_channel(*YEAR)["Affiches"] == 1
    assert registrations.by_theme(*YEAR) == {"Sans thème": 1, "Prévention": 1}
    assert registrations.by_action(*YEAR)["Dépistage"] == 2


def test_what_makes_no_sense_is_refused_beside_its_field(app, fiche):
    for wrong, field in (
        ({"title": "  "}, "title"),
        ({"audience": "martiens"}, "audience"),
        ({"theme": "inconnu"}, "theme"),
        ({"starts_on": date(1999, 1, 1)}, "starts_on"),
        ({"ends_on": FINE["starts_on"] - timedelta(days=1)}, "ends_on"),
        ({"ends_on": FINE["starts_on"] + timedelta(days=2000)}, "ends_on"),
        ({"channels": []}, "channels"),
        ({"channels": ["pigeon"]}, "channels"),
        ({"channels": ["other"], "other_channel": " "}, "other_channel"),
        ({"reached": 12}, "reached_source"),
        ({"reached_source": "Compté"}, "reached"),
        ({"reached": -1, "reached_source": "Compté"}, "reached"),
        ({"relays": ["x" * 121]}, "relays"),
        ({"fiche_ids": [fiche.id + 1]}, "fiches"),
    ):
        with pytest.raises(RuleError) as refused:
            campaign(**wrong)
        assert refused.value.field == field
    assert not Outreach.select().exists()
    row = campaign(channels=["poster", "poster", "other"], other_channel="Tram", relays=["Mairie ", "", "Mairie"])
    assert (row.relays, Carrier.select().count()) == ("Mairie", 2)
    for table, values in ((Carrier, {"channel": "poster"}), (Material, {"title": "Rien"}),
                          (Material, {"title": "Deux", "url": "https://a.fr", "document": 1})):  # fmt: skip
        with pytest.raises(IntegrityError), db.atomic():
            table.create(outreach=row, **values)


@pytest.mark.parametrize(
    ("first", "last", "moment"),
    [(1, None, "AHEAD"), (0, 0, "RUNNING"), (-5, None, "RUNNING"), (-5, 0, "RUNNING"), (-5, -1, "OVER")],
)
def test_a_campaign_is_where_its_days_say_in_the_page_and_in_the_list(app, first, last, moment):
    day = lambda number: None if number is None else today() + timedelta(days=number)  # noqa: E731
    row = campaign(starts_on=day(first), ends_on=day(last))
    assert row.moment(today()) == Moment[moment]
    found = [each for each in Moment if Outreach.select().where(Outreach.at_moment(each, today())).exists()]
    assert found == [Moment[moment]]


def test_the_coordination_keeps_the_log_and_the_bureau_reads_it(as_coordinator, as_bureau, fiche, app):
    sent = {"title": "Bouger est un soin", "audience": "public", "starts_on": FINE["starts_on"], "fiches": fiche.id,
            "channels": ["poster", "other"], "relays": "Mairie\nClub", "theme": "prevention"}  # fmt: skip
    refused = as_coordinator.post(f"{DESK}/nouvelle", data=sent)
    assert refused.status_code == 422
    assert "Dites lequel" in refused.text
    assert "Mairie" in refused.text
    assert as_coordinator.post(f"{DESK}/nouvelle", data=sent | {"other_channel": "Sacs à pain"}).status_code == 303
    row = Outreach.get()
    again = as_coordinator.get(f"{DESK}/nouvelle?comme={row.id}").text
    assert "Sacs à pain" in again
    assert FINE["starts_on"].isoformat() not in again
    for browser in (as_coordinator, as_bureau):
        words = text_of(browser.get(f"{DESK}/{row.id}").text)
        for said in ("Affiches", "Sacs à pain", "Club", "En cours", "Soins non programmés", "Pas encore de bilan"):
            assert said in words
    year = FINE["starts_on"].year
    campaign(title="Ancienne", starts_on=FINE["starts_on"] - timedelta(days=400))
    asked = f"q=club&annee={year}&theme=prevention&canal=poster&action_servie={fiche.id}&etat=en-cours&public=public"
    assert "Bouger est un soin" in as_coordinator.get(f"{DESK}/?{asked}").text
    before = (FINE["starts_on"] - timedelta(days=400)).year
    for empty in (
        f"annee={before}",
        "canal=press",
        "etat=terminee",
        "etat=sans-bilan",
        "public=professionals",
    ):
        assert "Bouger est un soin" not in as_coordinator.get(f"{DESK}/?{empty}").text
    exported = as_bureau.post(f"{DESK}/export").text
    assert "Affiches" in exported
    assert "Mairie ; Club" in exported
    assert "Bouger est un soin" in as_coordinator.get(f"/gestion/projet/fiches/{fiche.id}").text
    with app.test_request_context(DESK):
        gestion.index()
        with assert_query_count(5):
            gestion.index()
    changed = sent | {"channels": ["radio"], "reached": "40", "reached_source": "Compté", "ends_on": today()}
    assert as_coordinator.post(f"{DESK}/{row.id}/modifier", data=changed).status_code == 303
    assert "40" in as_bureau.get(f"{DESK}/{row.id}").text
    assert [each.channel for each in row.carriers] == ["radio"]
    assert registrations.reached(*YEAR) == 40
    assert as_bureau.post(f"{DESK}/{row.id}/supprimer").status_code == 403
    assert as_coordinator.post(f"{DESK}/{row.id}/supprimer").status_code == 303
    assert as_coordinator.get(f"{DESK}/{row.id}").status_code == 404
    assert not Service.select().exists()


def test_the_materials_of_a_campaign_prove_the_actions_that_it_serves(as_coordinator, as_bureau, client, fiche):
    twin = project_rules.create(title="La même, ailleurs", code="A1", mission="acces")
    row = campaign(fiche_ids=[fiche.id, twin.id])
    proof = evidence_rules.expect(fiche.id, label="Justificatifs de diffusion", kind="support")
    assert standings([proof])[0].state == State.MISSING
    sent = {"file": (io.BytesIO(PDF), "affiche.pdf"), "title": "L’affiche", "url": "https://exemple.fr/article"}
    refused = as_coordinator.post(f"{DESK}/{row.id}", data=sent)
    assert refused.status_code == 422
    assert "un seul des trois" in refused.text
    kept = StoredFile.get()
    assert kept.name in refused.text
    assert as_coordinator.post(f"{DESK}/{row.id}", data={"kept": kept.name, "title": "L’affiche"}).status_code == 303
    document = document_rules.create(title="Dépliant", kind="communication", visibility="public", label="1",
                                     dated_on=today(), text="Texte")  # fmt: skip
    rules.attach(row.id, document_id=document.id)
    rules.attach(row.id, document_id=document.id)
    rules.attach(row.id, title="Article", url="https://exemple.fr/article")
    with pytest.raises(RuleError, match="https"):
        rules.attach(row.id, url="javascript:alert(1)")
    made = list(evidence.of_actions({"A1"}, *YEAR))
    assert [(each.title.split(" : ")[0], each.make and each.make()) for each in made] == [
        ("L’affiche", PDF), ("Dépliant", None), ("Article", None),
    ]  # fmt: skip
    assert standings([proof])[0].state == State.MADE
    assert list(evidence.of_actions({"A2"}, *YEAR)) == []
    assert as_bureau.get(kept.url).data == PDF
    assert client.get(kept.url).status_code == 404
    document_rules.trash(document.id)
    assert len(list(evidence.of_actions({"A1"}, *YEAR))) == 2
    material = Material.get(Material.url != "")
    assert as_coordinator.post(f"{DESK}/supports/{material.id}/retirer").status_code == 303
    assert as_coordinator.post(f"{DESK}/supports/{material.id}/retirer").status_code == 404


def test_a_campaign_over_waits_for_its_balance_and_tells_what_it_did(app, fiche):
    row = campaign(fiche_ids=[fiche.id], channels=["municipal", "other"], other_channel="Tram")
    with app.test_request_context():
        assert [each.count for each in registrations.without_balance()] == [1]
    rules.save(row.id, **FINE | {"channels": ["municipal", "other"], "other_channel": "Tram", "reached": 1200,
                                 "reached_source": "Bulletin", "fiche_ids": [fiche.id]})  # fmt: skip
    with app.test_request_context():
        assert [each.count for each in registrations.without_balance()] == [0]
    (told,) = evidence.done(*YEAR)
    assert told.codes == ("A1",)
    for said in ("grand public", "2\xa0canaux", "communes", "Tram", "source : Bulletin"):
        assert said in told.details
