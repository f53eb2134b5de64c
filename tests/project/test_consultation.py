"""Consultations: a fiche is read, commented, each comment answered; nobody learns more than they may."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from peewee import IntegrityError
from playhouse.test_utils import count_queries

from cptsapp.blueprints.adherent import rules as adherent_rules
from cptsapp.blueprints.privacy import rules as privacy
from cptsapp.blueprints.project import audience, consulting, registrations, rules
from cptsapp.blueprints.project.consultation import AUTHOR_GONE, Comment, Consultation, counts_of
from cptsapp.blueprints.project.models import FicheState
from cptsapp.kernel import mail
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import OutgoingMail
from tests.conftest import logged_in, open_account, text_of
from tests.postgresql import counts_what_is_kept
from tests.project.test_fiches import publish

DESK = "/gestion/projet/consultations"
SOON = timedelta(days=10)


@pytest.fixture
def fiche(app):
    return rules.create(title="Un médecin traitant pour tous", code="A1", mission="acces", context="Premier texte.")


@pytest.fixture
def consultation(fiche):
    return consulting.open_on(fiche.id, until=today() + SOON, words="Que manque-t-il ?")


@pytest.fixture
def address(fiche):
    return f"/espace/projet/{fiche.slug}"


@pytest.fixture
def other(app):
    account = open_account("autre@exemple.fr", "Alix Fictif")
    adherent_rules.admit(account.person_id)
    return account


@pytest.fixture
def comment(consultation, adherent):
    return consulting.comment(consultation.id, adherent.person_id, text="Associons les secrétaires.")


def over(consultation):
    Consultation.update(until=today() - timedelta(days=1)).where(Consultation.id == consultation.id).execute()


def answered(browser, comment, text="Oui.", read=0):
    data = {f"r{comment.id}-text": text, f"r{comment.id}-answers_read": str(read)}
    return browser.post(f"{DESK}/remarques/{comment.id}", data=data)


def test_a_member_reads_the_fiche_comments_and_is_answered_by_mail(
    as_adherent, as_coordinator, fiche, consultation, address, mailbox
):
    assert fiche.title in as_adherent.get("/espace/projet/").text
    page = as_adherent.get(address).text
    assert "Premier texte." in page
    assert "Que manque-t-il ?" in page
    assert as_adherent.post(address, data={"text": "Associons les secrétaires."}).status_code == 303
    comment = Comment.get()
    assert "1 remarque sans réponse" in text_of(as_coordinator.get("/gestion/").text)
    assert answered(as_coordinator, comment, "Deux d’entre elles viennent.").status_code == 303
    (letter,) = mailbox.to("adherent@exemple.fr")
    assert "Deux d’entre elles viennent." in letter.text
    assert f"/espace/projet/{fiche.slug}" in letter.links[0]
    assert "sans réponse" not in text_of(as_coordinator.get("/gestion/").text)
    assert "Deux d’entre elles viennent." in as_adherent.get(address).text


def test_a_refused_comment_keeps_what_was_typed(as_adherent, consultation, address):
    long = "Très long. " * 600
    refused = as_adherent.post(address, data={"text": long})
    assert refused.status_code == 422
    assert long.strip()[:200] in refused.text
    assert as_adherent.post(address, data={"text": "  "}).status_code == 422
    over(consultation)
    late = as_adherent.post(address, data={"text": "Trop tard, pourtant."})
    assert late.status_code == 422
    assert "est close" in late.text
    assert "Trop tard, pourtant." in late.text
    assert not Comment.select().exists()


def test_a_comment_sent_three_times_is_one(consultation, adherent):
    for _ in range(3):
        consulting.comment(consultation.id, adherent.person_id, text="La même.")
    assert Comment.select().count() == 1


def test_nobody_fills_a_consultation_alone(consultation, adherent):
    for rank in range(consulting.MOST_COMMENTS):
        consulting.comment(consultation.id, adherent.person_id, text=f"Remarque {rank}")
    with pytest.raises(RuleError, match="20 remarques"):
        consulting.comment(consultation.id, adherent.person_id, text="Encore une")


def test_an_author_corrects_and_withdraws_until_an_answer_comes(as_adherent, comment, address):
    edit = f"/espace/projet/remarques/{comment.id}/modifier"
    assert as_adherent.post(edit, data={"text": ""}).status_code == 422
    assert as_adherent.post(edit, data={"text": "Mieux dit."}).status_code == 303
    assert "Mieux dit." in as_adherent.get(address).text
    consulting.answer(comment.id, text="Merci.", answers_read=0)
    refused = as_adherent.post(edit, data={"text": "Changé après coup"})
    assert refused.status_code == 422
    assert "Changé après coup" in refused.text
    assert as_adherent.post(f"/espace/projet/remarques/{comment.id}/retirer").status_code == 422
    assert Comment.get().text == "Mieux dit."


def test_an_author_takes_a_comment_back(as_adherent, comment):
    assert as_adherent.post(f"/espace/projet/remarques/{comment.id}/retirer").status_code == 303
    assert not Comment.select().exists()


def test_a_closed_consultation_stays_readable_and_changes_no_more(
    as_adherent, as_coordinator, adherent, comment, address
):
    assert as_coordinator.post(f"{DESK}/{comment.consultation_id}/clore").status_code == 303
    assert as_coordinator.post(f"{DESK}/{comment.consultation_id}/clore").status_code == 303
    page = as_adherent.get(address).text
    assert comment.text in page
    assert "Envoyer ma remarque" not in page
    for act in (lambda: consulting.correct(comment.id, adherent.person_id, text="x"),
                lambda: consulting.withdraw(comment.id, adherent.person_id),
                lambda: consulting.change(comment.consultation_id, until=today())):  # fmt: skip
        with pytest.raises(RuleError, match="close"):
            act()
    assert answered(as_coordinator, comment).status_code == 303


def test_the_comment_of_somebody_else_is_not_there(app, other, comment):
    browser = logged_in(app, other)
    missing = browser.get("/espace/projet/remarques/999/modifier")
    for method, end in (("GET", "modifier"), ("POST", "modifier"), ("POST", "retirer"), ("POST", "repondre")):
        answer = browser.open(f"/espace/projet/remarques/{comment.id}/{end}", method=method, data={"text": "Pris"})
        assert answer.status_code == 404, end
    assert browser.get(f"/espace/projet/remarques/{comment.id}/modifier").data == missing.data


def test_members_read_comments_without_names_and_the_desk_with_them(app, other, as_coordinator, comment, address):
    page = text_of(logged_in(app, other).get(address).text)
    assert comment.text in page
    assert "Un adhérent" in page
    assert "Sacha" not in page
    assert "Sacha Fictif" in text_of(as_coordinator.get(f"{DESK}/{comment.consultation_id}").text)
    assert "Sacha Fictif" in as_coordinator.get(f"{DESK}/?q=secretaires").text


def test_the_pilot_answers_from_the_member_space(app, other, fiche, comment, address):
    values = {name: getattr(fiche, name) for name in rules.VALUES} | {"pilot_id": other.person_id}
    rules.update(fiche.id, revision_read=1, **values)
    browser = logged_in(app, other)
    assert "1 remarque attend votre réponse" in text_of(browser.get("/espace/").text)
    assert "Sacha Fictif" in text_of(browser.get(address).text)
    reply = f"/espace/projet/remarques/{comment.id}/repondre"
    refused = browser.post(reply, data={f"r{comment.id}-text": "", f"r{comment.id}-answers_read": "0"})
    assert refused.status_code == 422
    assert (
        browser.post(reply, data={f"r{comment.id}-text": "Oui", f"r{comment.id}-answers_read": "0"}).status_code == 303
    )
    assert Comment.get().answer == "Oui"
    assert browser.get(f"{DESK}/").status_code == 403


def test_of_two_who_answer_at_once_the_second_sees_both_and_loses_nothing(as_coordinator, comment):
    assert answered(as_coordinator, comment, "La première.").status_code == 303
    refused = answered(as_coordinator, comment, "La seconde.")
    assert refused.status_code == 422
    assert "La première." in refused.text
    assert "La seconde." in refused.text
    assert Comment.get().answer == "La première."
    assert f'name="r{comment.id}-answers_read" type="hidden" value="1"' in refused.text
    assert answered(as_coordinator, comment, "La seconde.", read=1).status_code == 303
    assert Comment.get().answer == "La seconde."


def test_each_answer_leaves_once_and_a_corrected_one_says_so(comment):
    for text, read in (("Oui.", 0), ("Oui.", 0), ("Oui, en mars.", 1)):
        consulting.answer(comment.id, text=text, answers_read=read)
    subjects = [each.subject for each in OutgoingMail.select().order_by(OutgoingMail.id)]
    assert len(subjects) == 2
    assert "corrigée" in subjects[1]


def test_nothing_is_sent_when_the_answer_is_not_written(comment, monkeypatch):
    monkeypatch.setattr(consulting.revision, "bump", staticmethod(lambda: 1 / 0))
    with pytest.raises(ZeroDivisionError):
        consulting.answer(comment.id, text="Oui.", answers_read=0)
    assert not OutgoingMail.select().exists()
    assert not Comment.get().is_answered


def test_a_fiche_has_one_open_consultation(as_coordinator, fiche, consultation):
    with pytest.raises(RuleError, match="déjà ouverte"):
        consulting.open_on(fiche.id, until=today())
    with pytest.raises(IntegrityError):
        Consultation.create(fiche=fiche, until=today())
    data = {"fiche": str(fiche.id), "until": today().isoformat(), "words": "Mes mots"}
    refused = as_coordinator.post(f"{DESK}/nouvelle", data=data)
    assert refused.status_code == 422
    assert "Mes mots" in refused.text
    over(consultation)
    assert as_coordinator.post(f"{DESK}/nouvelle", data=data).status_code == 303
    assert Consultation.select().where(Consultation.closed_at.is_null()).count() == 1


@pytest.mark.parametrize("until", [today() - timedelta(days=1), today() + timedelta(days=400), date(9999, 12, 31)])
def test_a_last_day_that_makes_no_sense_is_refused(fiche, consultation, until):
    with pytest.raises(RuleError, match="jour"):
        consulting.change(consultation.id, until=until)
    with pytest.raises(RuleError, match="jour"):
        consulting.open_on(fiche.id, until=until)


def test_the_last_day_is_included(app, adherent, consultation):
    consulting.change(consultation.id, until=today())
    assert consulting.comment(consultation.id, adherent.person_id, text="Au dernier moment")
    over(consultation)
    assert not Consultation.get().is_open


def test_a_fiche_without_consultation_or_in_the_bin_is_not_in_the_space(as_adherent, fiche, address):
    assert as_adherent.get(address).status_code == 404
    consultation = consulting.open_on(fiche.id, until=today())
    assert as_adherent.get(address).status_code == 200
    rules.trash(fiche.id)
    assert as_adherent.get(address).status_code == 404
    assert fiche.title not in as_adherent.get("/espace/projet/").text
    assert as_adherent.post(address, data={"text": "Une remarque"}).status_code == 404
    with pytest.raises(RuleError):
        consulting.comment(consultation.id, 1, text="Une remarque")


def test_the_public_reads_counts_and_not_a_word(client, fiche, comment, other):
    publish(fiche)
    consulting.comment(comment.consultation_id, other.person_id, text="Une autre remarque")
    consulting.answer(comment.id, text="Une réponse", answers_read=0)
    page = text_of(client.get(f"/projet/{fiche.slug}").text)
    assert "2 remarques, dont 1 avec une réponse" in page.replace("\u00a0", " ")
    consulting.answer(Comment.select().order_by(Comment.id.desc()).first().id, text="La dernière", answers_read=0)
    page = text_of(client.get(f"/projet/{fiche.slug}").text).replace("\u00a0", " ")
    assert "2 remarques, toutes ont reçu une réponse" in page
    for word in (comment.text, "Une autre remarque", "Une réponse", "Sacha", "Alix"):
        assert word not in page


def test_an_erased_author_leaves_a_place_and_no_word(as_coordinator, adherent, comment, fiche):
    consulting.answer(comment.id, text="Merci Sacha.", answers_read=0)
    assert privacy.gather(adherent.person_id)["project"][1]["remarques"][0]["texte"] == comment.text
    privacy.erase_person(adherent.person_id)
    found = Comment.get()
    assert (found.text, found.answer, found.folded, found.author_id) == ("", "", "", None)
    assert counts_of(fiche) == (1, 1)
    assert AUTHOR_GONE in as_coordinator.get(f"{DESK}/{comment.consultation_id}").text


def test_a_comment_of_an_erased_person_waits_for_no_answer(adherent, comment):
    assert Comment.unanswered().count() == 1
    privacy.erase_person(adherent.person_id)
    assert Comment.unanswered().count() == 0


def test_the_figures_count_comments_and_answers_of_their_days(comment):
    day, tomorrow = today(), today() + timedelta(days=1)
    assert (registrations.comments(day, day), registrations.answers(day, day)) == (1, 0)
    consulting.answer(comment.id, text="Oui.", answers_read=0)
    assert (registrations.comments(day, day), registrations.answers(day, day)) == (1, 1)
    assert (registrations.comments(tomorrow, tomorrow), registrations.answers(tomorrow, tomorrow)) == (0, 0)


def test_what_people_write_is_text_and_nothing_else(as_adherent, as_coordinator, consultation, address):
    as_adherent.post(address, data={"text": "<script>alert(1)</script>"})
    for page in (as_adherent.get(address), as_coordinator.get(f"{DESK}/"), as_coordinator.get(f"{DESK}/1")):
        assert "<script>alert" not in page.text
    Comment.update(text="=1+1").execute()
    assert "'=1+1" in as_coordinator.post(f"{DESK}/export", data={"format": "csv"}).text


@counts_what_is_kept
def test_pages_ask_as_much_for_one_comment_as_for_many(as_coordinator, as_adherent, consultation, adherent, address):
    def asked():
        found = []
        for browser, path in ((as_coordinator, f"{DESK}/"), (as_coordinator, f"{DESK}/1"), (as_adherent, address)):
            browser.get(path)
            with count_queries() as counted:
                assert browser.get(path).status_code == 200
            found.append(counted.count)
        return found

    consulting.comment(consultation.id, adherent.person_id, text="Première")
    before = asked()
    for rank in range(15):
        consulting.comment(consultation.id, adherent.person_id, text=f"Remarque {rank}")
    assert asked() == before
    assert max(before) <= 20


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=300), read=st.text(max_size=12))
def test_whatever_is_typed_is_kept_or_refused_with_a_sentence(
    as_adherent, as_coordinator, comment, address, text, read
):
    assert as_adherent.post(address, data={"text": text}).status_code in (303, 422)
    data = {f"r{comment.id}-text": text, f"r{comment.id}-answers_read": read}
    assert as_coordinator.post(f"{DESK}/remarques/{comment.id}", data=data).status_code in (303, 422)
    assert as_adherent.get(address).status_code == 200


def test_a_closed_fiche_is_not_offered_for_consultation(as_coordinator, fiche):
    assert fiche.title in as_coordinator.get(f"{DESK}/nouvelle").text
    for state in (FicheState.VALIDATED, FicheState.PRESENTED, FicheState.ACTIVE, FicheState.CLOSED):
        rules.move(fiche.id, state, is_bureau=True)
    assert fiche.title not in as_coordinator.get(f"{DESK}/nouvelle").text


def test_members_are_told_that_a_consultation_opens_unless_they_refuse_reminders(
    as_coordinator, adherent, other, fiche, mailbox
):
    mail.holds.hold("autre@exemple.fr", [mail.Kind.REMINDER], mail.holds.Reason.OPPOSED)
    assert "1 sur 2 recevront l’e-mail" in text_of(as_coordinator.get(f"{DESK}/nouvelle").text)
    asked = {"fiche": fiche.id, "until": today() + SOON, "words": "Que manque-t-il ?", "tell": "y"}
    assert as_coordinator.post(f"{DESK}/nouvelle", data=asked).status_code == 303
    (letter,) = mailbox.to("adherent@exemple.fr")
    assert "Que manque-t-il ?" in letter.text
    assert f"/espace/projet/{fiche.slug}" in letter.links[0]
    assert not mailbox.to("autre@exemple.fr")


def test_a_mail_to_too_many_people_is_not_promised(as_coordinator, adherent, other, fiche, monkeypatch):
    monkeypatch.setattr(audience, "MOST_TOLD", 1)
    assert "2 personnes, trop pour les prévenir ainsi" in text_of(as_coordinator.get(f"{DESK}/nouvelle").text)
    mail.holds.hold("autre@exemple.fr", [mail.Kind.REMINDER], mail.holds.Reason.OPPOSED)
    assert "1 sur 2 recevront l’e-mail" in text_of(as_coordinator.get(f"{DESK}/nouvelle").text)


def test_a_consultation_opens_in_silence_when_the_box_is_not_ticked(as_coordinator, adherent, fiche):
    asked = {"fiche": fiche.id, "until": today() + SOON}
    assert as_coordinator.post(f"{DESK}/nouvelle", data=asked).status_code == 303
    assert not OutgoingMail.select().exists()
