"""Two people, or the two clicks of one, at the same moment: what the second reads, the first has not written yet.

SQLite lets one write at a time; on PostgreSQL each of these went wrong once.
"""

import time
from datetime import date, timedelta
from decimal import Decimal

import pyotp
import pytest

from cptsapp.blueprints.account import factor
from cptsapp.blueprints.account import rules as accounts
from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.adherent import rules as members
from cptsapp.blueprints.contact import rules as contact
from cptsapp.blueprints.contact.models import ContactMessage, Topic
from cptsapp.blueprints.idea import rules as ideas
from cptsapp.blueprints.idea.models import Idea
from cptsapp.blueprints.indicator import rules as indicators
from cptsapp.blueprints.indicator.checking import Definition
from cptsapp.blueprints.indicator.models import MeasureValue
from cptsapp.blueprints.observatory import rules as observatory
from cptsapp.blueprints.observatory.models import Contribution, ContributionKind, Speaker
from cptsapp.blueprints.person import rules as persons
from cptsapp.blueprints.priority import rules as votes
from cptsapp.blueprints.priority.models import Mark
from cptsapp.blueprints.profile import rules as profiles
from cptsapp.blueprints.profile.models import Outcome, ProfileRequest
from cptsapp.blueprints.project import rules as project
from cptsapp.blueprints.project.audience import Audience
from cptsapp.blueprints.prospect import rules as prospects
from cptsapp.blueprints.prospect.models import Prospect
from cptsapp.blueprints.report import rules as reports
from cptsapp.blueprints.report.models import Generation, ReportKind, Section
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.mail import OutgoingMail
from tests.conftest import open_account
from tests.racing import overtaken


@pytest.fixture
def at_once(app, monkeypatch):
    """Make an act up to a call, (owner, name), then another one; return what came of each."""
    return lambda first, at, second: overtaken(app, monkeypatch, first, at, second)


def test_an_idea_sent_twice_is_one(at_once, adherent):
    def propose():
        return ideas.propose(adherent.person_id, title="Un arbre", problem="Il fait chaud.", proposal="Planter.")

    first, second = at_once(propose, (Idea, "save"), propose)
    assert first == second
    assert Idea.select().count() == 1


def test_a_prospect_noted_twice_is_one(at_once):
    def note():
        return prospects.create(family_name="Fictif", email="p@exemple.fr", source="Annuaire")

    _, refusal = at_once(note, (Prospect, "save"), note)
    assert "a déjà cette adresse" in str(refusal)
    assert Prospect.select().count() == 1


def test_a_message_sent_twice_is_one(at_once):
    def send():
        return contact.receive(
            "une-cle", name="Sacha", email="s@exemple.fr", topic=Topic.PROFESSIONAL, subject="Bonjour", body="Un mot."
        )

    first, second = at_once(send, (ContactMessage, "create"), send)
    assert first == second
    assert OutgoingMail.select().count() == 1


def test_a_contribution_sent_twice_is_one(at_once):
    def send():
        kind, speaker = next(iter(ContributionKind)), next(iter(Speaker))
        return observatory.receive("une-cle", kind=kind, speaker=speaker, text="Le médecin est bien loin d’ici.")

    first, second = at_once(send, (Contribution, "create"), send)
    assert first == second


def test_a_day_is_noted_once_however_many_note_it(at_once):
    measure = indicators.create(Definition("Adhérents"))

    def note():
        return indicators.record([(measure.id, date(2026, 9, 30), Decimal(12), "Calcul")])

    assert sorted(at_once(note, (MeasureValue, "create"), note)) == [0, 1]
    assert MeasureValue.select().count() == 1


def test_an_account_disabled_while_its_owner_changes_phones_stays_disabled(at_once, adherent):
    secret = pyotp.random_base32()
    at_once(
        lambda: factor.set_up(adherent.id, secret=secret, code=pyotp.TOTP(secret).at(int(time.time()))),
        (Account, "save"),
        lambda: accounts.disable(adherent.id, by=None),
    )
    assert Account.get_by_id(adherent.id).disabled_at is not None


def test_an_erasure_is_withdrawn_or_refused_and_never_both(at_once):
    person = persons.create(given_name="Sacha", family_name="Fictif", email="s@exemple.fr")
    request = profiles.ask_erasure(person.id)
    _, refusal = at_once(
        lambda: profiles.withdraw_erasure(person.id),
        (ProfileRequest, "save"),
        lambda: profiles.refuse_erasure(request.id, by=None, reason="La loi demande de garder ce reçu."),
    )
    assert isinstance(refusal, RuleError)
    assert ProfileRequest.get_by_id(request.id).outcome == Outcome.WITHDRAWN
    assert not JournalEntry.select().where(JournalEntry.action == "profile.erasure_refused").exists()


def test_what_an_erased_person_had_chosen_does_not_come_back_with_the_vote_of_another(at_once, adherent):
    other = open_account("votant@exemple.fr", "Votant Fictif")
    members.admit(other.person_id)
    fiches = [project.create(title=f"Action {letter}").id for letter in "ABCD"]
    round = votes.open_round(
        title="Nos urgences", who=Audience.ADHERENTS, choices=2, until=today() + timedelta(days=10), fiches=fiches
    )
    votes.vote(round.id, adherent.person_id, fiches[:2])
    at_once(
        lambda: votes.vote(round.id, other.person_id, fiches[2:]),
        (votes, "_write_marks"),
        lambda: votes.forget_person(adherent.person_id),
    )
    assert {each.key for each in Mark.select()} == {votes.voter_key(round.id, other.person_id)}


def test_a_section_written_while_its_report_is_drafted_again_is_kept(at_once):
    report = reports.create(ReportKind.ACTIVITY, starts_on=date(2026, 1, 1), ends_on=date(2026, 6, 30))
    section = Section.of(report).first()
    written, drafted = at_once(
        lambda: reports.save(section.id, text="Nos mots.", revision_read=section.revision),
        (reports, "_held"),
        lambda: reports.regenerate(report.id),
    )
    assert isinstance(written, Section)
    assert isinstance(drafted, Generation)
    assert Section.get_by_id(section.id).text == "Nos mots."


def test_whoever_is_outrun_at_the_last_moment_is_asked_to_come_back(app, at_once):
    ends = []

    @app.get("/essai/inviter")
    @access("public")
    def invite():
        return accounts.create("nouvelle@exemple.fr", by=None, name="Sacha Fictif").email

    def visit():
        ends.append(app.test_client().get("/essai/inviter").status_code)

    at_once(visit, (Account, "create"), visit)
    assert sorted(ends) in ([200, 503], [200, 422])
