"""The pages of sendings, as a person reads and uses them."""

from datetime import timedelta

import pytest

from cptsapp.blueprints.adherent import rules as members
from cptsapp.blueprints.adherent.models import SavedView
from cptsapp.blueprints.mailing import audience, progress, rules
from cptsapp.blueprints.mailing.audience import Step
from cptsapp.blueprints.mailing.models import Mailing, SavedAudience, State
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import registry
from cptsapp.kernel.dates import to_paris
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import OutgoingMail, bounces
from cptsapp.kernel.mail import State as MailState
from cptsapp.kernel.mail.models import MailBounce
from tests.conftest import text_of

HTMX = {"HX-Request": "true"}


def again(mailing) -> Mailing:
    return Mailing.get_by_id(mailing.id)


def test_the_audience_is_counted_as_it_is_chosen_then_kept(as_coordinator, mailing, people):
    people("A", "un@exemple.fr", None)
    people("B", "deux@exemple.fr")
    address = f"/gestion/envois/{mailing.id}/destinataires"
    page = text_of(as_coordinator.get(address).text)
    assert "1 destinataire" in page
    assert "1 personne ne recevra rien" in page
    assert audience.NO_ADDRESS in page
    typed = {"op": ["or", "or", "or"], "choice": ["noms|A", "noms|B", ""]}
    part = as_coordinator.post(address, data=typed, headers=HTMX)
    assert part.status_code == 200
    assert "2 destinataires" in text_of(part.text)
    assert "<html" not in part.text
    assert len(again(mailing).audience) == 1
    assert "1 destinataire" in text_of(as_coordinator.post(address, data=typed | {"remove": "1"}).text)
    assert as_coordinator.post(address, data=typed | {"act": "save"}).status_code == 303
    assert [each["value"] for each in again(mailing).audience] == ["A", "B"]
    wrong = as_coordinator.post(address, data={"op": "or", "choice": "noms|Z", "act": "save"})
    assert wrong.status_code == 422
    assert "n’existe plus" in wrong.text


def test_criteria_are_kept_as_a_group_that_other_sendings_choose(as_coordinator, mailing, people):
    people("A", "un@exemple.fr")
    address = f"/gestion/envois/{mailing.id}/destinataires"
    typed = {"op": "or", "choice": "noms|A", "act": "group"}
    assert as_coordinator.post(address, data=typed | {"name": ""}).status_code == 422
    assert as_coordinator.post(address, data=typed | {"name": "Les  A"}).status_code == 303
    saved = SavedAudience.get()
    assert saved.name == "Les A"
    page = as_coordinator.get("/gestion/envois/groupes").text
    assert "Noms : Famille A" in page
    assert "1 adresse" in text_of(page)
    inside = as_coordinator.post(address, data={"op": "or", "choice": f"saved|{saved.id}", "act": "group", "name": "B"})
    assert "ne peut pas en contenir un autre" in inside.text
    assert as_coordinator.post(f"/gestion/envois/groupes/{saved.id}/effacer").status_code == 303
    assert as_coordinator.post(f"/gestion/envois/groupes/{saved.id}/effacer").status_code == 404


def test_the_last_look_says_everything_then_the_letter_leaves(as_coordinator, mailing, people, letters, mailbox):
    people("A", *(f"a{rank}@exemple.fr" for rank in range(3)))
    letters.advice = [rules.sources.Advice("Une image sans texte.", "/gestion/essais/1#image")]
    address = f"/gestion/envois/{mailing.id}/envoyer"
    page = as_coordinator.get(address).text
    for words in ("Une image sans texte.", "Envoyer maintenant à 3", "Noms : Famille A", "La lettre vous"):
        assert words in page.replace("{prenom}", "vous"), words
    tried = as_coordinator.post(f"/gestion/envois/{mailing.id}/essai", data={"to": "moi@exemple.fr"}, headers=HTMX)
    assert "L’essai est parti" in tried.text
    assert "<html" not in tried.text
    [letter] = mailbox.letters
    assert letter.message["Subject"] == "[Test] La lettre Camille"
    assert letter.message["List-Unsubscribe"] is None
    assert "/lettre/desabonnement/t" in letter.text
    assert as_coordinator.post(f"/gestion/envois/{mailing.id}/essai", data={"to": "non"}).status_code == 422
    assert not again(mailing).rows.exists()
    gone = as_coordinator.post(address, data={"act": "now"})
    assert gone.headers["Location"] == f"/gestion/envois/{mailing.id}"
    assert len(mailbox.deliver()) == 3
    assert as_coordinator.post(address, data={"act": "now"}).status_code == 422
    assert as_coordinator.get(address).headers["Location"] == f"/gestion/envois/{mailing.id}"
    assert "Bonjour" in as_coordinator.get(f"/gestion/envois/{mailing.id}/texte").text
    assert (
        "cette semaine"
        in as_coordinator.get(
            f"/gestion/envois/{rules.set_audience(rules.open_for('essai', 2).id, [Step('or', 'noms', 'A')]).id}/envoyer"
        ).text
    )


def test_the_hour_offered_is_nine_tomorrow(as_coordinator, mailing, people):
    people("A", "un@exemple.fr")
    rules.set_audience(mailing.id, [Step("or", "noms", "A")])
    tomorrow = to_paris(now() + timedelta(days=1))
    assert f'value="{tomorrow:%Y-%m-%d}T09:00"' in as_coordinator.get(f"/gestion/envois/{mailing.id}/envoyer").text


def test_an_hour_is_chosen_in_paris_changed_and_taken_back(as_coordinator, mailing, people, letters):
    people("A", "un@exemple.fr")
    address = f"/gestion/envois/{mailing.id}/envoyer"
    at = to_paris(now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    for wrong in ("", "2020-01-01T09:00", "demain"):
        refused = as_coordinator.post(address, data={"act": "schedule", "at": wrong})
        assert refused.status_code == 422
        assert 'aria-invalid="true"' in refused.text
    assert as_coordinator.post(address, data={"act": "schedule", "at": at}).status_code == 303
    assert again(mailing).state == State.SCHEDULED
    assert "partira le" in as_coordinator.get(address).text
    assert "Programmé" in as_coordinator.get("/gestion/envois/").text
    Mailing.update(scheduled_at=now() - timedelta(hours=3)).execute()
    assert "aurait dû partir" in as_coordinator.get(address).text
    assert "n’est pas partie à l’heure prévue" in as_coordinator.get("/gestion/").text
    as_coordinator.post(f"/gestion/envois/{mailing.id}/deprogrammer")
    assert again(mailing).state == State.DRAFT
    assert as_coordinator.post(f"/gestion/envois/{mailing.id}/effacer").status_code == 303
    assert not Mailing.select().exists()


def test_the_progress_moves_by_itself_and_stops_when_there_is_nothing_more(as_coordinator, mailing, people, mailbox):
    people("A", "un@exemple.fr", "deux@exemple.fr", "trois@exemple.fr", None)
    mailbox.sink.at_recipient["deux@exemple.fr"] = ["550 5.1.1 user unknown"]
    mailbox.sink.at_recipient["trois@exemple.fr"] = ["451 4.7.1 greylisted"]
    rules.start(mailing.id)
    address = f"/gestion/envois/{mailing.id}"
    page = as_coordinator.get(address).text
    part = as_coordinator.get(f"{address}/progression", headers=HTMX).text
    assert 'hx-trigger="every 1s"' in part
    assert part.strip() in page
    assert as_coordinator.get(f"{address}/progression").status_code == 303
    assert as_coordinator.post(f"{address}/pause").status_code == 303
    assert "hx-trigger" not in as_coordinator.get(f"{address}/progression", headers=HTMX).text
    as_coordinator.post(f"{address}/reprendre")
    mailbox.deliver()
    part = as_coordinator.get(f"{address}/progression", headers=HTMX).text
    assert "hx-trigger" not in part
    assert "1 message sera réessayé" in text_of(part)
    assert "user unknown" in part
    assert "Cette adresse n’existe pas ou plus" in part
    listed = as_coordinator.get(address + "?etat=refuses").text
    assert "550 5.1.1 user unknown" in listed
    assert "un@exemple.fr" not in listed
    found = as_coordinator.get(address + "?q=p0").text
    assert "un@exemple.fr" in found
    assert "trois@exemple.fr" not in found
    export = as_coordinator.post(f"{address}/export", data={"format": "csv"})
    assert "5.1.1 user unknown" in export.get_data(as_text=True)
    assert as_coordinator.post(f"{address}/arreter").status_code == 303
    page = text_of(as_coordinator.get(address).text)
    assert "1 personne l’a reçu" in page
    assert again(mailing).state == State.CANCELLED


def test_those_in_doubt_are_named_and_decided_together(as_coordinator, mailing, people):
    people("A", "un@exemple.fr", "deux@exemple.fr")
    rules.start(mailing.id)
    doubt = {"state": MailState.UNCERTAIN, "message_id": "<1@exemple.fr>", "doubts": 1, "doubt_at": now()}
    OutgoingMail.update(doubt).execute()
    rules.tidy()
    address = f"/gestion/envois/{mailing.id}"
    page = text_of(as_coordinator.get(address).text)
    assert "2 destinataires à vérifier" in page
    assert "Il s’agit de P0 A , P1 A ." in page
    one = OutgoingMail.select().first()
    as_coordinator.post(f"{address}/lot", data={"action": "laisser", "id": one.id})
    assert OutgoingMail.get_by_id(one.id).state == MailState.SKIPPED
    assert as_coordinator.post(f"{address}/verifies", data={"action": "non"}).status_code == 422
    assert as_coordinator.post(f"{address}/verifies", data={"action": "renvoyer"}).status_code == 303
    assert OutgoingMail.select().where(OutgoingMail.state == MailState.PENDING).count() == 1
    assert again(mailing).state == State.SENDING


def test_it_goes_on_for_those_who_arrived_since(as_coordinator, mailing, people, mailbox):
    people("A", "un@exemple.fr")
    rules.start(mailing.id)
    mailbox.deliver()
    address = f"/gestion/envois/{mailing.id}/suite"
    assert "Personne n’est arrivé depuis" in as_coordinator.get(address).text
    people("A", "deux@exemple.fr")
    assert "1 nouveau destinataire" in text_of(as_coordinator.get(address).text)
    assert as_coordinator.post(address).status_code == 303
    assert len(mailbox.deliver()) == 1
    assert as_coordinator.post(address).status_code == 422


def test_another_list_may_write_to_chosen_people(as_coordinator, letters, people, monkeypatch):
    monkeypatch.setattr(rules.sources, "_sources", {"essai": rules.sources._sources["essai"]})
    ids = [each.id for each in people("A", "un@exemple.fr", "deux@exemple.fr")]
    for id in ids:
        members.admit(id)
    gone = as_coordinator.post("/gestion/adherents/lot", data={"action": "ecrire", "id": [str(id) for id in ids]})
    assert gone.headers["Location"] == "/gestion/essais/77"
    mailing = Mailing.get(Mailing.source_id == 77)
    page = text_of(as_coordinator.get(f"/gestion/envois/{mailing.id}/destinataires").text)
    assert "2 personnes choisies une à une" in page
    assert "2 destinataires" in page
    with pytest.raises(RuleError, match="au moins une"):
        registry.write_to([])


def test_a_shared_view_of_the_members_is_a_living_audience(app, people):
    view = SavedView.create(list="adherents", name="Les A", query="q=p0", owner=None)
    steps = [Step("or", "adherent.view", str(view.id))]
    assert audience.count(steps).addresses == 0
    for each in people("A", "un@exemple.fr", "deux@exemple.fr"):
        members.admit(each.id)
    assert audience.count(steps).sample == ["P0 A"]
    assert audience.describe(steps) == [("", "Vues enregistrées des adhérents : Les A")]
    assert audience.count([Step("or", "adherent.view", "404")]).addresses == 0


def test_returns_are_seen_and_undone(as_coordinator, mailing, people, mailbox):
    people("A", "un@exemple.fr")
    mailbox.sink.at_recipient["un@exemple.fr"] = ["550 5.1.1 user unknown"]
    rules.start(mailing.id)
    mailbox.deliver()
    bounces.record(b"Subject: <b>?</b>\r\n\r\nQuelque chose <script>")
    page = as_coordinator.get("/gestion/envois/retours").text
    assert "un@exemple.fr" in page
    assert "Retour à lire" in page
    hard, unknown = MailBounce.select().order_by(MailBounce.id)
    shown = as_coordinator.get(f"/gestion/envois/retours/{hard.id}").text
    assert "Cette adresse est suspendue" in shown
    assert "P0 A" in shown
    as_coordinator.post(f"/gestion/envois/retours/{hard.id}", data={"act": "release"})
    assert not bounces.is_suspended("un@exemple.fr")
    assert "&lt;script&gt;" in as_coordinator.get(f"/gestion/envois/retours/{unknown.id}").text
    assert "1 retour d’e-mail à lire" in text_of(as_coordinator.get("/gestion/").text)
    as_coordinator.post(f"/gestion/envois/retours/{unknown.id}", data={"act": "read"})
    assert "à lire</a>" not in as_coordinator.get("/gestion/").text


def test_a_page_drawn_while_the_sender_takes_the_mails_looks_again(as_coordinator, mailing, people, monkeypatch):
    people("A", "un@exemple.fr", "deux@exemple.fr")
    rules.start(mailing.id)
    counts_of = progress.counts_of

    def then_taken(ids):
        found = counts_of(ids)
        OutgoingMail.update(state="claimed", claimed_by="sender", lease_until=now()).execute()
        return found

    monkeypatch.setattr(progress, "counts_of", then_taken)
    page = as_coordinator.get(f"/gestion/envois/{mailing.id}/progression", headers=HTMX).text
    assert "0 sur 2" in page
    assert 'hx-trigger="every 1s"' in page


def test_a_page_drawn_between_the_last_mail_and_the_word_of_its_end_looks_again(as_coordinator, mailing, people):
    people("A", "un@exemple.fr")
    rules.start(mailing.id)
    OutgoingMail.update(state="sent", message_id="<a@exemple.fr>", done_at=now()).execute()
    address = f"/gestion/envois/{mailing.id}/progression"
    assert 'hx-trigger="every 1s"' in as_coordinator.get(address, headers=HTMX).text
    rules.tidy()
    ended = as_coordinator.get(address, headers=HTMX).text
    assert "L’envoi s’est terminé" in ended
    assert "hx-trigger" not in ended


@pytest.mark.parametrize("path", ["", "pause", "progression", "envoyer", "destinataires", "texte"])
def test_an_unknown_sending_is_not_found(as_coordinator, path):
    act = as_coordinator.post if path == "pause" else as_coordinator.get
    assert act(f"/gestion/envois/404/{path}".rstrip("/")).status_code == 404


def test_the_figures_of_a_period_and_what_is_erased_with_a_person(people, mailing, mailbox):
    [person] = people("A", "un@exemple.fr")
    mailbox.sink.at_recipient["un@exemple.fr"] = ["451 later"]
    rules.start(mailing.id)
    mailbox.deliver()
    OutgoingMail.update(next_try_at=now()).execute()
    mailbox.deliver()
    today = to_paris(now()).date()
    counts = {each.key: each.count(today, today) for each in registry.indicators if each.key.startswith("mailing.")}
    assert counts == {"mailing.started": 1, "mailing.recipients": 1}
    MailBounce.create(digest="d", kind="soft", address="un@exemple.fr")
    [eraser] = [each for each in registry.personal_erasers if each.key.endswith("mailing.registrations")]
    [exporter] = [each for each in registry.personal_exporters if each.key == "mail_returns"]
    assert exporter.call(person.id)["retours"][0]["motif"] == "Échec passager"
    eraser.call(person.id)
    assert not MailBounce.select().exists()
    assert Person.get_by_id(person.id)
