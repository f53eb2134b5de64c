"""The professionals counted by the register in a real browser: the worker reads it while one looks on."""

from playwright.sync_api import expect

from tests.browser.conftest import COORDINATOR

ADDRESS = "/gestion/adherents/couverture/rpps"


def test_the_register_is_read_while_one_looks_on_and_what_is_ticked_is_kept(open_as):
    page = open_as(COORDINATOR)
    page.goto(ADDRESS)
    page.get_by_role("button", name="Compter les professionnels").click()
    keep = page.get_by_role("button", name="Enregistrer les effectifs cochés")
    expect(keep).to_be_visible()  # the page looked again by itself
    page.get_by_role("checkbox", name="Infirmiers", exact=True).uncheck()
    keep.click()
    page.wait_for_url("**/gestion/adherents/couverture")
    expect(page.get_by_text("effectifs enregistrés")).to_be_visible()
    expect(page.get_by_role("row", name="Infirmier 2 88")).to_be_visible()
    page.goto(ADDRESS)
    expect(page.get_by_text("Dernier comptage")).to_be_visible()


def test_the_register_is_read_without_javascript_and_given_up(open_as):
    page = open_as(COORDINATOR, javascript=False, width=390)
    page.goto(ADDRESS)
    page.get_by_role("button", name="Compter").click()
    for _ in range(40):
        if page.get_by_role("button", name="Ne rien garder").count():
            break
        page.wait_for_timeout(500)
        page.get_by_role("link", name="Où en est-il ?").click()
    page.get_by_role("button", name="Ne rien garder").click()
    expect(page.get_by_text("rien n’a changé")).to_be_visible()
