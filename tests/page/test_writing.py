import pytest

from cptsapp.blueprints.page.models import HOME, PAGES
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.publication import Phase
from tests.conftest import text_of

LIST = "/gestion/pages/"


def edited(slug, **changes):
    item = PAGES.get(slug)
    kept = {"title": item.title, "body": item.document.body, "base": item.hash, "visibility": item.visibility}
    return kept | {"act": "save", "position": "50"} | changes


def test_a_page_is_written_and_published_without_a_date(as_coordinator, client):
    data = {"title": "S’installer ici", "body": "Bienvenue", "act": "publish", "visibility": "public", "position": "50"}
    assert as_coordinator.post(LIST + "nouveau", data=data).location == LIST + "s-installer-ici"
    assert client.get("/s-installer-ici").status_code == 200
    assert PAGES.get("s-installer-ici").published_at is None
    assert [entry.action for entry in JournalEntry.select().where(JournalEntry.subject_kind == "page")] == [
        "page.created",
        "page.published",
    ]


def test_a_page_never_takes_the_name_of_a_room(as_coordinator):
    data = {"title": "Contact", "act": "publish", "visibility": "public", "position": "50"}
    assert as_coordinator.post(LIST + "nouveau", data=data).location == LIST + "contact-2"


def test_a_page_takes_its_place_in_the_menu(as_coordinator, write):
    write("la-cpts", title="La CPTS", menu={"position": "10"})
    write("demarche")
    data = edited("demarche", in_menu="y", position="20", parent="la-cpts", label="Notre projet")
    assert as_coordinator.post(LIST + "demarche", data=data).status_code == 303
    menu = PAGES.get("demarche").menu
    assert (menu.position, menu.parent, menu.label, menu.cta) == (20, "la-cpts", "Notre projet", False)
    as_coordinator.post(LIST + "demarche", data=edited("demarche"))
    assert PAGES.get("demarche").menu is None


def test_review_dates_and_key_dates_are_written(as_coordinator, write):
    write("page")
    data = edited(
        "page", reviewed_on="2026-01-02", review_due_on="2027-01-02", timeline="2021 : Début\n2019-05 : Avant"
    )
    assert as_coordinator.post(LIST + "page", data=data).status_code == 303
    item = PAGES.get("page")
    assert item.review_due_on.isoformat() == "2027-01-02"
    assert [step.date for step in item.timeline] == ["2019-05", "2021"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"link": "javascript:x"}, "Une adresse du site"),
        ({"reviewed_on": "hier"}, "n’est pas une date"),
        ({"timeline": "un jour : x"}, "n’est pas une date"),
        ({"position": "loin", "in_menu": "y"}, ""),
        ({"parent": "inconnue", "in_menu": "y"}, ""),
    ],
)
def test_a_refused_page_comes_back_with_all_that_was_typed(as_coordinator, write, change, words):
    before = write("page").hash
    answer = as_coordinator.post(LIST + "page", data=edited("page", body="Mon texte à moi") | change)
    assert answer.status_code == 422
    assert words in text_of(answer.text)
    assert "Mon texte à moi" in answer.text
    assert PAGES.get("page").hash == before


def test_the_home_page_is_composed_in_the_browser(as_coordinator, client, write):
    write(HOME, title="Accueil")
    page = as_coordinator.get(LIST + HOME).text
    assert 'name="block-news"' in page
    data = edited(HOME, is_home="1", hero_title="Bienvenue", lead="Bonjour.", action1_label="Agir", action1_url="/agir")
    data |= {"door1_title": "Vous êtes habitant", "door1_url": "/habitants", "block-news": "1"}
    assert as_coordinator.post(LIST + HOME, data=data).status_code == 303
    item = PAGES.get(HOME)
    assert item.blocks == ("news",)
    assert item.doors[0].url == "/habitants"
    assert "Bienvenue" in client.get("/").text
    as_coordinator.post(LIST + HOME, data=edited(HOME, is_home="1", hero_title="Bienvenue"))
    assert "<h2>Actualités</h2>" not in client.get("/").text


def test_the_form_shows_again_all_that_the_file_says(as_coordinator, write):
    write(
        HOME,
        hero={"title": "Grand titre", "actions": [{"label": "Agir", "url": "/agir"}]},
        doors=[{"title": "Porte", "url": "/porte"}],
        timeline=[{"date": "2021", "text": "Début"}],
        menu={"position": "5"},
    )
    page = as_coordinator.get(LIST + HOME).text
    for words in ("Grand titre", "/agir", "Porte", "2021 : Début"):
        assert words in page


def test_legal_pages_are_listed_before_anybody_wrote_them(as_coordinator, client):
    page = as_coordinator.get(LIST).text
    assert f'href="{LIST}confidentialite"' in page
    data = {
        "title": "Confidentialité",
        "body": "Un ajout.",
        "base": "",
        "act": "save",
        "visibility": "public",
        "position": "50",
    }
    assert as_coordinator.post(LIST + "confidentialite", data=data).status_code == 303
    assert "Un ajout." in client.get("/confidentialite").text
    assert "seul cookie" in client.get("/confidentialite").text
    as_coordinator.post(LIST + "confidentialite/corbeille")
    assert "Un ajout." not in client.get("/confidentialite").text


def test_a_renamed_page_redirects(as_coordinator, client, write):
    write("demarche")
    as_coordinator.post(LIST + "demarche/adresse", data={"slug": "demarche-de-sante"})
    answer = client.get("/demarche")
    assert (answer.status_code, answer.location) == (301, "/demarche-de-sante")


def test_the_sub_entries_of_a_renamed_page_follow_it(as_coordinator, write):
    write("la-cpts", menu={"position": "1"})
    write("demarche", menu={"position": "2", "parent": "la-cpts"})
    as_coordinator.post(LIST + "la-cpts/adresse", data={"slug": "nous"})
    assert PAGES.get("demarche").menu.parent == "nous"


def test_the_home_and_legal_pages_keep_their_address(as_coordinator, write):
    write(HOME)
    as_coordinator.post(LIST + HOME + "/adresse", data={"slug": "ailleurs"})
    assert PAGES.get(HOME)
    write("confidentialite", "Un ajout.")
    undo = as_coordinator.post(LIST + "confidentialite/corbeille").location.split("annuler=")[1]
    as_coordinator.post(f"{LIST}corbeille/{undo}/retablir")
    assert PAGES.get("confidentialite")


def test_pages_to_review_are_found_in_the_list(as_coordinator, write):
    write("vieille", review_due_on="2020-01-01")
    write("fraiche", review_due_on="2090-01-01")
    page = as_coordinator.get(LIST + "?relecture=a-relire", headers={"HX-Request": "true"}).text
    assert "Vieille" in page
    assert "Fraiche" not in page


def test_an_archived_page_leaves_the_menu_and_stays_readable(as_coordinator, client, write):
    write("page", title="Ancienne page", menu={"position": "1"})
    as_coordinator.post(LIST + "lot", data={"action": "archiver", "id": "page"})
    assert PAGES.get("page").phase == Phase.ARCHIVED
    assert client.get("/page").status_code == 200
    assert "Ancienne page" not in client.get("/").text


def test_a_private_link_shows_a_draft_page(as_coordinator, client, write):
    write("page", "Le brouillon", state="draft")
    link = as_coordinator.post(LIST + "page/lien").text.split('value="http://127.0.0.1:8000')[1].split('"')[0]
    assert "Le brouillon" in client.get(link).text


@pytest.mark.parametrize("path", ["", "nouveau", "page", "page/versions", "corbeille"])
def test_only_the_coordination_writes_pages(client, as_adherent, as_coordinator, write, path):
    write("page")
    assert client.get(LIST + path).status_code == 302
    assert as_adherent.get(LIST + path).status_code == 403
    assert as_coordinator.get(LIST + path).status_code == 200
