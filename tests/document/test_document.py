"""The document store: one address per document, every version kept, each reader sees what is theirs."""

import io
from datetime import date

import pytest
from playhouse.test_utils import count_queries
from werkzeug.datastructures import FileStorage

from cptsapp.blueprints.document import rules
from cptsapp.blueprints.document.demo import fill
from cptsapp.blueprints.document.models import Document, DocumentVersion
from cptsapp.blueprints.document.registrations import public_addresses, search_rows, versions_added
from cptsapp.kernel import files, registry, search
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def made(title="Guide des sorties d’hôpital", kind="guide", visibility="public", **values):
    given = {"label": "Version 1", "dated_on": date(2026, 9, 1), "text": "Le texte."} | values
    return rules.create(title=title, kind=kind, visibility=visibility, **given)


@pytest.fixture
def guide(app):
    return made()


@pytest.fixture
def statutes(app):
    return made("Nos statuts", "statutes", text="## Article premier\n\nIl est fondé une association.")


# --- rules --------------------------------------------------------------------------------------------------------


def test_the_statutes_have_a_stable_address_and_the_current_version_is_the_last(statutes):
    assert statutes.slug == "statuts"
    rules.add_version(statutes.id, label="Version 2", dated_on=date(2026, 10, 1), text="Nouveau texte.")
    current = rules.current("statuts")
    assert (current.label, current.dated_on, current.number) == ("Version 2", date(2026, 10, 1), 2)
    assert statutes.versions.count() == 2


def test_there_is_one_set_of_statutes(statutes):
    with pytest.raises(RuleError, match="déjà un document « Statuts »"):
        made("D’autres statuts", "statutes")


def test_statutes_in_the_trash_keep_their_address(statutes):
    rules.trash(statutes.id)
    with pytest.raises(RuleError, match="Rétablissez-le"):
        made("D’autres statuts", "statutes")


def test_a_guide_does_not_become_the_statutes(guide):
    with pytest.raises(RuleError, match="ne se change pas"):
        rules.edit(guide.id, title=guide.title, kind="statutes", visibility="public")


def test_a_title_given_twice_is_refused_whatever_its_accents(guide):
    with pytest.raises(RuleError, match="porte déjà ce titre"):
        made("guide des sorties d'HOPITAL")


def test_a_document_cannot_take_the_address_of_the_charter(app):
    assert made("Charte", "guide").slug == "charte-document"
    assert made("Charte de la CPTS", "charter").slug == "charte"


def test_a_version_is_a_file_or_a_text(app):
    with pytest.raises(RuleError, match="Joignez un fichier, ou écrivez le texte"):
        made(text="   ")
    assert not Document.select().exists()


def test_a_label_given_twice_is_refused(guide):
    with pytest.raises(RuleError, match="existe déjà"):
        rules.add_version(guide.id, label="Version 1 ", dated_on=date(2026, 10, 1), text="Autre.")


def test_the_trash_hides_and_gives_back(guide):
    rules.trash(guide.id)
    assert rules.current(guide.slug) is None
    assert not list(search_rows())
    with pytest.raises(RuleError, match="corbeille"):
        rules.add_version(guide.id, label="Version 2", dated_on=date(2026, 10, 1), text="x")
    rules.restore(guide.id)
    assert rules.current(guide.slug).label == "Version 1"


def test_a_document_is_not_given_back_beside_its_replacement(guide):
    rules.trash(guide.id)
    made()
    with pytest.raises(RuleError, match="porte déjà ce titre"):
        rules.restore(guide.id)


def test_each_act_is_journaled(guide):
    rules.add_version(guide.id, label="Version 2", dated_on=date(2026, 10, 1), text="x")
    rules.edit(guide.id, title="Guide", kind="guide", visibility="adherents")
    rules.trash(guide.id)
    rules.restore(guide.id)
    acts = [entry.action for entry in JournalEntry.select().order_by(JournalEntry.id)]
    assert acts == [f"document.{act}" for act in ("created", "versioned", "edited", "trashed", "restored")]


def test_the_search_follows_the_visibility(guide):
    assert search.search("hopital", visibilities=[Visibility.PUBLIC]).total == 1
    rules.edit(guide.id, title=guide.title, kind="guide", visibility="bureau")
    assert search.search("hopital", visibilities=[Visibility.PUBLIC]).total == 0
    assert search.search("hopital", visibilities=[Visibility.BUREAU]).total == 1


def test_the_sitemap_holds_public_documents_only(guide, statutes):
    rules.edit(statutes.id, title=statutes.title, kind="statutes", visibility="adherents")
    assert [path for path, _ in public_addresses()] == ["/documents/", f"/documents/{guide.slug}"]


def test_documents_touched_in_a_period_are_counted_once(guide):
    rules.add_version(guide.id, label="Version 2", dated_on=date(2026, 10, 1), text="x")
    assert versions_added(today(), today()) == 1
    assert versions_added(date(2020, 1, 1), date(2020, 12, 31)) == 0


# --- what readers see ---------------------------------------------------------------------------------------------


def test_a_visitor_reads_public_documents_only(client, guide, as_adherent):
    made("Compte rendu du bureau", "minutes", "adherents")
    assert "Compte rendu du bureau" not in client.get("/documents/").text
    assert client.get("/documents/compte-rendu-du-bureau").status_code == 404
    assert "Compte rendu du bureau" in as_adherent.get("/espace/documents").text
    assert as_adherent.get("/documents/compte-rendu-du-bureau").status_code == 200


def test_a_hidden_document_and_a_missing_one_give_the_same_answer(client, app):
    made("Budget", "other", "coordination")
    hidden, missing = client.get("/documents/budget"), client.get("/documents/absent")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.text.replace("budget", "absent") == missing.text


def test_the_address_shows_the_version_in_force_and_earlier_ones_say_so(client, statutes):
    rules.add_version(statutes.id, label="Version 2", dated_on=date(2026, 10, 1), text="Nouveau texte.")
    assert "Nouveau texte." in client.get("/documents/statuts").text
    earlier = client.get("/documents/statuts/versions/1").text
    assert "Il est fondé une association." in earlier
    assert "plus la version en vigueur" in earlier
    assert client.get("/documents/statuts/versions/3").status_code == 404


def test_a_title_is_shown_as_french_is_written_and_kept_as_typed(client, guide):
    rules.edit(
        guide.id, title="Sortie d'hôpital : qui appeler ?", kind=guide.kind, summary="", visibility=guide.visibility
    )
    shown = "Sortie d’hôpital\xa0: qui appeler\u202f?"
    assert shown in client.get("/documents/").text
    assert shown in client.get(f"/documents/{guide.slug}").text
    assert Document.get_by_id(guide.id).title == "Sortie d'hôpital : qui appeler ?"


def test_the_list_is_searched_without_accents_and_by_kind(client, guide, statutes):
    assert guide.title in client.get("/documents/?q=hopital").text
    assert guide.title not in client.get("/documents/?nature=statutes").text
    assert "Aucun document ne correspond" in client.get("/documents/?q=xyz").text


def test_the_list_costs_the_same_whatever_its_length(client, app):
    def cost():
        with count_queries() as counted:
            client.get("/documents/?q=compte")
        return counted.count

    made("Compte 0")
    first = cost()
    for number in range(1, 12):
        made(f"Compte {number}")
    assert cost() <= first


def test_the_fragment_is_a_piece_of_the_page(client, guide):
    whole, part = client.get("/documents/").text, client.get("/documents/", headers={"HX-Request": "true"}).text
    assert part.strip() in whole
    assert "<html" not in part


# --- gestion ------------------------------------------------------------------------------------------------------


def form(**values):
    given = {"title": "Plaquette", "kind": "communication", "summary": "", "visibility": "public"}
    return given | {"label": "2026", "dated_on": "2026-10-01", "text": ""} | values


def attached(name="plaquette.pdf", data=PDF):
    return io.BytesIO(data), name


def test_the_coordination_adds_a_file_that_visitors_download(as_coordinator, client):
    answer = as_coordinator.post("/gestion/documents/nouveau", data=form(file=attached()))
    assert answer.status_code == 303
    response = client.get("/documents/plaquette/fichier")
    assert response.data == PDF
    assert "Plaquette (2026).pdf" in response.headers["Content-Disposition"]
    assert "sandbox" in response.headers["Content-Security-Policy"]
    stored = rules.current("plaquette").file
    assert client.get(stored.url).status_code == 200
    rules.trash(Document.get().id)
    assert client.get(stored.url).status_code == client.get("/documents/plaquette/fichier").status_code == 404


def test_a_refused_form_keeps_what_was_typed_and_the_file_received(as_coordinator):
    answer = as_coordinator.post("/gestion/documents/nouveau", data=form(label="", summary="À lire", file=attached()))
    assert answer.status_code == 422
    assert "À lire" in answer.text
    assert "Fichier déjà reçu\u00a0: plaquette.pdf" in answer.text
    assert not Document.select().exists()


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [("a.svg", b"<svg/>", "pas accepté"), ("a.pdf", b"<html>", "abîmé"), ("../../a.docm", b"PK", "macros")],
)
def test_a_wrong_file_is_refused_beside_its_field(as_coordinator, name, data, sentence):
    answer = as_coordinator.post("/gestion/documents/nouveau", data=form(file=attached(name, data)))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'id="file-erreur"' in answer.text
    assert not DocumentVersion.select().exists()


def test_a_version_is_added_in_the_browser(as_coordinator, guide):
    values = {"label": "Version 2", "dated_on": "2026-10-01", "text": "Relu."}
    assert as_coordinator.post(f"/gestion/documents/{guide.id}/version", data=values).status_code == 303
    assert rules.current(guide.slug).text == "Relu."
    assert as_coordinator.post(f"/gestion/documents/{guide.id}/version", data=values).status_code == 422


def test_the_coordination_trashes_and_gives_back(as_coordinator, guide):
    page = as_coordinator.post(f"/gestion/documents/{guide.id}/corbeille", follow_redirects=True).text
    assert "à la corbeille" in page
    assert "Rétablir" in page
    assert guide.title not in as_coordinator.get("/gestion/documents/").text
    assert guide.title in as_coordinator.get("/gestion/documents/?etat=corbeille").text
    as_coordinator.post(f"/gestion/documents/{guide.id}/retablir")
    assert guide.title in as_coordinator.get("/gestion/documents/").text


@pytest.mark.parametrize("path", ["/gestion/documents/", "/gestion/documents/nouveau", "/gestion/documents/1"])
def test_the_gestion_is_closed_to_adherents(as_adherent, guide, path):
    assert as_adherent.get(path).status_code == 403


def test_the_demonstration_fills_an_empty_store(client, app):
    fill()
    assert rules.current("statuts").number == 2
    assert rules.current("charte") is not None
    page = client.get("/documents/").text
    assert "Statuts de l’association" in page
    assert "Conseil d’administration du 13 octobre" not in page


@pytest.mark.parametrize("sign", ["\n", "\r\nSet-Cookie: a=b", "\0", "\u2028"])
def test_a_title_sent_with_control_signs_still_downloads(as_coordinator, client, sign):
    values = {"kind": "other", "visibility": "public", "label": f"Version{sign}1", "dated_on": "2026-01-01"}
    sent = values | {"title": f"Le guide{sign}fin", "file": (io.BytesIO(PDF), "guide.pdf")}
    as_coordinator.post("/gestion/documents/nouveau", data=sent)
    document = Document.get()
    assert sign not in document.title
    assert client.get(f"/documents/{document.slug}/fichier").status_code == 200


def test_a_title_with_a_line_break_written_by_another_way_still_downloads(client, guide):
    stored = files.store_attachment(FileStorage(io.BytesIO(PDF), "guide.pdf"))
    rules.add_version(guide.id, label="Deux\nlignes", dated_on=today(), file_id=stored.id)
    Document.update(visibility="public").where(Document.id == guide.id).execute()
    assert client.get(f"/documents/{guide.slug}/fichier").status_code == 200


def test_letters_find_the_documents_of_a_period(guide):
    made("Note du bureau", visibility="bureau")
    source = next(each for each in registry.letter_sources if each.key == "document")
    [found] = source.call(today(), today())
    assert (found.title, found.url, found.readers) == (guide.heading, f"/documents/{guide.slug}", "public")
    assert list(source.call(date(2020, 1, 1), date(2020, 1, 31))) == []


@pytest.mark.parametrize(
    ("kind", "visibility", "done"),
    [("statutes", "public", True), ("statutes", "adherents", False), ("charter", "public", False)],
)
def test_the_first_step_is_to_let_everybody_read_the_statutes(app, kind, visibility, done):
    step = next(each for each in registry.first_steps if each.endpoint == "document_gestion.create")
    assert not step.is_done()
    made(kind=kind, visibility=visibility)
    assert step.is_done() == done
