"""The association's identity, and what the law asks before its site is shown."""

from datetime import date

import pytest

from cptsapp.blueprints.association import rules
from cptsapp.blueprints.association.demo import fill
from cptsapp.blueprints.association.models import Association, College, identity
from cptsapp.blueprints.association.registrations import sender
from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel.db import db, revision
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry


@pytest.fixture
def association(app):
    return rules.default_identity(name="CPTS Fictive", communes=["77470"], email="bonjour@exemple.fr")


@pytest.fixture
def complete(association):
    rules.set_identity(name="CPTS Fictive", address="1 rue du Modèle", email="bonjour@exemple.fr")
    rules.set_legal(
        rna="w 770 000 000",
        publication_director="Sacha Exemple",
        host_name="Hébergeur",
        host_address="Ici",
        host_phone="01",
    )


def test_a_blank_instance_has_an_identity_that_pages_can_show(app):
    own = identity()
    assert own.name
    assert own.communes == []
    assert own.population == 0
    assert own.tagline == own.theme_url == own.logo_url == ""
    assert own.is_online


def test_a_new_instance_is_named_placed_and_not_online(association):
    own = identity()
    assert (own.name, own.short_name, own.communes_count) == ("CPTS Fictive", "CPTS Fictive", 1)
    assert not own.is_online
    assert College.select().count() == 3


def test_the_tagline_counts_until_it_is_written(association):
    assert identity().tagline.replace("\u00a0", " ").replace("\u202f", " ") == "1 commune, 8 274 habitants"
    rules.set_identity(name="CPTS Fictive", subtitle="Ensemble")
    assert identity().tagline == "Ensemble"


def test_the_identity_is_read_once_until_something_changes(association):
    first = identity()
    assert identity() is first
    territory.add_communes(["77215"])
    assert identity() is not first
    assert identity().communes_count == 2


def test_what_is_taken_back_is_not_remembered(association):
    with pytest.raises(ZeroDivisionError), db.atomic():
        rules.set_identity(name="Jamais")
        assert identity().name == "Jamais"
        raise ZeroDivisionError
    assert identity().name == "CPTS Fictive"


def test_a_change_is_journaled_by_the_names_of_its_columns_alone(association):
    rules.set_identity(name="CPTS Autre", phone="01 99 00 00 01")
    entry = JournalEntry.select().order_by(JournalEntry.id.desc()).get()
    assert entry.action == rules.IDENTITY
    assert entry.detail == {"changed": ["name", "phone"]}


def test_writing_the_same_again_changes_nothing(association):
    before = revision.read(), JournalEntry.select().count()
    rules.set_identity(name="CPTS Fictive")
    assert (revision.read(), JournalEntry.select().count()) == before


@pytest.mark.parametrize(
    "links", ["javascript:alert(1)", "Site : exemple.fr", 'X : https://a"b.fr', "ftp://exemple.fr"]
)
def test_a_link_that_is_not_one_is_refused(association, links):
    with pytest.raises(RuleError) as refusal:
        rules.set_identity(name="CPTS Fictive", links=links)
    assert refusal.value.field == "links"


def test_links_are_names_and_addresses(association):
    rules.set_identity(name="CPTS Fictive", links="\nRéseau : https://exemple.fr/a?b=c\n\nBlog http://exemple.fr ")
    assert identity().links == (("Réseau", "https://exemple.fr/a?b=c"), ("Blog", "http://exemple.fr"))


def test_only_missions_of_the_agreement_are_kept_in_its_order(association):
    rules.set_identity(name="CPTS Fictive", missions=["crise", "inconnue", "acces"])
    assert [mission.code for mission in identity().missions] == ["acces", "crise"]


def test_an_unreadable_colour_changes_nothing_and_names_the_nearest(association):
    with pytest.raises(RuleError, match="#"):
        rules.set_look(colour="#ffee00")
    assert identity().colour == "#0b6e69"


def test_a_colour_gives_every_page_a_new_address_for_its_style(association):
    rules.set_look(colour="7A1FA2")
    first = identity().theme_url
    rules.set_look(colour="#b4431d")
    assert first.startswith("/identite-")
    assert identity().theme_url not in ("", first)
    rules.set_look(colour="#0b6e69")
    assert identity().theme_url == ""


def test_mailings_come_from_the_collective_sender_when_there_is_one(association):
    assert sender(True).email == "bonjour@exemple.fr"
    rules.set_mail(sender_name="CPTS", collective_sender_email="lettre@exemple.fr", reply_to="reponse@exemple.fr")
    assert (sender(True).name, sender(True).email, sender(True).reply_to) == (
        "CPTS",
        "lettre@exemple.fr",
        "reponse@exemple.fr",
    )
    assert sender(False).email == "bonjour@exemple.fr"


def test_another_sender_must_be_tried_again(association):
    rules.record_mail_test()
    rules.set_mail(sender_name="Autre nom")
    assert Association.current().mail_tested_at
    rules.set_mail(sender_email="autre@exemple.fr")
    assert Association.current().mail_tested_at is None


@pytest.mark.parametrize(("month", "fee"), [(0, 0), (13, 0), (1, -1), (1, 1_000_001)])
def test_an_impossible_membership_is_refused(association, month, fee):
    with pytest.raises(RuleError):
        rules.set_membership(month=month, fee_cents=fee)


@pytest.mark.parametrize(
    ("rna", "siret"), [("770000000", ""), ("W77", ""), ("", "12345678901234"), ("", "1"), ("", "٤" * 14)]
)
def test_a_wrong_number_of_register_is_refused(association, rna, siret):
    with pytest.raises(RuleError):
        rules.set_legal(rna=rna, siret=siret)


def test_a_number_of_register_is_kept_without_its_spaces(association):
    rules.set_legal(rna="w 770 000 000", siret="732 829 320 00074")
    assert (identity().rna, identity().siret) == ("W770000000", "73282932000074")


def test_a_level_of_accessibility_above_none_supposes_an_audit(association):
    with pytest.raises(RuleError, match="audit"):
        rules.set_accessibility(level="partial")
    rules.set_accessibility(level="partial", checked_on=date(2026, 5, 4))
    assert identity().accessibility == "partiellement conforme"


def test_the_site_waits_for_its_legal_notices(association):
    missing = rules.missing_for_online()
    assert "l’adresse du siège" in missing
    with pytest.raises(RuleError, match="l’hébergeur"):
        rules.put_online()
    assert not identity().is_online


def test_a_complete_site_goes_online_once_and_may_be_taken_back(complete):
    opened = rules.put_online().online_at
    assert rules.put_online().online_at == opened
    assert identity().is_online
    rules.take_offline()
    assert not identity().is_online


def test_an_unknown_commune_leaves_no_half_made_instance(app):
    with pytest.raises(RuleError):
        rules.default_identity(name="CPTS", communes=["99999"])
    assert Association.current().id is None


# Collèges


def names():
    return [college.name for college in College.ordered()]


def test_colleges_are_added_at_the_end_renamed_and_moved(app):
    first = rules.save_college(None, name=" Ville  et campagne ")
    second = rules.save_college(None, name="Usagers", seats=2)
    assert names() == ["Ville et campagne", "Usagers"]
    rules.move_college(second.id, up=True)
    rules.move_college(second.id, up=True)
    rules.save_college(first.id, name="Ville")
    assert names() == ["Usagers", "Ville"]
    rules.move_college(second.id, up=False)
    rules.remove_college(first.id)
    assert names() == ["Usagers"]


def test_two_colleges_cannot_bear_the_same_name(app):
    rules.save_college(None, name="Usagers")
    with pytest.raises(RuleError, match="déjà"):
        rules.save_college(None, name="usagers")


def test_the_demonstration_is_a_whole_cpts_online(app):
    fill()
    own = identity()
    assert own.is_online
    assert own.tagline.replace("\u00a0", " ").replace("\u202f", " ") == "36 communes, 97 247 habitants"
    assert own.aci_size == 3
    assert len(own.missions) == 5
