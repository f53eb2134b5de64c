"""Without a mouse: where the focus goes, what shows it, what Back and reload give; and texts that cannot act."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ADHERENT, COORDINATOR, violations

FOCUS_SHOWS = """() => {
    const style = getComputedStyle(document.activeElement);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
}"""
HOSTILE = """
<div hx-get="/gestion/" hx-trigger="load" hx-target="body">Un appel caché</div>
<p hx-on:click="document.title = 'pris'" onclick="document.title = 'pris'">Cliquez ici</p>
<script>document.title = "pris"</script>
<img src="x" onerror="document.title = 'pris'">

[Un lien](javascript:document.title='pris')
"""


def test_the_first_tab_offers_to_skip_to_the_content(page):
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_menu_opens_closes_and_gives_the_focus_back(open_page, width):
    page = open_page(width=width)
    page.goto("/")
    menu = page.locator("header details[data-menu]:visible").first
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(menu.get_by_role("link").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(menu.get_by_role("link").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu.get_by_role("link").first).to_be_hidden()
    expect(menu.locator("summary")).to_be_focused()


@pytest.mark.parametrize(("who", "path"), [("", "/contact"), (ADHERENT, "/espace/compte"), (COORDINATOR, "/gestion/")])
def test_the_focus_is_always_seen(open_page, cookies_of, who, path):
    page = open_page(reduced_motion="reduce")
    page.context.add_cookies(cookies_of(who) if who else [])
    page.goto(path)
    places = page.locator("a:visible, button:visible, input:visible, select:visible, textarea:visible, summary:visible")
    for _ in range(places.count()):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        assert page.evaluate(FOCUS_SHOWS), page.evaluate("document.activeElement.outerHTML")


def test_the_focus_stays_in_the_field_while_results_change(open_as):
    page = open_as(COORDINATOR)
    page.goto("/gestion/personnes/")
    field = page.get_by_label("Rechercher")
    field.press_sequentially("capu")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(field).to_be_focused()
    expect(page.locator("#resultats [role=status]")).to_contain_text("1 ")
    assert violations(page) == []


def test_sorting_by_keyboard_keeps_the_place(open_as):
    page = open_as(COORDINATOR)
    page.goto("/gestion/actualites/")
    heading = page.locator("th", has_text="Titre").get_by_role("link")
    heading.focus()
    page.keyboard.press("Enter")
    expect(page.locator("th", has_text="Titre")).to_have_attribute("aria-sort", re.compile("ascending|descending"))
    expect(page.locator("th", has_text="Titre").get_by_role("link")).to_be_focused()


def test_back_forward_and_reload_give_whole_pages(page):
    page.goto("/actualites/")
    page.get_by_label("Rechercher dans les actualités").press_sequentially("sommeil chutes")
    expect(page).to_have_url(re.compile("q="))
    page.goto("/recherche")
    page.get_by_label("Que cherchez-vous").press_sequentially("chutes")
    expect(page).to_have_url(re.compile("q=chutes"))
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Actualités")
    expect(page.locator("header .brand")).to_be_visible()
    page.go_forward()
    expect(page.get_by_role("heading", level=1)).to_have_text("Rechercher")
    page.reload()
    expect(page.locator("header .brand")).to_be_visible()
    expect(page.locator("#resultats")).to_contain_text("chutes")


@pytest.mark.parametrize("path", ["/gestion/personnes/", "/gestion/actualites/"])
def test_back_to_a_private_list_gives_a_whole_page(open_as, path):
    page = open_as(COORDINATOR)
    page.goto(path)
    page.locator("#q").press_sequentially("cap")
    expect(page.locator(".htmx-request")).to_have_count(0)
    page.goto("/gestion/")
    page.go_back()
    expect(page.get_by_role("navigation", name="Gestion")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_what_people_write_cannot_act(open_as, open_page):
    page, visitor, asked = open_as(COORDINATOR), open_page(), []
    page.goto("/gestion/actualites/nouveau")
    page.get_by_label("Titre", exact=True).fill("Un texte remuant")
    page.get_by_label("Texte", exact=True).fill(HOSTILE)
    expect(page.locator("#apercu")).to_contain_text("Cliquez ici")
    page.locator("#apercu").get_by_text("Cliquez ici").click()
    assert not page.title().startswith("pris")
    page.locator(".actions.stick").get_by_role("button", name="Publier", exact=True).click()
    expect(page.locator(".flashes")).to_contain_text("publié")
    visitor.on("request", lambda request: asked.append(request.url))
    visitor.goto("/actualites/un-texte-remuant", wait_until="networkidle")
    visitor.get_by_text("Cliquez ici").click()
    assert "pris" not in visitor.title()
    assert not any("/gestion/" in url for url in asked)
    body = visitor.locator(".prose").inner_html()
    assert not re.search(r"<[^>]*(hx-|onclick|onerror|javascript:)|<script", body)


def test_htmx_attributes_inside_a_text_would_not_be_obeyed(page):
    asked = []
    page.goto("/actualites/prevenir-les-chutes")
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("""() => {
        const prose = document.querySelector(".prose");
        prose.innerHTML += '<button id="piege" hx-get="/contact" hx-target="body">Un piège</button>';
        htmx.process(prose);
    }""")
    page.locator("#piege").click()
    page.evaluate("new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)))")
    assert not any(url.endswith("/contact") for url in asked)
    assert page.evaluate("document.querySelector('#piege').dataset.htmxPowered") is None
