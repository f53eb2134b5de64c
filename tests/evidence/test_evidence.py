"""Evidence: expected, attached, made by the site; what is missing comes first, nobody opens what they may not."""

import io
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from peewee import IntegrityError
from playhouse.test_utils import count_queries

from cptsapp.blueprints.contract import rules as contract_rules
from cptsapp.blueprints.document import rules as document_rules
from cptsapp.blueprints.event import evidence as event_evidence
from cptsapp.blueprints.event import materials
from cptsapp.blueprints.event.models import Event, HeadCount, Session, Status
from cptsapp.blueprints.event.people import Attendance, Registration
from cptsapp.blueprints.evidence import periods, rules, standing, suggesting
from cptsapp.blueprints.evidence.models import Piece, Proof
from cptsapp.blueprints.evidence.standing import State, standings
from cptsapp.blueprints.project import rules as project_rules
from cptsapp.blueprints.project.demo import FOLDER
from cptsapp.blueprints.project.importer import load
from cptsapp.blueprints.project.models import Fiche
from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.files import StoredFile, purge_orphans
from tests.conftest import text_of
from tests.event.test_booking import make_event
from tests.pdftext import texts
from tests.postgresql import counts_what_is_kept

DESK = "/gestion/projet/preuves"
PDF = b"%PDF-1.4\nrien\n%%EOF\n"


@pytest.fixture
def contract(app):
    return contract_rules.sign(signed_on=add_months(today(), -18), size=3, years=5, missions=("acces",))


@pytest.fixture
def fiche(app):
    return project_rules.create(title="Prévenir les chutes", code="A1", mission="prevention", partners="- La mairie")


@pytest.fixture
def proof(contract, fiche):
    return rules.expect(fiche.id, label="Feuilles d’émargement", kind="signatures", contract_id=contract.id, year=2)


def held(code="A1", days=-10, title="Atelier équilibre"):
    event = make_event(title=title, days=days, action=code)
    entry = register_before(event)
    Event.update(status=Status.HELD, held_at=now()).where(Event.id == event.id).execute()
    Attendance.create(registration=entry, session=Session.get(Session.event == event), ticked_at=now(), is_present=True)
    return Event.get_by_id(event.id)


def register_before(event):
    return Registration.create(
        event=event, given_name="Ada", family_name="Fictif", email="ada@exemple.fr", code=f"CODE{event.id:04}",
        state="confirmed", folded="fictif ada", form_key=f"k{event.id}",
    )  # fmt: skip


def state_of(proof):
    (found,) = standings(Proof.joined().where(Proof.id == proof.id))
    return found.state


def sent(name="emargement.pdf", content=PDF):
    return io.BytesIO(content), name


def document():
    return document_rules.create(
        title="Convention avec la mairie",
        kind="other",
        visibility="adherents",
        label="Signée",
        dated_on=today(),
        text="x",
    )


def test_a_proof_is_missing_until_a_file_is_attached_and_again_once_it_is_taken_off(as_coordinator, proof):
    page = f"{DESK}/{proof.id}"
    assert state_of(proof) == State.MISSING
    assert as_coordinator.post(page, data={"file": sent()}).status_code == 303
    assert state_of(proof) == State.ATTACHED
    assert "emargement.pdf" in as_coordinator.get(page).text
    assert as_coordinator.post(f"{DESK}/pieces/{Piece.get().id}/retirer").status_code == 303
    assert state_of(proof) == State.MISSING


def test_a_file_that_may_not_be_kept_is_refused_and_a_good_one_is_not_lost_with_its_form(as_coordinator, proof):
    page = f"{DESK}/{proof.id}"
    refused = as_coordinator.post(page, data={"file": sent("page.html", b"<html>"), "title": "Mon titre"})
    assert refused.status_code == 422
    assert "Mon titre" in refused.text
    refused = as_coordinator.post(page, data={"file": sent(), "document": "999"})
    assert refused.status_code == 422
    assert StoredFile.get().name in refused.text
    assert as_coordinator.post(page, data={"kept": StoredFile.get().name}).status_code == 303
    assert as_coordinator.post(page, data={}).status_code == 422
    assert as_coordinator.post(page, data={"kept": "../secret"}).status_code == 422


def test_a_document_of_the_association_proves_as_long_as_it_is_not_binned(as_coordinator, proof):
    kept = document()
    assert as_coordinator.post(f"{DESK}/{proof.id}", data={"document": str(kept.id)}).status_code == 303
    assert state_of(proof) == State.ATTACHED
    document_rules.trash(kept.id)
    assert state_of(proof) == State.MISSING
    assert "À la corbeille" in as_coordinator.get(f"{DESK}/{proof.id}").text


def test_the_same_piece_twice_is_one(proof):
    kept = document()
    first, second = (rules.attach(proof.id, document_id=kept.id) for _ in range(2))
    assert first == second
    with pytest.raises(IntegrityError):
        Piece.create(proof=proof, title="Encore", document=kept)


def test_a_held_event_that_carries_the_code_gives_its_list_of_who_was_there(as_coordinator, as_bureau, proof):
    event = held()
    assert state_of(proof) == State.MADE
    address = f"/gestion/evenements/{event.id}/presence/presents.pdf?seance={Session.get().id}"
    assert address.replace("&", "&amp;") in as_coordinator.get(f"{DESK}/{proof.id}").text
    words = texts(as_coordinator.get(address).data)
    assert "Liste des présents : Atelier équilibre" in words
    assert "Ada" in words
    assert "1 présent." in words
    assert as_bureau.get(address).status_code == 403
    assert address not in as_bureau.get(f"{DESK}/{proof.id}").text


@pytest.mark.parametrize(
    "change",
    [
        {"action": "A2"},
        {"status": Status.PUBLISHED},
        {"starts_at": now() - timedelta(days=500), "ends_at": now() - timedelta(days=499)},
        {"deleted_at": now()},
    ],
)
def test_an_event_of_another_action_not_held_or_of_another_year_proves_nothing(proof, change):
    held()
    Event.update(change).execute()
    assert state_of(proof) == State.MISSING


def test_heads_counted_without_names_prove_an_attendance(proof):
    event = make_event(days=-5, action="A1", status=Status.HELD)
    session = Session.get(Session.event == event)
    assert state_of(proof) == State.MISSING
    HeadCount.create(session=session, count=15)
    assert state_of(proof) == State.MADE
    assert "0 présent, et 15 personnes comptées sans nom." in texts(event_evidence.presence_list(event, session))


@pytest.mark.parametrize(
    ("title", "kind"),
    [("Compte rendu de l’atelier", "minutes"), ("Diaporama", "support"), ("Procès-verbal", "minutes")],
)
def test_the_documents_of_an_event_are_minutes_or_support(contract, fiche, title, kind):
    event = held()
    wanted = {each: rules.expect(fiche.id, label=each, kind=each) for each in ("minutes", "support")}
    materials.add(event.id, title=title, kind="document", readers="registered", url="https://exemple.fr/doc")
    for each, proof in wanted.items():
        assert state_of(proof) == (State.MADE if each == kind else State.MISSING)


def test_what_is_missing_comes_first_and_is_counted_where_it_waits(as_coordinator, contract, fiche, proof):
    held()
    rules.expect(fiche.id, label="Convention", kind="agreement", contract_id=contract.id, year=2)
    rules.expect(fiche.id, label="De l’an passé", kind="other", contract_id=contract.id, year=1)
    rules.expect(fiche.id, label="De l’an prochain", kind="other", contract_id=contract.id, year=3)
    page = as_coordinator.get(f"{DESK}/").text
    assert page.index("Convention") < page.index("Feuilles d’émargement")
    assert "1 preuve manque" in text_of(as_coordinator.get("/gestion/").text).replace("\u00a0", " ")
    assert [each.proof.label for each in standing.missing_on(today())] == ["Convention"]
    card = as_coordinator.get(f"/gestion/projet/fiches/{fiche.id}").text
    assert "Convention" in card
    assert "De l’an prochain" not in card


def test_the_proofs_proposed_follow_what_the_fiche_says_and_does(app, as_coordinator, contract, fiche):
    def proposed():
        with app.test_request_context():
            found = suggesting.suggested(Fiche.get(), contract.id, 2, start=start, end=end)
        return {each.label for each in found}

    start, end = contract.bounds(2)
    assert "Conventions signées avec les partenaires" in proposed()
    assert "Comptes rendus des réunions" not in proposed()
    held()
    assert "Comptes rendus des réunions" in proposed()
    answer = as_coordinator.post(
        f"{DESK}/fiches/{fiche.id}/proposees",
        data={"annee": f"{contract.id}-2", "preuve": ["Comptes rendus des réunions", "Inventée"]},
    )
    assert answer.status_code == 303
    assert Proof.get().label == "Comptes rendus des réunions"
    assert "Comptes rendus des réunions" not in proposed()
    assert as_coordinator.post(f"{DESK}/fiches/{fiche.id}/proposees", data={}).status_code == 422


def test_each_fiche_of_a_real_project_is_proposed_some_proofs(app, contract):
    load((FOLDER / "senart.toml").read_bytes())
    start, end = contract.bounds(2)
    for fiche in Fiche.select():
        assert len(suggesting.suggested(fiche, contract.id, 2, start=start, end=end)) >= 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": " "},
        {"label": "x" * 161},
        {"kind": "voyage"},
        {"contract_id": 99, "year": 1},
        {"year": 9},
        {"year": None},
        {"contract_id": None, "year": None, "starts_on": today()},
        {"contract_id": None, "year": None, "starts_on": today(), "ends_on": today() - timedelta(days=1)},
        {"starts_on": today(), "ends_on": today()},
    ],
)
def test_a_proof_that_makes_no_sense_is_refused_and_nothing_is_written(contract, fiche, wrong):
    with pytest.raises(RuleError):
        rules.expect(fiche.id, **{"label": "Bilan", "kind": "other", "contract_id": contract.id, "year": 1} | wrong)
    assert not Proof.select().exists()


def test_the_same_proof_twice_is_one_and_a_change_makes_no_twin(contract, fiche, proof):
    again = {"label": proof.label, "kind": proof.kind, "contract_id": contract.id, "year": 2}
    assert rules.expect(fiche.id, **again) == proof
    other = rules.expect(fiche.id, **again | {"year": 3})
    with pytest.raises(RuleError, match="déjà"):
        rules.change(other.id, **again)


def test_the_desk_adds_changes_and_drops(as_coordinator, contract, fiche):
    page = f"{DESK}/fiches/{fiche.id}"
    kept = {"label": "Bilan de l’an 2", "kind": "other", "period": "dates"}
    refused = as_coordinator.post(page, data=kept)
    assert refused.status_code == 422
    assert "Bilan de l’an 2" in refused.text
    assert as_coordinator.post(page, data=kept | {"period": f"{contract.id}-2"}).status_code == 303
    proof = Proof.get()
    changed = kept | {"starts_on": "2026-01-01", "ends_on": "2026-03-01", "label": "Bilan du trimestre"}
    assert as_coordinator.post(f"{DESK}/{proof.id}/modifier", data=changed).status_code == 303
    assert (Proof.get().label, Proof.get().contract_id) == ("Bilan du trimestre", None)
    assert as_coordinator.post(f"{DESK}/{proof.id}/modifier", data=changed | {"label": ""}).status_code == 422
    assert as_coordinator.post(f"{DESK}/{proof.id}/retirer").status_code == 303
    assert as_coordinator.get(f"{DESK}/{proof.id}").status_code == 404


def test_the_bureau_reads_and_does_not_write(as_bureau, fiche, proof):
    for path in (f"{DESK}/", f"{DESK}/{proof.id}", f"{DESK}/fiches/{fiche.id}"):
        answer = as_bureau.get(path)
        assert answer.status_code == 200
        assert "Joindre" not in answer.text
    assert as_bureau.post(f"{DESK}/{proof.id}", data={"file": sent()}).status_code == 403
    assert as_bureau.post(f"{DESK}/{proof.id}/retirer").status_code == 403


def test_a_sheet_of_signatures_is_opened_by_the_coordination_and_minutes_by_the_bureau(
    as_coordinator, as_bureau, as_adherent, fiche, proof
):
    minutes = rules.expect(fiche.id, label="Compte rendu", kind="minutes")
    as_coordinator.post(f"{DESK}/{proof.id}", data={"file": sent()})
    as_coordinator.post(f"{DESK}/{minutes.id}", data={"file": sent("cr.pdf", PDF + b"\n%%EOF\n")})
    signed, written = (StoredFile.get(StoredFile.original_name == name) for name in ("emargement.pdf", "cr.pdf"))
    codes = [[browser.get(each.url).status_code for each in (signed, written)]
             for browser in (as_coordinator, as_bureau, as_adherent)]  # fmt: skip
    assert codes == [[200, 200], [404, 200], [404, 404]]


def test_a_piece_is_not_purged_while_it_proves_something(as_coordinator, proof):
    as_coordinator.post(f"{DESK}/{proof.id}", data={"file": sent()})
    purge_orphans(today() + timedelta(days=60))
    assert StoredFile.select().count() == 1
    rules.drop(proof.id)
    purge_orphans(today() + timedelta(days=60))
    assert StoredFile.select().count() == 0


def test_the_list_is_searched_filtered_and_exported(as_coordinator, contract, fiche, proof):
    rules.expect(fiche.id, label="Convention", kind="agreement")
    held()
    part = as_coordinator.get(f"{DESK}/?etat=missing", headers={"HX-Request": "true"}).text
    assert "Convention" in part
    assert "émargement</a>" not in part
    assert part.strip() in as_coordinator.get(f"{DESK}/?etat=missing").text
    assert "Convention" not in as_coordinator.get(f"{DESK}/?annee={contract.id}-2", headers={"HX-Request": "true"}).text
    file = as_coordinator.post(f"{DESK}/export", data={"format": "csv"}).text
    assert "Convention;Manquante;Prévenir les chutes" in file


def test_the_proofs_of_a_binned_fiche_are_gone_with_it(as_coordinator, fiche, proof):
    project_rules.trash(fiche.id)
    assert as_coordinator.get(f"{DESK}/{proof.id}").status_code == 404
    assert as_coordinator.get(f"{DESK}/fiches/{fiche.id}").status_code == 404
    assert not standings(Proof.joined())


@counts_what_is_kept
def test_a_page_asks_as_much_for_one_proof_as_for_many(as_coordinator, contract, fiche, proof):
    paths = (f"{DESK}/", f"{DESK}/fiches/{fiche.id}", f"{DESK}/{proof.id}")

    def asked():
        found = []
        for path in paths:
            as_coordinator.get(path)
            with count_queries() as counted:
                as_coordinator.get(path)
            found.append(counted.count)
        return found

    held()
    rules.attach(proof.id, document_id=document().id)
    before = asked()
    for rank in range(12):
        held(days=-11 - rank)
        other = rules.expect(fiche.id, label=f"Preuve {rank}", kind="minutes", contract_id=contract.id, year=2)
        rules.attach(other.id, document_id=Piece.get().document_id)
    assert asked() == before
    assert max(before) <= 20


def test_without_a_contract_proofs_are_those_of_the_whole_action(as_coordinator, fiche):
    rules.expect(fiche.id, label="Bilan", kind="other")
    assert periods.current() is None
    assert "Bilan" in as_coordinator.get(f"{DESK}/fiches/{fiche.id}").text
    assert "1 preuve manque" in text_of(as_coordinator.get("/gestion/").text).replace("\u00a0", " ")


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    label=st.text(max_size=170),
    kind=st.sampled_from(["other", "signatures", "", "voyage"]),
    period=st.text(max_size=9),
    starts=st.sampled_from(["", "2026-01-01", "0001-01-01", "9999-12-31", "2026-02-30"]),
    ends=st.text(max_size=12),
)
def test_whatever_is_typed_is_kept_or_refused(as_coordinator, contract, fiche, label, kind, period, starts, ends):
    data = {"label": label, "kind": kind, "period": period, "starts_on": starts, "ends_on": ends}
    assert as_coordinator.post(f"{DESK}/fiches/{fiche.id}?annee={period[:3]}", data=data).status_code in (303, 422)
    assert as_coordinator.get(f"{DESK}/").status_code == 200
