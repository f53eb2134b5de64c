"""A letter from its first word to its archive: numbers, months, versions, two people at once, out for good."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from cptsapp.blueprints.mailing import rules as mailings
from cptsapp.blueprints.mailing import sources
from cptsapp.blueprints.mailing.models import Mailing
from cptsapp.blueprints.newsletter import figures, numbering, outlets, picking, readings, rules
from cptsapp.blueprints.newsletter.contents import Block, Content, content_of
from cptsapp.blueprints.newsletter.models import Issue, IssueReading, IssueVersion, Kind
from cptsapp.blueprints.subscription import tallies
from cptsapp.blueprints.subscription.models import Counted
from cptsapp.kernel import registry, search
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.db import db, now
from cptsapp.kernel.errors import Conflict, RuleError
from cptsapp.kernel.mail import OutgoingMail
from cptsapp.kernel.mail.models import DONE
from tests.newsletter.conftest import heading, write


def month(ago: int) -> date:
    return add_months(numbering.first_of(today()), -ago)


def numbers():
    return [each.number for each in Issue.living(Kind.NEWSLETTER).order_by(Issue.number)]


def test_numbers_have_no_holes(make):
    first, second, third = make(), make(), make()
    assert numbers() == [1, 2, 3]
    rules.trash(second.id)
    assert numbers() == [1, 2]  # the third took the number that was freed
    assert Issue.get_by_id(third.id).number == 2
    assert rules.untrash(second.id).number == 3
    rules.started(second.id)
    rules.trash(third.id)
    assert numbers() == [1, 3]  # what has left keeps its number
    assert numbering.holes() == [2]
    assert make().number == 2  # and the next one fills the hole
    assert numbering.holes() == []
    assert first.number == 1


def test_a_number_is_neither_taken_nor_apart(make):
    only = make()
    rules.save(only.id, content_of(only), base=1, number=40)  # letters that began elsewhere
    second = make()
    assert second.number == 41
    for wrong, sentence in ((40, "déjà pris"), (43, "sans trou"), (0, "à partir de 1"), (10**9, "à partir de 1")):
        with pytest.raises(RuleError, match=sentence) as refused, db.atomic():
            numbering.check_number(Issue.get_by_id(second.id), wrong)
        assert refused.value.field == "number"
    rules.save(second.id, content_of(second), base=second.revision, number=39)
    assert numbers() == [39, 40]


def test_a_missing_month_is_said_and_the_next_letter_is_for_the_next_month(make):
    assert numbering.missing_months() == []
    make(month=month(4), subject="Il y a quatre mois", out=True)
    make(month=month(2), subject="Il y a deux mois", out=True)
    make(month=month(1), subject="En préparation")
    assert numbering.missing_months() == [month(3), month(1)]
    shown = {each.month: each for each in numbering.calendar_of(month(3).year)}
    assert shown[month(3)].is_missing
    assert not shown[numbering.first_of(today())].is_missing
    assert make().month == month(0)
    assert make().month == month(-1)


def test_only_the_revision_one_has_read_is_written_over(letter, coordinator):
    mine, theirs = content_of(letter), content_of(letter)
    saved, changed = rules.save(letter.id, replace(theirs, subject="La leur"), base=1)
    assert changed
    assert saved.revision == 2
    with pytest.raises(Conflict) as refused:
        rules.save(letter.id, replace(mine, subject="La mienne"), base=1)
    assert refused.value.theirs.subject == "La leur"
    assert refused.value.revision == 2
    assert Issue.get_by_id(letter.id).subject == "La leur"
    kept = [json.loads(each.content_json)["subject"] for each in letter.versions.order_by(IssueVersion.id)]
    assert kept == ["La lettre d’hiver", "La leur", "La mienne"]
    assert rules.save(letter.id, replace(mine, subject="La leur"), base=1) == (Issue.get_by_id(letter.id), False)


def test_one_sitting_of_automatic_savings_is_one_version(letter):
    for step in range(4):
        content = replace(content_of(letter), subject=f"Mot {step}")
        rules.save(letter.id, content, base=Issue.get_by_id(letter.id).revision, is_auto=True)
    assert letter.versions.count() == 2
    IssueVersion.update(at=now() - timedelta(minutes=11)).execute()
    write(letter, subject="Plus tard")
    assert letter.versions.count() == 3
    first = letter.versions.order_by(IssueVersion.id).first()
    rules.restore(letter.id, first.id)
    assert Issue.get_by_id(letter.id).subject == "La lettre d’hiver"
    with pytest.raises(RuleError, match="n’existe pas"):
        rules.restore(letter.id, 10**6)


def test_a_block_that_was_removed_comes_back_with_its_version(letter):
    write(letter, blocks=(heading("En bref"), Block(title="Un mot", blurb="Bonjour")))
    version = letter.versions.order_by(IssueVersion.id.desc()).first()
    write(letter, blocks=())
    assert letter.blocks == []
    rules.restore(letter.id, version.id)
    assert [each.title for each in letter.blocks] == ["En bref", "Un mot"]


def test_what_was_picked_stays_as_it_was_and_says_what_has_changed(letter, site):
    site.announce()
    site.announce("autre", title="Une autre", readers="adherents")
    start, end = picking.period_of(letter)
    [source] = picking.offered(content_of(letter), start, end)
    assert [each.key for each in source.items] == ["soiree", "autre"]
    assert rules.add_blocks(letter.id, picking.chosen(["event:soiree", "event:rien", "x"], start, end)) == 1
    assert rules.add_blocks(letter.id, picking.chosen(["event:soiree"], start, end)) == 0
    assert picking.offered(content_of(letter), start, end, "AUTRE")[0].items[0].key == "autre"
    assert picking.changes(content_of(letter)) == {}
    site.change("soiree", details="vendredi à 20 h", title="Un autre titre")
    content = content_of(letter)
    assert picking.changes(content)[0].details == "vendredi à 20 h"
    fresh = picking.refreshed(content)
    assert (fresh.blocks[0].details, fresh.blocks[0].title) == ("vendredi à 20 h", "Une soirée")
    site.items.clear()
    assert picking.changes(content) == {0: None}
    assert picking.refreshed(content) == content


def test_a_letter_starts_from_another_without_what_was_announced_then(make, site):
    site.announce()
    picked = picking.block_of("event", site.items[0])
    old = make(subject="La lettre de mars", editorial="Bonjour", blocks=(heading("Agenda"), picked), out=True)
    model = rules.keep_as_model(old.id, "Mensuelle")
    with pytest.raises(RuleError, match="nom"):
        rules.keep_as_model(old.id, " ")
    for start in (old, model):
        new = rules.create_from(Kind.NEWSLETTER, start.id)
        assert [each.title for each in new.blocks] == ["Agenda"]
        assert (new.editorial, new.is_out) == ("Bonjour", False)
        assert new.subject.startswith("La lettre d")
        assert new.month
    copy = rules.duplicate(old.id)
    assert [each.title for each in copy.blocks] == ["Agenda", "Une soirée"]
    assert copy.subject == "La lettre de mars"
    assert not copy.is_out
    assert rules.duplicate(model.id).name == "Mensuelle (copie)"
    with pytest.raises(RuleError, match="modèle"):
        rules.started(model.id)


def test_a_letter_that_leaves_does_not_change_any_more_but_is_copied(letter):
    source = sources.find("newsletter")
    mailing = mailings.open_for("newsletter", letter.id)
    assert source.letter(letter.id).subject == "La lettre d’hiver"
    write(letter, subject="Encore un mot")
    source.started(letter.id)
    Mailing.update(state="sending", started_at=now()).where(Mailing.id == mailing.id).execute()
    for act in (
        lambda: write(letter, subject="Trop tard"),
        lambda: rules.add_blocks(letter.id, [Block(title="x")]),
        lambda: rules.restore(letter.id, 1),
        lambda: rules.trash(letter.id),
        lambda: rules.file_away(letter.id, now()),
    ):
        with pytest.raises(RuleError, match="Dupliquez-la"):
            act()
    source.reopened(letter.id)  # another sending is on: nothing comes back
    assert Issue.get_by_id(letter.id).is_out
    assert rules.duplicate(letter.id).subject == "Encore un mot"
    Mailing.update(state="cancelled", finished_at=now()).where(Mailing.id == mailing.id).execute()
    source.reopened(letter.id)
    write(letter, subject="On peut de nouveau")
    assert source.letter(10**6) is None


def test_a_scheduled_letter_is_not_thrown_away(letter):
    mailing = mailings.open_for("newsletter", letter.id)
    Mailing.update(state="scheduled", scheduled_at=now()).where(Mailing.id == mailing.id).execute()
    with pytest.raises(RuleError, match="programmé"):
        rules.trash(letter.id)
    Mailing.update(state="draft", scheduled_at=None).where(Mailing.id == mailing.id).execute()
    rules.trash(letter.id)
    assert sources.find("newsletter").letter(letter.id) is None
    with pytest.raises(RuleError, match="corbeille"):
        rules.started(letter.id)


def test_a_letter_of_before_is_filed_away_and_never_in_the_future(make):
    letter = make(subject="D’avant")
    with pytest.raises(RuleError, match="aujourd’hui ou avant"):
        rules.file_away(letter.id, now() + timedelta(days=2))
    assert rules.file_away(letter.id, datetime(2024, 3, 9)).out_at == datetime(2024, 3, 9)
    with pytest.raises(RuleError, match="objet"):
        rules.file_away(make(Kind.MESSAGE).id, now())


def test_addresses_are_told_apart_and_never_those_of_the_rooms(make):
    one, two = make(month=month(1)), make(month=month(1))
    assert (one.slug, two.slug) == (f"{month(1):%Y-%m}", f"{month(1):%Y-%m}-2")
    assert make(Kind.MESSAGE, subject="Flux").slug == "lettre-flux"
    write(one, month=month(5))
    assert Issue.get_by_id(one.id).slug == f"{month(5):%Y-%m}"


def test_the_search_finds_what_is_out_for_those_it_is_for(make):
    def found(*visibilities):
        return [hit.title for hit in search.search("télescope", visibilities=visibilities).hits]

    letter = make(subject="Avec un télescope")
    assert found(*Visibility) == []
    rules.started(letter.id)
    assert found(Visibility.PUBLIC) == ["Avec un télescope"]
    rules.set_archive(letter.id, "adherents")
    assert found(Visibility.PUBLIC) == []
    assert found(Visibility.ADHERENTS) == ["Avec un télescope"]
    search.rebuild()
    assert found(Visibility.ADHERENTS) == ["Avec un télescope"]
    rules.set_archive(letter.id, "none")
    assert found(*Visibility) == []


def test_something_announced_becomes_a_message_and_its_sending_in_one_step(app, site):
    site.announce()
    address = outlets.write_about("event", "soiree")
    [mailing] = Mailing.select()
    assert address == f"/gestion/envois/{mailing.id}/destinataires"
    letter = sources.find(mailing.source_key).letter(mailing.source_id)
    assert (letter.subject, letter.preheader, letter.archive_url) == ("Une soirée", "Venez.", "")
    assert "/evenements/soiree" in letter.html
    with pytest.raises(RuleError, match="annoncé"):
        outlets.write_about("event", "rien")
    assert Mailing.select().count() == 1


def test_figures_and_indicators_count_what_is_out(make):
    make(subject="Une", theme="octobre-rose", out=True)
    make(subject="Deux", out=True, days_ago=40)
    make(Kind.MESSAGE, subject="Un message", out=True)
    make(subject="Pas encore", theme="octobre-rose")
    one = Issue.get(Issue.subject == "Une")
    for _ in range(3):
        readings.count(one.id)
    readings.count_at(one.slug)
    readings.count_at("rien")
    start, end = today() - timedelta(days=10), today()
    counted = {each.key: each.count(start, end) for each in registry.indicators if each.key.startswith("newsletter.")}
    assert counted == {
        "newsletter.issues": 1,
        "newsletter.messages": 1,
        "newsletter.readings": 4,
        "newsletter.themed": 1,
    }
    [told] = [each for each in registry.breakdowns if each.key == "newsletter.themed"]
    assert told.count(start, end) == {"Octobre rose : dépistage du cancer du sein": 1}
    lines = figures.latest()
    assert [each.issue.subject for each in lines][-1] == "Deux"
    assert figures.totals(lines).read == 4
    assert sum(each.read for each in figures.months(lines)) == 4
    assert IssueReading.select().count() == 1


def test_a_letter_has_the_figures_of_its_sendings_and_of_the_goodbyes_until_the_next(make):
    old = make(subject="Ancienne", out=True, days_ago=20)
    new = make(subject="Nouvelle", out=True, days_ago=5)
    for issue, states in ((old, ["sent", "sent", "refused", "skipped"]), (new, ["sent", "uncertain", "pending"])):
        made = Mailing.create(source_key="newsletter", source_id=issue.id, state="sending", started_at=now())
        for rank, state in enumerate(states):
            row = {"kind": "collective", "template": "", "to_address": f"a{rank}@exemple.fr", "subject": "x"}
            OutgoingMail.create(**row, campaign_id=made.id, state=state, key=f"{made.id}-{rank}", **_said(state))
    Mailing.create(source_key="message", source_id=old.id)  # open: nothing of it has left
    for days, number in ((20, 1), (6, 2), (5, 4), (0, 8), (60, 100)):
        tallies.count(Counted.UNSUBSCRIBED, number, today() - timedelta(days=days))
    lines = figures.latest()
    shown = [(each.recipients, each.accepted, each.refused, each.skipped, each.left) for each in lines]
    assert shown == [(3, 2, 0, 0, 12), (3, 2, 1, 1, 3)]
    assert figures.totals(lines).accepted_share == 67


def _said(state):
    """Return the columns that the delivery table wants of a row in a state."""
    known = {"message_id": f"<{state}@exemple.fr>", "skip_reason": "désinscrit" if state == "skipped" else ""}
    doubt = {"doubts": 1, "doubt_at": now()} if state == "uncertain" else {}
    return known | doubt | ({"done_at": now()} if state in DONE else {})


def test_a_content_reads_back_as_it_was_whatever_a_later_product_adds():
    blocks = (Block(title="b", on=date(2026, 3, 2)), heading("h"))
    content = Content(subject="Un", month=date(2026, 3, 1), blocks=blocks)
    stored = json.loads(content.to_json()) | {"inconnu": 1}
    assert Content.from_json(json.dumps(stored)) == content
    assert content.moved(0, -1) == content.moved(1, 1) == content
    assert [each.title for each in content.moved(1, -1).blocks] == ["h", "b"]
    assert "## h" in content.as_text()
