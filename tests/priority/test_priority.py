"""Votes on priorities: one ballot each, secret while it is open, counted once, applied in one step."""

import re
from datetime import timedelta

import pytest
from peewee import IntegrityError

from cptsapp.blueprints.adherent import rules as adherent_rules
from cptsapp.blueprints.priority import jobs, rules
from cptsapp.blueprints.priority.models import FEWEST_VOTERS, Ballot, Mark, Option, Round
from cptsapp.blueprints.privacy import rules as privacy
from cptsapp.blueprints.project import rules as project
from cptsapp.blueprints.project.audience import Audience
from cptsapp.blueprints.project.models import Fiche, FicheVersion
from cptsapp.kernel import mail
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import OutgoingMail
from tests.conftest import logged_in, open_account, text_of

DESK = "/gestion/projet/priorites"
SOON = today() + timedelta(days=10)


@pytest.fixture
def fiches(app):
    return [project.create(title=f"Action {letter}").id for letter in "ABCDE"]


@pytest.fixture
def voters(adherent):
    """Four members, the first of whom is the usual one."""
    others = [open_account(f"votant{n}@exemple.fr", f"Votant Fictif{'abc'[n]}") for n in range(3)]
    for each in others:
        adherent_rules.admit(each.person_id)
    return [adherent.person_id, *(each.person_id for each in others)]


def opened(fiches, **given):
    values = {"title": "Nos urgences", "who": Audience.ADHERENTS, "choices": 2, "until": SOON, "fiches": fiches}
    return rules.open_round(**values | given)


@pytest.fixture
def round(fiches):
    return opened(fiches)


def over(round):
    Round.update(until=today() - timedelta(days=1)).where(Round.id == round.id).execute()


def test_a_member_votes_changes_their_mind_and_reads_the_result_once_it_is_closed(
    as_adherent, as_coordinator, round, fiches, voters
):
    address = f"/espace/projet/priorites/{round.id}"
    assert "Un vote attend votre choix" in text_of(as_adherent.get("/espace/").text)
    assert address in as_adherent.get("/espace/projet/").text
    assert as_adherent.post(address, data={"fiches": [fiches[0], fiches[1]]}).status_code == 303
    assert as_adherent.post(address, data={"fiches": [fiches[2]]}).status_code == 303
    assert re.findall(r'value="(\d+)"[^>]*checked|checked[^>]*value="(\d+)"', as_adherent.get(address).text)
    assert rules.chosen_by(round.id, voters[0]) == {fiches[2]}
    for person in voters[1:]:
        rules.vote(round.id, person, [fiches[2], fiches[0]])
    for page in (f"{DESK}/{round.id}", f"{DESK}/"):
        assert "Voix" not in text_of(as_coordinator.get(page).text)
    assert as_coordinator.post(f"{DESK}/{round.id}/clore").status_code == 303
    assert [(each.fiche.id, each.votes, each.rank, each.priority) for each in rules.results(Round.get())][:3] == [
        (fiches[2], 4, 1, 1),
        (fiches[0], 3, 2, 1),
        (fiches[1], 0, 3, 3),
    ]
    read = text_of(as_adherent.get(address).text)
    assert "4 votants sur 4 personnes" in read
    assert "Action C 1 4" in read


@pytest.mark.parametrize(
    ("given", "sentence"),
    [({"fiches": ["a"]}, "réponse de la liste"), ({"fiches": [0, 1, 2]}, "gardez-en 2 au plus")],
)
def test_a_refused_ballot_changes_nothing(as_adherent, round, fiches, given, sentence):
    chosen = [fiches[each] if isinstance(each, int) else each for each in given["fiches"]]
    refused = as_adherent.post(f"/espace/projet/priorites/{round.id}", data={"fiches": chosen})
    assert refused.status_code == 422
    assert sentence in text_of(refused.text)
    assert not Ballot.select().exists()


def test_one_person_has_one_ballot_in_a_round(round, voters, fiches):
    for _ in range(3):
        rules.vote(round.id, voters[0], [fiches[0]])
    assert (Ballot.select().count(), Mark.select().count()) == (1, 1)
    with pytest.raises(IntegrityError):
        Ballot.insert(round=round, person=voters[0]).execute()


def test_a_vote_is_for_those_who_are_asked(as_adherent, as_coordinator, bureau_member, fiches, voters):
    mine = opened(fiches, who=Audience.BUREAU)
    address = f"/espace/projet/priorites/{mine.id}"
    assert as_adherent.get(address).status_code == 404
    assert "sans y voter" in text_of(as_coordinator.get(address).text)  # who runs the association was not elected
    with pytest.raises(RuleError, match="réservé"):
        rules.vote(mine.id, voters[0], [fiches[0]])
    rules.vote(mine.id, bureau_member.person_id, [fiches[0]])
    assert Ballot.select().count() == 1


def test_nothing_in_the_base_joins_a_voter_to_a_choice(round, voters, fiches):
    for rank, person in enumerate(voters):
        rules.vote(round.id, person, [fiches[rank]])
    keys = {each.key for each in Mark.select()}
    assert all(len(key) == 64 for key in keys)
    assert len(keys) == len(voters)
    assert rules.voter_key(round.id, voters[0]) != rules.voter_key(round.id + 1, voters[0])
    rules.close(round.id)
    assert not Mark.select().exists()
    assert Ballot.select().count() == len(voters)


def test_the_rows_of_the_choices_are_in_no_order_of_the_ballots(round, voters, fiches, monkeypatch):
    """Shuffled at each vote: here by a hand that turns the list over."""
    monkeypatch.setattr(rules.secrets.SystemRandom, "shuffle", lambda self, marks: marks.reverse())
    for person in voters:
        rules.vote(round.id, person, [fiches[0]])
    latest = Mark.select().order_by(Mark.id.desc()).first()
    assert latest.key != rules.voter_key(round.id, voters[-1])


def test_too_few_voters_have_no_result(round, voters, fiches, as_coordinator):
    for person in voters[: FEWEST_VOTERS - 1]:
        rules.vote(round.id, person, [fiches[0]])
    rules.close(round.id)
    assert [each.votes for each in Option.select()] == [None] * len(fiches)
    assert "pas de résultat" in text_of(as_coordinator.get(f"{DESK}/{round.id}").text)
    assert as_coordinator.post(f"{DESK}/{round.id}/reporter").status_code == 422


def test_a_round_is_counted_once_its_day_is_over_and_never_again(round, voters, fiches):
    for person in voters:
        rules.vote(round.id, person, [])
    over(round)
    with pytest.raises(RuleError, match="clos"):
        rules.vote(round.id, voters[0], [fiches[0]])
    jobs.count_due(today())
    counted = Round.get()
    assert (counted.electors, counted.voters, counted.blanks, counted.abstentions) == (4, 4, 4, 0)
    rules.close(round.id)
    assert Round.get().closed_at == counted.closed_at
    with pytest.raises(RuleError, match="dépouillé"):
        rules.cancel(round.id)


def test_the_result_becomes_the_priority_of_the_fiches_as_a_version(as_coordinator, round, voters, fiches):
    for rank, person in enumerate(voters):
        rules.vote(round.id, person, [fiches[0], fiches[1 + rank % 2]])
    rules.close(round.id)
    project.trash(fiches[4])
    for _ in range(2):
        assert as_coordinator.post(f"{DESK}/{round.id}/reporter").status_code == 303
    assert [each.priority for each in Fiche.select().order_by(Fiche.id)] == [1, 1, 1, 3, None]  # two tie for the second
    assert FicheVersion.select().where(FicheVersion.fiche == fiches[0]).count() == 2
    assert "1re avec 4 voix" in text_of(as_coordinator.get(f"/gestion/projet/fiches/{fiches[0]}").text)


def test_those_who_vote_are_told_unless_they_refuse_reminders(as_coordinator, voters, fiches, mailbox):
    mail.holds.hold("votant1@exemple.fr", [mail.Kind.REMINDER], mail.holds.Reason.OPPOSED)
    assert "3 sur 4 recevront l’e-mail" in text_of(as_coordinator.get(f"{DESK}/nouveau").text)
    typed = {"title": "Urgences", "audience": "adherents", "choices": "2", "until": SOON, "fiches": fiches}
    assert as_coordinator.post(f"{DESK}/nouveau", data=typed).status_code == 303
    assert not OutgoingMail.select().exists()
    assert as_coordinator.post(f"{DESK}/nouveau", data=typed | {"tell": "y"}).status_code == 303
    assert OutgoingMail.select().where(OutgoingMail.kind == mail.Kind.REMINDER).count() == 3
    (letter,) = mailbox.to("votant0@exemple.fr")
    assert "jusqu’à 2 actions" in letter.text
    assert not mailbox.to("votant1@exemple.fr")


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": " "},
        {"choices": 5},
        {"choices": 0},
        {"until": today() - timedelta(days=1)},
        {"fiches": []},
        {"fiches": [1]},
        {"fiches": [1, 9999]},
    ],
)
def test_a_vote_that_makes_no_sense_is_not_opened(fiches, wrong):
    with pytest.raises(RuleError):
        opened(**{"fiches": fiches} | wrong)
    assert not Round.select().exists()


@pytest.mark.parametrize(
    "wrong", [{"closed_at": "2026-01-01"}, {"choices": 0}, {"audience": "all"}, {"applied_at": "2026-01-01"}]
)
def test_the_database_refuses_what_makes_no_sense(round, wrong):
    with pytest.raises(IntegrityError):
        Round.update(wrong).where(Round.id == round.id).execute()


def test_an_open_vote_takes_another_day_and_may_be_cancelled(as_coordinator, round, voters, fiches):
    rules.vote(round.id, voters[0], [fiches[0]])
    later = {"title": "Autrement dit", "until": SOON + timedelta(days=3)}
    assert as_coordinator.post(f"{DESK}/{round.id}/modifier", data=later).status_code == 303
    assert Round.get().title == "Autrement dit"
    assert as_coordinator.post(f"{DESK}/{round.id}/annuler").status_code == 303
    assert not any(table.select().exists() for table in (Round, Option, Ballot, Mark))


def test_the_bureau_follows_a_vote_and_runs_none(app, bureau_member, round):
    browser = logged_in(app, bureau_member)
    assert browser.get(f"{DESK}/{round.id}").status_code == 200
    for act in ("clore", "annuler", "reporter"):
        assert browser.post(f"{DESK}/{round.id}/{act}").status_code == 403


def test_a_person_is_given_their_vote_and_may_have_it_erased(round, voters, fiches):
    rules.vote(round.id, voters[1], [fiches[0]])
    rules.vote(round.id, voters[0], [fiches[0]])
    assert privacy.gather(voters[0])["priority"][1] == {"votes": [{"vote": "Nos urgences", "choix": ["Action A"]}]}
    privacy.erase_person(voters[0])
    assert [each.person_id for each in Ballot.select()] == [voters[1]]
    assert [each.key for each in Mark.select()] == [rules.voter_key(round.id, voters[1])]
