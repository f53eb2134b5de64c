"""The pages of the indicators: the dashboard, the list, one of them, its forms; who sees what; what the site shows."""

import io
from decimal import Decimal

import pytest
from playhouse.test_utils import count_queries

from benchmarks.adherents import fill
from benchmarks.projet import populate, project
from cptsapp.blueprints.contract import figures
from cptsapp.blueprints.contract import rules as contract_rules
from cptsapp.blueprints.contract.models import Contract
from cptsapp.blueprints.event.models import Event
from cptsapp.blueprints.indicator import board, money, rules, showing, wiring
from cptsapp.blueprints.indicator.checking import Definition
from cptsapp.blueprints.indicator.models import Level, Measure, MeasureTerm, MeasureValue, Origin
from cptsapp.blueprints.indicator.reading import readings
from cptsapp.blueprints.indicator.rules import Given
from cptsapp.blueprints.project import importer
from cptsapp.blueprints.project import rules as project_rules
from cptsapp.blueprints.project.demo import FOLDER
from cptsapp.blueprints.project.models import Fiche, FicheState
from cptsapp.kernel import kept, registry
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from tests.conftest import text_of
from tests.postgresql import counts_what_is_kept

BOARD = "/gestion/projet"
DESK = "/gestion/projet/indicateurs"
TYPED = {"label": "Ateliers", "kind": "counter", "direction": "up", "weight": "1", "origin": "typed", "since": "year"}


def make(fiche=None, **values):
    place = {name: values.pop(name) for name in ("mission", "is_public") if name in values}
    told = Definition(**{"label": "Ateliers tenus", "unit": "ateliers", "target": Decimal(10)} | values)
    return rules.create(told, fiche_id=fiche.id if fiche else None, **place)


def give(measure, number, **values):
    return rules.note_value(measure.id, Given(today(), Decimal(number), source="Compte rendu", **values))


# A project brought in


def test_the_twenty_nine_indicators_come_with_their_fiches_wired_to_import_or_with_the_reason(app):
    project()
    origins = [each.origin for each in MeasureTerm.select()]
    assert {each: origins.count(each) for each in set(origins)} == {"computed": 21, "unwired": 7, "imported": 1}
    assert all(each.origin_note for each in MeasureTerm.select().where(MeasureTerm.origin == Origin.UNWIRED))
    assert {each.measure.code for each in MeasureTerm.select().where(MeasureTerm.origin == "imported")} == {
        "SEN-ACC-1-d"
    }


@pytest.mark.parametrize("name", ["brie", "bievre", "senart"])
def test_the_same_project_twice_makes_its_indicators_once(app, name):
    content = (FOLDER / f"{name}.toml").read_bytes()
    importer.load(content)
    made = Measure.select().count()
    assert importer.load(content).made["Indicateurs créés"] == 0
    assert Measure.select().count() == made


@pytest.mark.parametrize(
    "row", ['[[fiche.indicateur]]\ntype = "voeu"\nlibelle = "a"', "[[fiche.indicateur]]\ncode = 3"]
)
def test_an_indicator_that_makes_no_sense_refuses_the_whole_file(app, row):
    with pytest.raises(RuleError, match="indicateur 1"):
        importer.load(f'[[fiche]]\ntitre = "Une"\n[[fiche]]\ntitre = "Deux"\n{row}\n'.encode())
    assert Fiche.select().count() == 0


def test_an_indicator_whose_function_is_off_here_is_brought_in_with_the_reason(app, monkeypatch):
    monkeypatch.setattr(registry, "indicators", [])
    monkeypatch.setattr("cptsapp.blueprints.indicator.computing.indicators", [])
    importer.load((FOLDER / "senart.toml").read_bytes())
    assert not MeasureTerm.select().where(MeasureTerm.origin == Origin.COMPUTED).exists()


@pytest.mark.parametrize("id", [id for id, _ in wiring.model_choices()])
def test_every_model_makes_a_measure(app, id):
    model = wiring.model(id)
    assert rules.create(model.definition, mission=model.mission)


# The dashboard


def asked(browser, address) -> int:
    kept._results.clear()
    with count_queries() as counted:
        assert browser.get(address).status_code == 200
    return counted.count


@counts_what_is_kept
@pytest.mark.parametrize("address", [BOARD, f"{DESK}/", f"{BOARD}?annee=1-1"])
def test_the_pages_of_a_large_project_ask_little_even_when_nothing_is_kept(as_coordinator, address):
    project()
    few = asked(as_coordinator, address)
    fill(200)
    populate(80, 1600)
    many = asked(as_coordinator, address)
    assert max(few, many) <= 40
    populate(40, 800, seed=2, first=80)
    assert asked(as_coordinator, address) <= many


def test_the_euros_of_a_mission_are_told_exactly_and_add_up(contract, fiche):
    made = make(fiche, kind="levels", direction="down", target=None, initial=Decimal(219),
                levels=[Level(Decimal(218), 300_000), Level(Decimal(50), 900_000)])  # fmt: skip
    late = make(fiche, amount_cents=500_000)
    give(made, 100)
    view = figures.years(contract)[1]
    [acces] = [each for each in money.standings(view, readings(contract, 2), today()) if each.line.line.code == "acces"]
    assert (acces.earned, acces.is_estimate) == (300_000, False)
    assert acces.earned + acces.open + acces.at_risk + acces.unassigned == acces.variable
    assert acces.at_risk >= 500_000  # nothing is known of the second one
    give(late, 10)
    [acces] = [each for each in money.standings(view, readings(contract, 2), today()) if each.line.line.code == "acces"]
    assert acces.earned == 800_000


def test_without_amounts_the_variable_part_is_shared_by_weight_to_the_cent(contract):
    for weight, number in ((1, 10), (1, 10), (1, 0)):
        give(make(mission="acces", weight=weight), number)
    standings = money.standings(figures.years(contract)[1], readings(contract, 2), today())
    acces = next(each for each in standings if each.line.line.code == "acces")
    assert acces.is_estimate
    assert acces.earned == acces.variable * 2 // 3
    assert acces.earned + acces.open + acces.at_risk == acces.variable
    assert all(each.unassigned == each.variable for each in standings if each is not acces)


def test_an_evaluated_year_says_what_was_obtained(contract):
    make(mission="acces")
    contract_rules.value_year(contract.id, 1, {"acces": {"achieved": 80, "source": "Dialogue"}})
    view = figures.years(contract)[0]
    acces = next(x for x in money.standings(view, readings(contract, 1), today()) if x.line.line.code == "acces")
    assert (acces.earned, acces.open, acces.at_risk, acces.is_evaluated) == (view.earned, 0, 0, True)


def test_fiches_are_sorted_by_what_is_left_of_the_way(contract, fiche):
    other = project_rules.create(title="Diabète", mission="prevention")
    third = project_rules.create(title="Sans cible", mission="prevention")
    give(make(fiche), 8)
    give(make(other), 3)
    make(other)
    give(make(third, target=None), 3)
    found = board.by_gap(readings(contract, 2))
    assert [(each.fiche, each.gap, each.lacking) for each in found] == [
        (other, round((70 + 100) / 2), 1),
        (fiche, 20, 0),
        (third, None, 0),
    ]


def test_the_dashboard_says_what_is_missing_and_without_a_contract_what_to_do_first(as_bureau, client):
    assert "Il manque le contrat" in as_bureau.get(BOARD).text
    project()
    page = text_of(as_bureau.get(BOARD).text)
    assert "Patients sans médecin traitant, évolution valeur à importer : CPAM 77" in page
    assert "L’agenda des soins non programmés n’est pas encore dans le produit." in page
    assert client.get(BOARD).status_code == 302


# One indicator


def test_an_indicator_is_created_with_a_narrowed_computation_and_opens_on_its_rows(as_coordinator, contract):
    data = TYPED | {"origin": "computed", "key": "event.held", "fiche": "", "mission": "acces"}
    first = as_coordinator.post(f"{DESK}/nouveau", data=data)
    assert first.status_code == 422
    assert "Ce calcul peut être restreint" in first.text
    assert 'name="p-kind"' in first.text
    shown = {"shown": "event.held|", "p-kind": "workshop", "p-action": "A1", "p-mission": ""}
    assert as_coordinator.post(f"{DESK}/nouveau", data=data | shown).status_code == 303
    made = Measure.get()
    start = figures.years(contract)[1].start
    Event.create(slug="e", uid="e", title="Équilibre", kind="workshop", action="A1", status="held",
                 starts_at=start, ends_at=today())  # fmt: skip
    page = as_coordinator.get(f"{DESK}/{made.id}/lignes/{contract.id}/2").text
    assert "Atelier : Équilibre" in page
    export = as_coordinator.post(f"{DESK}/{made.id}/lignes/{contract.id}/2/export", data={"format": "csv"})
    assert "Équilibre" in export.text


def test_who_may_not_read_the_names_sees_the_number_and_a_sentence(as_bureau, as_coordinator, contract):
    made = make(origin="computed", key="event.participants", target=None)
    address = f"{DESK}/{made.id}/lignes/{contract.id}/2"
    assert "la coordination les lit" in as_bureau.get(address).text
    assert "Rien n’est encore compté" in as_coordinator.get(address).text
    plain = make(origin="computed", key="adherent.active", target=None)
    assert "compté directement" in as_coordinator.get(f"{DESK}/{plain.id}/lignes/{contract.id}/2").text


def test_a_definition_is_edited_then_frozen_and_refuses_what_comes_after(as_coordinator, contract, fiche):
    made = make(fiche)
    address = f"{DESK}/{made.id}/definition/{contract.id}/2"
    refused = as_coordinator.post(address, data=TYPED | {"initial": "12", "target": "8,5"})
    assert refused.status_code == 422
    assert "sous la valeur initiale" in refused.text
    assert 'value="8,5"' in refused.text
    assert as_coordinator.post(address, data=TYPED | {"target": "12"}).status_code == 303
    assert as_coordinator.post(f"{address}/figer").status_code == 303
    assert "elle ne change plus" in as_coordinator.get(address).text
    assert as_coordinator.post(address, data=TYPED | {"target": "14"}).status_code == 422
    assert readings(contract, 2)[0].target == 12


def test_levels_are_typed_one_a_line_and_a_wrong_one_is_told(as_coordinator, contract):
    made = make()
    address = f"{DESK}/{made.id}/definition/{contract.id}/2"
    data = TYPED | {"kind": "levels", "direction": "down"}
    refused = as_coordinator.post(address, data=data | {"levels": "50 : 9000\ncent : 6000"})
    assert "Ligne 2\u00a0: écrivez le seuil" in refused.text
    assert as_coordinator.post(address, data=data | {"levels": "50 : 9 000 €\n100:6000"}).status_code == 303
    assert [each.amount_cents for each in readings(contract, 2)[0].term.levels] == [600_000, 900_000]


def test_a_value_is_typed_corrected_and_both_stay_in_sight(as_coordinator, contract, fiche):
    made = make(fiche)
    given = {"on": str(today()), "number": "40", "source": "Réunion"}
    assert as_coordinator.post(f"{DESK}/{made.id}/valeurs/nouvelle", data=given | {"source": ""}).status_code == 422
    assert as_coordinator.post(f"{DESK}/{made.id}/valeurs/nouvelle", data=given).status_code == 303
    kept_one = MeasureValue.get()
    correct = f"{DESK}/{made.id}/valeurs/{kept_one.id}/corriger"
    assert as_coordinator.post(correct, data={"number": "4", "source": "Réunion"}).status_code == 303
    page = as_coordinator.get(f"{DESK}/{made.id}").text
    assert "<del>40</del>" in page
    assert "4 ateliers" in page
    other = make()
    assert as_coordinator.get(f"{DESK}/{other.id}/valeurs/{kept_one.id}/corriger").status_code == 404


def test_a_series_is_read_shown_then_written_whole(as_coordinator, contract):
    made = make(kind="series", unit="patients", target=None)
    send = lambda content: as_coordinator.post(  # noqa: E731
        f"{DESK}/{made.id}/importer", data={"file": (io.BytesIO(content), "a.csv"), "source": "CPAM 77"}
    )
    wrong = send(b"Date;Valeur\n31/13/2025;4\n")
    assert wrong.status_code == 422
    assert "Ligne 2, colonne «\u00a0Date\u00a0»" in wrong.text
    shown = send("Date;Tranche;Valeur\n30/06/2026;16-69 ans;120\n30/06/2026;70 ans et plus;20\n".encode("cp1252"))
    assert "2\u00a0valeurs lues" in shown.text
    assert MeasureValue.select().count() == 0
    text = "Date\tValeur\tSource\n2026-06-30\t120\tCPAM 77"
    assert as_coordinator.post(f"{DESK}/{made.id}/importer", data={"text": text}).status_code == 303
    assert as_coordinator.post(f"{DESK}/{made.id}/importer", data={"text": text}).status_code == 303
    assert MeasureValue.get().number == 120


def test_an_archived_indicator_leaves_the_tables_and_comes_back(as_coordinator, contract):
    made = make()
    assert as_coordinator.post(f"{DESK}/{made.id}/archiver").status_code == 303
    assert "Ateliers tenus" not in as_coordinator.get(f"{DESK}/").text
    assert "Ateliers tenus" in as_coordinator.get(f"{DESK}/archives").text
    assert as_coordinator.post(f"{DESK}/{made.id}/retablir").status_code == 303
    assert "Ateliers tenus" in as_coordinator.get(f"{DESK}/").text


def test_the_list_is_searched_filtered_and_exported(as_coordinator, contract, fiche):
    give(make(fiche), 4)
    make(mission="prevention", label="=Dépistages", origin="unwired", origin_note="Pas encore.")
    found = text_of(as_coordinator.get(f"{DESK}/?etat=unwired").text)
    assert "Dépistages" in found
    assert "Ateliers tenus" not in found
    assert "Ateliers tenus" in as_coordinator.get(f"{DESK}/?q=medecin+traitant&fiche={fiche.id}").text
    exported = as_coordinator.post(f"{DESK}/export", data={"format": "csv"}).text
    assert "Compte rendu" in exported
    assert "'=Dépistages" in exported


def test_the_list_and_its_export_are_of_the_year_chosen(as_coordinator, contract):
    made = make(target=None)
    rules.note_value(made.id, Given(contract.bounds(1)[1], Decimal(31), source="Bilan de la première année"))
    chosen = f"{contract.id}-1"
    page = as_coordinator.get(f"{DESK}/?annee={chosen}").text
    assert "31 ateliers" in page
    assert "31 ateliers" not in as_coordinator.get(f"{DESK}/").text
    exported = as_coordinator.post(f"{DESK}/export", data={"format": "csv", "annee": chosen}).text
    assert "Bilan de la première année" in exported
    assert f'name="annee" value="{chosen}"' in page
    assert f'href="{DESK}/{made.id}?annee={chosen}"' in page


def test_a_fiche_shows_its_indicators(as_bureau, contract, fiche):
    give(make(fiche), 4)
    assert "Ateliers tenus : 4 ateliers" in text_of(as_bureau.get(f"/gestion/projet/fiches/{fiche.id}").text)


def test_without_a_contract_an_indicator_is_prepared_and_its_definition_edited(as_coordinator, fiche):
    made = make(fiche)
    assert "Saisissez d’abord le contrat" in as_coordinator.get(f"{DESK}/{made.id}").text
    assert as_coordinator.post(f"{DESK}/{made.id}/definition", data=TYPED | {"target": "3"}).status_code == 303
    assert MeasureTerm.get().target == 3


@pytest.mark.parametrize("year", ["9-9", "1-99", "x", "", "1-", "١-١"])
def test_a_year_that_does_not_exist_is_the_one_of_today(as_bureau, contract, year):
    assert "Année 2 du contrat" in as_bureau.get(BOARD, query_string={"annee": year}).text


# The site


@pytest.fixture
def public_fiche(contract, fiche):
    values = {name: getattr(fiche, name) for name in project_rules.VALUES} | {"is_public": True}
    project_rules.update(fiche.id, revision_read=1, **values)
    return project_rules.move(fiche.id, FicheState.VALIDATED, is_bureau=True)


def test_the_site_shows_the_figures_made_public_and_never_a_number_under_five(client, public_fiche):
    give(make(public_fiche, is_public=True, label="Ateliers publics"), 7)
    give(make(public_fiche, is_public=True, label="Patients accompagnés", unit="patients"), 3)
    give(make(public_fiche, label="Affaire interne"), 9)
    for address in ("/projet/", f"/projet/{public_fiche.slug}"):
        page = text_of(client.get(address).text)
        assert "Ateliers publics : 7 ateliers" in page
        assert "Patients accompagnés : moins de 5 patients" in page
        assert "Affaire interne" not in page
    assert showing.counters() == [("Ateliers publics", 7)]


def test_a_figure_of_a_fiche_that_nobody_sees_stays_inside(client, contract, fiche):
    give(make(fiche, is_public=True), 7)
    assert "Ateliers tenus" not in client.get("/projet/").text
    assert showing.counters() == []


def test_a_small_part_of_a_rate_is_hidden_on_either_side(contract):
    for number, over, is_small in ((3, 100, True), (97, 100, True), (50, 100, False), (0, 100, False)):
        made = make(kind="rate", unit="%", target=None)
        give(made, number, over=Decimal(over))
        assert showing.is_small(readings(contract, 2)[-1]) is is_small


def test_public_counters_follow_the_indicators(client, contract):
    give(make(mission="acces", is_public=True, label="Ateliers comptés"), 12)
    home = text_of(client.get("/").text)
    assert Contract.get() == contract
    assert "12 Ateliers comptés" in home
