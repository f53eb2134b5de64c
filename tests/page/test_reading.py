from datetime import timedelta

import pytest
from playhouse.test_utils import assert_query_count

from cptsapp.blueprints.association import rules as association
from cptsapp.blueprints.page import legal
from cptsapp.blueprints.page.desk import reserved
from cptsapp.blueprints.page.models import PAGES
from cptsapp.kernel import registry
from cptsapp.kernel.dates import today
from tests.conftest import logged_in, text_of
from tests.postgresql import counts_what_is_kept


def menu_of(page: str) -> str:
    return page.split('aria-label="Navigation principale"')[1].split("</nav>")[0]


def test_a_page_is_read_at_its_address(client, write):
    write("la-cpts", "Un *texte*.", title="La CPTS", summary="Qui nous sommes.")
    answer = client.get("/la-cpts")
    assert answer.status_code == 200
    assert "<em>texte</em>" in answer.text
    assert "Qui nous sommes." in answer.text
    assert answer.text.count("<h1") == 1


@pytest.mark.parametrize(
    "header",
    [{"state": "draft"}, {"visibility": "adherents"}, {"published_at": "2099-01-01"}, {"link": "https://exemple.fr"}],
)
def test_a_page_one_may_not_read_is_a_missing_page_byte_for_byte(client, write, header):
    missing = client.get("/secret")
    write("secret", **header)
    hidden = client.get("/secret")
    assert (hidden.status_code, hidden.data) == (404, missing.data)


def test_an_adherent_reads_the_pages_of_adherents(as_adherent, write):
    write("entre-nous", visibility="adherents")
    assert as_adherent.get("/entre-nous").status_code == 200


def test_the_home_page_shows_its_words_its_doors_and_its_blocks(client, write):
    write(
        "accueil",
        "Un mot d'accueil.",
        hero={
            "eyebrow": "CPTS",
            "title": "Mieux soigner",
            "lead": "Ensemble.",
            "actions": [{"label": "Agir", "url": "/a"}],
        },
        doors=[
            {"title": "Vous êtes professionnel", "text": "Agir.", "url": "/professionnels"},
            {"title": "Vous êtes habitant", "text": "Savoir.", "url": "/habitants"},
        ],
        blocks=["news"],
    )
    page = client.get("/").text
    text = text_of(page)
    for words in (
        "Mieux soigner",
        "Ensemble.",
        "Vous êtes professionnel",
        "Vous êtes habitant",
        "Un mot d’accueil.",
        "Actualités",
    ):
        assert words in text
    assert 'href="/habitants"' in page
    assert client.get("/accueil").location == "/"


def test_blocks_come_in_the_order_chosen_and_unknown_ones_are_passed_over(client, write):
    write("accueil", blocks=["inconnu"])
    assert "<h2>Actualités</h2>" not in client.get("/").text


def test_without_a_home_file_the_site_still_has_a_home(client):
    assert client.get("/").status_code == 200


def test_the_menu_follows_the_files(client, as_adherent, write):
    write("demarche", title="Le projet", menu={"position": "20", "parent": "la-cpts"})
    write("la-cpts", title="La CPTS", menu={"position": "10"})
    write("dehors", link="https://exemple.fr/ailleurs", menu={"position": "5", "label": "Ailleurs"})
    write("rejoindre", menu={"position": "90", "cta": "true"}, link="/contact")
    write("reserve", visibility="adherents", menu={"position": "30", "label": "Entre nous"})
    write("brouillon", state="draft", menu={"position": "1"})
    write("perdue", menu={"position": "40", "parent": "inconnue"})
    menu = menu_of(client.get("/demarche").text)
    assert menu.index("Ailleurs") < menu.index("La CPTS") < menu.index("Le projet") < menu.index("Perdue")
    assert '<a href="/demarche" aria-current="page">Le projet</a>' in menu
    assert 'href="/la-cpts"' in menu
    assert 'class="cta"' in menu
    assert "Entre nous" not in menu
    assert "Brouillon" not in menu
    assert "Entre nous" in menu_of(as_adherent.get("/demarche").text)


def test_rooms_are_in_the_menu_unless_a_page_leads_to_them(client, write):
    assert 'href="/actualites/"' in menu_of(client.get("/").text)
    write("menu-actualites", link="/actualites/", title="Nouvelles", menu={"position": "1"})
    menu = menu_of(client.get("/").text)
    assert menu.count('href="/actualites/"') == 1
    assert "Nouvelles" in menu


def test_a_menu_entry_leads_where_it_says(client, write):
    write("menu-actualites", link="/actualites/")
    assert client.get("/menu-actualites").location == "/actualites/"


def test_a_page_says_when_it_was_checked_and_its_editor_when_it_is_due(app, client, as_coordinator, write):
    write("ou-consulter", reviewed_on="2025-01-15", reviewed_by="une infirmière", review_due_on="2025-06-15")
    page = text_of(client.get("/ou-consulter").text).replace("\u00a0", " ")
    assert "Vérifié le 15 janvier 2025 par une infirmière" in page
    assert "à relire" not in page
    assert "Cette page est à relire" in as_coordinator.get("/ou-consulter").text
    source = next(each for each in registry.waiting_sources if each.key == "page.review")
    with app.test_request_context():
        assert [each.count for each in source.load()] == [1]
    write("ou-consulter", review_due_on=(today() + timedelta(days=1)).isoformat())
    assert list(source.load()) == []


def test_advice_says_that_it_is_not_a_medical_opinion(client, write):
    write("fievre", notice="medical")
    assert "appelez le 15" in client.get("/fievre").text


def test_key_dates_sort_whatever_their_precision(client, write):
    steps = [("2021-06-14", "C"), ("2019", "A"), ("2021-06", "B"), ("2022-01", "D")]
    write("moments", timeline=[{"date": day, "text": f"Fait {letter}"} for day, letter in steps])
    page = text_of(client.get("/moments").text).replace("\u00a0", " ")
    assert page.index("Fait A") < page.index("Fait B") < page.index("Fait C") < page.index("Fait D")
    assert "juin 2021 Fait B" in page
    assert "14 juin 2021 Fait C" in page


@pytest.mark.parametrize(
    ("header", "line"),
    [
        ({"timeline": [{"date": "2021-13", "text": "x"}]}, 3),
        ({"menu": {"position": "un"}}, 3),
        ({"menu": "10"}, 3),
        ({"link": "javascript:alert(1)"}, 3),
        ({"link": "//exemple.fr"}, 3),
        ({"doors": [{"title": "x"}]}, 3),
        ({"hero": {"actions": [{"label": "x", "url": "data:x"}]}}, 3),
        ({"hero": {"titre": "x"}}, 3),
        ({"reviewed_on": "hier"}, 3),
        ({"inconnu": "x"}, 3),
    ],
)
def test_a_wrong_header_is_listed_with_its_line(write, header, line):
    assert write("page", **header) is None
    assert [(each.slug, each.line) for each in PAGES.broken()] == [("page", line)]


def test_a_table_of_contents_leads_to_the_headings(client, write):
    write("longue", "## Un\n\nA\n\n### Deux\n\nB", toc="true")
    page = client.get("/longue").text
    assert 'href="#s-un"' in page
    assert 'id="s-deux"' in page


def test_legal_pages_fill_themselves_with_the_identity(client, app):
    association.default_identity(name="CPTS *Fictive* <b>", communes=[], email="contact@exemple.fr")
    page = client.get("/mentions-legales").text
    text = text_of(page)
    assert "CPTS *Fictive* &lt;b&gt;" in text
    assert "à compléter" in text
    assert 'href="mailto:contact@exemple.fr"' in page
    assert "Cookies" in client.get("/confidentialite").text
    assert "Défenseur des droits" in client.get("/accessibilite").text


def test_the_page_on_privacy_lists_what_the_tables_hold(client):
    text = text_of(client.get("/confidentialite").text)
    assert "Connexion à l’espace réservé" in text
    assert "Comptes de connexion" in text


def test_a_file_completes_a_legal_page_or_replaces_it(client, write):
    write("confidentialite", "Notre ajout pour {association}, et {autre}.", title="Vos données")
    page = text_of(client.get("/confidentialite").text)
    assert "Vos données" in page
    assert "Cookies" in page
    assert "Notre ajout pour Votre CPTS, et {autre}." in page
    write("confidentialite", "Tout autre chose.", title="Vos données", replace="true")
    assert "Ce site n’utilise qu’un seul cookie" not in client.get("/confidentialite").text


def test_a_field_is_only_replaced_when_it_is_of_the_list():
    assert legal.filled("{a} {a.b} {0} {__class__}", {"a": "x"}) == "x {a.b} {0} {__class__}"
    assert legal.filled("{a}", {"a": ""}) == legal.MISSING


def test_a_line_asked_for_only_when_there_is_something_disappears_without_it():
    text = "- RNA : {rna?}\n- SIRET : {siret?}\n- Siège : {adresse}\n"
    given = {"rna": "W770000000", "siret": "", "adresse": ""}
    assert legal.filled(text, given) == f"- RNA : W770000000\n- Siège : {legal.MISSING}\n"


def test_legal_pages_of_a_complete_identity_leave_nothing_to_complete(client, app):
    association.default_identity(name="CPTS fictive", communes=[], email="contact@exemple.fr")
    association.set_identity(name="CPTS fictive", address="1 place de l’Exemple", email="contact@exemple.fr")
    association.set_legal(
        publication_director="Camille Exemple", rna="W770000000", siret="", host_name="Hébergeur fictif",
        host_address="2 rue de l’Exemple", host_phone="01 99 00 56 78",
    )  # fmt: skip
    for path in ("/mentions-legales", "/confidentialite", "/accessibilite"):
        assert "à compléter" not in text_of(client.get(path).text)
    assert "SIRET" not in client.get("/mentions-legales").text
    assert "aucun audit" in client.get("/accessibilite").text


def test_no_page_may_take_the_address_of_a_room(app):
    assert {
        "gestion",
        "espace",
        "actualites",
        "contact",
        "recherche",
        "connexion",
        "static",
        "mentions-legales",
    } <= reserved()


@counts_what_is_kept
def test_a_page_costs_no_query_while_nothing_is_written(client, write):
    write("la-cpts", menu={"position": "1"})
    client.get("/la-cpts")
    PAGES.refresh()
    with assert_query_count(0):
        client.get("/la-cpts?neuf=1")


def test_search_finds_pages_but_not_menu_entries(client, write):
    write("la-cpts", "La télésurveillance.")
    write("menu-tele", link="/contact", title="Télésurveillance")
    page = client.get("/recherche?q=telesurveillance").text
    assert 'href="/la-cpts"' in page
    assert "menu-tele" not in page


def test_the_sitemap_holds_public_pages(client, write):
    write("publique")
    write("reservee", visibility="adherents")
    write("menu-x", link="/contact")
    page = client.get("/sitemap.xml").text
    assert "/publique</loc>" in page
    assert "/mentions-legales</loc>" in page
    assert "reservee" not in page
    assert "menu-x" not in page


def test_until_the_site_is_online_visitors_read_that_it_is_coming_and_the_legal_pages(client, as_coordinator, write):
    write("la-cpts", "Le texte de la page.", menu={"position": "10"})
    association.default_identity(name="CPTS fictive", communes=[], email="contact@exemple.fr")
    assert 'href="/la-cpts"' not in client.get("/").text
    assert 'href="/la-cpts"' in as_coordinator.get("/").text
    assert "Le texte de la page." not in client.get("/la-cpts").text
    assert client.get("/mentions-legales").status_code == 200
    assert "Le texte de la page." in as_coordinator.get("/la-cpts").text


@pytest.mark.parametrize("header", [{"link": "/adhesion/"}, {}])
def test_the_button_that_invites_to_join_is_for_who_has_not(app, client, as_adherent, make_account, write, header):
    body = "**[Remplir le formulaire](/adhesion/)**"
    write("rejoindre", body, title="Nous rejoindre", menu={"position": "90", "cta": "true"}, **header)
    write("ecrire", title="Nous écrire", menu={"position": "91", "cta": "true"})
    assert "Nous rejoindre" in menu_of(client.get("/").text)
    member = menu_of(as_adherent.get("/").text)
    assert "Nous rejoindre" not in member
    assert "Nous écrire" in member
    assert "Nous rejoindre" in menu_of(logged_in(app, make_account("candidat@exemple.fr")).get("/").text)
    assert "Nous rejoindre" in menu_of(client.get("/").text)
    assert as_adherent.get("/adhesion/").status_code == 200
