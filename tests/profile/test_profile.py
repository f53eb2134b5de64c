import io
import json
import zipfile
from datetime import timedelta

import pytest
from PIL import Image

from cptsapp.blueprints.adherent import rules as adherent_rules
from cptsapp.blueprints.adherent.models import Membership, Practice, is_adherent
from cptsapp.blueprints.annuaire import listing
from cptsapp.blueprints.annuaire import rules as annuaire_rules
from cptsapp.blueprints.annuaire.models import Portrait, PublicChoice
from cptsapp.blueprints.association import rules as association_rules
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.profile import rules
from cptsapp.blueprints.profile.models import Outcome, ProfileChange, ProfileRequest
from cptsapp.kernel import registry
from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.mail import OutgoingMail
from tests.conftest import text_of

MINE = "/espace/profil"
DESK = "/gestion/fiches"
TYPED = {
    "given_name": "Sacha",
    "family_name": "Fictif",
    "email": "adherent@exemple.fr",
    "phone": "01 99 00 11 22",
    "type": "liberal",
    "profession": "60",
    "mode": "",
    "organisation": "Cabinet du Modèle",
    "commune": "Brie Comte Robert",
    "competences": "Plaies et cicatrisation",
    "areas": "Chevry-Cossigny\nbrie comte robert",
    "hours": "Sur rendez-vous",
}


@pytest.fixture
def association(app):
    return association_rules.default_identity(name="CPTS d’essai", email="bonjour@exemple.fr")


@pytest.fixture
def filled(association, as_adherent):
    """The record of the adherent, as they typed it; what it told the coordination is read and gone."""
    assert as_adherent.post(f"{MINE}/modifier", data=TYPED).status_code == 303
    ProfileChange.delete().execute()
    OutgoingMail.delete().execute()
    return as_adherent


def journal_of(action):
    return JournalEntry.select().where(JournalEntry.action == action).count()


def test_a_person_reads_and_corrects_their_record(filled, adherent):
    practice = Practice.get()
    assert (practice.profession, practice.commune_id, practice.organisation) == ("60", "77053", "Cabinet du Modèle")
    assert json.loads(practice.area_json) == ["77114", "77053"]
    assert Person.get_by_id(adherent.person_id).phone == "01 99 00 11 22"
    shown = text_of(filled.get(MINE).text)
    for words in ("Infirmier", "Brie-Comte-Robert", "Chevry-Cossigny", "01 99 00 11 22", "Plaies"):
        assert words in shown
    html = filled.get(f"{MINE}/modifier").text
    assert "Brie-Comte-Robert (77)" in html
    assert "Chevry-Cossigny (77)" in html


def test_the_note_of_the_coordination_outlives_a_correction(association, as_adherent, adherent):
    Person.update(note="Suivi").execute()
    as_adherent.post(f"{MINE}/modifier", data=TYPED)
    assert Person.get_by_id(adherent.person_id).note == "Suivi"


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"profession": "21"}, "Profession"),
        ({"commune": "Chevry-Cossigny"}, "Commune"),
        ({"email": "autre@exemple.fr"}, "Adresse e-mail"),
        ({"type": "salarie"}, "Qualité"),
    ],
)
def test_what_matters_is_told_to_the_coordination(filled, changes, label):
    assert filled.post(f"{MINE}/modifier", data=TYPED | changes).status_code == 303
    assert [each[0] for each in ProfileChange.get().changes] == [label]
    mail = OutgoingMail.get()
    assert (mail.to_address, mail.subject) == ("bonjour@exemple.fr", "Fiche modifiée\u00a0: Sacha Fictif")


@pytest.mark.parametrize("changes", [{}, {"phone": "01 99 00 99 99"}, {"competences": "Autre chose"}])
def test_what_does_not_matter_is_told_to_nobody(filled, changes):
    filled.post(f"{MINE}/modifier", data=TYPED | changes)
    assert not ProfileChange.select().exists()
    assert not OutgoingMail.select().exists()


def test_the_coordination_reads_a_change_once(filled, as_coordinator, coordinator):
    filled.post(f"{MINE}/modifier", data=TYPED | {"profession": "21"})
    assert "Pharmacien" in as_coordinator.get(DESK).text
    change = ProfileChange.get()
    for _ in range(2):
        as_coordinator.post(f"{DESK}/changements/{change.id}/vu")
    assert ProfileChange.get().seen_by_id == coordinator.id
    assert journal_of("profile.change_seen") == 1
    assert "Pharmacien" not in as_coordinator.get(DESK).text


def test_the_journal_says_which_fields_and_no_value(filled):
    filled.post(f"{MINE}/modifier", data=TYPED | {"email": "autre@exemple.fr"})
    entries = list(JournalEntry.select().where(JournalEntry.action == "profile.updated"))
    assert not any("exemple.fr" in each.detail_json for each in entries)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"family_name": ""}, "Indiquez votre nom"),
        ({"email": "sacha@"}, "ne semble pas complète"),
        ({"commune": "Nulle-Part"}, "Aucune commune"),
        ({"areas": "Brie-Comte-Robert, Nulle-Part"}, "Aucune commune"),
        ({"profession": "intrus"}, ""),
        ({"type": "structure"}, ""),
    ],
)
def test_a_refused_correction_keeps_what_was_typed(association, as_adherent, changes, said):
    answer = as_adherent.post(f"{MINE}/modifier", data=TYPED | changes)
    assert answer.status_code == 422
    assert said in answer.text
    assert "Plaies et cicatrisation" in answer.text
    assert not Practice.select().exists()


def test_an_other_profession_is_kept_in_its_words(association, as_adherent):
    as_adherent.post(
        f"{MINE}/modifier", data=TYPED | {"profession": "autre", "profession_other": "Socio-esthéticienne"}
    )
    assert (Practice.get().profession, Practice.get().profession_other) == ("", "Socio-esthéticienne")


# Showing


def test_nothing_is_shown_until_it_is_chosen_and_a_choice_is_taken_back_at_once(filled, adherent):
    def card():
        return listing.for_members(adherent.person_id)[0]

    assert (card().email, card().phone, card().hours) == ("", "", "")
    chosen = {"in_directory": "y", "email": "nobody", "phone": "members", "hours": "members", "photo": "nobody"}
    assert filled.post(f"{MINE}/visibilite", data=chosen).status_code == 303
    assert (card().email, card().phone, card().hours) == ("", "01 99 00 11 22", "Sur rendez-vous")
    filled.post(f"{MINE}/visibilite", data=chosen | {"phone": "nobody"})
    assert card().phone == ""
    assert journal_of("profile.shown") == 2
    assert Practice.get().shown_changed_at


def test_one_may_leave_the_directory(filled, adherent):
    filled.post(f"{MINE}/visibilite", data=dict.fromkeys(("email", "phone", "hours", "photo"), "nobody"))
    assert listing.for_members(adherent.person_id) == []


def test_the_public_choice_exists_only_while_the_public_directory_is_open(filled, adherent):
    asked = {
        "in_directory": "y",
        "public_listing": "y",
        **dict.fromkeys(("email", "phone", "hours", "photo"), "public"),
    }
    assert "Tout le monde" not in filled.get(MINE).text
    assert filled.post(f"{MINE}/visibilite", data=asked).status_code == 400
    annuaire_rules.set_directory(public_on=True, introduction="")
    assert filled.post(f"{MINE}/visibilite", data=asked | {"email": "members"}).status_code == 303
    assert PublicChoice.of(adherent.person_id) == {"phone", "hours", "photo"}
    card = listing.for_public(adherent.person_id)[0]
    assert (card.email, card.phone) == ("", "01 99 00 11 22")
    assert "checked" in filled.get(MINE).text


def test_closing_the_public_directory_keeps_the_choice_for_later(filled, adherent):
    annuaire_rules.set_directory(public_on=True, introduction="")
    levels = dict.fromkeys(("email", "phone", "hours", "photo"), "public")
    filled.post(f"{MINE}/visibilite", data={"in_directory": "y", "public_listing": "y", **levels})
    annuaire_rules.set_directory(public_on=False, introduction="")
    filled.post(f"{MINE}/visibilite", data={"in_directory": "y", **dict.fromkeys(levels, "members")})
    assert Practice.get().public_listing
    assert PublicChoice.of(adherent.person_id) == set(levels)


def a_picture():
    data = io.BytesIO()
    Image.new("RGB", (800, 800), "teal").save(data, "PNG")
    data.seek(0)
    return data


def test_a_photo_is_given_seen_by_oneself_and_taken_back(filled, adherent):
    filled.post(f"{MINE}/photo", data={"photo": (a_picture(), "moi.png")})
    assert Portrait.of(adherent.person_id).file.width == 512
    assert filled.get(f"{MINE}/photo").content_type == "image/webp"
    assert not listing.for_members(adherent.person_id)[0].has_photo
    filled.post(f"{MINE}/photo", data={"retirer": "1"})
    assert Portrait.of(adherent.person_id) is None
    assert filled.get(f"{MINE}/photo").status_code == 404


def test_what_is_no_picture_is_refused(filled, adherent):
    filled.post(f"{MINE}/photo", data={"photo": (io.BytesIO(b"<script>"), "moi.png")})
    assert Portrait.of(adherent.person_id) is None
    assert filled.get(MINE).status_code == 200


# Confirming


def test_a_record_that_nobody_confirmed_for_a_year_asks_for_it_in_one_click(filled, as_coordinator):
    Membership.update(confirmed_on=add_months(today(), -13), started_on=add_months(today(), -30)).execute()
    assert "C’est toujours exact" in filled.get(MINE).text
    assert "Votre fiche" in filled.get("/espace/").text
    assert rules.stale_count(today()) == 1
    assert filled.post(f"{MINE}/confirmer").status_code == 303
    assert Membership.get().confirmed_on == today()
    assert "C’est toujours exact" not in filled.get(MINE).text
    assert rules.stale_count(today()) == 0


def test_a_correction_confirms_the_record(filled):
    Membership.update(confirmed_on=add_months(today(), -13)).execute()
    filled.post(f"{MINE}/modifier", data=TYPED)
    assert Membership.get().confirmed_on == today()


@pytest.mark.parametrize(("months", "stale"), [(11, False), (12, False), (13, True)])
def test_twelve_months_make_a_record_stale(filled, months, stale):
    Membership.update(confirmed_on=add_months(today(), -months)).execute()
    assert rules.is_stale(Membership.get()) == stale
    assert rules.stale_count(today()) == int(stale)


def test_the_coordination_invites_by_mail_and_a_click_confirms_without_logging_in(
    filled, as_coordinator, mailbox, client
):
    Membership.update(confirmed_on=add_months(today(), -13)).execute()
    assert "Les inviter aussi par e-mail" in as_coordinator.get(DESK).text
    for _ in range(2):
        assert as_coordinator.post(f"{DESK}/inviter").status_code == 303
    (letter,) = mailbox.to("adherent@exemple.fr")
    link = next(each for each in letter.links if "/fiche/exacte/" in each)
    path = link[link.index("/fiche/") :]
    assert "C’est toujours exact" in client.get(path).text
    assert rules.stale_count(today()) == 1
    assert "Merci" in client.post(path).text
    assert Membership.get().confirmed_on == today()
    assert client.post(path).status_code == client.get(path).status_code == 410


def test_who_has_no_address_is_not_mailed(filled):
    Membership.update(confirmed_on=add_months(today(), -13)).execute()
    Person.update(email=None, email_normalised="").execute()
    assert rules.invite_stale(today()) == 0


# Leaving


def test_a_member_leaves_and_the_coordination_may_undo_it(filled, adherent, as_coordinator):
    before = Membership.get()
    answer = filled.post(f"{MINE}/quitter", data={"sure": "y", "reason": "Je déménage"})
    assert answer.status_code == 303
    assert not is_adherent(adherent.person)
    assert filled.get("/espace/annuaire").status_code == 403
    assert filled.get(MINE).status_code == 200
    assert OutgoingMail.get().subject == "Départ de l’association : Sacha Fictif"
    assert "Je déménage" in as_coordinator.get(DESK).text
    request = ProfileRequest.get()
    assert as_coordinator.post(f"{DESK}/departs/{request.id}/annuler").status_code == 303
    after = Membership.get()
    assert (after.left_at, after.ended_on, after.started_on) == (None, before.ended_on, before.started_on)
    assert is_adherent(adherent.person)
    assert journal_of("profile.left") == journal_of("profile.left_undone") == 1


def test_leaving_asks_twice(filled, adherent):
    assert filled.post(f"{MINE}/quitter", data={}).status_code == 422
    assert is_adherent(adherent.person)


def test_a_departure_is_undone_once_and_not_over_a_new_membership(filled, adherent, coordinator):
    request = rules.leave(adherent.person_id)
    adherent_rules.admit(adherent.person_id)
    with pytest.raises(RuleError, match="de nouveau adhérente"):
        rules.undo_leave(request.id, by=coordinator.id)
    adherent_rules.end(adherent.person_id)
    rules.undo_leave(request.id, by=coordinator.id)
    with pytest.raises(RuleError, match="déjà été annulé"):
        rules.undo_leave(request.id, by=coordinator.id)


def test_who_is_no_member_has_nothing_to_leave(app, make_account, association):
    account = make_account("simple@exemple.fr")
    with pytest.raises(RuleError):
        rules.leave(account.person_id)
    assert not ProfileRequest.select().exists()


# Erasing


def test_an_erasure_is_asked_once_and_may_be_taken_back(filled, adherent):
    for _ in range(2):
        assert filled.post(f"{MINE}/effacement", data={"sure": "y"}).status_code == 303
    assert ProfileRequest.select().count() == OutgoingMail.select().count() == 1
    assert "Retirer ma demande" in filled.get(MINE).text
    filled.post(f"{MINE}/effacement/retirer")
    assert ProfileRequest.get().outcome == Outcome.WITHDRAWN


def test_the_coordination_erases_and_nothing_of_the_person_stays(filled, adherent, as_coordinator):
    filled.post(f"{MINE}/photo", data={"photo": (a_picture(), "moi.png")})
    filled.post(f"{MINE}/attestation")
    filled.post(f"{MINE}/modifier", data=TYPED | {"profession": "21"})
    filled.post(f"{MINE}/effacement", data={"sure": "y", "reason": "Motif privé"})
    assert "Motif privé" in as_coordinator.get(DESK).text
    id = adherent.person_id
    assert as_coordinator.post(f"/gestion/registre/personnes/{id}/effacer", data={"sure": "y"}).status_code == 303
    assert Person.get_or_none(Person.id == id) is None
    request = ProfileRequest.get()
    assert (request.person_id, request.reason, request.outcome) == (None, "", Outcome.DONE)
    assert not ProfileChange.select().exists()
    assert "Personne effacée" in as_coordinator.get(DESK).text
    assert journal_of("privacy.erased") == 1
    assert not any("Fictif" in each.detail_json for each in JournalEntry.select())
    assert not any("Fictif" in each.values_json + each.subject for each in OutgoingMail.select())


def test_a_refused_erasure_is_explained_with_how_to_complain(filled, adherent, as_coordinator, mailbox):
    filled.post(f"{MINE}/effacement", data={"sure": "y"})
    request = ProfileRequest.get()
    path = f"{DESK}/effacements/{request.id}/refuser"
    assert as_coordinator.post(path, data={"reason": " "}).status_code == 422
    assert as_coordinator.post(path, data={"reason": "Votre reçu doit être gardé."}).status_code == 303
    letter = mailbox.to("adherent@exemple.fr")[0]
    assert "Votre reçu doit être gardé." in letter.text
    assert "CNIL" in letter.text
    assert as_coordinator.post(path, data={"reason": "Encore"}).status_code == 422


def test_what_is_old_is_purged(filled, adherent, coordinator):
    filled.post(f"{MINE}/modifier", data=TYPED | {"profession": "21"})
    rules.see_change(ProfileChange.get().id, by=coordinator.id)
    rules.leave(adherent.person_id)
    assert rules.purge(today() + timedelta(days=300)) == 0
    assert rules.purge(add_months(today(), 13)) == 1
    assert rules.purge(add_months(today(), 37)) == 1


# A copy of everything


def test_the_copy_holds_the_data_and_the_files(filled, adherent):
    filled.post(f"{MINE}/photo", data={"photo": (a_picture(), "moi.png")})
    filled.post(f"{MINE}/modifier", data=TYPED | {"profession": "21"})
    archive = zipfile.ZipFile(io.BytesIO(filled.post("/espace/mes-donnees/copie").data))
    names = archive.namelist()
    photo = Portrait.of(adherent.person_id).file.name
    assert f"fichiers/{photo}" in names
    assert json.loads(archive.read("annuaire.json"))["photo"] == f"fichiers/{photo}"
    assert json.loads(archive.read("profile.json"))["changements"][0]["apres"] == "Pharmacien"


# Who may


@pytest.mark.parametrize("who", ["as_bureau", "as_admin", "as_adherent"])
def test_others_do_not_follow_the_records(request, who):
    assert request.getfixturevalue(who).get(DESK).status_code == 403


@pytest.mark.parametrize("who", ["as_coordinator", "as_bureau", "as_admin"])
def test_anybody_with_an_account_has_a_record(request, association, who):
    browser = request.getfixturevalue(who)
    assert browser.get(MINE).status_code == 200
    assert browser.get(f"{MINE}/modifier").status_code == 200


def test_the_panel_of_the_record_says_what_is_shown(filled, as_coordinator, adherent):
    rules.show(adherent.person_id, levels={"phone": "members"}, in_directory=True)
    assert "Montre à ses collègues" in as_coordinator.get(f"/gestion/personnes/{adherent.person_id}").text


def test_the_card_of_the_space_leads_to_the_record(filled):
    card = next(each for each in registry.space_cards if each.key == "profile.mine")
    assert "Voir et corriger ma fiche" in filled.get(f"/espace/cartes/{card.key}").text
