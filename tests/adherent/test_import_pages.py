"""The import seen from the gestion and from the command line."""

import io

import openpyxl
import pytest

from cptsapp.blueprints.adherent import rules
from cptsapp.blueprints.adherent.cli import cli
from cptsapp.blueprints.adherent.models import Membership
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.importing import Import, State, headers, runs

LIST = "Prénom;Nom;Ville;Rôle\nCamille;ALBERTI;savigny le temple;admin\nInès;Coste;Melun;\nPaul;;Melun;\n"


@pytest.fixture
def sent(as_coordinator):
    answer = send(as_coordinator, LIST)
    assert answer.status_code == 303
    return answer.location


def send(browser, text, name="liste.csv"):
    data = {"file": (io.BytesIO(text.encode()), name)}
    return browser.post("/gestion/adherents/import", data=data, content_type="multipart/form-data")


def test_the_preview_says_everything_and_writes_nothing(as_coordinator, sent):
    page = as_coordinator.get(sent).text
    assert "Savigny-le-Temple (77445)" in page
    assert "le nom manque" in page
    assert "un import ne donne jamais de rôle" in page
    assert Membership.select().count() == 0


def test_a_confirmed_import_has_a_report_and_is_undone(as_coordinator, sent):
    known = Person.select().count()
    as_coordinator.post(f"{sent}/confirmer", data={"doubt": "skip"})
    page = as_coordinator.get(sent).text
    assert "2\xa0fiches créées" in page
    report = as_coordinator.get(f"{sent}/rapport")
    assert report.data.decode("utf-8-sig").splitlines()[1].startswith("2;Créée;ALBERTI Camille")
    assert report.headers["Cache-Control"] == "no-store"
    as_coordinator.post(f"{sent}/defaire")
    assert Person.select().count() == known
    assert "redevenues" in as_coordinator.get(sent).text


def test_what_is_no_table_is_refused_beside_the_field(as_coordinator):
    answer = send(as_coordinator, "\0\0\0", "photo.png")
    assert answer.status_code == 422
    assert "vide" in answer.text
    assert as_coordinator.post("/gestion/adherents/import", data={}).status_code == 422


def test_columns_are_chosen_on_the_page(as_coordinator):
    place = send(as_coordinator, "Truc;Machin\nAlberti;Camille\n").location
    assert "Quelles colonnes lire" in as_coordinator.get(place).text
    assert as_coordinator.post(f"{place}/colonnes", data={"colonne-1": "given_name"}).status_code == 422
    as_coordinator.post(f"{place}/colonnes", data={"colonne-0": "family_name", "colonne-1": "given_name"})
    assert Import.get().counts == {"create": 1}


def test_a_long_file_shows_how_far_it_is(as_coordinator, sent):
    Import.update(state=State.READING).execute()
    run = Import.get()
    run.progress_path.write_text("2")
    page = as_coordinator.get(sent).text
    assert "2 lignes lues sur 3" in page
    assert "Actualiser" in page
    assert 'hx-trigger="every 2s"' in page


def test_the_preview_stays_small_for_ten_thousand_rows(as_coordinator, app):
    rows = "".join(f"Camille;NOM{n} d'une famille assez longue;savigny le temple;Métier {n}\n" for n in range(3000))
    rows += "".join(f";;Ville {n};\n" for n in range(300))
    run = runs.start("adherents", "l.csv", ("Prénom;Nom;Ville;Profession\n" + rows).encode())
    runs.carry_on(run.id)
    page = as_coordinator.get(f"/gestion/adherents/import/{run.id}")
    assert page.status_code == 200
    assert len(page.data) < 100_000


def test_an_import_of_another_kind_is_not_here(as_coordinator):
    run = Import.create(kind="autre", file_name="l.csv")
    assert as_coordinator.get(f"/gestion/adherents/import/{run.id}").status_code == 404


def test_the_commands_import_and_export(app, tmp_path):
    source, target = tmp_path / "liste.csv", tmp_path / "sortie.csv"
    source.write_text(LIST, encoding="utf-8")
    runner = app.test_cli_runner()
    dry = runner.invoke(cli, ["import", str(source), "--dry-run"])
    assert "À créer : 2" in dry.output
    assert "ligne 4" in dry.output
    assert "Rien n’a été enregistré" in dry.output
    assert Person.select().count() == Import.select().count() == 0
    assert "Import enregistré" in runner.invoke(cli, ["import", str(source)]).output
    runner.invoke(cli, ["export", str(target)])
    lines = target.read_text("utf-8-sig").splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("ALBERTI Camille;")
    assert target.stat().st_mode & 0o077 == 0
    assert runner.invoke(cli, ["export", str(tmp_path / "sortie.xlsx")]).exit_code == 0


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/gestion/adherents/import", "adherents"),
        ("/gestion/abonnes/partenaires/import", "partenaires"),
        ("/gestion/repertoires/ipa/import", "repertoire:ipa"),
    ],
)
def test_the_model_of_a_list_is_understood_whole(as_coordinator, path, kind):
    answer = as_coordinator.get(f"{path}/modele")
    (row,) = openpyxl.load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True)
    fields = runs.importer_of(kind).fields
    assert set(headers.recognise(list(row), fields).values()) == {each.key for each in fields}
    empty = as_coordinator.post(
        path, data={"file": (io.BytesIO(answer.data), "modele.xlsx")}, content_type="multipart/form-data"
    )
    assert empty.status_code == 422


def test_a_row_that_waits_for_somebody_leads_to_the_record_it_speaks_of(as_coordinator, sent):
    as_coordinator.post(f"{sent}/confirmer", data={"doubt": "skip"})
    left = Person.get(Person.folded.contains("alberti"))
    rules.end(left.id)
    page = as_coordinator.get(send(as_coordinator, LIST).location).text
    assert "réadmettez-la depuis sa fiche" in page
    assert f'<a href="/gestion/personnes/{left.id}">Ouvrir la fiche de ALBERTI Camille</a>' in page
    assert page.count("Ouvrir la fiche de") == 1
