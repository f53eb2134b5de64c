"""The pages of a volunteer and of a seeker, and the link of the mails."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook
from playhouse.test_utils import count_queries

from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.directory import freshness, letters, rules
from cptsapp.blueprints.directory.models import Entry, Status
from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel.dates import today
from tests.conftest import text_of

from .conftest import BRIE, declared, practitioner

ANSWERS = {
    "actes": ["epp"], "commune": "Brie-Comte-Robert (77)", "email": "sage-femme@exemple.fr", "phone": "0199001234",
    "show_phone": "y", "consent": "y", "consent_version": "2026-11",
}  # fmt: skip


def practise(adherent, **values):
    Practice.delete().where(Practice.person == adherent.person_id).execute()
    Practice.create(person=adherent.person_id, **values)


@pytest.fixture
def midwife(adherent):
    """The adherent of the tests, who practises as a midwife."""
    practise(adherent, profession="50", commune=territory.use(BRIE))
    return adherent


def test_a_volunteer_joins_pauses_leaves_and_comes_back(as_adherent, midwife, client):
    page = as_adherent.get("/espace/repertoires")
    assert page.status_code == 200
    assert "Sages-femmes du territoire" in page.text
    form = as_adherent.get("/espace/repertoires/sages-femmes/rejoindre").text
    assert "J’accepte que mon nom" in form
    wrong = ANSWERS | {"consent": "", "phone": "01 99"}
    refused = as_adherent.post("/espace/repertoires/sages-femmes/rejoindre", data=wrong)
    assert refused.status_code == 422
    assert "Sans cet accord" in refused.text
    assert 'value="01 99"' in refused.text
    assert Entry.select().count() == 0
    answer = as_adherent.post("/espace/repertoires/sages-femmes/rejoindre", data=ANSWERS)
    entry = Entry.get()
    assert answer.location == f"/espace/repertoires/fiche/{entry.id}"
    page = as_adherent.get(answer.location)
    assert "Entretien prénatal précoce" in page.text
    assert "En ligne, par la personne".lower() in page.text.lower()
    # Not asked for the public page: absent from it.
    assert "Fictif" not in client.get("/repertoires/sages-femmes/").text
    edited = ANSWERS | {"is_public": "y", "delai_epp": "12"}
    assert as_adherent.post(f"/espace/repertoires/fiche/{entry.id}/modifier", data=edited).status_code == 303
    public = client.get("/repertoires/sages-femmes/").text
    assert "Fictif" in public
    assert "Confirmé le" in public
    shown = client.get(f"/repertoires/sages-femmes/{entry.id}").text
    assert "01 99 00 12 34" in shown
    assert "sage-femme@exemple.fr" not in shown
    assert "Écrire à" in shown
    assert client.get("/recherche?q=fictif").text.count("/repertoires/sages-femmes/") >= 1
    assert f"/repertoires/sages-femmes/{entry.id}" in client.get("/sitemap.xml").text
    for act, status in (("pause", "paused"), ("continuer", "listed"), ("retirer", "left")):
        as_adherent.post(f"/espace/repertoires/fiche/{entry.id}/{act}")
        assert Entry.get().status == status
    assert "Fictif" not in client.get("/repertoires/sages-femmes/").text
    assert client.get(f"/repertoires/sages-femmes/{entry.id}").status_code == 404
    assert "/repertoires/sages-femmes/" not in client.get("/recherche?q=fictif").text
    assert f"/repertoires/sages-femmes/{entry.id}" not in client.get("/sitemap.xml").text
    as_adherent.post(f"/espace/repertoires/fiche/{entry.id}/reprendre")
    assert "Fictif" in client.get("/repertoires/sages-femmes/").text


def test_who_confirms_while_others_are_reminded_is_not(app, monkeypatch):
    entries = [declared("sages-femmes", practitioner("50", email=f"sage{n}@exemple.fr")) for n in range(2)]
    Entry.update(expires_on=today() + timedelta(days=20), confirmed_on=today() - timedelta(days=340)).execute()
    write = letters.reminder

    def then_confirmed(definition, entry, **kwargs):
        freshness.confirm(entries[1].id)
        return write(definition, entry, **kwargs)

    monkeypatch.setattr(letters, "reminder", then_confirmed)
    assert freshness.send_reminders() == 1


def test_the_reminder_confirms_changes_or_withdraws_without_a_login(app, mailbox, client):
    midwife = practitioner("50", email="sage@exemple.fr")
    entry = declared("sages-femmes", midwife)
    soon = today() + timedelta(days=20)
    Entry.update(expires_on=soon, confirmed_on=today() - timedelta(days=340)).where(Entry.id == entry.id).execute()
    assert freshness.send_reminders() == 1
    assert freshness.send_reminders() == 0
    letter = mailbox.to("sage@exemple.fr")[-1]
    paths = [link.removeprefix("http://127.0.0.1:8000") for link in letter.links if "/ma-fiche/" in link]
    ends = (paths[0], "/modifier", "/retirer")
    yes, change, leave = (next(path for path in paths if path.endswith(end)) for end in ends)
    before = list(Entry.select().dicts())
    for path in (yes, change, leave):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "no-store" in answer.headers["Cache-Control"]
    assert list(Entry.select().dicts()) == before  # opening changes nothing
    assert client.post(f"{yes}/confirmer").status_code == 303
    assert Entry.get_by_id(entry.id).confirmed_on == today()
    assert "Merci" in client.get(f"{yes}?fait=confirmer").text
    answer = client.post(change, data=ANSWERS | {"delai_epp": "abc"})
    assert answer.status_code == 422
    assert "nombre entier" in answer.text
    assert client.post(change, data=ANSWERS | {"delai_epp": "9"}).status_code == 303
    assert Entry.get_by_id(entry.id).values["delai_epp"] == 9
    assert client.post(leave).status_code == 303
    assert Entry.get_by_id(entry.id).status == Status.LEFT
    assert "retirée" in client.get(yes).text
    assert client.post(f"{yes}/reprendre").status_code == 303
    assert Entry.get_by_id(entry.id).status == Status.LISTED
    Entry.update(link_version=2).where(Entry.id == entry.id).execute()
    assert client.get(yes).status_code == client.post(f"{yes}/confirmer").status_code == 404
    assert client.get("/repertoires/ma-fiche/x").status_code == 404


def test_a_hidden_address_is_reached_by_a_form_and_never_shown(app, mailbox, client, as_adherent):
    midwife = practitioner("50", email="cachee@exemple.fr")
    entry = declared("sages-femmes", midwife)
    Entry.update(is_public=True).where(Entry.id == entry.id).execute()
    path = f"/repertoires/sages-femmes/{entry.id}/ecrire"
    for browser, data in (
        (client, {"name": "Alex Visiteur", "email": "alex@exemple.fr"}),
        (as_adherent, {}),
    ):
        area = "" if data else "/espace"
        page = browser.get(area + path)
        assert page.status_code == 200
        assert "cachee@exemple.fr" not in page.text
        data |= {"text": "Bonjour, recevez-vous le samedi ?", **_hidden(page.text)}
        assert browser.post(area + path, data=data).status_code == 303
    letters = mailbox.to("cachee@exemple.fr")
    assert {letter.message["Reply-To"] for letter in letters} == {"alex@exemple.fr", "adherent@exemple.fr"}
    assert "samedi" in letters[0].text
    rules.leave(entry.id)
    assert client.get(path).status_code == 404


def _hidden(html):
    found = re.search(r'name="form_key"[^>]*value="([^"]+)"', html)
    return {"form_key": found[1]} if found else {}


def test_writing_for_a_colleague_tells_them_and_waits_for_the_coordination(
    as_adherent, as_coordinator, adherent, coordinator, mailbox
):
    nurse = practitioner("60", name="Collègue", email="collegue@exemple.fr")
    found = as_adherent.get("/espace/repertoires/etp/pour-un-collegue?q=collegue").text
    assert f"/espace/repertoires/etp/pour-un-collegue/{nurse.id}" in found
    data = {"profession": "", "situation": "souhaite", "themes": "diabete", "consent": "y", "consent_means": "paper",
            "consented_on": today().isoformat(), "consent_version": "2026-11"}  # fmt: skip
    path = f"/espace/repertoires/etp/pour-un-collegue/{nurse.id}"
    assert "collegue@exemple.fr" not in as_adherent.get(path).text
    later = as_adherent.post(path, data=data | {"consented_on": (today() + timedelta(days=2)).isoformat()})
    assert later.status_code == 422
    assert "à venir" in later.text
    assert as_adherent.post(path, data=data).status_code == 303
    entry = Entry.get()
    assert (entry.status, entry.consent_means) == (Status.TO_VALIDATE, "paper")
    assert "sur papier" in mailbox.to("collegue@exemple.fr")[0].text
    assert as_adherent.get(f"/espace/repertoires/fiche/{entry.id}").status_code == 404  # it is not theirs
    other = practitioner("60", name="Autre", email="autre@exemple.fr", member=False)
    assert as_adherent.get(f"/espace/repertoires/etp/pour-un-collegue/{other.id}").status_code == 404
    assert as_coordinator.post(f"/espace/repertoires/etp/pour-un-collegue/{other.id}", data=data).status_code == 303
    assert Entry.get(Entry.person == other.id).status == Status.LISTED


def test_lists_are_searched_exported_printed_and_a_part_is_a_piece_of_its_page(as_adherent, midwife, client):
    declared("etp", practitioner("60", name="Alberti"), themes=["diabete"])
    declared("etp", practitioner("60", name="Berger"), themes=["cancer"])
    declared("permanences", title="Pharmacie des Exemples")
    Entry.update(is_public=True).where(Entry.directory == "permanences").execute()
    page = as_adherent.get("/espace/repertoires/etp?q=alberti")
    assert "Alberti" in page.text
    assert "Berger" not in page.text
    assert "Berger" in as_adherent.get("/espace/repertoires/etp?themes=cancer").text
    assert "Aucune fiche ne correspond" in as_adherent.get("/espace/repertoires/etp?q=zzzz").text
    for path in ("/espace/repertoires/etp?themes=cancer", "/repertoires/permanences/?q=pharmacie",
                 "/espace/repertoires/temoins?q=a", "/espace/repertoires/etp/pour-un-collegue?q=alb"):  # fmt: skip
        whole, part = as_adherent.get(path).text, as_adherent.get(path, headers={"HX-Request": "true"}).text
        assert part.strip() in whole
        assert "<html" not in part
    file = as_adherent.post("/espace/repertoires/etp/export?themes=cancer", data={"format": "csv"}).text
    assert "Berger" in file
    assert "Alberti" not in file
    sheet = as_adherent.post("/espace/repertoires/etp/export?themes=cancer", data={"format": "xlsx"})
    cells = [cell.value for row in load_workbook(BytesIO(sheet.data)).active.iter_rows() for cell in row]
    assert any("Berger" in str(cell) for cell in cells)
    assert not any("Alberti" in str(cell) for cell in cells)
    assert 'value="xlsx"' in as_adherent.get("/espace/repertoires/etp").text
    assert 'value="xlsx"' not in as_adherent.get("/espace/repertoires/ivg").text  # what is not exported offers no file
    sheet = client.get("/repertoires/liste/prevention").text
    assert "Pharmacie des Exemples" in sheet
    assert "Berger" not in sheet
    assert "2026" in sheet
    assert client.get("/repertoires/liste/inconnu").status_code == 404
    entry = Entry.get(Entry.directory == "etp")
    card = as_adherent.get(f"/espace/repertoires/etp/{entry.id}/carte.vcf")
    assert card.text.startswith("BEGIN:VCARD")


def test_a_candidate_walks_the_path_from_their_page(as_adherent, adherent):
    practise(adherent, profession="10-MG")
    assert "ouvert à\u00a0: Sages-femmes" in as_adherent.get("/espace/repertoires/sages-femmes/rejoindre").text
    data = {"consent": "y", "consent_version": "2026-11", "stage": "interesse", "freins": ["temps"]}
    answer = as_adherent.post("/espace/repertoires/msu/rejoindre", data=data)
    page = text_of(as_adherent.get(answer.location).text)
    assert "Étape Intéressé" in page
    assert "département de médecine générale" in page
    refused = as_adherent.post(f"{answer.location}/etape", data={"stage": "dossier"})
    assert refused.status_code == 422
    assert "nécessaire" in refused.text
    part = as_adherent.post(f"{answer.location}/etape", data={"stage": "dossier"}, headers={"HX-Request": "true"})
    assert part.status_code == 422
    assert part.text.strip().startswith('<div id="parcours">')
    moved = as_adherent.post(f"{answer.location}/etape", data={"stage": "dossier", "faculte": "upec"})
    assert moved.status_code == 303
    assert Entry.get().stage == "dossier"


def test_a_page_of_a_list_makes_the_same_queries_whatever_its_size(as_adherent, midwife, app):
    for _ in range(3):
        declared("ipa", practitioner("60-IPA"), structure=None)
    with count_queries() as few:
        as_adherent.get("/espace/repertoires/ipa")
    for _ in range(8):
        declared("ipa", practitioner("60-IPA"), structure=None)
    with count_queries() as more:
        as_adherent.get("/espace/repertoires/ipa")
    assert more.count <= few.count
    assert few.count < 20


def test_somebody_elses_entry_does_not_exist(as_adherent, adherent):
    entry = declared("msu", practitioner())
    for path in ("", "/modifier"):
        assert as_adherent.get(f"/espace/repertoires/fiche/{entry.id}{path}").status_code == 404
    assert as_adherent.post(f"/espace/repertoires/fiche/{entry.id}/retirer").status_code == 404
    assert Entry.get_by_id(entry.id).status == Status.LISTED
    # Not a professional: the list itself does not exist for them.
    assert as_adherent.get("/espace/repertoires/msu").status_code == 404
    assert as_adherent.get(f"/espace/repertoires/msu/{entry.id}").status_code == 404
