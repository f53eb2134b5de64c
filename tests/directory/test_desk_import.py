"""A directory brought in from a spreadsheet: its own columns, the agreement of each, all or nothing, taken back."""

import io

from cptsapp.blueprints.directory import rules
from cptsapp.blueprints.directory.models import Entry, EntryChange, Means, Status
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.importing import Import, State, runs
from cptsapp.kernel.mail import OutgoingMail

from .conftest import declared, practitioner

HERE = "/gestion/repertoires"
HEAD = "Nom;Prénom;Profession;Ville;Mail;Faculté;Niveaux;Places par semestre;Accord le;Moyen"


def sent(client, slug, *lines):
    data = {"file": (io.BytesIO("\n".join(lines).encode()), "liste.csv")}
    answer = client.post(f"{HERE}/{slug}/import", data=data, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    return Import.select().order_by(Import.id.desc()).get(), answer.headers["Location"]


def problems(run):
    return {row["number"]: row["problems"][0] for row in run.summary["samples"]["refused"]}


def test_a_list_comes_in_with_the_agreement_of_each_and_nothing_without(app, as_coordinator):
    known = practitioner(name="Connue", email="connue@exemple.fr")
    there = declared("msu", known, faculte="upec", places=2)
    gone = declared("msu", practitioner(name="Partie", email="partie@exemple.fr"))
    rules.leave(gone.id)
    run, page = sent(
        as_coordinator,
        "msu",
        HEAD,
        "NOUVEAU;Alix;Médecin généraliste;Brie-Comte-Robert;alix@exemple.fr;Paris-Saclay;SASPAS;3;12/10/2026;papier",
        f"CONNUE;{known.given_name};;;connue@exemple.fr;Paris-Saclay;;4;;",
        "SANSACCORD;Alix;Médecin généraliste;Melun;sans@exemple.fr;;;;;",
        "SOIGNANTE;Alix;infirmière;Melun;ide@exemple.fr;;;;12/10/2026;appel",
        "FAUX;Alix;Médecin généraliste;Melun;faux@exemple.fr;Faculté inconnue;;;12/10/2026;papier",
        "NOUVEAU;Alix;Médecin généraliste;Brie-Comte-Robert;alix@exemple.fr;;;;12/10/2026;papier",
        "LOIN;Alix;Médecin généraliste;Melun;loin@exemple.fr;;;beaucoup;12/10/2026;papier",
        "TARD;Alix;Médecin généraliste;Melun;tard@exemple.fr;;;;12/10/2099;papier",
        f"PARTIE;{gone.person.given_name};;;partie@exemple.fr;;;;12/10/2020;téléphone",
    )
    assert run.state == State.READY
    assert run.counts == {"create": 1, "update": 1, "refused": 7}
    said = {number: label for number, (label, _) in problems(run).items()}
    assert (said[4], said[6], said[8], said[9]) == ("Accord", "Faculté", "Places par semestre", "Date de l’accord")
    assert "ouvert à : Médecins généralistes" in problems(run)[5][1]
    assert problems(run)[7][1] == "même fiche que la ligne 2"
    assert "s’est retirée" in problems(run)[10][1]
    assert Entry.select().count() == 2
    shown = as_coordinator.get(page).text
    assert "reçoit un e-mail" in shown
    as_coordinator.post(f"{page}/confirmer", data={})
    new = Entry.joined().where(Entry.email == "alix@exemple.fr").get()
    assert (new.consent_means, new.consented_on.isoformat(), new.status) == (Means.PAPER, "2026-10-12", Status.LISTED)
    assert new.values == {"niveaux": ["saspas"], "faculte": "saclay", "places": 3}
    assert OutgoingMail.select().where(OutgoingMail.template == "directory/keyed").count() == 1
    changed = Entry.get_by_id(there.id)
    assert (changed.values["faculte"], changed.values["places"]) == ("saclay", 4)
    assert changed.values["niveaux"] == there.values["niveaux"]
    as_coordinator.post(f"{page}/defaire", data={})
    assert Import.get_by_id(run.id).state == State.UNDONE
    assert Entry.get_by_id(there.id).values == there.values
    assert not Entry.select().where(Entry.id == new.id).exists()
    assert Person.get_by_id(new.person_id).deleted_at


def test_an_import_edited_since_is_not_taken_back_and_columns_are_asked(app, as_coordinator):
    run, page = sent(as_coordinator, "msu", "Nom;Ville", "ESSAI Alix;Melun")
    assert run.state == State.COLUMNS
    refused = as_coordinator.post(f"{page}/colonnes", data={"colonne-0": "full_name", "colonne-1": "commune"})
    assert refused.status_code == 422
    assert "date et du moyen de l’accord" in refused.text
    lines = ("Nom de la ressource;Commune;Type;Pour qui", "Maison fictive;Melun;Parentalité;Familles")
    run, page = sent(as_coordinator, "ressources", *lines)
    as_coordinator.post(f"{page}/confirmer", data={})
    run = Import.get_by_id(run.id)
    entry = Entry.get(Entry.directory == "ressources")
    rules.pause(entry.id)
    as_coordinator.post(f"{page}/defaire", data={})
    assert Import.get_by_id(run.id).state == State.DONE
    assert EntryChange.select().where(EntryChange.entry == entry.id).count() == 2
    runs.forget_rows(run)
    assert not run.report_path.exists()
