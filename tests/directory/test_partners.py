"""A partner reads the lists opened to them, of those who agreed, until a day; the coordination opens and withdraws."""

import re
from datetime import timedelta

import pytest

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.directory import catalogue, counts, editor, freshness, indicators, rules, sharing
from cptsapp.blueprints.directory.models import Entry, Partner, PartnerReading
from cptsapp.blueprints.directory.rules import RuleError, Typed
from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.settings import settings
from tests.conftest import logged_in, text_of

from .conftest import answers, declared, practitioner

LATER = today() + timedelta(days=90)


@pytest.fixture
def shown(app):
    """An IPA who agreed to be shown to partners, and one who did not."""
    return _ipa("Montrée", is_shared=True), _ipa("Réservée")


def _ipa(name, *, is_shared=False):
    entry = declared("ipa", practitioner("60-IPA", name=name), structure=None)
    typed = Typed(
        commune="77053", email=entry.email, is_shared=is_shared, values=answers(catalogue.find("ipa"), structure=None)
    )
    return rules.change(entry.id, typed)


@pytest.fixture
def as_partner(app, make_partner):
    return logged_in(app, make_partner(["ipa"]))


def test_a_partner_finds_those_who_agreed_in_the_lists_opened_and_nothing_else(as_partner, shown):
    index = as_partner.get("/espace/repertoires").text
    assert "Infirmiers en pratique avancée" in index
    assert "Sages-femmes" not in index
    assert "1 fiche" in text_of(index)
    found = as_partner.get("/espace/repertoires/ipa").text
    assert "Montrée" in found
    assert "Réservée" not in found
    assert "Réservée" not in as_partner.get("/espace/repertoires/ipa?q=reservee").text.split('id="resultats"')[1]
    assert as_partner.get(f"/espace/repertoires/ipa/{shown[0].id}").status_code == 200
    assert as_partner.get(f"/espace/repertoires/ipa/{shown[1].id}").status_code == 404
    assert as_partner.get(f"/espace/repertoires/ipa/{shown[1].id}/ecrire").status_code == 404
    assert as_partner.get("/espace/repertoires/sages-femmes").status_code == 404
    for path in ("temoins", "liste/exercice", "ipa/rejoindre", f"fiche/{shown[0].id}"):
        assert as_partner.get(f"/espace/repertoires/{path}").status_code == 403, path


def test_whoever_takes_their_agreement_back_is_gone_for_partners_at_once(as_partner, shown):
    entry = shown[0]
    said = answers(catalogue.find("ipa"), structure=None)
    rules.change(entry.id, Typed(commune="77053", email=entry.email, values=said))
    assert "Montrée" not in as_partner.get("/espace/repertoires/ipa").text
    assert as_partner.get(f"/espace/repertoires/ipa/{entry.id}").status_code == 404


def test_agreeing_to_partners_is_kept_with_its_words_and_its_day(shown):
    wording = catalogue.find("ipa").consent.partners
    agreed, silent = (Entry.get_by_id(each.id) for each in shown)
    assert wording in agreed.consent_text
    assert wording not in silent.consent_text
    assert agreed.consented_on == today()
    Entry.update(consent_version="ancienne").where(Entry.id == agreed.id).execute()
    assert wording in freshness.confirm(agreed.id).consent_text


def test_an_access_ends_with_its_day(as_partner, shown):
    assert as_partner.get("/espace/repertoires/ipa").status_code == 200
    Partner.update(until=today() - timedelta(days=1)).execute()
    assert as_partner.get("/espace/repertoires/ipa").status_code == 403
    assert as_partner.get("/espace/").status_code == 200


def test_an_adherent_who_is_a_partner_too_reads_as_an_adherent(as_adherent, adherent, shown):
    sharing.give(adherent.person_id, "DAC du Modèle", ["ipa"], until=LATER, by=None)
    assert "Réservée" in as_adherent.get("/espace/repertoires/ipa").text


def test_what_a_partner_opens_is_counted_and_names_nobody(as_partner, shown):
    for _ in range(2):
        as_partner.get(f"/espace/repertoires/ipa/{shown[0].id}")
    row = PartnerReading.get()
    assert (row.directory, row.read_on, row.count) == ("ipa", today(), 2)
    assert indicators.partner_readings(today(), today()) == 2
    assert indicators.partners(today(), today()) == 1
    assert counts.shared_by_list() == {"ipa": 1}


def test_the_coordination_opens_changes_and_withdraws_an_access(as_coordinator, app, mailbox, shown):
    path = "/gestion/repertoires/partenaires/nouveau"
    data = {"name": "Andrea Dupont", "email": "dac@exemple.fr", "organisation": "DAC du Modèle", "until": str(LATER)}
    refused = as_coordinator.post(path, data=data)
    assert refused.status_code == 422
    assert "Cochez au moins une liste" in refused.text
    assert 'value="DAC du Modèle"' in refused.text
    assert Account.with_email("dac@exemple.fr") is None  # nothing is left of what was refused
    assert as_coordinator.post(path, data=data | {"lists": ["ipa", "etp"]}).status_code == 303
    partner = Partner.get()
    assert sorted(sharing.names_of(partner)) == [
        "Infirmiers en pratique avancée",
        "Professionnels de l’éducation thérapeutique",
    ]
    assert "activation" in mailbox.to("dac@exemple.fr")[-1].links[0]
    table = text_of(as_coordinator.get("/gestion/repertoires/partenaires/").text)
    assert "DAC du Modèle" in table
    changed = {"organisation": "DAC Sud", "lists": ["ipa"], "until": str(LATER)}
    assert as_coordinator.post(f"/gestion/repertoires/partenaires/{partner.id}", data=changed).status_code == 303
    assert sharing.names_of(Partner.get()) == ["Infirmiers en pratique avancée"]
    assert "DAC Sud" in as_coordinator.get(f"/gestion/personnes/{partner.person_id}").text
    browser = logged_in(app, Account.with_email("dac@exemple.fr"))
    assert browser.get("/espace/repertoires/ipa").status_code == 200
    assert as_coordinator.post(f"/gestion/repertoires/partenaires/{partner.id}/retirer").status_code == 303
    assert browser.get("/espace/repertoires/ipa").location.startswith("/connexion")
    told = [row.action for row in JournalEntry.select().where(JournalEntry.action.contains("partner"))]
    assert told == ["directory.partner_given", "directory.partner_given", "directory.partner_withdrawn"]


def test_somebody_who_has_an_account_is_told_of_the_lists(as_coordinator, adherent, mailbox):
    data = {"name": "X", "email": adherent.email, "organisation": "CPAM", "until": str(LATER), "lists": ["ipa"]}
    assert as_coordinator.post("/gestion/repertoires/partenaires/nouveau", data=data).status_code == 303
    assert Partner.get().person_id == adherent.person_id
    assert "Infirmiers en pratique avancée" in mailbox.to(adherent.email)[-1].text


@pytest.mark.parametrize(
    ("slugs", "until", "words"),
    [
        (["ivg"], LATER, "ne s’ouvre pas aux partenaires"),
        (["inconnu"], LATER, "ne s’ouvre pas aux partenaires"),
        ([], LATER, "au moins une liste"),
        (["ipa"], today() - timedelta(days=1), "passée"),
        (["ipa"], add_months(today(), 48), "3 ans au plus"),
    ],
)
def test_an_access_that_makes_no_sense_is_refused(adherent, slugs, until, words):
    with pytest.raises(RuleError, match=words):
        sharing.give(adherent.person_id, "DAC", slugs, until=until, by=None)
    assert Partner.select().count() == 0


def test_a_list_for_professionals_never_asks_for_partners(app):
    values = catalogue.values_of("ivg")
    values["consent"] = values["consent"] | {"partners": "Montrée aux partenaires.", "version": "2027-01"}
    with pytest.raises(RuleError, match="ne s’ouvre pas aux partenaires"):
        editor.save(values, "ivg")


def test_a_list_that_stops_asking_is_closed_to_partners(as_partner, shown):
    values = catalogue.values_of("ipa")
    values["consent"] = {key: text for key, text in values["consent"].items() if key != "partners"} | {
        "version": "2027"
    }
    editor.save(values, "ipa")
    assert as_partner.get("/espace/repertoires/ipa").status_code == 404
    assert "Infirmiers" not in as_partner.get("/espace/repertoires").text


def test_a_partner_sets_a_second_factor_where_it_is_asked(as_partner, app, make_partner):
    account = Account.with_email("partenaire@exemple.fr")
    assert account.is_privileged
    assert "partenaire" in account.roles
    settings.second_factor_required, before = True, settings.second_factor_required
    try:
        assert account.roles == {"account"}
        assert account.detour == "account.factor_setup"
    finally:
        settings.second_factor_required = before


def test_the_site_is_seen_as_a_partner_sees_it(as_coordinator, shown):
    assert "Voir comme un partenaire" in as_coordinator.get("/gestion/voir-comme").text
    as_coordinator.post("/gestion/voir-comme", data={"as": "partenaire"})
    page = as_coordinator.get("/espace/repertoires/ipa").text
    assert "Montrée" in page
    assert "Réservée" not in page
    assert as_coordinator.get("/espace/repertoires/msu").status_code == 404
    as_coordinator.get(f"/espace/repertoires/ipa/{shown[0].id}")
    assert PartnerReading.select().count() == 0  # looking as a partner is not a partner's reading


def test_a_directory_never_takes_the_address_of_a_page(app):
    values = catalogue.values_of("ipa")
    with pytest.raises(RuleError, match="une adresse du site"):
        editor.save(values | {"name": "Partenaires"}, "partenaires", new=True)


def test_a_part_of_the_partners_page_is_a_piece_of_it(as_coordinator, make_partner):
    make_partner(["ipa"])
    path = "/gestion/repertoires/partenaires/?q=andrea"
    whole, part = (as_coordinator.get(path, headers=each).text for each in ({}, {"HX-Request": "true"}))
    assert part.strip() in whole
    assert re.search("Andrea", part)
