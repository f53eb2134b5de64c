"""The first steps one after the other: what is done leads to what is left, until nothing is."""

from playwright.sync_api import expect

from tests.browser.conftest import COORDINATOR

NUMBER = "Hébergeur : téléphone"


def save_number(page, number):
    page.get_by_label(NUMBER).fill(number)
    page.get_by_role("button", name="Enregistrer les mentions légales").click()
    expect(page.locator(".flashes")).to_contain_text("Les mentions légales sont enregistrées.")


def test_a_step_done_leads_to_the_next_one_until_all_are(open_as):
    page = open_as(COORDINATOR, width=390)
    offer = page.get_by_text("Étape suivante")
    page.goto("/gestion/parametres/mentions-legales")
    number = page.get_by_label(NUMBER).input_value()
    save_number(page, "")  # the demonstration has nearly all done

    page.goto("/gestion/")
    page.get_by_role("link", name="Essayer l’envoi des e-mails").click()
    page.locator("main").get_by_role("button", name="Envoyer un e-mail d’essai").click()
    page.get_by_role("button", name="Envoyer l’essai").click()
    expect(page.locator("#essai")).to_contain_text("L’e-mail est parti")
    offer.get_by_role("link", name="Remplir les mentions légales").click()

    save_number(page, number)
    expect(offer).to_have_count(0)
    page.goto("/gestion/")
    expect(page.get_by_role("heading", name="Ce qui vous attend")).to_be_visible()
    expect(page.get_by_role("heading", name="Premiers pas")).to_have_count(0)
