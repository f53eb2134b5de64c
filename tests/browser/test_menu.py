"""The menu of the gestion: its groups fold, what waits inside is told, and a browser shows them as they were left."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BUREAU, COORDINATOR, overflow, violations

NOTHING_IS_KEPT = (
    "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('', 'SecurityError'); }})"
)
# Each picture of the page before it has come: whether the group was open in it.
PICTURES = """window.pictures = [];
(function look() {
  const group = document.querySelector('[data-group="Projet"]');
  if (group) window.pictures.push(group.open);
  if (document.readyState !== 'complete') requestAnimationFrame(look);
})()"""


def group(page, title):
    return page.locator("#menu details", has=page.get_by_role("heading", name=title, exact=True))


def entry(page, name):
    return page.get_by_role("navigation", name="Gestion").get_by_role("link", name=name, exact=True)


@pytest.mark.parametrize(
    ("path", "width", "height"),
    [
        ("/gestion/", 1280, 600),
        ("/gestion/", 390, 700),
        ("/gestion/actualites/", 1280, 900),
        ("/gestion/projet/indicateurs/", 1280, 900),
    ],
)
def test_each_title_of_the_menu_is_seen_without_a_scroll(open_as, path, width, height):
    page = open_as(COORDINATOR, width=width, height=height)
    page.goto(path)
    if width < 768:
        page.get_by_role("button", name="Menu").click()
    titles = page.locator("#menu h2")
    assert titles.all_inner_texts() == [
        title.upper() for title in ("Association", "Communication", "Répertoires", "Territoire", "Projet", "Réglages")
    ]
    for title in titles.all():
        expect(title).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("javascript", [True, False])
def test_what_is_looked_for_once_a_year_is_one_click_away(open_as, javascript):
    page = open_as(COORDINATOR, javascript=javascript)
    page.goto("/gestion/")
    expect(entry(page, "Effectifs du territoire")).to_be_in_viewport()
    expect(entry(page, "Comptes et invitations")).to_be_hidden()
    group(page, "Réglages").locator("summary").click()
    expect(entry(page, "Paramètres")).to_be_visible()
    entry(page, "Comptes et invitations").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Comptes et invitations")
    expect(entry(page, "Comptes et invitations")).to_have_attribute("aria-current", "page")
    expect(entry(page, "Comptes et invitations")).to_be_in_viewport()
    expect(entry(page, "Adhérents")).to_be_hidden()


def test_a_group_opens_and_folds_by_keyboard(open_as):
    page = open_as(COORDINATOR)
    page.goto("/gestion/")
    group(page, "Projet").locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(entry(page, "Tableau du projet")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    expect(entry(page, "Tableau du projet")).to_be_hidden()
    page.keyboard.press("Tab")
    expect(group(page, "Réglages").locator("summary")).to_be_focused()


def test_a_folded_group_tells_the_sum_of_what_waits_in_it(open_as):
    page = open_as(COORDINATOR)
    page.goto("/gestion/")
    waiting = group(page, "Communication")
    told = [int(re.match(r"\d+", text)[0]) for text in waiting.locator("li .count").all_text_contents()]
    assert len(told) > 1
    expect(waiting).to_match_aria_snapshot(f"""
        - group:
          - heading "Communication" [level=2]
          - text: {sum(told)} en attente
    """)
    waiting.locator("summary").click()
    expect(waiting.locator("summary .count")).to_be_hidden()
    expect(waiting.locator("li .count").first).to_be_visible()
    expect(group(page, "Répertoires").locator("summary .count")).to_have_count(0)


def test_what_was_folded_or_opened_is_found_so_on_the_next_page_and_the_next_day(open_as):
    page = open_as(COORDINATOR)
    page.goto("/gestion/")
    group(page, "Association").locator("summary").click()
    group(page, "Projet").locator("summary").click()
    page.goto("/gestion/actualites/")
    expect(entry(page, "Adhérents")).to_be_visible()
    expect(entry(page, "Tableau du projet")).to_be_visible()
    group(page, "Projet").locator("summary").click()
    later = page.context.new_page()
    later.goto("/gestion/")
    expect(entry(later, "Adhérents")).to_be_visible()
    expect(entry(later, "Tableau du projet")).to_be_hidden()
    expect(entry(later, "Actualités")).to_be_hidden()


def test_the_group_of_the_page_is_open_even_when_it_was_folded(open_as):
    page = open_as(COORDINATOR)
    page.goto("/gestion/actualites/")
    group(page, "Communication").locator("summary").click()
    expect(entry(page, "Actualités")).to_be_hidden()
    page.goto("/gestion/envois/")
    expect(entry(page, "Actualités")).to_be_visible()
    page.goto("/gestion/")
    expect(entry(page, "Actualités")).to_be_hidden()


def test_no_picture_of_the_page_shows_a_group_otherwise_than_it_was_left(open_as):
    page = open_as(COORDINATOR)
    page.goto("/gestion/")
    group(page, "Projet").locator("summary").click()
    page.add_init_script(PICTURES)
    page.route("**/*.js*", lambda route: (time.sleep(0.2), route.continue_()))
    page.reload()
    assert set(page.evaluate("pictures")) == {True}


def test_a_browser_that_keeps_nothing_folds_as_well(open_as):
    page = open_as(COORDINATOR)
    page.add_init_script(NOTHING_IS_KEPT)
    page.goto("/gestion/")
    group(page, "Projet").locator("summary").click()
    expect(entry(page, "Tableau du projet")).to_be_visible()
    page.goto("/gestion/adherents/")
    expect(entry(page, "Adhérents")).to_be_visible()
    expect(entry(page, "Tableau du projet")).to_be_hidden()


def test_groups_of_few_entries_are_shown_whole(open_as):
    page = open_as(BUREAU)
    page.goto("/gestion/")
    expect(page.locator("#menu details")).to_have_count(1)
    expect(group(page, "Projet")).to_be_visible()
    for name in ("Adhérents", "Partenaires", "Stages", "Couverture"):
        expect(entry(page, name)).to_be_in_viewport()


@pytest.mark.parametrize(("width", "height"), [(390, 844), (640, 450)])
def test_the_panel_of_a_phone_folds_under_the_thumb_and_opens_where_one_is(open_as, width, height):
    page = open_as(COORDINATOR, width=width, height=height)
    page.goto("/gestion/parametres/")
    page.get_by_role("button", name="Menu").click()
    expect(entry(page, "Paramètres")).to_be_in_viewport(ratio=0.9)
    group(page, "Projet").locator("summary").click()
    expect(entry(page, "Contrat ACI")).to_be_visible()
    for target in page.locator("#menu summary, #menu li a").locator("visible=true").all():
        assert target.bounding_box()["height"] >= 44, target.inner_text()
    assert overflow(page) <= 0
    assert violations(page) == []


def test_an_open_and_a_folded_menu_are_readable_by_everybody(open_as):
    page = open_as(COORDINATOR)
    page.goto("/gestion/actualites/")
    assert violations(page) == []
    for title in ("Association", "Répertoires", "Projet", "Réglages"):
        group(page, title).locator("summary").click()
    expect(page.locator("#menu details:not([open])")).to_have_count(0)
    assert violations(page) == []
