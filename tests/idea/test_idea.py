"""The idea box: proposed, supported once each, decided with a word to the author, made a fiche-action."""

from datetime import timedelta

import pytest
from peewee import IntegrityError

from cptsapp.blueprints.adherent import rules as adherent_rules
from cptsapp.blueprints.idea import rules
from cptsapp.blueprints.idea.models import CHANGES, Idea, IdeaState, Support
from cptsapp.blueprints.privacy import rules as privacy
from cptsapp.blueprints.project import rules as project_rules
from cptsapp.blueprints.project.models import Fiche, FicheState
from cptsapp.kernel import registry
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import OutgoingMail
from tests.conftest import logged_in, open_account, text_of

SPACE, DESK = "/espace/idees", "/gestion/idees"
TYPED = {"title": "Une ligne directe", "problem": "On attend au standard.", "proposal": "Un annuaire des lignes."}


@pytest.fixture
def idea(adherent):
    return rules.propose(adherent.person_id, **TYPED, mission="parcours")


@pytest.fixture
def other(app):
    account = open_account("autre@exemple.fr", "Alix Fictif")
    adherent_rules.admit(account.person_id)
    return account


@pytest.fixture
def as_other(app, other):
    return logged_in(app, other)


def again(idea) -> Idea:
    return Idea.joined().where(Idea.id == idea.id).get()


def test_a_member_proposes_and_others_support_it_once_each(as_adherent, as_other, other, adherent):
    assert as_adherent.post(f"{SPACE}/nouvelle", data=TYPED).status_code == 303
    idea = Idea.get()
    address = f"{SPACE}/{idea.id}"
    assert "proposée par un adhérent" in text_of(as_other.get(address).text)  # no name: it was not asked for
    for _ in range(2):
        part = as_other.post(f"{address}/soutenir", data={"support": "oui"}, headers={"HX-Request": "true"}).text
    assert "<html" not in part
    assert "1 soutien , dont le vôtre" in text_of(part)
    assert as_other.post(f"{address}/soutenir", data={"support": "non"}).status_code == 303
    assert "0 soutien" in text_of(as_other.get(address).text)
    assert as_adherent.post(f"{address}/soutenir", data={"support": "oui"}).status_code == 422
    with pytest.raises(IntegrityError):
        Support.insert_many([{"idea": idea, "person": other.person_id}] * 2).execute()


@pytest.mark.parametrize("order", ["soutiens", "-soutiens", "idee", "-idee", "proposee", "-proposee"])
def test_the_box_is_sorted_by_each_of_its_columns(as_adherent, idea, order):
    assert idea.title in as_adherent.get(f"/espace/idees/?tri={order}").text


def test_a_refused_idea_keeps_what_was_typed(as_adherent):
    refused = as_adherent.post(f"{SPACE}/nouvelle", data=TYPED | {"proposal": " ", "is_signed": "y"})
    assert refused.status_code == 422
    assert "On attend au standard." in refused.text
    assert "Dites ce que vous proposez." in refused.text
    assert not Idea.select().exists()


def test_an_idea_sent_three_times_is_one_and_nobody_fills_the_box_alone(adherent):
    for _ in range(3):
        rules.propose(adherent.person_id, **TYPED)
    for rank in range(rules.MOST_A_DAY - 1):
        rules.propose(adherent.person_id, **TYPED | {"title": f"Idée {rank}"})
    assert Idea.select().count() == rules.MOST_A_DAY
    with pytest.raises(RuleError, match="revenez demain"):
        rules.propose(adherent.person_id, **TYPED | {"title": "Une de trop"})


def test_an_author_corrects_and_withdraws_only_a_new_idea_of_their_own(as_adherent, as_other, idea):
    edit, changed = f"{SPACE}/{idea.id}/modifier", TYPED | {"title": "Mieux dit", "is_signed": "y"}
    assert as_other.post(edit, data=changed).status_code == 404
    assert as_other.post(f"{SPACE}/{idea.id}/retirer").status_code == 404
    assert as_adherent.post(edit, data=changed).status_code == 303
    assert "proposée par Alix" not in (seen := text_of(as_other.get(f"{SPACE}/{idea.id}").text))
    assert f"proposée par {again(idea).author.label}" in seen
    rules.decide(idea.id, IdeaState.STUDIED)
    refused = as_adherent.post(edit, data=TYPED | {"title": "Trop tard"})
    assert refused.status_code == 422
    assert "Trop tard" in refused.text
    assert as_adherent.post(f"{SPACE}/{idea.id}/retirer").status_code == 422
    assert again(idea).title == "Mieux dit"


def test_the_author_is_told_what_becomes_of_an_idea(as_coordinator, as_adherent, idea, mailbox):
    assert "1 idée à lire" in text_of(as_coordinator.get("/gestion/").text)
    silent = as_coordinator.post(f"{DESK}/{idea.id}/suite", data={"state": "declined", "words": ""})
    assert silent.status_code == 422
    assert "Dites pourquoi" in silent.text
    answer = {"state": "declined", "words": "Notre enveloppe n’y suffit pas."}
    assert as_coordinator.post(f"{DESK}/{idea.id}/suite", data=answer).status_code == 303
    (letter,) = mailbox.to("adherent@exemple.fr")
    assert "non retenue" in letter.message["Subject"]
    assert "Notre enveloppe n’y suffit pas." in letter.text
    assert f"{SPACE}/{idea.id}" in letter.links[0]
    assert "Notre enveloppe n’y suffit pas." in as_adherent.get(f"{SPACE}/{idea.id}").text
    assert "idée à lire" not in text_of(as_coordinator.get("/gestion/").text)


def test_a_decision_that_fails_sends_nothing(idea, monkeypatch):
    monkeypatch.setattr(rules.journal, "write", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        rules.decide(idea.id, IdeaState.KEPT)
    assert again(idea).state == IdeaState.NEW
    assert not OutgoingMail.select().exists()


@pytest.mark.parametrize("before", list(IdeaState))
def test_only_the_decisions_of_the_table_exist(idea, before):
    reached = {"state": before, "reason": "Trop cher.", "decided_at": idea.proposed_at}
    if before == IdeaState.ACTION:
        reached["fiche"] = project_rules.create(title="Une action").id
    if before != IdeaState.NEW:
        Idea.update(reached).where(Idea.id == idea.id).execute()
    for after in set(IdeaState) - set(CHANGES[before]) - {before}:
        with pytest.raises(RuleError):
            rules.decide(idea.id, after, words="Parce que.")
    assert again(idea).state == before


def test_an_idea_becomes_a_fiche_once_and_each_leads_to_the_other(as_coordinator, as_adherent, idea, mailbox):
    rules.decide(idea.id, IdeaState.KEPT)
    for _ in range(2):
        assert as_coordinator.post(f"{DESK}/{idea.id}/fiche").status_code == 303
    fiche = Fiche.get()
    assert (fiche.state, fiche.title, fiche.mission) == (FicheState.DRAFT, "Une ligne directe", "parcours")
    assert (fiche.context, fiche.actions) == (TYPED["problem"], TYPED["proposal"])
    assert f"{DESK}/{idea.id}" in as_coordinator.get(f"/gestion/projet/fiches/{fiche.id}").text
    assert f"/gestion/projet/fiches/{fiche.id}" in as_coordinator.get(f"{DESK}/{idea.id}").text
    assert f"/projet/{fiche.slug}" not in as_adherent.get(f"{SPACE}/{idea.id}").text  # a draft is not read outside
    assert ["devenue une action" in each.message["Subject"] for each in mailbox.to("adherent@exemple.fr")] == [
        False,
        True,
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "action"},
        {"state": "declined", "decided_at": "2026-01-01"},
        {"state": "elsewhere"},
        {"decided_at": "2026-01-01"},
        {"title": ""},
    ],
)
def test_the_database_refuses_what_makes_no_sense(idea, wrong):
    with pytest.raises(IntegrityError):
        Idea.update(wrong).where(Idea.id == idea.id).execute()


def test_a_hidden_idea_is_seen_by_its_author_alone(as_coordinator, as_adherent, as_other, other, idea):
    assert as_coordinator.post(f"{DESK}/{idea.id}/masquer").status_code == 303
    assert as_other.get(f"{SPACE}/{idea.id}").status_code == 404
    assert as_other.post(f"{SPACE}/{idea.id}/soutenir", data={"support": "oui"}).status_code == 404
    assert idea.title not in as_other.get(f"{SPACE}/").text
    assert "vous seul la voyez" in text_of(as_adherent.get(f"{SPACE}/{idea.id}").text)
    as_coordinator.post(f"{DESK}/{idea.id}/montrer")
    assert as_other.get(f"{SPACE}/{idea.id}").status_code == 200


def test_the_bureau_reads_the_box_and_decides_nothing(as_bureau, idea):
    assert idea.title in as_bureau.get(f"{DESK}/?q=standard").text
    assert idea.title not in as_bureau.get(f"{DESK}/?q=zzzz").text
    assert "Notre" not in as_bureau.get(f"{DESK}/{idea.id}").text
    assert as_bureau.post(f"{DESK}/{idea.id}/suite", data={"state": "kept"}).status_code == 403
    assert as_bureau.post(f"{DESK}/{idea.id}/fiche").status_code == 403


def test_the_figures_count_what_was_proposed_supported_and_done(app, idea, other):
    rules.propose(other.person_id, **TYPED)
    rules.support(idea.id, other.person_id, wanted=True)
    rules.make_fiche(idea.id)
    found = {each.key: each.count for each in registry.indicators if each.key.startswith("idea.")}
    period = today() - timedelta(days=1), today()
    assert {key: count(*period) for key, count in found.items()} == {
        "idea.proposed": 2,
        "idea.supported": 1,
        "idea.actions": 1,
    }
    with app.test_request_context():
        for key, count in found.items():
            assert len(list(registry.row_sources[key].rows(*period))) == count(*period)


def test_a_person_is_given_their_ideas_and_may_have_them_erased(idea, adherent, other):
    kept = rules.propose(adherent.person_id, **TYPED | {"title": "Gardée"}, is_signed=True)
    rules.support(kept.id, other.person_id, wanted=True)
    rules.make_fiche(kept.id)
    _, mine = privacy.gather(adherent.person_id)["idea"]
    assert [each["titre"] for each in mine["idees"]] == ["Une ligne directe", "Gardée"]
    assert privacy.gather(other.person_id)["idea"][1]["soutiens"] == ["Gardée"]
    privacy.erase_person(adherent.person_id)
    (left,) = Idea.joined()
    assert (left.title, left.author_id, left.signature, left.author_label) == ("Gardée", None, "", "Personne effacée")
    privacy.erase_person(other.person_id)
    assert not Support.select().exists()
