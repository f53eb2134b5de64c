"""The professionals counted by the register: asked for, made by the worker, compared, kept; and what can go wrong."""

import threading
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cptsapp.blueprints.territory import rules as territory
from cptsapp.blueprints.territory.models import Headcount
from cptsapp.blueprints.uptake import census, fetching, figures
from cptsapp.blueprints.uptake.demo import write_register
from cptsapp.blueprints.uptake.models import Census, CensusState, CommuneHeadcount
from cptsapp.kernel import jobs
from cptsapp.kernel.dates import date_fr, today
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError
from tests.conftest import text_of

BRIE, CHEVRY = "77053", "77114"
ADDRESS = "/gestion/adherents/couverture/rpps"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def communes(app):
    return territory.add_communes([BRIE, CHEVRY])


@pytest.fixture
def source(communes, settings, tmp_path):
    """A register on this machine, published on 8 October 2026."""
    path = tmp_path / "PS_LibreAcces_Personne_activite_202610080740.txt"
    write_register(path)
    settings.rpps_source = str(path)
    return path


@pytest.fixture
def server(communes, settings):
    """What answers for the national server: `body`, `status`, the `length` announced and `moved_to` may be changed."""

    class Answer(BaseHTTPRequestHandler):
        body, status, length, moved_to = b"", 200, None, ""

        def do_GET(self):
            is_moved = Answer.moved_to and self.path == "/extraction"
            self.send_response(302 if is_moved else Answer.status)
            if is_moved:
                self.send_header("Location", Answer.moved_to)
            self.send_header("Content-Length", str(len(Answer.body) if Answer.length is None else Answer.length))
            self.end_headers()
            self.wfile.write(Answer.body)

        def log_message(self, *args):
            pass

    made = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    settings.rpps_source = f"http://127.0.0.1:{made.server_port}/extraction"
    yield Answer
    made.shutdown()
    made.server_close()


def failed(settings) -> str:
    """Ask for a reading that fails; return what it says."""
    census.ask()
    found = census.last()
    assert found.state == CensusState.FAILED
    assert not list(settings.instance.glob(".tmp-rpps-*"))
    return found.message


def test_the_register_is_read_compared_and_what_is_ticked_is_kept(as_coordinator, source):
    territory.count_professionals(date(2026, 1, 5), {"60": 80, "93": 4}, source="Diagnostic")
    assert as_coordinator.post(ADDRESS).status_code == 303  # in a test, the worker is this process
    page = text_of(as_coordinator.get(ADDRESS).text)
    assert "Infirmiers 80 au 5 janv. 2026 91" in page
    found = census.last()
    professions, places = census.proposals(found)
    assert {each.key: each.found for each in professions}["93"] == 0  # typed once, and nobody practises any more
    assert sum(each.found for each in places) == sum(each.found for each in professions)
    chosen = {"profession": [each.key for each in professions if each.key != "93"], "commune": [BRIE]}
    kept = as_coordinator.post(f"{ADDRESS}/{found.id}/enregistrer", data=chosen)
    assert kept.status_code == 303
    counted = Headcount.at(today())
    assert (counted["60"].number, counted["60"].counted_on) == (91, date(2026, 10, 8))
    assert counted["60"].source == f"RPPS, extraction du {date_fr(date(2026, 10, 8))}"
    assert counted["93"].number == 4
    assert set(CommuneHeadcount.at(today())) == {BRIE}
    assert figures.total(today()).headcount == sum(each.found for each in professions)
    assert "Dernier comptage : extraction du 8 octobre 2026" in text_of(as_coordinator.get(ADDRESS).text)
    again = as_coordinator.post(f"{ADDRESS}/{found.id}/enregistrer", data=chosen)
    assert again.status_code == 422
    assert "n’est plus à enregistrer" in again.text


def test_nothing_ticked_is_refused_and_the_ticks_stay_as_they_were(as_coordinator, source):
    census.ask()
    path = f"{ADDRESS}/{census.last().id}/enregistrer"
    refused = as_coordinator.post(path, data={"profession": ["inconnue"]})
    assert refused.status_code == 422
    assert "Cochez au moins un effectif" in refused.text
    assert " checked" not in refused.text
    assert census.last().state == CensusState.READY
    assert not Headcount.select().exists()


def test_a_newer_number_stays_the_one_of_the_rate_and_is_not_ticked_for_replacement(as_coordinator, source):
    territory.count_professionals(today(), {"60": 70}, source="Comptés hier")
    census.ask()
    [nurses] = [each for each in census.proposals(census.last())[0] if each.key == "60"]
    assert nurses.is_outdated
    html = as_coordinator.get(ADDRESS).text
    assert "un effectif plus récent est en place" in text_of(html)
    assert 'value="60" aria-label="Infirmiers">' in html
    assert 'value="70" aria-label="Masseurs-kinésithérapeutes" checked>' in html


def test_one_reading_at_a_time_and_the_page_follows_it(as_coordinator, source):
    running = Census.create(stage="counting", done=1_000_000, total=4_000_000)
    part = as_coordinator.get(ADDRESS, headers=HTMX).text
    assert 'hx-trigger="every 2s"' in part
    assert "Lecture du fichier" in part
    with pytest.raises(RuleError, match="déjà en cours"):
        census.ask()
    as_coordinator.post(f"{ADDRESS}/{running.id}/abandonner")
    assert census.last() is None
    assert "hx-trigger" not in as_coordinator.get(ADDRESS, headers=HTMX).text


def test_a_reading_given_up_stops_and_one_whose_worker_died_is_taken_up_again(source, monkeypatch):
    monkeypatch.setattr(census, "TELL_EVERY", 0)
    running = Census.create(claimed_at=now())
    census.carry_on(running.id)
    assert census.last().state == CensusState.RUNNING  # another process is at it
    Census.update(claimed_at=now() - timedelta(minutes=4)).execute()
    census.carry_on_all()
    assert census.last().state == CensusState.READY
    given_up = Census.create()
    read = census.read
    monkeypatch.setattr(census, "read", lambda path, tell: census.give_up(given_up.id) or read(path, tell))
    census.carry_on(given_up.id)
    assert not Census.select().where(Census.id == given_up.id).exists()


def test_a_worker_that_stops_leaves_the_reading_to_the_next(source, monkeypatch):
    running = Census.create()
    jobs.stopping.set()
    try:
        census.carry_on(running.id)
    finally:
        jobs.stopping.clear()
    assert (census.last().state, census.last().claimed_at) == (CensusState.RUNNING, None)
    census.carry_on_all()
    assert census.last().state == CensusState.READY


def test_the_file_comes_from_the_national_server_and_leaves_with_the_reading(source, server, settings):
    server.body = source.read_bytes()
    (settings.instance / ".tmp-rpps-tue").mkdir()  # by a worker that was killed
    census.ask()
    assert census.last().state == CensusState.READY
    assert census.last().counted_on == today()  # its name tells no day
    assert not list(settings.instance.glob(".tmp-rpps-*"))


def test_what_the_server_answers_amiss_is_told_and_nothing_is_left(server, settings, monkeypatch):
    server.status = 503
    assert "503" in failed(settings)
    server.status, server.body, server.length = 200, b"court", 5_000
    assert "pas venu jusqu’au bout" in failed(settings)
    server.length = fetching.MOST_BYTES + 1
    assert "plus gros que prévu" in failed(settings)
    server.length = None
    assert "Identifiant PP" in failed(settings)
    monkeypatch.setattr(fetching, "LEFT_FREE", 1 << 60)
    assert "plus assez de place" in failed(settings)


def test_a_server_that_sends_elsewhere_is_followed_to_a_sound_address_alone(server, settings, monkeypatch):
    monkeypatch.setattr(fetching, "LOOPBACK", {"127.0.0.1"})
    server.moved_to = settings.rpps_source.replace("127.0.0.1", "localhost").replace("extraction", "ailleurs")
    assert "commencer par https://" in failed(settings)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("http://annuaire.exemple.fr/fichier", "https://"),
        ("file:///etc/passwd", "https://"),
        ("absent.txt", "plus à sa place"),
        ("https://127.0.0.1:1/", "pas venu jusqu’au bout"),
    ],
)
def test_only_a_sound_address_or_a_file_of_this_machine_is_read(communes, settings, address, sentence):
    settings.rpps_source = address
    assert sentence in failed(settings)


def test_a_defect_is_told_on_the_page_and_kept_for_the_administration(source, monkeypatch):
    def broken(*args):
        raise ZeroDivisionError

    monkeypatch.setattr(census, "read", broken)
    running = Census.create()
    with pytest.raises(ZeroDivisionError):
        census.carry_on(running.id)
    assert "erreur imprévue" in census.last().message


def test_without_territory_or_without_source_the_page_says_what_to_do(as_coordinator, settings):
    assert "Choisissez d’abord les communes" in as_coordinator.get(ADDRESS).text
    with pytest.raises(RuleError, match="communes du territoire"):
        census.ask()
    territory.add_communes([BRIE])
    settings.rpps_source = ""
    assert "n’est pas proposé" in as_coordinator.get(ADDRESS).text
    as_coordinator.post(ADDRESS)
    assert census.last() is None


def test_the_command_counts_shows_and_keeps(app, source):
    runner = app.test_cli_runner()
    shown = runner.invoke(args=["uptake", "count", str(source), "--dry-run"])
    assert "91  Infirmiers" in shown.output
    assert not Headcount.select().exists()
    assert runner.invoke(args=["uptake", "count", str(source)], input="n\n").exit_code != 0
    assert not Headcount.select().exists()
    kept = runner.invoke(args=["uptake", "count", str(source), "--yes"])
    assert "effectifs enregistrés" in kept.output
    assert Headcount.at(today())["60"].number == 91


def test_old_readings_are_forgotten_and_the_numbers_stay(source):
    census.ask()
    professions, places = census.proposals(census.last())
    census.keep(census.last().id, [each.key for each in professions], [each.key for each in places])
    Census.update(asked_at=now() - timedelta(days=91)).execute()
    assert census._purge(today()) == 1
    assert Headcount.select().exists()
