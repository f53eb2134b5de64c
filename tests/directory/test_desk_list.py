"""The coordination's lists: what waits, found and filtered, many at once, reminders, what is declared twice."""

import io
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from playhouse.test_utils import count_queries

from cptsapp.blueprints.directory import catalogue, desk, desk_list, doubles, finding, reminding, rules, stages
from cptsapp.blueprints.directory.models import Entry, EntryApart, Status
from cptsapp.blueprints.directory.rules import Agreement, Typed
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry
from tests.conftest import text_of
from tests.postgresql import counts_what_is_kept

from .conftest import BRIE, SERVON, answers, declared, practitioner

HERE = "/gestion/repertoires"


def dated(entry, **values):
    Entry.update(**values).where(Entry.id == entry.id).execute()


def names_in(client, path):
    """Return the names of the rows of a list, in order."""
    page = client.get(path).text.split("<tbody>")
    return (
        [text_of(cell.split("</a>")[0].rpartition(">")[2]) for cell in page[1].split("scope=row")[1:]]
        if page[1:]
        else []
    )


def msu(**given):
    return declared("msu", practitioner(), **given)


def test_what_waits_comes_first_with_its_figures(app, as_coordinator):
    waiting = declared("etp-programmes", practitioner(), title="Vivre avec le diabète")
    assert waiting.status == Status.TO_VALIDATE
    fine, soon, past, stuck, paused, gone = (msu() for _ in range(6))
    dated(soon, expires_on=today() + timedelta(days=10))
    dated(past, expires_on=today() - timedelta(days=1))
    dated(stuck, stage_on=today() - timedelta(weeks=27))
    rules.pause(paused.id)
    rules.leave(gone.id)
    found = {each.definition.slug: each for each in desk.standings()}
    figures = found["msu"]
    assert (figures.listed, figures.soon, figures.expired, figures.stuck) == (3, 1, 1, 1)
    assert (figures.paused, figures.left, found["etp-programmes"].waiting) == (1, 1, 1)
    assert [each.definition.slug for each in desk.waiting_first(list(found.values()))] == ["etp-programmes", "msu"]
    page = as_coordinator.get(f"{HERE}/").text
    assert f'href="{HERE}/etp-programmes/?etat=a-valider"' in page
    assert "1 sans avancer" in text_of(page)
    board = text_of(as_coordinator.get("/gestion/").text)
    assert "1 fiche de répertoire à valider" in board
    assert "1 fiche sortie de sa liste" in board
    person_rules.delete(fine.person_id)
    assert desk.standing(catalogue.find("msu")).listed == 2


def test_a_list_is_searched_filtered_and_sorted(app, as_coordinator):
    one = msu(faculte="upec", freins=[])
    two = msu(faculte="saclay", freins=["temps"])
    dated(two, confirmed_on=today() - timedelta(days=90), commune=territory.use(SERVON))
    finding.rebuild(catalogue.find("msu"))
    stages.move(one.id, "interesse")
    names = [one.person.label, two.person.label]
    path = f"{HERE}/msu/"
    assert names_in(as_coordinator, path) == names
    assert names_in(as_coordinator, path + "?tri=-nom") == names[::-1]
    assert names_in(as_coordinator, path + "?tri=confirmee") == names[::-1]
    assert names_in(as_coordinator, path + "?tri=-commune") == names[::-1]
    for query, expected in (
        (f"q={names[0].split()[0]}", names[:1]),
        ("etape=interesse", names[:1]),
        (f"commune={SERVON}", names[1:]),
        ("f-faculte=upec", names[:1]),
        ("f-freins=temps", names[1:]),
        (f"confirmee_au={today() - timedelta(days=30)}", names[1:]),
        (f"confirmee_du={today()}", names[:1]),
        ("etat=retirees", []),
        ("etat=liste&etape=identifie", names[1:]),
        ("etat=nimporte&etape=nimporte&f-faculte=nimporte&commune=zz&page=99999", names),
    ):
        assert names_in(as_coordinator, f"{path}?{query}") == expected, query
    dated(two, stage_on=today() - timedelta(weeks=30))
    assert names_in(as_coordinator, path + "?etat=bloquees") == names[1:]
    assert "depuis 30 semaines, sans avancer" in text_of(as_coordinator.get(path).text)
    part = as_coordinator.get(path + "?etape=interesse", headers={"HX-Request": "true"}).text
    assert part.strip() in as_coordinator.get(path + "?etape=interesse").text
    assert "<html" not in part
    assert as_coordinator.get(f"{HERE}/inconnu/").status_code == 404


def test_a_list_is_exported_as_the_definition_allows_and_one_that_protects_people_never_is(app, as_coordinator):
    entry = msu(places=4, agree_le="2026-01-15", logement=True)
    export = as_coordinator.post(f"{HERE}/msu/export", data={"format": "xlsx"})
    head, row = list(load_workbook(io.BytesIO(export.data)).active.values)
    said = dict(zip(head, row, strict=True))
    assert said["Nom"] == entry.person.label
    assert said["Places par semestre"] == 4
    assert said["Date de l’agrément"].date().isoformat() == "2026-01-15"
    assert said["Logement proposé à l’étudiant"] == "oui"
    assert said["Accord donné"] == "En ligne, par la personne"
    assert JournalEntry.select().where(JournalEntry.action == "list.exported").count() == 1
    declared("ivg", practitioner())
    page = as_coordinator.get(f"{HERE}/ivg/").text
    assert "Exporter" not in page
    assert "cette liste protège" in page
    assert as_coordinator.post(f"{HERE}/ivg/export", data={}).status_code == 404
    assert JournalEntry.select().where(JournalEntry.action == "list.exported").count() == 1


def test_many_at_once_each_on_its_own(app, as_coordinator):
    first, second = (declared("etp-programmes", practitioner(), title=title) for title in ("Souffle", "Dos"))
    rules.leave(second.id)
    values = {"action": "valider", "id": [first.id, second.id], "etat": ""}
    answer = as_coordinator.post(f"{HERE}/etp-programmes/lot", data=values, follow_redirects=True)
    assert "1 fiche validée" in text_of(answer.text)
    assert "1 fiche inchangée" in text_of(answer.text)
    assert Entry.get_by_id(first.id).status == Status.LISTED
    one, two = msu(faculte="upec"), msu(faculte=None)
    asked = as_coordinator.post(f"{HERE}/msu/lot", data={"action": "deplacer", "id": [one.id, two.id]})
    assert one.person.label in text_of(asked.text)
    values = {"ids": f"{one.id} {two.id} {first.id}", "stage": "interesse", "note": "soirée MSU"}
    as_coordinator.post(f"{HERE}/msu/lot/deplacer", data=values)
    assert {Entry.get_by_id(each.id).stage for each in (one, two)} == {"interesse"}
    answer = as_coordinator.post(f"{HERE}/msu/lot/deplacer", data=values | {"stage": "dossier"}, follow_redirects=True)
    assert "« Faculté » est nécessaire" in text_of(answer.text)
    assert Entry.get_by_id(one.id).stage == "dossier"
    refused = as_coordinator.post(f"{HERE}/msu/lot/deplacer", data=values | {"stage": "rien", "on": "demain"})
    assert refused.status_code == 422
    assert 'value="soirée MSU"' in refused.text
    dated(one, expires_on=today() - timedelta(days=1), consent_version="2020-01")
    asked = text_of(as_coordinator.post(f"{HERE}/msu/lot", data={"action": "confirmer", "id": [one.id]}).text)
    assert "1 personne a accepté une formulation plus ancienne" in asked
    as_coordinator.post(f"{HERE}/msu/lot/confirmer", data={"ids": f"{one.id}", "means": "phone"})
    one = Entry.get_by_id(one.id)
    assert (one.confirmed_on, one.consent_version, one.consent_means) == (today(), "2026-11", "phone")
    as_coordinator.post(f"{HERE}/msu/lot", data={"action": "pause", "tout": "1"})
    assert {Entry.get_by_id(each.id).status for each in (one, two)} == {Status.PAUSED}
    for data in ({}, {"action": "effacer", "id": one.id}, {"action": "pause"}):
        assert as_coordinator.post(f"{HERE}/msu/lot", data=data).status_code == 422


def test_reminders_say_who_will_receive_them_and_who_not_and_why(app, as_coordinator, mailbox):
    soon, past, mute, gone, fine = msu(), msu(), declared("msu", practitioner(email="")), msu(), msu()
    for each in (soon, mute, gone):
        dated(each, expires_on=today() + timedelta(days=5))
    dated(past, expires_on=today() - timedelta(days=2))
    rules.leave(gone.id)
    definition = catalogue.find("msu")
    assert set(reminding.to_confirm(definition)) == {soon.id, past.id, mute.id}
    page = as_coordinator.get(f"{HERE}/msu/relances").text
    assert "2 personnes recevront un e-mail" in text_of(page)
    assert "pas d’adresse e-mail : à appeler" in page
    assert fine.person.label not in page
    ids = " ".join(str(each.id) for each in (soon, past, mute, gone))
    as_coordinator.post(f"{HERE}/msu/lot/relancer", data={"ids": ids})
    assert len(mailbox.to(soon.person.email)) == 1
    assert "sortie de la liste" in mailbox.to(past.person.email)[0].message["Subject"]
    again = as_coordinator.post(f"{HERE}/msu/lot/relancer", data={"ids": ids})
    assert again.status_code == 422
    assert "déjà relancée aujourd’hui" in again.text
    assert "retirée de la liste" in again.text
    assert len(mailbox.letters) == 2
    catalogue.close("msu")
    with pytest.raises(RuleError, match="est fermé"):
        reminding.send("msu", [fine.id])


def test_two_declarations_of_one_person_are_noticed_compared_and_told_apart(app, as_coordinator):
    one = msu(faculte="upec")
    definition = catalogue.find("msu")
    assert doubles.groups(definition) == []
    twin = practitioner(email="autre@exemple.fr")
    twin.given_name, twin.family_name = one.person.family_name, one.person.given_name  # typed the other way round
    twin.refresh_copies()
    twin.save()
    two = declared("msu", twin, faculte="saclay")
    (group,) = doubles.groups(definition)
    assert ({each.id for each in group.entries}, group.reasons) == ({one.id, two.id}, ("même nom",))
    assert [each.id for each, _ in doubles.of(definition, one)] == [two.id]
    third = declared("msu", practitioner(email=two.email))
    (group,) = doubles.groups(definition)
    assert {each.id for each in group.entries} == {one.id, two.id, third.id}
    page = as_coordinator.get(f"{HERE}/msu/doublons").text
    assert "<mark>Paris-Est Créteil</mark>" in page
    assert "<mark>Paris-Saclay</mark>" in page
    assert "Peut-être inscrite deux fois" in as_coordinator.get(f"{HERE}/msu/{one.id}").text
    part = as_coordinator.get(f"{HERE}/msu/doublons/avis", headers={"HX-Request": "true"}).text
    assert "1 personne semble inscrite deux fois" in text_of(part)
    assert "<html" not in part
    as_coordinator.post(f"{HERE}/msu/doublons", data={"id": [one.id, two.id, third.id]})
    assert doubles.groups(definition) == []
    assert EntryApart.select().count() == 3
    assert as_coordinator.post(f"{HERE}/msu/doublons", data={"id": [one.id]}).status_code == 422
    as_coordinator.post(f"{HERE}/msu/{two.id}/retirer", data={"back": "doublons", "reason": "doublon"})
    assert Entry.get_by_id(two.id).status == Status.LEFT


def test_one_person_in_several_protocols_is_no_double_and_a_place_declared_twice_is(app):
    doctor = practitioner()
    first, second = (declared("protocoles", title=title, keyed=True) for title in ("Cystite", "Rhino-conjonctivite"))
    for protocol in (first, second):
        declared("protocoles-volontaires", doctor, protocole=protocol.id, referent=False)
    assert doubles.groups(catalogue.find("protocoles-volontaires")) == []
    declared("permanences", practitioner(), title="Officine du Marché")
    declared("permanences", practitioner(), title="officine du marché")
    assert [each.reasons for each in doubles.groups(catalogue.find("permanences"))] == [("même titre",)]


@counts_what_is_kept
def test_a_list_costs_the_same_queries_from_thirty_entries_to_seventy(app, as_coordinator):
    definition = catalogue.find("msu")
    version = definition.consent.version

    def fill(count):
        for _ in range(count):
            person = practitioner()
            typed = Typed(values=answers(definition), commune=BRIE, email=person.email)
            rules.declare("msu", person.id, typed, Agreement(version=version))

    def queries(path):
        with count_queries() as counter:
            assert as_coordinator.get(path).status_code == 200
        return counter.count

    paths = [f"{HERE}/", f"{HERE}/msu/", f"{HERE}/msu/?par=100", f"{HERE}/msu/relances", f"{HERE}/msu/doublons"]
    fill(30)
    before = [queries(path) for path in paths]
    fill(40)
    assert [queries(path) for path in paths] == before
    with app.test_request_context("/"):
        table = desk_list.table_of(definition)
        with count_queries() as counter:
            rows = list(table._prepared(table.narrow(desk_list.EntryRows(definition), table.state({}))))
    assert len(rows) == 70
    assert counter.count <= 6
