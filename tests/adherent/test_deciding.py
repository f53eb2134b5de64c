"""What the bureau does with requests."""

import threading

import pytest

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.adherent import colleges, deciding, duplicates, joining, rules
from cptsapp.blueprints.adherent.models import (
    Application,
    Membership,
    Practice,
    RequestState,
    StructureRole,
    is_adherent,
)
from cptsapp.blueprints.association.models import College
from cptsapp.blueprints.person import rules as people
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel import db as database
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.mail import OutgoingMail

from .conftest import link_of

QUEUE = "/gestion/adherents/demandes"


@pytest.fixture
def known(association):
    """A person who is in the list already, as an import may have left her."""
    person = people.create(given_name="Helene", family_name="FICTIVE", email="ancienne@exemple.fr")
    Practice.create(person=person, commune=territory.use("77445"), profession="60")
    return person


def test_acceptance_makes_a_member_opens_the_account_and_says_so(make_request, coordinator, client):
    request = make_request()
    done = deciding.accept(request.id, by=coordinator.id)
    person = done.membership.person
    assert is_adherent(person)
    assert (person.email, Practice.get().commune_id, Practice.get().profession) == ("helene@exemple.fr", "77445", "60")
    account = Account.get(Account.email == "helene@exemple.fr")
    assert account.activated_at is None
    assert client.get(f"/activation/{link_of('accepted', '/activation/')}").status_code == 200
    assert Application.get().state == RequestState.ACCEPTED


def test_what_is_shown_to_others_is_what_was_ticked(make_request, coordinator):
    deciding.accept(make_request(shows="show_phone").id, by=coordinator.id)
    practice = Practice.get()
    assert (practice.show_phone, practice.show_email, practice.public_listing) == (True, False, False)


def test_a_decision_is_taken_once(make_request, coordinator, bureau_member):
    request = make_request()
    deciding.accept(request.id, by=coordinator.id)
    with pytest.raises(RuleError, match="déjà été acceptée par Camille"):
        deciding.accept(request.id, by=bureau_member.id)
    with pytest.raises(RuleError, match="déjà été acceptée"):
        deciding.refuse(request.id, by=bureau_member.id, reason="Non")
    assert Membership.select().count() == 1


def test_two_people_accepting_at_once_make_one_member(app, make_request, coordinator, bureau_member):
    request, outcomes, start = make_request(), [], threading.Barrier(2)

    def press(account):
        with app.app_context(), database.connection():
            start.wait()
            try:
                outcomes.append(deciding.accept(request.id, by=account.id))
            except RuleError as error:
                outcomes.append(str(error))

    threads = [threading.Thread(target=press, args=(each,)) for each in (coordinator, bureau_member)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(type(each).__name__ for each in outcomes) == ["Accepted", "str"]
    assert Membership.select().count() == Person.select().where(Person.family_name == "Fictive").count() == 1
    assert OutgoingMail.select().where(OutgoingMail.template == "adherent/accepted").count() == 1


def test_a_double_submission_at_once_makes_one_request(app, association):
    values = {"given_name": "A", "family_name": "B", "email": "ab@exemple.fr", "insee": "77445", "profession": "60"}
    start = threading.Barrier(4)

    def submit(number):
        with app.app_context(), database.connection():
            start.wait()
            joining.receive(f"cle-{number % 2}", type="liberal", **values)

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert Application.select().count() == 1


def test_likely_duplicates_are_shown_and_never_merged(make_request, known, as_bureau):
    request = make_request()
    [found] = duplicates.likely([request])[request.id]
    assert (found.person.id, found.reasons) == (known.id, ["même nom et même commune"])
    html = as_bureau.get(f"{QUEUE}/{request.id}").text
    assert "Fiche connue" in html
    assert "ancienne@exemple.fr" in html
    assert "fiche proche" in as_bureau.get(QUEUE).text


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"family_name": "Autre", "email": "ANCIENNE@exemple.fr"}, ["même adresse e-mail"]),
        ({"given_name": "Fictive", "family_name": "Hélène"}, ["même nom et même commune"]),
        ({"family_name": "Autre", "rpps": "10000000001"}, ["même numéro RPPS"]),
        ({"insee": "77053"}, []),
        ({"family_name": "Fictif"}, []),
    ],
)
def test_a_duplicate_is_recognised_by_what_it_shares(make_request, known, changes, reasons):
    Practice.update(rpps="10000000001").execute()
    request = make_request(**changes)
    found = duplicates.likely([request])[request.id]
    assert [reason for each in found for reason in each.reasons] == reasons


def test_linking_fills_the_blanks_and_replaces_nothing(make_request, known, as_coordinator):
    request = make_request(rpps="10000000001", profession="10-MG")
    as_coordinator.post(f"{QUEUE}/{request.id}/accepter", data={"person_id": known.id})
    known, practice = Person.get_by_id(known.id), Practice.get()
    assert (known.email, known.phone, practice.rpps) == ("ancienne@exemple.fr", "01 99 00 11 22", "10000000001")
    assert practice.profession == "60"
    assert Membership.get().person_id == known.id


def test_a_record_of_another_kind_is_refused(make_request, known, coordinator):
    request = make_request(type="structure", name="Clinique du Modèle")
    with pytest.raises(RuleError, match="ne convient pas"):
        deciding.accept(request.id, by=coordinator.id, person_id=known.id)
    assert Application.get().state == RequestState.OPEN


def test_a_structure_joins_with_its_representative_who_gets_the_account(make_request, coordinator):
    request = make_request(type="structure", name="Clinique du Modèle", deputy_family_name="Second")
    done = deciding.accept(request.id, by=coordinator.id)
    role = StructureRole.get()
    assert done.membership.person.label == "Clinique du Modèle"
    assert (role.representative.label, role.deputy.label) == ("Hélène Fictive", "Second")
    assert "adherent" in Account.with_email("helene@exemple.fr").roles
    rules.end(done.membership.person_id)
    assert "adherent" not in Account.with_email("helene@exemple.fr").roles


def test_an_address_that_has_an_account_gets_no_second_one(make_request, coordinator, make_account):
    make_account("helene@exemple.fr", "Quelqu’un D’autre")
    done = deciding.accept(make_request().id, by=coordinator.id)
    assert "Un autre compte" in done.note
    assert is_adherent(done.membership.person)


def test_a_refusal_needs_a_reason_which_is_mailed(make_request, as_bureau, mailbox):
    request = make_request()
    assert as_bureau.post(f"{QUEUE}/{request.id}/refuser", data={"reason": " "}).status_code == 422
    assert as_bureau.post(f"{QUEUE}/{request.id}/refuser", data={"reason": "Hors du territoire."}).status_code == 303
    assert Application.get().state == RequestState.REFUSED
    assert "Hors du territoire." in mailbox.to("helene@exemple.fr")[-1].text


def test_a_refused_person_may_ask_again(make_request, coordinator):
    deciding.refuse(make_request().id, by=coordinator.id, reason="Trop tôt")
    make_request()
    assert Application.select().count() == 2


def test_a_precision_is_answered_by_correcting_the_form(make_request, as_bureau, client):
    request = make_request()
    as_bureau.post(f"{QUEUE}/{request.id}/preciser", data={"question": "Quelle commune ?"})
    assert Application.get().state == RequestState.ASKED
    assert deciding.waiting_count() == 0
    path = f"/adhesion/corriger/{link_of('question', '/adhesion/corriger/')}"
    html = client.get(path).text
    assert "Quelle commune ?" in html
    assert "Savigny-le-Temple" in html
    typed = {"given_name": "Hélène", "family_name": "Fictive", "profession": "60", "commune_text": "brie comte robert"}
    assert client.post(path, data=typed | {"family_name": ""}).status_code == 422
    assert client.post(path, data=typed).status_code == 303
    assert (Application.get().commune_id, Application.get().state) == ("77053", RequestState.OPEN)
    assert Application.get().email == "helene@exemple.fr"
    assert client.get(path).status_code == 410


def test_several_are_accepted_at_once_but_not_the_doubtful(make_request, known, as_bureau):
    make_request()
    sure = make_request(given_name="Zoé", family_name="Nouvelle", email="zoe@exemple.fr")
    answer = as_bureau.post(f"{QUEUE}/lot", data={"action": "accepter", "tout": "1"}, follow_redirects=True)
    assert "1 demande acceptée" in answer.text.replace("\u00a0", " ")
    assert "regardez une par une" in answer.text
    assert Membership.get().person.family_name == "Nouvelle"
    assert Application.get_by_id(sure.id).state == RequestState.ACCEPTED


def test_an_unconfirmed_request_is_not_shown(make_request, as_bureau):
    request = make_request(confirmed=False)
    assert "Fictive" not in as_bureau.get(f"{QUEUE}?etat=").text
    assert as_bureau.get(f"{QUEUE}/{request.id}").status_code == 404


@pytest.mark.parametrize("who", ["as_admin", "as_adherent"])
def test_others_do_not_read_the_queue(request, who):
    assert request.getfixturevalue(who).get(QUEUE).status_code == 403


def test_two_requests_of_one_person_are_not_accepted_together(make_request):
    ids = [make_request(email=email).id for email in ("un@exemple.fr", "deux@exemple.fr")]
    assert deciding.accept_all(ids, by=None) == (1, 1)
    assert Membership.select().count() == 1


def test_those_who_decide_are_told_once_a_day(make_request, coordinator, bureau_member, adherent):
    assert deciding.remind_deciders(today()) == 0
    make_request()
    for _ in range(2):
        deciding.remind_deciders(today())
    told = OutgoingMail.select().where(OutgoingMail.template == "adherent/waiting")
    assert {each.to_address for each in told} == {"coordinatrice@exemple.fr", "bureau@exemple.fr"}
    assert told.count() == 2


def test_a_request_decided_while_it_is_told_of_stops_nothing(app, coordinator, monkeypatch):
    monkeypatch.setattr(deciding, "waiting_count", lambda: 1)
    assert deciding.remind_deciders(today()) == 0


def test_the_menu_counts_what_waits(make_request, as_bureau):
    make_request()
    assert deciding.waiting_count() == 1
    assert "1 demande d’adhésion à décider" in as_bureau.get("/gestion/").text.replace("\u00a0", " ")


def test_the_journal_says_who_accepted(make_request, coordinator):
    deciding.accept(make_request().id, by=coordinator.id)
    assert JournalEntry.select().where(JournalEntry.action == "adherent.accepted").count() == 1


# Collèges


@pytest.fixture
def college(association):
    return {each.name: each for each in College.ordered()}


def test_the_most_precise_rule_gives_the_college(college):
    city, bodies, users = list(college.values())[:3]
    colleges.save_rule(type="liberal", practice="", college_id=city.id)
    colleges.save_rule(type="", practice="medecins", college_id=bodies.id)
    colleges.save_rule(type="", practice="10-MG", college_id=users.id)
    assert colleges.deduce("liberal", "60") == city
    assert colleges.deduce("liberal", "10-CARDIO") == bodies
    assert colleges.deduce("salarie", "10-MG") == users
    assert colleges.deduce("salarie", "60") is None
    assert colleges.deduce("usager", "") is None


def test_what_is_not_deduced_stays_to_decide_and_is_listed(college, make_request, coordinator, as_coordinator):
    colleges.save_rule(type="salarie", practice="", college_id=next(iter(college.values())).id)
    done = deciding.accept(make_request(profession="autre", profession_other="Taxi").id, by=coordinator.id)
    assert done.membership.college is None
    page = "/gestion/adherents/colleges"
    assert "Taxi" in as_coordinator.get(page).text
    chosen = list(college.values())[1]
    as_coordinator.post(f"{page}/decider/{done.membership.id}", data={"college_id": chosen.id})
    assert Membership.get().college == chosen
    colleges.save_rule(type="liberal", practice="", college_id=next(iter(college.values())).id)
    assert colleges.apply() == 0  # decided by hand: rules leave it there


def test_rules_are_written_and_applied_from_the_page(college, make_request, coordinator, as_coordinator):
    deciding.accept(make_request().id, by=coordinator.id)
    page, chosen = "/gestion/adherents/colleges", next(iter(college.values()))
    assert as_coordinator.post(page, data={"type": "", "practice": "", "college_id": chosen.id}).status_code == 422
    typed = {"type": "liberal", "practice": "infirmiers", "college_id": chosen.id}
    assert as_coordinator.post(page, data=typed).status_code == 303
    as_coordinator.post(f"{page}/appliquer")
    assert Membership.get().college == chosen
    as_coordinator.post(f"{page}/{colleges.CollegeRule.get().id}/retirer")
    assert colleges.CollegeRule.select().count() == 0


def test_the_poster_carries_the_stable_address(as_bureau, association):
    html = as_bureau.get("/gestion/adherents/affiche?de=CPAM 77").text
    assert "/adhesion/?de=cpam-77" in html
    assert as_bureau.get("/gestion/adherents/affiche.svg?de=cpam").data.startswith(b"<")
    assert as_bureau.get("/gestion/adherents/affiche.pdf").data.startswith(b"%PDF")
