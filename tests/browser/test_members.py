"""The members' own pages in a real browser: the directory, one's record, the coverage, the prospects."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ADHERENT, COORDINATOR, overflow, violations

SPACE = [
    "/espace/annuaire",
    "/espace/annuaire/imprimer",
    "/espace/annuaire/3",
    "/espace/profil",
    "/espace/profil/modifier",
    "/espace/profil/quitter",
    "/espace/profil/effacement",
]
GESTION = [
    "/gestion/adherents/couverture",
    "/gestion/adherents/couverture?par=famille",
    "/gestion/adherents/couverture?par=commune",
    "/gestion/adherents/couverture/communes",
    "/gestion/annuaire",
    "/gestion/fiches",
    "/gestion/prospects/",
    "/gestion/prospects/1",
    "/gestion/prospects/nouveau",
]
PUBLIC = ["/", "/annuaire", "/verifier/"]


@pytest.mark.parametrize("javascript", [True, False])
def test_a_member_finds_a_colleague(open_as, javascript):
    page = open_as(ADHERENT, javascript=javascript)
    page.goto("/espace/annuaire")
    page.get_by_role("searchbox").fill("infirmiere savigny")
    if not javascript:
        page.locator("form.filters").get_by_role("button", name="Rechercher").click()
    expect(page.get_by_role("link", name="Basile Essai")).to_have_count(0)
    page.get_by_role("link", name="Ariane Fictive").click()
    expect(page.get_by_role("heading", name="Ariane Fictive", level=1)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Carte de contact").click()
    assert download.value.suggested_filename == "ariane-fictive.vcf"


@pytest.mark.parametrize("javascript", [True, False])
def test_a_member_corrects_their_record_and_the_coordination_reads_it(open_as, javascript):
    page = open_as(ADHERENT, width=390, javascript=javascript)
    page.goto("/espace/profil/modifier")
    commune = page.get_by_label("Commune d’exercice")
    commune.fill("Saint-Denis")
    page.get_by_role("button", name="Enregistrer ma fiche").click()
    expect(page.locator(".field-error")).to_contain_text("Saint-Denis (93)")
    expect(commune).to_have_value("Saint-Denis")
    new = "Gretz-Armainvilliers" if javascript else "Brie-Comte-Robert"
    commune.fill(new.lower().replace("-", " "))
    page.get_by_role("button", name="Enregistrer ma fiche").click()
    expect(page.get_by_text("La coordination en est prévenue")).to_be_visible()
    desk = open_as(COORDINATOR, javascript=javascript)
    desk.goto("/gestion/fiches")
    card = desk.locator("section.card").filter(has_text="Sacha Fictif").filter(has_text=new).first
    card.get_by_role("button", name="Vu").click()
    expect(desk.locator("section.card").filter(has_text="Sacha Fictif").filter(has_text=f"{new} (77)")).to_have_count(0)


@pytest.mark.parametrize("javascript", [True, False])
def test_what_becomes_of_a_choice_is_read_where_it_was_made(open_as, javascript):
    page = open_as(ADHERENT, width=390, height=844, javascript=javascript)
    page.goto("/espace/profil")
    page.get_by_role("button", name="Enregistrer mes choix").click()
    expect(page.get_by_text("Vos choix sont enregistrés")).to_be_in_viewport()
    expect(page.get_by_role("heading", name="Ce que je montre")).to_be_in_viewport()
    page.get_by_label("Photo", exact=True).set_input_files(
        {"name": "cv.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"}
    )
    page.get_by_role("button", name="Enregistrer la photo").click()
    expect(page.get_by_text("Ce fichier n’est pas une image")).to_be_in_viewport()
    expect(page.get_by_role("heading", name="Ma photo")).to_be_in_viewport()


def test_the_back_button_gives_back_what_was_typed_to_whoever_typed_it_alone(open_as):
    page = open_as(ADHERENT)
    page.goto("/espace/profil/modifier")
    page.get_by_label("Compétences").fill("Suivi des plaies, à domicile aussi")
    back = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"
    page.evaluate(back)
    expect(page.get_by_role("heading", name="Corriger ma fiche")).to_be_visible()
    expect(page.get_by_label("Compétences")).to_have_value("Suivi des plaies, à domicile aussi")
    page.context.clear_cookies()
    page.evaluate(back)
    expect(page).to_have_url(re.compile(r"/connexion\?"))


def test_a_ticked_box_shows_its_tick_in_the_colours_a_reader_imposes(open_as):
    page = open_as(ADHERENT, forced_colors="active")
    page.goto("/espace/profil")
    box = page.get_by_label("Figurer dans l’annuaire des adhérents")
    assert box.evaluate("box => getComputedStyle(box).appearance") == "auto"


def test_a_certificate_is_verified_by_a_stranger(open_as, open_page):
    page = open_as(ADHERENT)
    page.goto("/espace/profil")
    with page.expect_download() as download:
        page.get_by_role("button", name="Mon attestation").click()
    assert download.value.suggested_filename == "attestation-adhesion.pdf"
    stranger = open_page(width=390)
    stranger.goto("/verifier/")
    stranger.get_by_label("Code de vérification").fill("AAAA-BBBB-CCCC")
    stranger.get_by_role("button", name="Vérifier").click()
    expect(stranger.get_by_role("heading", name=re.compile("Aucune attestation"))).to_be_visible()


def test_a_prospect_becomes_a_member(open_as):
    desk = open_as(COORDINATOR)
    desk.goto("/gestion/prospects/")
    desk.get_by_role("link", name="ÉBAUCHE Karim").click()
    desk.get_by_role("button", name="Créer la fiche").click()
    expect(desk.get_by_role("heading", name="Karim Ébauche")).to_be_visible()
    expect(desk.get_by_text("Invité comme prospect")).to_be_visible()


def test_the_coverage_follows_a_family_without_loading_the_page_again(open_as):
    desk = open_as(COORDINATOR)
    desk.goto("/gestion/adherents/couverture?par=famille")
    desk.locator("select[name=famille]").select_option("infirmiers")
    expect(desk.get_by_role("heading", name=re.compile("Évolution.*Infirmiers"))).to_be_visible()
    expect(desk.get_by_role("heading", name="Par famille")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", SPACE)
def test_the_pages_of_the_space_are_sound(open_as, path, width):
    page = open_as(ADHERENT, width=width)
    assert page.goto(path).status == 200
    assert overflow(page) == 0
    assert violations(page) == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", GESTION)
def test_the_pages_of_the_gestion_are_sound(open_as, path, width):
    page = open_as(COORDINATOR, width=width)
    assert page.goto(path).status == 200
    assert overflow(page) == 0
    assert violations(page) == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", PUBLIC)
def test_the_public_pages_are_sound(open_page, path, width):
    page = open_page(width=width)
    assert page.goto(path).status == 200
    assert overflow(page) == 0
    assert violations(page) == []
