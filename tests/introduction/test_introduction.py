"""Introductions: neither side learns who the other is, nor how to reach them, before both have agreed."""

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from peewee import IntegrityError
from playhouse.test_utils import assert_query_count

from cptsapp.blueprints.adherent import rules as adherents
from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.directory import rules as directory
from cptsapp.blueprints.directory.models import Entry, Means
from cptsapp.blueprints.directory.rules import Agreement, Typed
from cptsapp.blueprints.introduction import gestion, links, matching, registrations, rules, showing
from cptsapp.blueprints.introduction.models import Introduction, Outcome, Side, TrainingList
from cptsapp.blueprints.person import rules as persons
from cptsapp.blueprints.person.models import Kind
from cptsapp.blueprints.privacy import rules as privacy
from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel import db as database
from cptsapp.kernel import registry
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.mail import OutgoingMail
from cptsapp.kernel.text import fold
from tests.conftest import text_of

DESK, OWN = "/gestion/mises-en-relation", "/mise-en-relation"
HTMX = {"HX-Request": "true"}
AGREED = Agreement(means=Means.PAPER)
# What would tell who a side is, or how to reach it: names, addresses, phones, words they typed.
NURSE = ("Secrète", "nurse-secret@exemple.fr", "01 99 00 77 01", "Par le portail de Secrète")
HOUSE = ("Maison Cachée", "house-secret@exemple.fr", "01 99 00 77 02", "Notre besoin, écrit par Cachée")


def nurse_called(given, family, **values):
    person = persons.create(given_name=given, family_name=family, email=f"{fold(family)}@exemple.fr")
    Practice.create(person=person, profession="60-IPA", commune=territory.use("77053"))
    adherents.admit(person.id)
    said = {"situation": "diplomee", "mentions": ["si01"], "adressage": NURSE[3], **values}
    typed = Typed(commune="77053", email=f"{fold(family)}@exemple.fr", phone=NURSE[2], values=said)
    return directory.declare("ipa", person.id, typed, AGREED, keyed=True)


@pytest.fixture
def offer(app):
    entry = nurse_called("Nora", "Secrète")
    Entry.update(email=NURSE[1]).where(Entry.id == entry.id).execute()
    return entry


def house_called(name, slug="ipa-recherche", **values):
    house = persons.create(kind=Kind.STRUCTURE, name=name, email=HOUSE[1], phone=HOUSE[2])
    said = {
        "ipa-recherche": {"type_structure": "msp", "mentions": ["si01"], "besoin": HOUSE[3], "heures": 20},
        "ipa-stages": {"places": 2, "debut": "2027-01-04", "fin": "2027-06-30", "partage_formation": True},
    }[slug]
    typed = Typed(commune="77053", email=HOUSE[1], phone=HOUSE[2], values=said | values)
    return directory.declare(slug, house.id, typed, AGREED, keyed=True)


@pytest.fixture
def demand(app):
    return house_called("Maison Cachée")


@pytest.fixture
def proposed(demand, offer):
    OutgoingMail.delete().execute()
    return rules.propose(demand.id, offer.id)


def path(introduction, side):
    return f"{OWN}/{links.token_of(introduction, side)}"


def yes(introduction, side):
    return rules.agree(introduction.id, side, link_version=introduction.link_version)


def no(introduction, side):
    return rules.refuse(introduction.id, side, link_version=introduction.link_version)


def tells(text, secrets) -> list[str]:
    return [each for each in secrets if each in text or each.replace(" ", "") in text]


def test_before_both_agree_nothing_tells_a_side_who_the_other_is(proposed, client, mailbox):
    secrets = {Side.DEMAND: NURSE, Side.OFFER: HOUSE}
    sent = {Side.DEMAND: HOUSE[1], Side.OFFER: NURSE[1]}
    assert len(mailbox.deliver()) == 2

    def nothing_tells():
        for side in Side:
            for headers in ({}, HTMX):
                page = client.get(path(proposed, side), headers=headers)
                assert page.status_code == 200
                assert tells(page.text, secrets[side]) == [], side
            mailbox.deliver()
            letters = [letter for letter in mailbox.letters if letter.to == [sent[side]]]
            assert letters
            for letter in letters:
                whole = f"{letter.text} {letter.html} {list(letter.message.items())}"
                assert tells(whole, secrets[side]) == [], side
        for mail in OutgoingMail.select():
            other = Side.OFFER if mail.to_address == HOUSE[1] else Side.DEMAND
            assert tells(mail.values_json + mail.subject + mail.headers_json, secrets[other.other]) == []

    nothing_tells()
    assert "Pathologies chroniques" in client.get(path(proposed, Side.DEMAND)).text
    assert "Maison de santé" in client.get(path(proposed, Side.OFFER)).text
    for first in Side:
        assert client.post(f"{path(proposed, first)}/oui").status_code == 303
        if not Introduction.get().agreed_at:
            nothing_tells()
    assert tells(client.get(path(proposed, Side.DEMAND)).text, (NURSE[0], NURSE[1], NURSE[2])) == list(NURSE[:3])
    assert tells(client.get(path(proposed, Side.OFFER)).text, (HOUSE[0], HOUSE[1], HOUSE[2])) == list(HOUSE[:3])
    for side, secret in ((Side.DEMAND, NURSE), (Side.OFFER, HOUSE)):
        letter = mailbox.to(sent[side])[-1]
        assert tells(letter.text, secret[:3]) == list(secret[:3])
        assert letter.message["Reply-To"] == secret[1]


def test_no_refusal_nor_end_tells_who_the_other_is(demand, offer, client, mailbox):
    ends = (
        lambda found: no(found, Side.OFFER),
        lambda found: rules.withdraw(found.id),
        lambda found: rules.close_dead(today() + timedelta(days=60)),
    )
    for end in ends:
        found = rules.propose(demand.id, offer.id)
        yes(found, Side.DEMAND)
        end(found)
        known = Introduction.get_by_id(found.id)
        assert known.closed_at
        for side, secrets in ((Side.DEMAND, NURSE), (Side.OFFER, HOUSE)):
            page = client.get(path(known, side))
            assert "terminée" in page.text
            assert tells(page.text, secrets) == []
            assert client.post(f"{path(known, side)}/oui").status_code == 422
    for letter in mailbox.to(HOUSE[1]):
        assert tells(letter.text + letter.html, NURSE) == []
    assert "n’aura pas de suite" in mailbox.to(HOUSE[1])[-1].text
    assert [each.outcome for each in Introduction.select().order_by(Introduction.id)] == [
        Outcome.DECLINED, Outcome.WITHDRAWN, Outcome.EXPIRED,
    ]  # fmt: skip


def test_the_rooms_of_the_gestion_give_no_contact_before_both_agree(proposed, as_coordinator, app, caplog):
    contacts = (*NURSE[1:3], *HOUSE[1:3])
    rooms = (DESK, f"{DESK}/{proposed.id}", f"{DESK}/proposer?demande={proposed.demand_id}", f"{DESK}/organismes")
    for room in rooms:
        for headers in ({}, HTMX):
            answer = as_coordinator.get(room, headers=headers)
            assert answer.status_code == 200
            assert tells(answer.text, contacts) == [], room
    for kind in ("csv", "xlsx"):
        export = as_coordinator.post(f"{DESK}/export", data={"format": kind})
        assert tells(export.text if kind == "csv" else str(export.data), contacts) == []
    yes(proposed, Side.DEMAND)
    assert tells(as_coordinator.get(f"{DESK}/{proposed.id}").text, contacts) == []
    journal = json.dumps([[each.action, each.detail_json] for each in JournalEntry.select()])
    assert tells(journal + caplog.text, (*NURSE[:3], *HOUSE[:3])) == []
    yes(proposed, Side.OFFER)
    assert tells(as_coordinator.get(f"{DESK}/{proposed.id}").text, contacts) == list(contacts)


def test_what_a_person_is_handed_over_does_not_name_the_other_side(proposed):
    for entry, secrets in ((proposed.demand, NURSE), (proposed.offer, HOUSE)):
        data = registrations.exported(entry.person_id)
        assert data["mises_en_relation"][0]["etat"] == "En attente de réponse"
        assert tells(json.dumps(data, default=str, ensure_ascii=False), secrets) == []


def test_looking_changes_nothing_and_each_link_opens_its_own_side(proposed, client):
    before = Introduction.get().__data__
    for side in Side:
        page = client.get(path(proposed, side))
        assert "no-store" in page.headers["Cache-Control"]
        assert 'name="robots" content="noindex"' in page.text
    assert Introduction.get().__data__ == before
    assert client.get(f"{path(proposed, Side.OFFER)}/oui").status_code == 405
    for wrong in ("inconnu", "x" * 300, links.token_of(proposed, Side.OFFER)[:-2] + "zz"):
        assert client.get(f"{OWN}/{wrong}").status_code == 404
        assert client.post(f"{OWN}/{wrong}/oui").status_code == 404
    Introduction.update(link_version=2).execute()
    assert client.get(path(proposed, Side.OFFER)).status_code == 404


def test_a_yes_is_said_once_and_both_at_once_agree_once(proposed, app):
    gate = threading.Barrier(6)

    def answer(side):
        gate.wait()
        with app.app_context(), database.connection():
            return yes(proposed, side)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(answer, [*Side] * 3))
    assert Introduction.get().agreed_at
    assert OutgoingMail.select().where(OutgoingMail.template == "introduction/agreed").count() == 2
    agreed = JournalEntry.select().where(JournalEntry.action == "introduction.agreed")
    assert agreed.count() == 1


def test_who_leaves_a_directory_is_reached_no_more(proposed, client):
    for side in Side:
        yes(proposed, side)
    directory.leave(proposed.offer_id)
    page = client.get(path(proposed, Side.DEMAND)).text
    assert tells(page, NURSE) == []
    assert showing.contact_of(Introduction.joined().get(), Side.OFFER) is None
    assert rules.close_dead() == 1
    assert Introduction.get().outcome == Outcome.WITHDRAWN


def test_one_may_withdraw_after_agreeing_and_the_contacts_go(proposed, client):
    for side in Side:
        yes(proposed, side)
    assert client.post(f"{path(proposed, Side.OFFER)}/non").status_code == 303
    assert Introduction.get().outcome == Outcome.WITHDRAWN
    assert tells(client.get(path(proposed, Side.DEMAND)).text, NURSE) == []
    assert no(proposed, Side.OFFER).outcome == Outcome.WITHDRAWN
    with pytest.raises(RuleError, match="retiré"):
        rules.conclude(proposed.id, "success")


def test_what_cannot_be_proposed_or_answered_is_refused(demand, offer, proposed):
    with pytest.raises(RuleError, match="déjà en cours"):
        rules.propose(demand.id, offer.id)
    with pytest.raises(IntegrityError), db.atomic():
        Introduction.create(demand=demand, offer=offer, directory="ipa-recherche", expires_on=today())
    for pair in ((offer.id, demand.id), (999, offer.id), (demand.id, 999)):
        with pytest.raises(RuleError, match="n’est plus dans son répertoire"):
            rules.propose(*pair)
    with pytest.raises(IntegrityError), db.atomic():
        Introduction.update(agreed_at=now()).execute()
    with pytest.raises(RuleError, match="n’ont pas accepté"):
        rules.conclude(proposed.id, "success")
    Introduction.update(expires_on=today() - timedelta(days=1)).execute()
    with pytest.raises(RuleError, match="date est passée"):
        yes(proposed, Side.OFFER)
    with pytest.raises(RuleError, match="lien ne sert plus"):
        rules.agree(proposed.id, Side.OFFER, link_version=9)
    Entry.update(email="").where(Entry.id == offer.id).execute()
    offer.person.email = None
    offer.person.save()
    rules.withdraw(proposed.id)
    with pytest.raises(RuleError, match="pas d’adresse"):
        rules.propose(demand.id, offer.id)


def test_suggestions_share_a_mention_and_come_the_nearest_first(demand, offer):
    far = nurse_called("Fanny", "Lointaine")
    Entry.update(commune=territory.use("75056")).where(Entry.id == far.id).execute()
    nurse_called("Olga", "Autre", mentions=["si04"])
    student = nurse_called("Élise", "Étudiante", situation="formation_1", mentions=[])
    found = matching.suggested(demand)
    assert [each.entry.id for each in found] == [offer.id, far.id]
    assert "même commune" in found[0].reasons
    hosts = house_called("Lieu de stage", "ipa-stages")
    assert [each.entry.id for each in matching.suggested(hosts)] == [student.id]
    rules.withdraw(rules.propose(demand.id, offer.id).id)
    assert [each.entry.id for each in matching.suggested(demand)] == [far.id]


def test_the_coordination_proposes_follows_and_concludes(demand, offer, as_coordinator, app):
    page = as_coordinator.get(f"{DESK}/proposer?demande={demand.id}")
    assert "Nora Secrète" in page.text
    part = as_coordinator.get(f"{DESK}/proposer?demande={demand.id}", headers=HTMX).text
    assert part.strip() in page.text
    sent = {"demande": demand.id, "ipa": offer.id}
    answer = as_coordinator.post(f"{DESK}/proposer", data=sent)
    assert answer.status_code == 303
    assert as_coordinator.post(f"{DESK}/proposer", data=sent).status_code == 422
    found, room = Introduction.get(), answer.location
    assert as_coordinator.post(f"{room}/conclure", data={"outcome": "success"}).status_code == 422
    for side in Side:
        yes(found, side)
    assert as_coordinator.post(f"{room}/conclure", data={}).status_code == 422
    assert as_coordinator.post(f"{room}/conclure", data={"outcome": "no_follow"}).status_code == 303
    assert as_coordinator.post(f"{room}/rouvrir").status_code == 303
    assert as_coordinator.post(f"{room}/conclure", data={"outcome": "success"}).status_code == 303
    assert "Succès" in text_of(as_coordinator.get(f"{DESK}?etat=fin-success").text)
    assert "SECRÈTE" in as_coordinator.get(f"{DESK}?q=secrete").text.upper()
    figures = {each.key: each.count(today(), today()) for each in registry.indicators if "introduction." in each.key}
    assert figures == {
        "introduction.proposed": 1, "introduction.agreed": 1, "introduction.success": 1, "introduction.lists": 0,
    }  # fmt: skip
    assert registrations.by_outcome(today(), today()) == {"Succès": 1}
    assert as_coordinator.post(f"{room}/retirer").status_code == 303
    assert Introduction.get().outcome == Outcome.SUCCESS
    assert as_coordinator.get(f"{DESK}/999").status_code == 404
    with app.test_request_context(DESK):
        gestion.index()
        with assert_query_count(1):
            gestion.index()


def test_an_agreement_without_a_result_waits_for_the_coordination(proposed, app):
    for side in Side:
        yes(proposed, side)
    source = next(each for each in registry.waiting_sources if each.key == "introduction.result")
    with app.test_request_context():
        assert [each.count for each in source.load()] == [0]
        Introduction.update(agreed_at=now() - timedelta(days=61)).execute()
        assert [each.count for each in source.load()] == [1]


def test_training_bodies_receive_those_who_agreed_alone_and_it_is_kept(offer, as_coordinator):
    refused = as_coordinator.post(f"{DESK}/organismes", data={"recipient": "Université des Exemples", "format": "csv"})
    assert refused.status_code == 422
    assert "personne n’a accepté" in text_of(refused.text).lower()
    shared = house_called("Lieu de stage", "ipa-stages")
    house_called("Lieu discret", "ipa-stages", partage_formation=False)
    left = house_called("Lieu parti", "ipa-stages")
    directory.leave(left.id)
    assert as_coordinator.post(f"{DESK}/organismes", data={"recipient": " ", "format": "csv"}).status_code == 422
    assert TrainingList.select().count() == 0
    for kind in ("csv", "xlsx"):
        sent = {"recipient": "Université des Exemples", "format": kind}
        answer = as_coordinator.post(f"{DESK}/organismes", data=sent)
        assert re.search(rf"liste-organismes-de-formation-{today()}\.{kind}", answer.headers["Content-Disposition"])
        if kind == "csv":
            assert "Lieu de stage" in answer.text
            assert tells(answer.text, ("Lieu discret", "Lieu parti", *NURSE, *HOUSE[1:3])) == []
            Entry.update(show_email=True).execute()
            assert HOUSE[1] in as_coordinator.post(f"{DESK}/organismes", data=sent).text
    assert [(each.recipient, each.number) for each in TrainingList.select()] == [("Université des Exemples", 1)] * 3
    assert "Université des Exemples" in as_coordinator.get(f"{DESK}/organismes").text
    assert "Université des Exemples" in as_coordinator.post(f"{DESK}/organismes/export").text
    handed = registrations.exported(shared.person_id)["transmise_a"]
    assert [each["organisme"] for each in handed] == ["Université des Exemples"] * 3
    assert registrations.lists(today(), today()) == 3


def test_an_erased_person_leaves_figures_and_no_open_introduction(proposed, mailbox):
    yes(proposed, Side.DEMAND)
    privacy.erase_person(proposed.offer.person_id)
    found = Introduction.get()
    assert (found.offer_id, found.outcome) == (None, Outcome.WITHDRAWN)
    assert registrations.proposed(today(), today()) == 1
    assert "n’aura pas de suite" in mailbox.to(HOUSE[1])[-1].text


def test_who_has_not_answered_is_reminded_once_a_week_before_the_end(offer, demand, mailbox):
    found = rules.propose(demand.id, offer.id)
    assert rules.remind(found.expires_on - timedelta(days=8)) == 0
    rules.agree(found.id, Side.OFFER, link_version=1)
    assert rules.remind(found.expires_on - timedelta(days=7)) == 1
    letter = mailbox.to(HOUSE[1])[-1]
    assert "attendue avant le" in letter.message["Subject"]
    assert all(word not in letter.text for word in NURSE)
    assert not [each for each in mailbox.to(NURSE[1]) if "attendue avant" in each.message["Subject"]]
    OutgoingMail.delete().execute()
    assert rules.remind(found.expires_on) == 0


def test_an_introduction_that_is_over_or_lost_an_entry_is_not_reminded(offer, demand):
    found = rules.propose(demand.id, offer.id)
    assert rules.remind(found.expires_on + timedelta(days=1)) == 0
    directory.leave(offer.id)
    assert rules.remind(found.expires_on) == 0
    rules.withdraw(found.id)
    assert rules.remind(found.expires_on) == 0


def test_a_part_of_the_list_is_a_piece_of_its_page(as_coordinator, offer, demand):
    rules.propose(demand.id, offer.id)
    for path in (DESK, f"{DESK}?etat=waiting", f"{DESK}?etat=closed"):
        whole, part = (as_coordinator.get(path, headers=each).text for each in ({}, HTMX))
        assert part.strip() in whole, path
        assert "<html" not in part, path
