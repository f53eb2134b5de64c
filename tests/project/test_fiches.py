"""Fiches-actions: written, kept version by version, moved, evaluated, shown to whom they may be."""

import io

import pytest

from cptsapp.blueprints.adherent import choosing
from cptsapp.blueprints.contract import rules as contract_rules
from cptsapp.blueprints.event.models import Event
from cptsapp.blueprints.project import importer, rules
from cptsapp.blueprints.project.demo import FOLDER
from cptsapp.blueprints.project.models import CHANGES, Evaluation, Fiche, FicheMove, FicheState
from cptsapp.kernel import search
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from tests.conftest import text_of
from tests.event.test_booking import make_event

DESK = "/gestion/projet/fiches"


@pytest.fixture
def fiche(app):
    return rules.create(title="Un médecin traitant pour tous", code="A1", mission="acces", context="Premier texte.")


def values_of(fiche, **changes):
    return {name: getattr(fiche, name) for name in rules.VALUES} | changes


def publish(fiche):
    rules.update(fiche.id, revision_read=fiche.revision, **values_of(fiche, is_public=True))
    return rules.move(fiche.id, FicheState.VALIDATED, is_bureau=True)


def typed(fiche, **changes):
    return {
        "title": fiche.title,
        "code": fiche.code,
        "mission": fiche.mission,
        "revision_read": fiche.revision,
    } | changes


def test_two_actions_may_have_the_same_number_and_the_same_title(app):
    first, second = (rules.create(title="Téléconsultation", label="Action 4") for _ in range(2))
    assert (first.label, first.title) == (second.label, second.title)
    assert first.slug != second.slug


def test_every_version_is_kept_and_one_that_comes_back_erases_none(fiche):
    rules.update(fiche.id, revision_read=1, **values_of(fiche, context="Deuxième texte."))
    rules.restore_version(fiche.id, 1)
    kept = [each.values["context"] for each in Fiche.get().versions.order_by(rules.FicheVersion.revision)]
    assert kept == ["Premier texte.", "Deuxième texte.", "Premier texte."]
    with pytest.raises(RuleError, match="n’existe pas"):
        rules.restore_version(fiche.id, 99)


def test_the_second_of_two_people_sees_both_texts_and_loses_nothing(as_coordinator, fiche):
    address = f"{DESK}/{fiche.id}/modifier"
    assert as_coordinator.post(address, data=typed(fiche, context="Celui d’Alix.")).status_code == 303
    refused = as_coordinator.post(address, data=typed(fiche, context="Celui de Sacha."))
    assert refused.status_code == 422
    assert "Celui de Sacha." in refused.text
    assert "Alix" in refused.text
    assert Fiche.get().context == "Celui d’Alix."
    assert (
        as_coordinator.post(address, data=typed(fiche, context="Celui de Sacha.", revision_read="2")).status_code == 303
    )
    assert Fiche.get().context == "Celui de Sacha."


def test_two_people_who_wrote_the_same_are_not_opposed(fiche):
    same = values_of(fiche, context="Le même texte.")
    rules.update(fiche.id, revision_read=1, **same)
    assert rules.update(fiche.id, revision_read=1, **same).revision == 3


@pytest.mark.parametrize("state", list(FicheState))
@pytest.mark.parametrize("to", list(FicheState))
def test_only_the_changes_of_the_table_happen(fiche, state, to):
    Fiche.update(state=state).execute()
    if to in CHANGES[state]:
        assert rules.move(fiche.id, to, is_bureau=True).state == to
        assert FicheMove.select().where(FicheMove.state == to).count() == 1 + (to == FicheState.DRAFT)
    else:
        with pytest.raises(RuleError, match="ne peut pas devenir"):
            rules.move(fiche.id, to, is_bureau=True)


def test_the_bureau_alone_validates(as_coordinator, as_bureau, fiche):
    page = f"{DESK}/{fiche.id}"
    assert "Passer à" not in as_coordinator.get(page).text
    assert as_coordinator.post(f"{page}/etat", data={"state": "validated"}).status_code == 422
    assert as_bureau.post(f"{page}/etat", data={"state": "voyages"}).status_code == 422
    assert as_bureau.post(f"{page}/etat", data={"state": "validated"}).status_code == 303
    assert as_bureau.post(f"{page}/modifier", data=typed(fiche)).status_code == 403


def test_a_year_has_one_evaluation_that_can_be_corrected(fiche):
    contract = contract_rules.sign(signed_on=today(), size=3, years=5, missions=("acces",))
    for text, progress in (("Un début.", 20), ("Un bon début.", 30)):
        rules.evaluate(fiche.id, contract_id=contract.id, year=1, text=text, progress=progress)
    assert (Evaluation.get().text, Evaluation.select().count(), Fiche.get().progress) == ("Un bon début.", 1, 30)
    for wrong in ({"year": 6}, {"text": " "}, {"progress": 101}, {"contract_id": 99}):
        told = {"contract_id": contract.id, "year": 1, "text": "Texte", "progress": 10} | wrong
        with pytest.raises(RuleError):
            rules.evaluate(fiche.id, **told)


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": " "},
        {"mission": "voyages"},
        {"progress": 101},
        {"priority": 4},
        {"pilot_id": 999},
        {"goals": "x" * 20_001},
    ],
)
def test_a_value_that_makes_no_sense_is_refused_and_nothing_is_written(fiche, wrong):
    with pytest.raises(RuleError):
        rules.update(fiche.id, revision_read=1, **values_of(fiche, **wrong))
    assert Fiche.get().revision == 1


def test_the_public_sees_a_fiche_once_it_is_made_public_and_validated_and_never_after(client, fiche):
    address = f"/projet/{fiche.slug}"
    found = lambda: search.search("medecin traitant", visibilities=[Visibility.PUBLIC]).hits  # noqa: E731
    assert client.get(address).status_code == 404
    publish(fiche)
    assert "Premier texte." in client.get(address).text
    assert fiche.title in client.get("/projet/").text
    assert found()
    rules.trash(fiche.id)
    assert client.get(address).status_code == 404
    assert fiche.title not in client.get("/projet/").text
    assert not found()
    rules.restore(fiche.id)
    assert client.get(address).status_code == 200
    rules.move(fiche.id, FicheState.DRAFT, is_bureau=True)
    assert client.get(address).status_code == 404


def test_what_people_write_cannot_act_on_the_public_page(client, fiche):
    rules.update(
        fiche.id, revision_read=1, **values_of(fiche, context="<script>alert(1)</script> [x](javascript:alert(1))")
    )
    publish(Fiche.get())
    page = client.get(f"/projet/{fiche.slug}").text
    assert "<script>alert" not in page
    assert "javascript:" not in page


def test_the_events_that_carry_its_code_are_on_the_fiche(as_coordinator, fiche):
    event = make_event(title="Soirée du médecin traitant")
    Event.update(action="A1").where(Event.id == event.id).execute()
    assert "Soirée du médecin traitant" in as_coordinator.get(f"{DESK}/{fiche.id}").text


def test_the_desk_writes_compares_and_bins(as_coordinator, fiche):
    refused = as_coordinator.post(f"{DESK}/nouvelle", data={"title": "", "summary": "Gardé"})
    assert refused.status_code == 422
    assert "Gardé" in refused.text
    assert (
        as_coordinator.post(
            f"{DESK}/nouvelle", data={"title": "Diabète", "progress": "10", "mission": "", "priority": ""}
        ).status_code
        == 303
    )
    rules.update(fiche.id, revision_read=1, **values_of(fiche, context="Deuxième texte."))
    assert "Deuxième" in as_coordinator.get(f"{DESK}/{fiche.id}/versions?de=1").text
    assert as_coordinator.get(f"{DESK}/{fiche.id}/versions?de=abc").status_code == 200
    assert as_coordinator.post(f"{DESK}/{fiche.id}/versions/1").status_code == 303
    assert as_coordinator.post(f"{DESK}/{fiche.id}/corbeille").status_code == 303
    assert as_coordinator.get(f"{DESK}/{fiche.id}").status_code == 404
    assert "médecin traitant" in as_coordinator.get(f"{DESK}/corbeille").text
    assert as_coordinator.post(f"{DESK}/{fiche.id}/retablir").status_code == 303
    part = as_coordinator.get(f"{DESK}/?q=diab", headers={"HX-Request": "true"}).text
    assert "Diabète" in part
    assert part.strip() in as_coordinator.get(f"{DESK}/?q=diab").text


@pytest.mark.parametrize(("name", "count"), [("senart", 12), ("brie", 9), ("bievre", 14)])
def test_the_three_projects_load_whole_and_twice_is_once(app, name, count):
    content = (FOLDER / f"{name}.toml").read_bytes()
    assert len(importer.load(content).created) == count
    again = importer.load(content)
    assert (len(again.created), len(again.known), Fiche.select().count()) == (0, count, count)
    assert all(each.written or each.summary for each in Fiche.select())


def test_the_figures_of_a_project_are_written_as_french_writes_them(app):
    importer.load((FOLDER / "brie.toml").read_bytes())
    context = Fiche.get(Fiche.title == "Médecin traitant pour tous").context
    assert "Patients sans médecin traitant : 9\u202f452 patients" in context


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe", "UTF-8"),
        (b"[[fiche]\n", "TOML"),
        (b"titre = 'seul'", "aucune fiche"),
        (b"fiche = 3", "aucune fiche"),
        (b"[[fiche]]\ntitre = 'Une'\n[[fiche]]\nid = 'x'\n", "Fiche 2"),
        (b"[[fiche]]\ntitre = 'Une'\nmission = 'voyages'\n", "voyages"),
        (b"[[fiche]]\ntitre = 3\n", "doit être un texte"),
        (b"a = " + b"[" * 100_000, "TOML"),
    ],
)
def test_a_file_that_is_no_project_is_refused_whole_with_the_reason(as_coordinator, content, sentence):
    answer = as_coordinator.post(f"{DESK}/importer", data={"file": (io.BytesIO(content), "projet.toml")})
    assert answer.status_code == 422
    assert sentence in text_of(answer.text)
    assert not Fiche.select().exists()


def test_a_member_whose_year_ends_later_may_lead_an_action(as_coordinator, adherent, fiche):
    page = as_coordinator.get(f"{DESK}/{fiche.id}/modifier").text
    assert f'<option value="{adherent.person_id}">' in page


def test_among_many_members_the_lead_is_found_by_name_or_is_nobody(as_coordinator, adherent, monkeypatch):
    monkeypatch.setattr(choosing, "FEW", 0)
    path, typed = f"{DESK}/nouvelle", {"title": "Repérer", "mission": "", "priority": "", "pilot-q": "fict"}
    assert f'value="{adherent.person_id}"' in as_coordinator.post(path, data=typed).text
    typed["pilot-lu"] = "fict"
    assert as_coordinator.post(path, data=typed | {"pilot": adherent.person_id}).status_code == 303
    fiche = Fiche.get()
    assert fiche.pilot_id == adherent.person_id
    sent = typed | {"pilot": "", "revision_read": fiche.revision}
    assert as_coordinator.post(f"{DESK}/{fiche.id}/modifier", data=sent).status_code == 303
    assert Fiche.get().pilot_id is None
