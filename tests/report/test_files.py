"""The files of a report: each opens with the means that anybody has, and says what the page says."""

import csv
import io
import zipfile
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cptsapp.blueprints.document import rules as document_rules
from cptsapp.blueprints.event import materials
from cptsapp.blueprints.evidence import rules as evidence_rules
from cptsapp.blueprints.evidence.models import Piece
from cptsapp.blueprints.report import archive, odt, opendocument, rules
from cptsapp.blueprints.report.models import Section
from cptsapp.kernel import attachments, markdown
from cptsapp.kernel.dates import today
from cptsapp.kernel.files import StoredFile
from tests.evidence.test_evidence import PDF, held, sent
from tests.report.test_report import DESK, section, value_of

TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"


def opened(data: bytes) -> ElementTree.Element:
    """Return the content of an OpenDocument text, once the archive and its parts are known to be sound."""
    assert attachments.check("rapport.odt", data) == odt.MIMETYPE
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.testzip() is None
        first = file.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        listed = ElementTree.fromstring(file.read("META-INF/manifest.xml"))
        names = {each.get(f"{{{opendocument.NAMES['manifest']}}}full-path") for each in listed}
        assert names == {"/", *(n for n in file.namelist() if n not in ("mimetype", "META-INF/manifest.xml"))}
        styles = ElementTree.fromstring(file.read("styles.xml"))
        ElementTree.fromstring(file.read("meta.xml"))
        content = ElementTree.fromstring(file.read("content.xml"))
    declared = {each.get(f"{{{opendocument.NAMES['style']}}}name") for each in (*styles.iter(), *content.iter())}
    for each in content.iter():
        for attribute in ("text", "table"):
            style = each.get(f"{{{opendocument.NAMES[attribute]}}}style-name")
            assert style is None or style in declared
    return content


def words(content) -> str:
    return " ".join("".join(each.itertext()) for each in content.iter() if each.tag in (f"{TEXT}p", f"{TEXT}h"))


def test_the_odt_says_what_the_sections_and_the_figures_say(as_coordinator, report):
    text = "## Bilan\n\nUn **grand** pas, et [un lien](https://exemple.fr).\n\n- un\n- deux\n\n"
    text += "| A | B |\n|---|---|\n| 1 | 2 |"
    rules.save(section(report, "perspectives").id, text=text, revision_read=1)
    answer = as_coordinator.get(f"{DESK}/{report.id}/fichier/odt")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="rapport-d-activite')
    content = opened(answer.data)
    said = words(content)
    assert report.title in said
    for part in Section.of(report):
        assert part.title in said
    assert "Un grand pas, et un lien." in said
    assert "Trois ateliers ont été tenus." in said
    assert [each.get(f"{{{opendocument.NAMES['xlink']}}}href") for each in content.iter(f"{TEXT}a")] == [
        "https://exemple.fr"
    ]
    items = ["".join(each.itertext()) for each in content.iter(f"{TEXT}list-item")]
    assert {"un", "deux"} <= set(items)
    assert ["1", "2"] in [["".join(cell.itertext()) for cell in row] for row in content.iter(f"{TABLE}table-row")]
    assert "Les chiffres" in said


def test_every_table_of_the_odt_declares_as_many_columns_as_it_has(as_coordinator, dossier):
    content = opened(as_coordinator.get(f"{DESK}/{dossier.id}/fichier/odt").data)
    tables = list(content.iter(f"{TABLE}table"))
    assert len(tables) >= 3
    assert len({each.get(f"{TABLE}name") for each in tables}) == len(tables)
    for each in tables:
        columns = len(each.findall(f"{TABLE}table-column"))
        assert {len(row) for row in each.iter(f"{TABLE}table-row")} == {columns}


def test_a_table_of_the_odt_repeats_its_head_on_each_page_and_sets_its_numbers_to_the_right():
    html = "<table><tr><th>Poste</th><th>Montant</th><th>Note</th></tr>"
    rows = (("Accès", "45 000 €", "tenu"), ("Parcours", "–", "à dire"), ("Crise", "12,5 %", "3"))
    html += "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows) + "</table>"
    content = opened(odt.document("Titre", [("Une partie", html), ("Une autre", "<table><tr><td>1</td></tr></table>")]))
    first, other = content.iter(f"{TABLE}table")
    (heads,) = first.findall(f"{TABLE}table-header-rows")
    assert "".join(heads.itertext()) == "PosteMontantNote"
    assert other.find(f"{TABLE}table-header-rows") is None
    right = [cell[0].text for cell in first.iter(f"{TABLE}table-cell") if "Number" in cell[0].get(f"{TEXT}style-name")]
    assert right == ["Montant", "45 000 €", "–", "12,5 %"]


def test_each_page_of_the_odt_says_whose_report_it_is_and_its_number(as_coordinator, report):
    with zipfile.ZipFile(io.BytesIO(as_coordinator.get(f"{DESK}/{report.id}/fichier/odt").data)) as file:
        pages = ElementTree.fromstring(file.read("styles.xml"))
    assert report.title in "".join(pages.itertext())
    assert pages.find(f".//{TEXT}page-number") is not None
    assert pages.find(f".//{TEXT}page-count") is not None


@given(st.text(max_size=300))
def test_any_text_makes_an_odt_that_opens_and_keeps_its_words(text):
    content = opened(odt.document(text, [("Une partie", str(markdown.render(text))), ("", "<p>La fin</p>")]))
    assert "La fin" in words(content)


@pytest.mark.parametrize(
    "html",
    [
        "<ul><li>un<ul><li>deux</li></ul></li></ul>texte",
        "<table><tr><td>un</table><p>deux",
        "</p></ul></table>",
        "<blockquote><p>cité</p></blockquote><p>libre</p>",
        "<p>a<br>b</p><strong>seul</strong>",
        "<ol>astray<li><p>a</p><p>b</p></li></ol>",
        "<p><em>a<strong>b</em>c</strong></p>",
    ],
)
def test_html_that_is_not_well_nested_makes_a_document_all_the_same(html):
    opened(odt.document("Titre", [("", html)]))


def test_the_csv_holds_every_figure_opens_in_a_spreadsheet_and_runs_nothing(as_coordinator, fiche, report, measure):
    type(measure.terms.get()).update(label="=1+1").execute()
    value_of(measure, 42)
    rules.regenerate(report.id)
    data = as_coordinator.get(f"{DESK}/{report.id}/fichier/csv").data
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))
    last = report.generations.order_by(-type(report.generations.get()).number).get()
    assert len(rows) == len(last.figures)
    (row,) = [each for each in rows if each["Valeur"] == "42" and each["Cible"] == "60"]
    assert (row["Chiffre"], row["Au départ"], row["Écart"]) == ("'=1+1", "10", "18")


# The evidence


def unpacked(answer) -> tuple[dict[str, bytes], list[dict]]:
    with zipfile.ZipFile(io.BytesIO(answer.data)) as file:
        assert file.testzip() is None
        held = {name: file.read(name) for name in file.namelist()}
    index = csv.DictReader(io.StringIO(held.pop("index.csv").decode("utf-8-sig")), delimiter=";")
    return held, list(index)


@pytest.fixture
def evidence(as_coordinator, contract, fiche):
    """An attendance list made by the site, a file, two documents, a link, and something missing."""
    wanted = {
        kind: evidence_rules.expect(fiche.id, label=f"Preuve {kind}", kind=kind, contract_id=contract.id, year=2)
        for kind in ("signatures", "minutes", "support", "agreement", "other")
    }
    event = held()
    materials.add(event.id, title="Diaporama", kind="slides", readers="registered", url="https://exemple.fr/doc")
    as_coordinator.post(f"/gestion/projet/preuves/{wanted['agreement'].id}", data={"file": sent("../../Évadé.pdf")})
    for title in ("Compte rendu", "Compte  rendu !"):
        document = document_rules.create(
            title=title, kind="minutes", visibility="adherents", label="V1", dated_on=today(), text=f"Texte de {title}"
        )
        evidence_rules.attach(wanted["minutes"].id, document_id=document.id)
    return wanted


def test_the_archive_holds_a_folder_for_each_action_and_an_index_of_all(as_coordinator, evidence, dossier):
    files, index = unpacked(as_coordinator.get(f"{DESK}/{dossier.id}/fichier/zip"))
    assert {name.split("/")[0] for name in files} == {"001-prevenir-les-chutes"}
    assert PDF in files.values()
    assert b"Texte de Compte rendu" in files.values()
    assert sum(data.startswith(b"%PDF") for data in files.values()) == 2
    assert {each["Fichier"] for each in index if each["Fichier"]} == set(files)
    missing = [each["Preuve"] for each in index if each["État"] == "Manquante"]
    assert missing == ["Preuve other"]
    (link,) = [each for each in index if each["Pièce"].startswith("Diaporama")]
    assert "https://exemple.fr/doc" in link["Remarque"]


def test_the_names_of_the_archive_are_safe_and_each_is_there_once(as_coordinator, evidence, dossier):
    files, _ = unpacked(as_coordinator.get(f"{DESK}/{dossier.id}/fichier/zip"))
    for name in files:
        assert name.isascii()
        assert ".." not in name
        assert not name.startswith("/")
        assert name == name.lower()
        assert len(name) < 240
    assert len(files) == 4  # two documents of almost the same name among them


def test_the_bureau_takes_what_names_nobody(as_bureau, evidence, dossier):
    files, index = unpacked(as_bureau.get(f"{DESK}/{dossier.id}/fichier/zip"))
    assert not [name for name in files if "signatures" in name]
    assert len(files) == 3
    (kept,) = [each for each in index if each["Preuve"] == "Preuve signatures"]
    assert "coordination" in kept["Remarque"]


def test_a_file_that_was_lost_is_said_and_the_others_leave(as_coordinator, evidence, dossier):
    StoredFile.get(StoredFile.media_type == "application/pdf").path.unlink()
    files, index = unpacked(as_coordinator.get(f"{DESK}/{dossier.id}/fichier/zip"))
    assert len(files) == 3
    (lost,) = [each for each in index if each["Preuve"] == "Preuve agreement"]
    assert lost["Remarque"] == archive.LOST


def test_a_document_in_the_bin_is_said_and_left_out(as_coordinator, evidence, dossier):
    document_rules.trash(Piece.get(Piece.document.is_null(False)).document_id)
    files, index = unpacked(as_coordinator.get(f"{DESK}/{dossier.id}/fichier/zip"))
    assert len(files) == 3
    assert "corbeille" in " ".join(each["Remarque"] for each in index)


def test_the_archive_leaves_as_it_is_made(evidence, dossier):
    found = archive.concerned(dossier.starts_on, today())
    sizes = [len(part) for part in archive.parts(found, with_names=True)]
    assert len(sizes) >= 5
    assert sum(size > 0 for size in sizes) >= 4


def test_an_archive_without_evidence_has_its_index(as_coordinator, dossier):
    files, index = unpacked(as_coordinator.get(f"{DESK}/{dossier.id}/fichier/zip"))
    assert (files, index) == ({}, [])


@pytest.mark.parametrize("kind", ["odt", "csv", "zip"])
def test_files_are_for_the_gestion_and_kept_by_no_cache(as_coordinator, as_adherent, client, report, kind):
    path = f"{DESK}/{report.id}/fichier/{kind}"
    assert "no-store" in as_coordinator.get(path).headers["Cache-Control"]
    assert as_adherent.get(path).status_code == 403
    assert client.get(path).status_code == 302
    rules.trash(report.id)
    assert as_coordinator.get(path).status_code == 404
