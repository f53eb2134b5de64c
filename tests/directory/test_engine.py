"""The engine: declare, change, leave, come back; one référent, one place, one entry each; the past of a list."""

from datetime import timedelta

import pytest
from peewee import IntegrityError
from playhouse.test_utils import count_queries

from cptsapp.blueprints.directory import catalogue, finding, freshness, history, listing, places, rules, stages, viewing
from cptsapp.blueprints.directory.finding import Asked
from cptsapp.blueprints.directory.models import Entry, EntryChange, EntryHold, Status
from cptsapp.blueprints.directory.rules import Agreement, Typed
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError

from .conftest import BRIE, MELUN, SERVON, answers, declared, practitioner, structure

NIVEAU = catalogue.shipped()["msu"].field("niveaux").choices[0][0]


def listed(slug, rank=3, **asked):
    definition = catalogue.find(slug)
    viewer = viewing.Viewer(rank)
    query = finding.narrowed(finding.visible(definition, viewer), definition, viewer, Asked(**asked))
    return [entry.id for entry in query]


@pytest.mark.parametrize("few", [0, 500])
@pytest.mark.parametrize(
    "asked",
    [{}, {"q": "camille"}, {"commune": BRIE}, {"q": "camille", "filters": {"niveaux": NIVEAU}},
     {"commune": BRIE, "around": True, "filters": {"niveaux": NIVEAU}}, {"q": "introuvable"}],
)  # fmt: skip
def test_a_page_holds_whom_a_plain_reading_finds_in_its_order(app, monkeypatch, asked, few):
    """Whichever way a query is written: looked up for a few holders, read in the order of an index for many."""
    monkeypatch.setattr(finding, "FEW", few)
    people = [practitioner(name=name) for name in ("Zède", "Alpha", "Mille", "Bêta")]
    made = [declared("msu", each) for each in people]
    rules.pause(made[2].id)
    definition, wanted = catalogue.find("msu"), Asked(**asked)
    assert bool(listed("msu", **asked)) == (asked.get("q") != "introuvable")
    for viewer in (viewing.COORDINATION, viewing.Viewer(1), viewing.VISITOR):
        plain = [each.id for each in finding.narrowed(finding.visible(definition, viewer), definition, viewer, wanted)]
        with count_queries() as counter:
            rows = listing.rows(definition, viewer, wanted, 10)
        assert counter.count <= 1 + len(asked)
        assert [row.id for row in rows] == plain
        assert listing.count(definition, viewer, wanted, 10) == len(plain)
        assert [row.id for row in listing.rows(definition, viewer, wanted, 1, 1)] == plain[1:2]


def test_nobody_is_listed_without_a_recorded_agreement(doctor):
    typed = Typed(values=answers(catalogue.find("reserve")))
    with pytest.raises(RuleError, match="Sans l’accord"):
        rules.declare("reserve", doctor.id, typed, None)
    with pytest.raises(IntegrityError):
        Entry.create(directory="reserve", person=doctor, status=Status.LISTED)
    entry = rules.declare("reserve", doctor.id, typed, Agreement(version=catalogue.find("reserve").consent.version))
    assert (entry.consented_on, entry.consent_means) == (today(), "online")
    assert "crise sanitaire" in entry.consent_text
    with pytest.raises(RuleError, match="formulation de l’accord a changé"):
        rules.declare("tabac", doctor.id, Typed(values=answers(catalogue.find("tabac"))), Agreement(version="ancienne"))


def test_a_withdrawal_is_at_once_and_can_be_taken_back(doctor):
    entry = declared("msu", doctor)
    assert listed("msu") == [entry.id]
    assert listed("msu", q="modele") == [entry.id]
    rules.leave(entry.id, reason="trop de travail")
    assert listed("msu") == []
    assert Entry.get_by_id(entry.id).left_at
    rules.leave(entry.id)  # a second click changes nothing
    assert rules.restore(entry.id).status == Status.LISTED
    assert listed("msu") == [entry.id]
    rules.pause(entry.id)
    assert listed("msu") == []
    rules.resume(entry.id)
    assert listed("msu") == [entry.id]
    with pytest.raises(RuleError, match="n’est pas en pause"):
        rules.resume(entry.id)


def test_a_person_has_one_entry_in_a_list_and_one_for_each_protocol(doctor):
    declared("msu", doctor)
    with pytest.raises(RuleError, match="déjà une fiche"):
        declared("msu", doctor)
    first = declared("protocoles", title="Cystite", keyed=True)
    second = declared("protocoles", title="Rhino-conjonctivite", keyed=True)
    mine = declared("protocoles-volontaires", doctor, protocole=first.id, referent=True)
    declared("protocoles-volontaires", doctor, protocole=second.id, referent=True)
    with pytest.raises(RuleError, match="déjà une fiche"):
        declared("protocoles-volontaires", doctor, protocole=first.id, referent=False)
    other = practitioner()
    with pytest.raises(RuleError, match="déjà un référent") as refused:
        declared("protocoles-volontaires", other, protocole=first.id, referent=True)
    assert refused.value.field == "referent"
    rules.leave(mine.id)
    declared("protocoles-volontaires", other, protocole=first.id, referent=True)
    with pytest.raises(RuleError, match="déjà un référent"):
        rules.restore(mine.id)
    assert EntryHold.select().count() == 2


def test_a_protocol_is_declared_with_a_date_and_a_referent(doctor):
    protocol = declared("protocoles", title="Cystite", keyed=True, declare_le=None)
    stages.move(protocol.id, "prepare", filled_by="coordination")
    with pytest.raises(RuleError, match="Déclaré le"):
        stages.move(protocol.id, "declare", filled_by="coordination")
    with pytest.raises(RuleError, match="a un référent"):
        stages.move(protocol.id, "declare", filled_by="coordination", answers={"declare_le": "2026-01-15"})
    declared("protocoles-volontaires", doctor, protocole=protocol.id, referent=True)
    stages.move(protocol.id, "declare", filled_by="coordination", answers={"declare_le": "2026-01-15"})
    assert Entry.get_by_id(protocol.id).stage == "declare"
    with pytest.raises(RuleError, match="ne va pas à cette étape"):
        stages.move(protocol.id, "envisage", filled_by="coordination")


def test_a_path_is_walked_as_the_definition_allows_and_every_move_is_kept(doctor):
    entry = declared("msu", doctor, faculte=None, niveaux=None, agree_le=None)
    assert entry.stage == "identifie"
    with pytest.raises(RuleError, match="ne va pas à cette étape"):
        stages.move(entry.id, "agree")
    stages.move(entry.id, "interesse", on=today())
    with pytest.raises(RuleError, match="Faculté"):
        stages.move(entry.id, "dossier")
    with pytest.raises(RuleError, match="à venir"):
        stages.move(entry.id, "dossier", on=today() + timedelta(days=1), answers={"faculte": "upec"})
    with pytest.raises(RuleError, match="avant celle de l’étape"):
        stages.move(entry.id, "dossier", on=today() - timedelta(days=1), answers={"faculte": "upec"})
    stages.move(entry.id, "dossier", answers={"faculte": "upec"})
    stages.move(entry.id, "interesse", note="report d’un an")
    told = history.changes_of(catalogue.find("msu"), entry.id)
    assert [each.change.stage for each in told] == ["interesse", "dossier", "interesse", "identifie"]
    assert told[1].differences == (("Étape", "Intéressé", "Dossier"), ("Faculté", "", "Paris-Est Créteil"))
    Entry.update(stage_on=today() - timedelta(weeks=13)).where(Entry.id == entry.id).execute()
    assert Entry.select().where(stages.stuck(catalogue.find("msu"))).count() == 1
    assert stages.reached("msu", "interesse", today() - timedelta(weeks=14), today()) == 1


def test_the_capacity_of_a_volunteer_is_never_exceeded_and_starts_again_each_month(doctor):
    entry = declared("medecins-volontaires", doctor, par_mois=2)
    first = places.take(entry.id)
    places.take(entry.id)
    with pytest.raises(RuleError, match="complet ce mois-ci"):
        places.take(entry.id)
    card = viewing.card(catalogue.find("medecins-volontaires"), Entry.joined().where(Entry.id == entry.id).get(),
                        viewing.COORDINATION)  # fmt: skip
    assert card.left == 0
    places.give_back(first.id)
    places.give_back(first.id)
    places.take(entry.id)
    next_month = (today().replace(day=1) + timedelta(days=40)).replace(day=3)
    assert places.taken(catalogue.find("medecins-volontaires"), [entry.id], next_month) == {}
    rules.pause(entry.id)
    with pytest.raises(RuleError, match="plus dans la liste"):
        places.take(entry.id)


def test_only_those_the_list_is_for_may_be_in_it(app):
    nurse, house = practitioner("60"), structure()
    with pytest.raises(RuleError, match="ouvert à : Médecins généralistes"):
        declared("msu", nurse)
    with pytest.raises(RuleError, match="pour des personnes"):
        declared("msu", house)
    with pytest.raises(RuleError, match="pour des structures"):
        declared("structures", nurse)
    with pytest.raises(RuleError, match="nom de la ressource"):
        declared("ressources")
    with pytest.raises(RuleError, match="Choisissez la personne"):
        declared("msu")
    assert declared("structures", house).id
    assert declared("ressources", title="Maison des adolescents").id
    catalogue.close("msu")
    with pytest.raises(RuleError, match="n’est pas ouvert"):
        declared("msu", practitioner())


def test_a_seeker_finds_by_words_commune_neighbours_and_field_and_only_in_what_they_may_read(doctor):
    entry = declared("etp", doctor, themes=["diabete"], communes=[MELUN], organisme="École fictive")
    other = declared("etp", practitioner("60", commune=SERVON), themes=["cancer"], communes=[])
    Entry.update(commune=SERVON).where(Entry.id == other.id).execute()
    finding.rebuild(catalogue.find("etp"))
    assert listed("etp", 1, q="diabète") == [entry.id]
    assert listed("etp", 1, q="fict ecole") == [entry.id]
    assert listed("etp", 1, commune=MELUN) == [entry.id]
    assert listed("etp", 1, commune=BRIE) == [entry.id]
    assert set(listed("etp", 1, commune=BRIE, around=True)) == {entry.id, other.id}
    assert listed("etp", 1, filters={"themes": "cancer"}) == [other.id]
    assert listed("etp", 0) == []
    hidden = declared("ipa", practitioner("60-IPA"), suivi="motcache", accompagnement=True, keyed=True)
    assert listed("ipa", 1, q="motcache") == listed("ipa", 1, filters={"accompagnement": "oui"}) == []
    assert listed("ipa", 3, q="motcache") == listed("ipa", 3, filters={"accompagnement": "oui"}) == [hidden.id]


def test_the_list_of_a_past_day_is_as_it_stood(doctor):
    entry = declared("msu", doctor)
    gone = declared("msu", practitioner())
    EntryChange.update(at=now() - timedelta(days=10)).execute()
    rules.leave(gone.id)
    then = history.as_it_stood("msu", today() - timedelta(days=5))
    assert {past.entry_id for past in then} == {entry.id, gone.id}
    assert [past.entry_id for past in history.as_it_stood("msu", today())] == [entry.id]
    assert then[0].commune == "Brie-Comte-Robert"


def test_what_nobody_confirms_leaves_the_list_and_comes_back_in_one_click(doctor):
    entry = declared("msu", doctor)
    past = today() - timedelta(days=400)
    Entry.update(confirmed_on=past, expires_on=today() - timedelta(days=1)).where(Entry.id == entry.id).execute()
    assert listed("msu") == []  # at once, before the job
    assert freshness.expire() == 1
    assert freshness.expire() == 0
    assert Entry.get_by_id(entry.id).status == Status.EXPIRED
    freshness.confirm(entry.id)
    assert listed("msu") == [entry.id]
    assert Entry.get_by_id(entry.id).confirmed_on == today()
