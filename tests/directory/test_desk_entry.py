"""One entry in the coordination's hands: its notes, its agreement, what is done to it, written for somebody."""

from datetime import timedelta

from cptsapp.blueprints.directory import rules
from cptsapp.blueprints.directory.models import Entry, EntryNote, Means, Status
from cptsapp.kernel.dates import today
from tests.conftest import text_of

from .conftest import declared, practitioner

HERE = "/gestion/repertoires"


def test_an_entry_is_noted_confirmed_moved_withdrawn_and_comes_back_with_a_new_agreement(app, as_coordinator, mailbox):
    entry = declared("msu", practitioner(), faculte="upec")
    path = f"{HERE}/msu/{entry.id}"
    assert as_coordinator.post(f"{path}/notes", data={"text": "Rappeler en janvier"}).status_code == 303
    assert as_coordinator.post(f"{path}/notes", data={"text": " "}).status_code == 422
    page = as_coordinator.get(path).text
    assert "Rappeler en janvier" in page
    assert entry.consent_text[:40] in page
    as_coordinator.post(f"{path}/etape", data={"stage": "interesse", "note": "vu en réunion"})
    assert Entry.get_by_id(entry.id).stage == "interesse"
    wrong = as_coordinator.post(f"{path}/etape", data={"stage": "interesse", "on": str(today() + timedelta(days=2))})
    assert wrong.status_code == 422
    assert as_coordinator.post(f"{path}/confirmer", data={"means": "telepathie"}).status_code == 422
    assert as_coordinator.post(f"{path}/confirmer", data={"means": "phone"}).status_code == 303
    as_coordinator.post(f"{path}/retirer", data={"reason": "déménage"})
    assert Entry.get_by_id(entry.id).status == Status.LEFT
    assert "déménage" in text_of(as_coordinator.get(path).text)
    assert as_coordinator.post(f"{path}/remettre", data={"means": "phone", "on": ""}).status_code == 422
    assert Entry.get_by_id(entry.id).status == Status.LEFT
    as_coordinator.post(f"{path}/remettre", data={"means": "phone", "on": str(today())})
    back = Entry.get_by_id(entry.id)
    assert (back.status, back.consent_means, back.consented_on) == (Status.LISTED, Means.PHONE, today())
    assert len(mailbox.to(entry.person.email)) == 1
    note = EntryNote.get()
    as_coordinator.post(f"{path}/notes/{note.id}/supprimer")
    assert EntryNote.select().count() == 0
    assert as_coordinator.get(f"{HERE}/etp/{entry.id}").status_code == 404


def test_the_coordination_makes_nobody_public_by_editing(app, as_coordinator):
    entry = declared("sages-femmes", practitioner("50"))
    path = f"{HERE}/sages-femmes/{entry.id}"
    assert 'name="is_public"' not in as_coordinator.get(f"{path}/modifier").text
    as_coordinator.post(f"{path}/modifier", data={"is_public": "y", "phone": "0199001234"})
    assert not Entry.get_by_id(entry.id).is_public
    as_coordinator.post(f"{path}/accord", data={"means": "paper", "on": str(today()), "is_public": "y"})
    assert Entry.get_by_id(entry.id).is_public
    assert rules.leave(entry.id).status == Status.LEFT
