"""The settings: a colour that can be read, communes found by name, a site put before visitors."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import COORDINATOR

PALE, DARK = "#ffe08a", "#7a1f5c"
MAIN_COLOUR = "getComputedStyle(document.querySelector('.site-nav a.cta')).backgroundColor"


def choose(page, colour):
    """Choose a colour as the browser's own picker does."""
    page.locator("#colour").evaluate(
        "(input, value) => { input.value = value; input.dispatchEvent(new Event('input', {bubbles: true})) }", colour
    )


def test_a_colour_too_pale_is_refused_with_the_reason_and_a_good_one_shows_at_once(open_as, open_page):
    page, visitor = open_as(COORDINATOR), open_page()
    visitor.goto("/")
    before = visitor.evaluate(MAIN_COLOUR)
    page.goto("/gestion/parametres/apparence")
    choose(page, PALE)
    expect(page.locator("#apercu")).to_contain_text("Cette couleur ne convient pas")
    page.get_by_role("button", name="Enregistrer l’apparence").click()
    expect(page.locator("#colour-erreur")).to_contain_text("contraste")
    visitor.reload()
    assert visitor.evaluate(MAIN_COLOUR) == before

    choose(page, DARK)
    expect(page.locator("#apercu")).to_contain_text("se lit bien")
    page.get_by_role("button", name="Enregistrer l’apparence").click()
    expect(page.locator(".flashes")).not_to_be_empty()
    visitor.reload()
    assert visitor.evaluate(MAIN_COLOUR) == "rgb(122, 31, 92)"

    page.goto("/gestion/parametres/apparence")
    choose(page, "#0b6e69")
    page.get_by_role("button", name="Enregistrer l’apparence").click()
    expect(page.locator(".flashes")).not_to_be_empty()


def test_a_commune_is_found_by_its_name_added_and_taken_away(open_as):
    page = open_as(COORDINATOR)
    page.goto("/gestion/parametres/territoire")
    before = communes(page)
    page.get_by_label("Nom de commune, code postal").press_sequentially("ferte gauch")
    page.locator("#resultats").get_by_label(re.compile("La Ferté-Gaucher")).check()
    page.get_by_role("button", name="Ajouter les communes cochées").first.click()
    expect(page.get_by_role("row", name=re.compile("La Ferté-Gaucher"))).to_be_visible()
    assert communes(page) == before + 1
    page.get_by_role("row", name=re.compile("La Ferté-Gaucher")).get_by_role("checkbox").check()
    page.get_by_role("button", name="Retirer les communes cochées").click()
    expect(page.get_by_role("row", name=re.compile("La Ferté-Gaucher"))).to_have_count(0)
    assert communes(page) == before


def test_a_commune_is_added_without_javascript(open_as):
    page = open_as(COORDINATOR, javascript=False)
    page.goto("/gestion/parametres/territoire")
    before = communes(page)
    page.get_by_label("Nom de commune, code postal").fill("77182")
    page.get_by_role("button", name="Rechercher").click()
    page.locator("#resultats").get_by_label(re.compile("La Ferté-Gaucher")).check()
    page.get_by_role("button", name="Ajouter les communes cochées").first.click()
    expect(page.get_by_role("row", name=re.compile("La Ferté-Gaucher"))).to_be_visible()
    assert communes(page) == before + 1


def communes(page) -> int:
    return page.locator("table.list tbody tr").count()


def test_a_site_taken_away_from_visitors_comes_back_in_one_click(open_as, open_page):
    page, visitor = open_as(COORDINATOR), open_page()
    page.goto("/gestion/parametres/mise-en-ligne")
    page.locator("summary", has_text="Retirer le site").click()
    page.get_by_role("button", name="Retirer le site").last.click()
    expect(page.locator(".flashes")).to_contain_text("en préparation")
    try:
        visitor.goto("/")
        expect(visitor.locator("main")).to_contain_text("préparation")
        page.goto("/")
        expect(page.locator("main")).to_contain_text("Actualités")
    finally:
        page.goto("/gestion/parametres/mise-en-ligne")
        page.get_by_role("button", name="Mettre le site en ligne").click()
    expect(page.locator(".flashes")).to_contain_text("Le site est en ligne")
    visitor.goto("/")
    expect(visitor.locator("main")).to_contain_text("Actualités")


def test_a_title_that_changes_shows_to_visitors_at_once(open_as, open_page):
    page, visitor = open_as(COORDINATOR, javascript=False), open_page(javascript=False)
    page.goto("/gestion/parametres/identite")
    former = page.get_by_label("Nom court").input_value()
    for name in ("CPTS d’un autre nom", former):
        page.goto("/gestion/parametres/identite")
        page.get_by_label("Nom court").fill(name)
        page.get_by_role("button", name="Enregistrer l’identité").click()
        expect(page.locator(".flashes")).not_to_be_empty()
        visitor.goto("/")
        expect(visitor.locator("header .brand")).to_contain_text(name)
