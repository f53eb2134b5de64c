"""The people of an event at its desk: the registered, those who wait, those added by hand, what they ask."""

import re
from datetime import datetime, timedelta

import pytest
from playhouse.test_utils import assert_query_count

from cptsapp.blueprints.event import asking, desk_people, moves, rules
from cptsapp.blueprints.event.asking import Asked
from cptsapp.blueprints.event.gestion_people import rows_of, table_of
from cptsapp.blueprints.event.models import Question
from cptsapp.blueprints.event.people import Answer, Attendance, Place, Registration
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.mail import OutgoingMail
from tests.conftest import text_of

HTMX = {"HX-Request": "true"}


@pytest.fixture
def event(app):
    start = now().replace(microsecond=0) + timedelta(days=10)
    event = rules.create(
        title="Soirée vaccins", capacity=2, asks_speakers=True, sessions=[(start, start + timedelta(hours=2), "")]
    )
    asking.set_questions(event.id, [Asked(None, "choice", "Repas ?", ("Oui", "Non")), Asked(None, "guests", "Avec ?")])
    return rules.publish(event.id)


def register(event, *names, **values):
    made = []
    for name in names:
        known = {"given_name": name, "family_name": "Fictif", "email": f"{name.lower()}@exemple.fr"} | values
        made.append(moves.add_by_hand(event.id, f"form-{event.id}-{name}", values=known))
    return made


def states():
    return dict(Registration.select(Registration.given_name, Registration.state).order_by(Registration.id).tuples())


def page(event, path="inscrits"):
    return f"/gestion/evenements/{event.id}/{path}"


def mails(template):
    rows = OutgoingMail.select().where(OutgoingMail.template == f"event/{template}").order_by(OutgoingMail.id)
    return [row.to_address for row in rows]


def names_in(html):
    return re.findall(r'<th scope="?row"?><a[^>]*>FICTIF (\w+)', html)


# The list


def test_the_list_shows_who_is_there_and_who_waits(as_coordinator, event):
    register(event, "Alix", "Sacha", "Camille")
    moves.remove(Registration.get(Registration.given_name == "Alix").id, notify=False)
    html = as_coordinator.get(page(event)).text
    assert set(names_in(html)) == {"Sacha", "Camille"}
    assert "2 places prises sur 2" in text_of(html).replace("\xa0", " ")
    assert names_in(as_coordinator.get(page(event, "inscrits?etat=retires")).text) == ["Alix"]


def test_the_list_is_searched_and_filtered(as_coordinator, event):
    register(event, "Éloïse", email="eloise@exemple.fr", cpts="CPTS voisine", profession="10-MG")
    register(event, "Sacha")
    for query in ("?q=eloise", "?cpts=CPTS+voisine", "?profession=10-MG"):
        assert names_in(as_coordinator.get(page(event, f"inscrits{query}"), headers=HTMX).text) == ["Éloïse"]


def test_a_page_of_the_list_costs_few_queries_whatever_its_length(app, event):
    rules.edit(event.id, capacity=100)
    register(event, *(f"P{rank}" for rank in range(60)))
    table = table_of(event)
    with app.test_request_context(page(event)), assert_query_count(6):
        view = table.read(rows_of(event))
        assert len(view.rows) == 25
        str(view.body())


def test_the_columns_chosen_are_exported_with_answers_and_guests(as_coordinator, event):
    question = event.questions.order_by(Question.position).get()
    values = {"given_name": "Alix", "family_name": "Fictif", "email": "alix@exemple.fr"}
    moves.add_by_hand(event.id, "form", values=values, guests=1, answers={question.id: "Oui"})
    data = {"format": "csv", "colonne": ["nom", "accompagnants", f"q{question.id}"]}
    lines = as_coordinator.post(page(event, "inscrits/export"), data=data).text.lstrip("\ufeff").splitlines()
    assert lines == ["Nom;Accompagnants;Repas ?", "FICTIF Alix;1;Oui"]
    assert JournalEntry.select().where(JournalEntry.action == "list.exported").count() == 1
    sheet = as_coordinator.post(page(event, "inscrits/export"), data={"format": "xlsx"})
    assert sheet.data[:2] == b"PK"


def test_those_ticked_are_taken_away_once_the_reason_is_written(as_coordinator, event):
    alix, *_ = register(event, "Alix", "Sacha", "Camille")
    data = {"action": "retirer", "id": [str(alix.id)]}
    asked = as_coordinator.post(page(event, "inscrits/lot"), data=data)
    assert asked.status_code == 200
    assert f'name="id" value="{alix.id}"' in asked.text
    assert states()["Alix"] == Place.CONFIRMED
    form = {"id": [str(alix.id)], "notify": "y", "reason": ""}
    refused = as_coordinator.post(page(event, "inscrits/retirer"), data=form)
    assert refused.status_code == 422
    assert "Dites pourquoi" in refused.text
    as_coordinator.post(page(event, "inscrits/retirer"), data=form | {"reason": "Doublon"})
    assert states() == {"Alix": Place.REMOVED, "Sacha": Place.CONFIRMED, "Camille": Place.CONFIRMED}
    assert (mails("removed"), mails("promoted")) == (["alix@exemple.fr"], ["camille@exemple.fr"])


def test_registrations_of_another_event_are_never_taken_away(as_coordinator, event):
    start = now() + timedelta(days=3)
    other = rules.publish(rules.create(title="Autre", sessions=[(start, start + timedelta(hours=1), "")]).id)
    (alix,) = register(other, "Alix")
    as_coordinator.post(page(event, "inscrits/retirer"), data={"id": [str(alix.id), "x", "9" * 30], "reason": "Erreur"})
    assert states() == {"Alix": Place.CONFIRMED}


def test_mails_are_sent_again_to_those_ticked(as_coordinator, event):
    alix, _, camille = register(event, "Alix", "Sacha", "Camille")
    data = {"action": "renvoyer", "id": [str(alix.id), str(camille.id)]}
    as_coordinator.post(page(event, "inscrits/lot"), data=data)
    assert mails("confirmed") == ["alix@exemple.fr", "sacha@exemple.fr", "alix@exemple.fr"]
    assert mails("waiting") == ["camille@exemple.fr"] * 2


def test_a_mail_sent_again_twice_in_a_minute_is_sent_once(event):
    (alix,) = register(event, "Alix")
    for seconds in (0, 20, 60):
        desk_people.resend_one(alix.id, at=datetime(2026, 12, 1, 8, 30) + timedelta(seconds=seconds))
    assert mails("confirmed") == ["alix@exemple.fr"] * 3


def test_a_mail_is_not_sent_again_to_somebody_gone_or_without_an_address(event):
    alix, sacha = register(event, "Alix", "Sacha")
    moves.remove(alix.id, notify=False)
    Registration.update(email="", email_normalised="").where(Registration.id == sacha.id).execute()
    for each, said in ((alix, "inscrites ou en attente"), (sacha, "pas donné d’adresse")):
        with pytest.raises(RuleError, match=said):
            desk_people.resend_one(each.id)


def test_seats_are_given_in_the_order_of_the_list_whatever_the_order_of_the_ticks(event):
    alix, _, camille, dominique = register(event, "Alix", "Sacha", "Camille", "Dominique")
    rules.edit(event.id, closes_at=now() - timedelta(hours=1))
    moves.remove(alix.id, notify=False)
    done = desk_people.confirm([dominique.id, camille.id])
    assert (done.count, len(done.refusals)) == (1, 1)
    assert states()["Camille"] == Place.CONFIRMED
    assert states()["Dominique"] == Place.WAITING


# The waiting list


def test_the_waiting_list_is_in_order_and_somebody_goes_up_with_a_reason(as_coordinator, event):
    register(event, "Alix", "Sacha", "Camille", "Dominique", "Maxime")
    assert names_in(as_coordinator.get(page(event, "attente")).text) == ["Camille", "Dominique", "Maxime"]
    last = Registration.get(Registration.given_name == "Maxime")
    address = f"/gestion/evenements/inscriptions/{last.id}/monter"
    refused = as_coordinator.post(address, data={"reason": " ", "back": "attente"})
    assert refused.status_code == 422
    assert "Dites pourquoi" in refused.text
    html = as_coordinator.post(address, data={"reason": "Intervenant", "back": "attente"}, follow_redirects=True).text
    assert names_in(html) == ["Maxime", "Camille", "Dominique"]
    assert "Passe devant\u00a0: Intervenant" in html


def test_once_closed_the_free_seats_are_given_by_hand_in_order(as_coordinator, event):
    alix, *_ = register(event, "Alix", "Sacha", "Camille", "Dominique")
    rules.edit(event.id, closes_at=now() - timedelta(hours=1))
    moves.remove(alix.id, notify=False)
    assert states()["Camille"] == Place.WAITING
    assert "Donner les places libres" in as_coordinator.get(page(event, "attente")).text
    as_coordinator.post(page(event, "attente/entrer"))
    assert (states()["Camille"], states()["Dominique"]) == (Place.CONFIRMED, Place.WAITING)
    assert mails("promoted") == ["camille@exemple.fr"]
    html = as_coordinator.post(page(event, "attente/entrer"), follow_redirects=True).text
    assert "Personne ne peut entrer" in html


def test_an_empty_waiting_list_says_what_it_is_for(as_coordinator, event):
    assert "Personne n’attend" in as_coordinator.get(page(event, "attente")).text


# One registration


def test_a_registration_has_its_page_with_answers_and_history(as_coordinator, event):
    question = event.questions.order_by(Question.position).get()
    (alix,) = register(event, "Alix", speakers_question="Et les rappels ?", organisation="Cabinet")
    Answer.create(registration=alix, question=question, text="Oui")
    Attendance.create(registration=alix, session=event.sessions.get())
    html = as_coordinator.get(f"/gestion/evenements/inscriptions/{alix.id}").text
    for said in ("Repas ?", "Oui", "Et les rappels ?", "Cabinet", "Inscription ajoutée par l’organisateur", "Retirer"):
        assert said in html


def test_somebody_is_confirmed_or_taken_away_from_their_page(as_coordinator, event):
    alix, _, camille, dominique = register(event, "Alix", "Sacha", "Camille", "Dominique")
    address = "/gestion/evenements/inscriptions"
    refused = as_coordinator.post(f"{address}/{dominique.id}/confirmer", data={"reason": ""})
    assert refused.status_code == 422
    assert "Augmentez d’abord la capacité" in refused.text
    assert as_coordinator.post(f"{address}/{alix.id}/retirer", data={"reason": "", "notify": "1"}).status_code == 422
    as_coordinator.post(f"{address}/{alix.id}/retirer", data={"reason": "Doublon", "notify": "1"})
    assert (states()["Alix"], states()["Camille"]) == (Place.REMOVED, Place.CONFIRMED)
    assert as_coordinator.post(f"{address}/{camille.id}/renvoyer").status_code == 303
    assert "Faire monter" not in as_coordinator.get(f"{address}/{alix.id}").text


def test_a_forgotten_registration_has_no_page(as_coordinator, event):
    (alix,) = register(event, "Alix")
    Registration.update(forgotten_at=now()).execute()
    assert as_coordinator.get(f"/gestion/evenements/inscriptions/{alix.id}").status_code == 404
    assert "FICTIF" not in as_coordinator.get(page(event)).text


# By hand


def test_a_member_is_found_and_registered_in_two_clicks(as_coordinator, event, adherent):
    part = as_coordinator.get(page(event, "inscrits/ajouter?q=sacha"), headers=HTMX).text
    assert f"personne={adherent.person_id}" in part
    html = as_coordinator.get(page(event, f"inscrits/ajouter?personne={adherent.person_id}")).text
    assert 'value="Sacha"' in html
    key = re.search(r'name="form_key"[^>]*value="([^"]+)"', html)[1]
    data = {"form_key": key, "given_name": "Sacha", "family_name": "Fictif", "email": "adherent@exemple.fr"}
    for _ in range(2):
        answer = as_coordinator.post(page(event, "inscrits/ajouter"), data=data)
        assert answer.status_code == 303
    assert Registration.get().person_id == adherent.person_id


def test_somebody_without_an_address_is_added_with_guests_and_answers(as_coordinator, event):
    question = event.questions.order_by(Question.position).get()
    data = {
        "form_key": "k",
        "given_name": "Alix",
        "family_name": "Fictif",
        "guests": "1",
        f"question_{question.id}": "Non",
    }
    as_coordinator.post(page(event, "inscrits/ajouter"), data=data)
    entry = Registration.get()
    assert (entry.email, entry.seats, Answer.get().text) == ("", 2, "Non")
    assert OutgoingMail.select().count() == 0


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"given_name": ""}, "Indiquez le prénom"),
        ({"email": "faux@"}, "pas complète"),
        ({"email": "a@exemple.fr\nBcc: b@exemple.fr"}, "pas complète"),
        ({"guests": "12"}, "au plus"),
        ({"guests": "-1"}, "0"),
        ({"email": "sacha@exemple.fr"}, "déjà inscrite"),
        ({"profession": "zz"}, "Choisissez une réponse"),
    ],
)
def test_what_is_wrong_by_hand_is_said_and_kept(as_coordinator, event, values, said):
    register(event, "Sacha")
    data = {"form_key": "k", "given_name": "Alix", "family_name": "Fictif", "organisation": "Cabinet du port"} | values
    answer = as_coordinator.post(page(event, "inscrits/ajouter"), data=data)
    assert answer.status_code == 422
    assert said in answer.text
    assert "Cabinet du port" in answer.text
    assert Registration.select().count() == 1


def test_nobody_is_added_to_a_draft(as_coordinator):
    event = rules.create(title="Brouillon")
    data = {"form_key": "k", "given_name": "Alix", "family_name": "Fictif"}
    assert "Publiez d’abord" in as_coordinator.post(page(event, "inscrits/ajouter"), data=data).text
    assert Registration.select().count() == 0


# What they ask


def test_the_questions_to_the_speakers_are_read_together(as_coordinator, event):
    register(event, "Alix", speakers_question="Et les rappels ?")
    register(event, "Sacha")
    (camille,) = register(event, "Camille", speakers_question="Question retirée")
    moves.remove(camille.id, notify=False)
    html = as_coordinator.get(page(event, "questions")).text
    assert "Et les rappels ?" in html
    assert "Question retirée" not in html
    assert "alix@exemple.fr" not in html
