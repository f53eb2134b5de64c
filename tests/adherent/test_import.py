"""Importing a list of members: what is read, shown, written, refused and taken back."""

import io

import pytest
from openpyxl import Workbook

from cptsapp.blueprints.adherent import rules
from cptsapp.blueprints.adherent.models import Membership, Practice, Year
from cptsapp.blueprints.person import finding
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.importing import Doubt, Import, State, runs
from cptsapp.kernel.importing.models import ImportEffect
from cptsapp.kernel.journal import JournalEntry

MESSY = """Prénom;NOM;Profession;Ville;Courriel;Tél
Camille;ALBERTI;Infirmière libérale;Savigny le temple;Camille.Alberti@Exemple.fr;0199001001
inès;coste;sage femme;st maur des fosses;;+33 1 99 00 10 02
Marc;BEAULIEU;Taxi;Melun;m.beaulieu@exemple.fr;01.99.00.10.03
"""


def sent(text, name="liste.csv", **options):
    """Send a file and read it; return the run with its preview."""
    data = text.encode() if isinstance(text, str) else text
    run = runs.start("adherents", name, data, **options)
    if run.state == State.READING:
        runs.carry_on(run.id)
    return Import.get_by_id(run.id)


def imported(text, doubt=Doubt.SKIP, **options):
    return runs.confirm(sent(text, **options).id, doubt)


def sample(run, outcome, rank=0):
    return run.summary["samples"][outcome][rank]


def counts(run):
    return run.counts


def test_a_messy_list_is_read_and_nothing_is_written_before_the_confirmation(app):
    run = sent(MESSY)
    assert counts(run) == {"create": 3}
    assert Person.select().count() == Membership.select().count() == 0
    notes = [tuple(note) for row in run.summary["samples"]["create"] for note in row["notes"]]
    assert ("Commune", "Savigny le temple", "Savigny-le-Temple (77445)") in notes
    assert ("Profession", "Infirmière libérale", "Infirmier") in notes
    assert ("Téléphone", "0199001001", "01 99 00 10 01") in notes
    assert run.summary["flags"] == {"sans adresse e-mail": 1}


def test_a_confirmed_list_makes_members_covered_for_the_year(app):
    run = imported(MESSY)
    assert run.state == State.DONE
    assert run.summary["written"]["created"] == 3
    person = Person.get(Person.family_name == "Coste")
    assert (person.given_name, person.email, person.phone) == ("Inès", None, "01 99 00 10 02")
    practice = Practice.get(Practice.person == person)
    assert (practice.profession, practice.commune_id) == ("50", "94068")
    membership = Membership.get(Membership.person == person)
    assert membership.origin == "import"
    assert Year.get(Year.membership == membership)
    ids = Person.select(Person.id).where(Person.id.in_(finding.found(finding.asked("coste inès"))))
    assert [row.id for row in ids] == [person.id]
    assert JournalEntry.get(JournalEntry.action == "import.done").detail["created"] == 3


def test_the_same_file_twice_creates_nothing(app):
    imported(MESSY)
    again = sent(MESSY)
    assert counts(again) == {"same": 3}
    assert runs.confirm(again.id).summary["written"] == {"same": 3, "created": 0, "updated": 0}
    assert Person.select().count() == 3


@pytest.mark.parametrize(
    "again",
    [
        "Nom;Prénom;RPPS;Ville\nNouveau-Nom;Camille;10001234562;Melun\n",
        "Nom;Prénom;E-mail\nAlberti;Camille;camille.alberti@exemple.fr\n",
        "Nom et prénom;Ville\nALBERTI Camille;Savigny-le-temple\n",
        "Nom;Prénom;Ville\nCamille;Alberti;Savigny-le-temple\n",
    ],
)
def test_a_person_is_recognised_by_rpps_then_address_then_name_and_commune(app, again):
    imported("Nom;Prénom;RPPS;E-mail;Ville\nAlberti;Camille;10001234562;camille.alberti@exemple.fr;Savigny le Temple\n")
    assert set(counts(sent(again))) <= {"same", "update"}


def test_a_row_that_says_something_new_shows_before_and_after(app):
    imported("Nom;Prénom;Ville;Tél\nAlberti;Camille;Melun;01 99 00 10 01\n")
    run = imported("Nom;Prénom;Ville;Tél;Mail\nAlberti;Camille;Melun;01 99 00 10 09;c@exemple.fr\n")
    assert sample(run, "update")["changes"] == [
        ["Téléphone", "01 99 00 10 01", "01 99 00 10 09"],
        ["Adresse e-mail", "", "c@exemple.fr"],
    ]
    person = Person.get()
    assert (person.phone, person.email_normalised) == ("01 99 00 10 09", "c@exemple.fr")


def test_an_empty_cell_erases_nothing(app):
    imported("Nom;Prénom;Ville;Tél\nAlberti;Camille;Melun;01 99 00 10 01\n")
    assert counts(sent("Nom;Prénom;Ville;Tél\nAlberti;Camille;Melun;\n")) == {"same": 1}


def test_names_in_each_other_s_column_are_doubted_and_can_be_exchanged(app):
    swapped = "Nom;Prénom;Ville\nCamille;ALBERTI;Melun\n"
    run = sent(swapped)
    assert counts(run) == {"doubtful": 1}
    assert "inversés" in sample(run, "doubtful")["problems"][0][1]
    assert runs.confirm(run.id, Doubt.SWAP).summary["written"]["created"] == 1
    assert Person.get().list_label == "ALBERTI Camille"
    assert counts(sent(swapped)) == {"same": 1}


def test_doubtful_rows_are_left_aside_unless_asked(app):
    text = "Nom;Prénom;Ville\nAlberti;Camille;Villeneuve-Perdue-les-Oies\n"
    assert imported(text).summary["written"] == {"left": 1, "created": 0, "updated": 0}
    assert imported(text, Doubt.KEEP).summary["written"]["created"] == 1
    assert Practice.get().commune_id is None


def test_refused_rows_say_the_row_the_column_and_the_reason(app):
    run = sent("Liste de nos adhérents\n\nNom;Prénom;Mail\nAlberti;Camille;camille@exemple\n;Marc;m@exemple.fr\n")
    assert [row["number"] for row in run.summary["samples"]["refused"]] == [4, 5]
    assert sample(run, "refused")["problems"] == [
        ["Adresse e-mail", "l’adresse « camille@exemple » ne semble pas complète"]
    ]
    assert sample(run, "refused", 1)["problems"] == [["Nom", "le nom manque"]]


def test_the_same_person_twice_in_a_file_is_refused_the_second_time(app):
    run = sent("Nom;Prénom;Ville\nAlberti;Camille;Melun\nALBERTI;camille;melun\n")
    assert counts(run) == {"create": 1, "refused": 1}
    assert "ligne 2" in sample(run, "refused")["problems"][0][1]


def test_two_people_may_share_an_address_once_somebody_has_said_so(app):
    imported("Nom;Prénom;Mail\nAlberti;Camille;cabinet@exemple.fr\n")
    text = "Nom;Prénom;Mail\nBeaulieu;Marc;cabinet@exemple.fr\n"
    assert counts(sent(text)) == {"doubtful": 1}
    imported(text, Doubt.KEEP)
    assert counts(sent(text)) == {"same": 1}
    assert Person.select().count() == 2


def test_columns_that_nobody_names_are_chosen_by_hand_and_remembered(app):
    text = "Truc;Machin;Endroit\nAlberti;Camille;Melun\n"
    run = sent(text)
    assert run.state == State.COLUMNS
    with pytest.raises(RuleError, match="colonne du nom"):
        runs.choose_columns(run.id, {"Machin": "given_name"})
    run = runs.choose_columns(run.id, {"Truc": "family_name", "Machin": "given_name", "Endroit": "commune"})
    runs.carry_on(run.id)
    assert counts(Import.get_by_id(run.id)) == {"create": 1}
    assert counts(sent("Endroit;Truc;Machin\nMelun;Coste;Inès\n")) == {"create": 1}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_any_csv_is_read(app, delimiter, encoding):
    text = "Prénom;Nom;Profession;Ville\nInès;Coste;Sage-femme;Férolles-Attilly\n".replace(";", delimiter)
    run = sent(text.encode(encoding))
    assert counts(run) == {"create": 1}
    assert sample(run, "create")["label"] == "COSTE Inès"


def workbook(*rows):
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


def test_a_workbook_is_read_numbers_and_days_included(app):
    from datetime import datetime

    head = ["Nom", "Prénom", "RPPS", "Tél", "Date d’adhésion"]
    run = imported(workbook(head, ["Coste", "Inès", 10001234562, 199001002, datetime(2024, 3, 1)]), name="liste.xlsx")
    assert run.summary["written"]["created"] == 1
    assert Practice.get().rpps == "10001234562"
    assert Person.get().phone == "01 99 00 10 02"
    assert Membership.get().started_on.isoformat() == "2024-03-01"


def test_an_import_is_undone_as_a_whole(app):
    imported("Nom;Prénom;Ville;Tél\nAlberti;Camille;Melun;01 99 00 10 01\n")
    run = imported("Nom;Prénom;Ville;Tél\nAlberti;Camille;Melun;01 99 00 10 02\nCoste;Inès;Melun;\n")
    assert Person.select().count() == 2
    assert runs.undo(run.id).state == State.UNDONE
    assert [person.phone for person in Person.select()] == ["01 99 00 10 01"]
    assert Membership.select().count() == Practice.select().count() == Year.select().count() == 1
    assert not list(Person.select().where(Person.id.in_(finding.found(["coste"]))))
    with pytest.raises(RuleError, match="Rechargez"):
        runs.undo(run.id)


def test_an_import_is_no_longer_undone_once_somebody_has_edited_what_it_made(app):
    run = imported(MESSY)
    person = Person.get(Person.family_name == "Coste")
    person_rules.update(person.id, given_name="Inès", family_name="Coste", phone="01 99 00 10 77")
    with pytest.raises(RuleError, match="modifiées depuis"):
        runs.undo(run.id)
    assert Person.select().count() == 3


def test_something_that_points_to_what_an_import_made_keeps_it(app, make_account):
    run = imported(MESSY)
    from cptsapp.blueprints.adherent.models import PersonNote

    PersonNote.create(person=Person.get(), text="Rappelée.")
    with pytest.raises(RuleError, match="modifiées depuis"):
        runs.undo(run.id)


def test_an_import_leaves_the_importer_and_the_accounts_alone(app, coordinator, make_account):
    person_rules.update(coordinator.person_id, given_name="Camille", family_name="Exemple", email=coordinator.email)
    other = make_account("droits@exemple.fr", "Sacha Fictif", ["bureau"])
    rules.admit(other.person_id)
    Person.update(email="droits@exemple.fr").where(Person.id == other.person_id).execute()
    text = (
        "Nom;Prénom;Mail;Rôle;Tél\n"
        f"Exemple;Camille;{coordinator.email};admin;01 99 00 10 01\n"
        "Fictif;Sacha;autre@exemple.fr;admin;01 99 00 10 02\n"
    )
    grants = sorted(map(str, other.given_roles))
    run = imported(text, account_id=coordinator.id)
    assert "votre propre fiche" in sample(run, "refused")["problems"][0][1]
    assert Person.get_by_id(other.person_id).email == "droits@exemple.fr"
    assert Person.get_by_id(coordinator.person_id).phone == ""
    assert sorted(map(str, type(other).get_by_id(other.id).given_roles)) == grants
    assert "Rôle" not in run.mapping


def test_who_left_is_not_admitted_again_by_an_import(app):
    imported("Nom;Prénom;Ville\nAlberti;Camille;Melun\n")
    rules.end(Person.get().id)
    run = imported("Nom;Prénom;Ville\nAlberti;Camille;Melun\n", Doubt.KEEP)
    assert "a quitté" in sample(run, "doubtful")["problems"][0][1]
    assert Membership.current().count() == 0


def test_what_changed_since_the_preview_is_shown_again_and_nothing_is_written(app):
    run, other = sent(MESSY), sent(MESSY)
    runs.confirm(other.id)
    run = runs.confirm(run.id)
    assert run.state == State.READY
    assert "ont changé" in run.message
    assert counts(run) == {"same": 3}
    assert Person.select().count() == 3


def test_a_failure_in_the_middle_writes_nothing(app, monkeypatch):
    from cptsapp.blueprints.adherent import importer

    run = sent(MESSY)
    monkeypatch.setattr(importer.writing, "fingerprints", lambda ids: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        runs.confirm(run.id)
    monkeypatch.undo()
    assert Person.select().count() == ImportEffect.select().count() == 0
    runs.carry_on_all()  # the worker takes it up again
    assert Import.get_by_id(run.id).state == State.DONE
    assert Person.select().count() == 3


def test_the_report_holds_every_row_and_no_formula(app):
    run = imported("Nom;Prénom;Ville\n=1+1;Camille;Melun\nCoste;Inès;Melun\n")
    lines = run.report_path.read_text("utf-8-sig").splitlines()
    assert len(lines) == 3
    assert lines[2].startswith("3;Créée;COSTE Inès")
    assert all(not cell.startswith("=") for line in lines for cell in line.split(";"))


def test_the_files_are_forgotten_after_a_month(app):
    from datetime import timedelta

    from cptsapp.kernel.dates import today

    run = imported(MESSY)
    assert run.table_path.exists()
    assert run.table_path.stat().st_mode & 0o077 == 0
    assert runs.purge_imports(today()) == 0
    runs.purge_imports(today() + timedelta(days=31))
    assert not run.table_path.exists()
    assert "samples" not in Import.get_by_id(run.id).summary
    runs.purge_imports(today() + timedelta(days=92))
    assert ImportEffect.select().count() == 0
