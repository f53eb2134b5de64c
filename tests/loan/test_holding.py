"""What a holder reads and says of the equipment lent to them; the one reminder of what is late."""

from datetime import timedelta

import pytest
from playhouse.test_utils import count_queries

from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.loan import holding, registrations, rules
from cptsapp.blueprints.loan.models import Loan
from cptsapp.blueprints.person import rules as persons
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import OutgoingMail
from tests.conftest import text_of

DAY = timedelta(days=1)


def lent(holder, *, out=60, due=None, serial="TLC-1"):
    case = rules.save_equipment(label="Mallette", serial=serial)
    due_on = today() + due * DAY if due is not None else None
    return rules.lend(case.id, holder, out_on=today() - out * DAY, due_on=due_on)


@pytest.fixture
def late(adherent):
    return lent(adherent.person_id, due=-3)


def test_a_holder_reads_since_when_and_until_when(as_adherent, adherent):
    assert "aucun matériel" in as_adherent.get("/espace/materiel").text
    lent(adherent.person_id, due=30)
    page = text_of(as_adherent.get("/espace/materiel").text)
    assert "Mallette" in page
    assert "TLC-1" in page
    assert "En retard" not in page
    assert "Mallette (TLC-1)" in as_adherent.get("/espace/cartes/loan.held").text


def test_what_somebody_else_holds_does_not_exist(as_adherent, coordinator):
    loan = lent(coordinator.person_id)
    assert "Mallette" not in as_adherent.get("/espace/materiel").text
    assert as_adherent.get(f"/espace/materiel/{loan.id}/rendu").status_code == 404
    assert as_adherent.post(f"/espace/materiel/{loan.id}/garde").status_code == 404
    with pytest.raises(RuleError, match="chez vous"):
        holding.say_returned(loan.id, 1, on=today())


def test_who_works_in_a_structure_sees_what_it_holds(as_adherent, adherent):
    house = persons.create(kind="structure", name="Maison de santé")
    lent(house.id)
    assert "Mallette" not in as_adherent.get("/espace/materiel").text
    Practice.create(person=adherent.person_id, works_at=house.id)
    assert "Maison de santé" in as_adherent.get("/espace/materiel").text


def test_a_holder_says_that_it_is_given_back_and_the_coordination_checks(as_adherent, as_coordinator, late, app):
    path = f"/espace/materiel/{late.id}/rendu"
    wrong = as_adherent.post(path, data={"on": str(today() + DAY), "note": "À l’accueil"})
    assert wrong.status_code == 422
    assert "aujourd’hui" in wrong.text
    assert "À l’accueil" in wrong.text
    part = as_adherent.get(path, headers={"HX-Request": "true"}).text
    assert part.strip() in as_adherent.get(path).text
    assert as_adherent.post(path, data={"on": str(today()), "note": "À l’accueil"}).status_code == 303
    assert Loan.get().returned_on is None  # what is said is not what was checked
    desk = f"/gestion/teleconsultation/materiel/{late.equipment_id}"
    assert "À l’accueil" in as_coordinator.get(desk).text
    assert "TLC-1" in as_coordinator.get("/gestion/teleconsultation/materiel?etat=dits-rendus").text
    with app.test_request_context():
        assert [each.count for each in registrations.said_returned()] == [1]
    assert as_adherent.post(f"/espace/materiel/{late.id}/garde").status_code == 303
    assert (Loan.get().said_on, Loan.get().said_note) == (None, "")
    as_adherent.post(path, data={"on": str(today())})
    assert as_coordinator.post(f"{desk}/rendre", data={"on": str(today())}).status_code == 303
    assert "aucun matériel" in as_adherent.get("/espace/materiel").text
    assert as_adherent.get(path).status_code == 404


def test_whoever_is_late_is_told_once(late, mailbox, adherent):
    assert holding.remind_late() == 1
    letter = mailbox.to(adherent.email)[-1]
    assert "Mallette (TLC-1)" in letter.text
    assert any(link.endswith("/espace/materiel") for link in letter.links)
    OutgoingMail.delete().execute()  # mails are not kept for ever
    assert holding.remind_late() == holding.remind_late(today() + 300 * DAY) == 0
    assert Loan.get().reminded_on == today()


@pytest.mark.parametrize("why", ["not yet", "no date", "given back", "said so", "no address", "in the bin"])
def test_who_is_not_late_or_cannot_be_told_is_not_written_to(adherent, why):
    loan = lent(adherent.person_id, due=None if why == "no date" else 0 if why == "not yet" else -3)
    if why == "given back":
        rules.give_back(loan.id, on=today())
    if why == "said so":
        holding.say_returned(loan.id, adherent.person_id, on=today())
    if why == "no address":
        Person.update(email="").execute()
    if why == "in the bin":
        Person.update(deleted_at=loan.created_at).execute()
    assert holding.remind_late() == 0
    assert OutgoingMail.select().where(OutgoingMail.template == "loan/late").count() == 0


def test_the_page_of_a_holder_asks_the_same_whatever_they_hold(as_adherent, adherent):
    def once():
        with count_queries() as counted:
            as_adherent.get("/espace/materiel")
        return counted.count

    def asked():
        return min(once() for _ in range(3))  # the first reads what is then kept; now and then one writes that it came

    lent(adherent.person_id)
    few = asked()
    for rank in range(5):
        lent(adherent.person_id, serial=f"S{rank}")
    assert asked() <= few
