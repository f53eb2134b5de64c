"""A report in a real browser: written over, drafted again, frozen, looked at as it will be on paper."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import ADHERENT, COORDINATOR, overflow, violations

OURS = "Un texte écrit à la main, que rien n’efface."


def prepared(page, title):
    page.goto("/gestion/projet/rapports/nouveau")
    page.get_by_label("Titre").fill(title)
    page.get_by_role("button", name="Préparer le rapport").click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    return page.url


def test_a_report_is_written_over_drafted_again_and_frozen(open_as):
    page = open_as(COORDINATOR)
    address = prepared(page, "Rapport relu")
    page.get_by_role("button", name="Modifier « Perspectives »").click()
    page.get_by_label("Texte").fill(OURS)
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("La section est enregistrée")).to_be_visible()
    page.get_by_role("button", name="Actualiser").click()
    expect(page.get_by_text("Les chiffres sont à jour")).to_be_visible()
    page.get_by_role("button", name="Modifier « Perspectives »").click()
    expect(page.get_by_label("Texte")).to_have_value(OURS)
    page.goto(address)
    page.locator("summary", has_text="Figer").click()
    page.get_by_role("button", name="Figer le rapport").click()
    expect(page.get_by_text(re.compile("Figé le .* par"))).to_be_visible()
    expect(page.get_by_role("button", name="Modifier « Perspectives »")).to_have_count(0)
    assert violations(page) == []


def test_a_report_on_paper_is_the_report_alone(open_as):
    page = open_as(COORDINATOR, width=390)
    page.goto("/gestion/projet/rapports/2/lire")
    assert overflow(page) <= 0
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Perspectives")).to_be_visible()
    for hidden in (".desk-nav", ".desk-bar", ".breadcrumb"):
        expect(page.locator(hidden).first).to_be_hidden()
    page.set_viewport_size({"width": 794, "height": 1123})
    assert overflow(page) <= 0


def test_two_windows_lose_nothing_without_javascript(open_as):
    first, second = (open_as(COORDINATOR, javascript=False) for _ in range(2))
    address = prepared(first, "Rapport à deux")
    for page in (first, second):
        page.goto(address)
        page.get_by_role("button", name="Modifier « Perspectives »").click()
    for page, text in ((first, "Celui d’Alix."), (second, "Celui de Sacha.")):
        page.get_by_label("Texte").fill(text)
        page.get_by_role("button", name="Enregistrer").click()
    expect(second.get_by_label("Texte")).to_have_value("Celui de Sacha.")
    expect(second.get_by_role("heading", name="Ce qui diffère")).to_be_visible()
    second.get_by_role("button", name="Enregistrer ma version").click()
    expect(second.get_by_text("La section est enregistrée")).to_be_visible()


def test_a_member_comments_a_fiche_and_reads_the_answer(site, open_as):
    member, desk = open_as(ADHERENT, width=390), open_as(COORDINATOR)
    known = len(site.mails_to(ADHERENT))
    member.goto("/espace/projet/")
    member.get_by_role("link", name="Médecin traitant pour tous").click()
    member.get_by_label("Votre remarque").fill("Et les cabinets qui ferment en août ?")
    member.get_by_role("button", name="Envoyer ma remarque").click()
    expect(member.get_by_text("Votre remarque est enregistrée")).to_be_visible()
    assert overflow(member) <= 0
    assert violations(member) == []
    desk.goto("/gestion/projet/consultations/?reponse=a-donner")
    desk.get_by_role("link", name=re.compile("ferment en août")).click()
    card = desk.locator("article", has_text="ferment en août")
    card.get_by_label("Réponse").fill("Une liste des gardes sera affichée.")
    card.get_by_role("button", name="Répondre").click()
    expect(card.get_by_text("Une liste des gardes sera affichée.").first).to_be_visible()
    assert "Une liste des gardes sera affichée." in site.wait_for_mail(ADHERENT, more_than=known)
    member.reload()
    expect(member.get_by_text("Une liste des gardes sera affichée.")).to_be_visible()
