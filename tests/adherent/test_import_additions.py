"""What an import adds beside a record: tags, and who speaks for a structure."""

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.adherent import rules
from cptsapp.blueprints.adherent.models import Membership, PersonTag, StructureRole, Tag, is_adherent
from cptsapp.blueprints.person import rules as people
from cptsapp.blueprints.person.models import Kind, Person
from cptsapp.kernel.importing import State, runs

TAGGED = "Nom;Prénom;E-mail;Étiquettes\nAlberti;Camille;c.alberti@exemple.fr;Diabète, Maître de stage ;diabete\n"
HOUSE = "Structure;Qualité;Nom;Prénom;Ville\nMaison de santé des Lilas;Structure;Martin;Zoé;Melun\n"


def imported(text):
    run = runs.start("adherents", "liste.csv", text.encode())
    runs.carry_on(run.id)
    return runs.confirm(run.id, here=True)


def summary(text):
    run = runs.start("adherents", "liste.csv", text.encode())
    runs.carry_on(run.id)
    return runs.find(run.id).summary["counts"]


def tags_of(name):
    query = Tag.select().join(PersonTag).join(Person).where(Person.family_name == name).order_by(Tag.folded)
    return [tag.name for tag in query]


def test_tags_are_added_never_taken_away_and_undone(association):
    run = imported(TAGGED)
    assert tags_of("Alberti") == ["Diabète", "Maître de stage"]
    counts = summary(TAGGED)
    assert counts["same"] == 1, counts
    more = imported("Nom;Prénom;E-mail;Tags\nAlberti;Camille;c.alberti@exemple.fr;Gérontologie|Diabète\n")
    assert tags_of("Alberti") == ["Diabète", "Gérontologie", "Maître de stage"]
    imported("Nom;Prénom;E-mail;Tags\nAlberti;Camille;c.alberti@exemple.fr;\n")
    assert len(tags_of("Alberti")) == 3
    runs.undo(more.id)
    assert tags_of("Alberti") == ["Diabète", "Maître de stage"]
    assert not Tag.select().where(Tag.name == "Gérontologie").exists()
    assert run.state == State.DONE


def test_tags_of_members_that_are_undone_go_with_them(association):
    run = imported(TAGGED)
    runs.undo(run.id)
    assert not Tag.select().exists()
    assert not Person.select().where(Person.family_name == "Alberti").exists()


def test_a_tag_too_long_is_refused_with_its_column(association):
    counts = summary(f"Nom;Prénom;Étiquettes\nAlberti;Camille;{'x' * 61}\n")
    assert counts["refused"] == 1, counts


def test_who_is_named_for_a_structure_represents_it(association):
    run = imported(HOUSE)
    structure = Person.get(Person.name == "Maison de santé des Lilas")
    role = StructureRole.get(StructureRole.structure == structure)
    assert role.representative.label == "Zoé Martin"
    assert not is_adherent(role.representative)
    assert is_adherent(structure)
    assert run.summary["written"]["created"] == 1
    counts = summary(HOUSE)
    assert counts["same"] == 1, counts
    runs.undo(run.id)
    assert not Person.select().where(Person.family_name == "Martin").exists()
    assert not StructureRole.select().exists()


def test_an_import_never_gives_the_space_to_who_has_an_account(association, make_account):
    account = make_account("zoe.martin@exemple.fr", "Zoé Martin")
    imported(HOUSE)
    role = StructureRole.get()
    assert role.representative_id != account.person_id
    assert "adherent" not in Account.with_id(account.id).roles


def test_a_representative_who_is_there_stays(association):
    structure = people.create(kind=Kind.STRUCTURE, name="Maison de santé des Lilas")
    rules.admit(structure.id)
    speaker = people.create(given_name="Inès", family_name="Petit")
    StructureRole.create(structure=structure, representative=speaker)
    imported(HOUSE)
    assert StructureRole.get().representative_id == speaker.id
    assert Person.select().where(Person.family_name == "Martin").count() == 0


def test_a_row_of_the_same_name_further_down_is_a_member_of_its_own(association, monkeypatch):
    monkeypatch.setattr(runs, "BATCH", 1)
    rows = "Structure;Qualité;Nom;Prénom;Ville;E-mail\nMaison des Lilas;Structure;Martin;Zoé;Melun;\n"
    imported(rows + ";Libéral;Martin;Zoé;Melun;zoe@exemple.fr\n")
    assert Membership.select().count() == 2
    assert Person.select().where(Person.family_name == "Martin").count() == 2
