"""What the coordination sees and may do; segments, figures, a person's copy and end."""

import pytest

from cptsapp.blueprints.adherent import rules as adherent_rules
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.privacy import rules as privacy_rules
from cptsapp.blueprints.subscription import demo, figures, links, partners, refusals, subscribing, topics
from cptsapp.blueprints.subscription.models import Partner, Refusal, Subscription, SubscriptionRequest, Topic
from cptsapp.kernel import registry, segments
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.mail import Kind, holds
from cptsapp.kernel.mail.holds import Reason

ADDRESS = "camille.alberti@exemple.fr"
LIST = "/gestion/abonnes/"
HTMX = {"HX-Request": "true"}


def ids_of(choice):
    return sorted(id for (id,) in segments.people_of(choice).tuples())


@pytest.fixture
def filled(app):
    demo.fill()


def test_the_list_of_subscribers_is_searched_by_topic_and_state_and_exported(as_coordinator, filled):
    page = as_coordinator.get(LIST).text
    assert "CONTE Félix" in page
    assert "CHIMÈRE" not in page
    assert "abonne6@exemple.fr" in page
    assert "ABONNE6@" not in page
    topic = Topic.get(Topic.name == "Accès aux soins")
    part = as_coordinator.get(f"{LIST}?theme={topic.id}", headers=HTMX).text
    assert "CONTE" in part
    assert "SONGE" not in part
    assert part.strip() in as_coordinator.get(f"{LIST}?theme={topic.id}").text
    assert "CHIMÈRE" in as_coordinator.get(f"{LIST}?etat=desabonnes").text
    text = as_coordinator.post(f"{LIST}export", data={"format": "csv"}).get_data(as_text=True)
    assert "J’accepte de recevoir" in text
    assert JournalEntry.get(JournalEntry.action == "list.exported").detail["rows"] == 6


@pytest.mark.parametrize(("path", "most"), [(LIST, 24), (f"{LIST}partenaires/", 16)])
def test_the_lists_ask_the_database_the_same_whatever_their_length(as_coordinator, filled, path, most):
    """Thirty more rows cost no more queries."""
    few = queries_of(as_coordinator, path)
    for rank in range(30):
        partners.create(kind="press", organisation=f"Journal {rank}", email=f"j{rank}@exemple.fr")
        demo._subscribe(f"s{rank}@exemple.fr", "", f"Nom {rank}", rank, [Topic.get().id])
    assert queries_of(as_coordinator, path) <= few + 1 <= most


def queries_of(browser, path):
    seen = []
    hook = db.obj.execute_sql
    db.obj.execute_sql = lambda sql, params=None, **options: seen.append(sql) or hook(sql, params, **options)
    try:
        assert browser.get(path, headers=HTMX).status_code == 200
    finally:
        del db.obj.execute_sql
    return len(seen)


def test_the_bureau_reads_and_does_not_write(as_bureau, filled):
    assert as_bureau.get(LIST).status_code == 200
    assert as_bureau.get(f"{LIST}partenaires/").status_code == 200
    for path in ("export", "themes", "partenaires/export", "partenaires/lot", "personnes/1/opposition"):
        assert as_bureau.post(f"{LIST}{path}").status_code == 403


def test_topics_are_added_ordered_closed_and_removed_only_when_nobody_chose_them(as_coordinator, subscriber):
    themes = f"{LIST}themes"
    assert "Aucun thème" in as_coordinator.get(themes).text
    for name in ("Prévention", "Formations"):
        as_coordinator.post(themes, data={"name": name})
    assert as_coordinator.post(themes, data={"name": "prevention"}).status_code == 422
    assert as_coordinator.post(themes, data={"name": ""}).status_code == 422
    first, second = Topic.select().order_by(Topic.position)
    as_coordinator.post(f"{themes}/{second.id}/monter")
    assert [each.name for each in Topic.offered()] == ["Formations", "Prévention"]
    as_coordinator.post(f"{themes}/{first.id}", data={"name": "Dépistages", "description": "Près de chez vous"})
    assert Topic.get_by_id(first.id).name == "Dépistages"
    subscribing.choose(subscriber.id, [first.id])
    with pytest.raises(RuleError, match="fermez-le"):
        topics.remove(first.id)
    as_coordinator.post(f"{themes}/{first.id}/fermer")
    as_coordinator.post(f"{themes}/{second.id}/retirer")
    assert [each.name for each in Topic.select()] == ["Dépistages"]
    assert not list(Topic.offered())
    as_coordinator.post(f"{themes}/{first.id}/rouvrir")
    assert list(Topic.offered())
    assert as_coordinator.get(f"{themes}/999").status_code == 303
    as_coordinator.post(f"{themes}/999/fermer")
    for rank in range(topics.MOST_TOPICS - 1):
        topics.save(f"Thème {rank}")
    with pytest.raises(RuleError, match="au plus"):
        topics.save("Un de trop")


def test_the_record_of_a_person_shows_the_proof_and_takes_an_opposition_that_nobody_lifts(as_coordinator, subscriber):
    record = f"/gestion/personnes/{subscriber.id}"
    page = as_coordinator.get(record).text
    assert "Abonnement demandé sur la page /lettre/" in page
    assert "J’accepte de recevoir" in page
    as_coordinator.post(f"{LIST}personnes/{subscriber.id}/opposition")
    assert holds.reasons([ADDRESS], Kind.COLLECTIVE)[ADDRESS] == Reason.OPPOSED
    page = as_coordinator.get(record).text
    assert "Opposition" in page
    assert "Noter son opposition" not in page
    entry = JournalEntry.get(JournalEntry.action == "subscription.refused")
    assert (entry.subject_id, entry.detail["reason"]) == (str(subscriber.id), "opposed")
    rules = [rule.rule for rule in as_coordinator.application.url_map.iter_rules() if rule.rule.startswith(LIST)]
    assert not [rule for rule in rules if "reabonner" in rule or "accepter" in rule]
    nobody = person_rules.create(family_name="Sans adresse")
    answer = as_coordinator.post(f"{LIST}personnes/{nobody.id}/opposition", follow_redirects=True)
    assert "pas d’adresse e-mail" in answer.text


def test_an_edit_by_the_coordination_lifts_no_refusal_and_brings_none_back(as_coordinator, app):
    person = person_rules.create(given_name="Camille", family_name="Alberti", email=ADDRESS)
    adherent_rules.admit(person.id)
    refusals.refuse(ADDRESS, [Kind.COLLECTIVE])
    for email in ("autre@exemple.fr", "", ADDRESS, "encore@exemple.fr"):
        person_rules.update(person.id, given_name="Camille", family_name="Alberti", email=email)
    assert holds.reasons(["encore@exemple.fr"], Kind.COLLECTIVE)
    assert Refusal.select().count() == 1


def test_everybody_partners_subscribers_and_topics_are_segments(app, filled):
    member = person_rules.create(family_name="Membre", email="membre@exemple.fr")
    adherent_rules.admit(member.id)
    topic = Topic.get(Topic.name == "Accès aux soins")
    emails = {each.id: each.email for each in Person.select()}
    offered = {choice for _, choices in segments.grouped() for choice, _ in choices}
    expected = {
        "tous:tous": 1 + 6 + 9,
        "partenaires:tous": 9,
        "partenaires:collectivite": 2,
        "abonnes:tous": 6,
        f"themes:{topic.id}": 3,
    }
    for choice, count in expected.items():
        assert choice in offered
        assert len(ids_of(choice)) == count, choice
    assert "partenaires:education" not in offered
    assert "abonne3@exemple.fr" not in [emails[id] for id in ids_of("abonnes:tous")]
    person_rules.delete(ids_of("abonnes:tous")[0])
    partners.remove([Partner.get(Partner.kind == "cpam").id])
    assert len(ids_of("tous:tous")) == 14


def test_figures_are_counted_by_day_and_outlive_the_people(app, filled, subscriber):
    refusals.refuse(ADDRESS)
    refusals.refuse(ADDRESS)
    known = {each.key: each.count for each in registry.indicators if each.key.startswith("subscription.")}
    assert known["subscription.subscribers"](today(), today()) == 6
    assert known["subscription.confirmed"](today(), today()) == 1
    assert known["subscription.unsubscribed"](today(), today()) == 3
    assert known["subscription.partners"](today(), today()) == 9
    privacy_rules.erase_person(subscriber.id)
    assert known["subscription.unsubscribed"](today(), today()) == 3
    summary = figures.summary(today())
    assert summary["refusals"] == 3
    assert summary["opposed_members"] == 0


def test_a_person_gets_a_copy_of_it_all_and_erasing_leaves_the_refusal_alone(app, subscriber, topic):
    subscribing.choose(subscriber.id, [topic.id])
    partners.create(kind="press", organisation="Journal", family_name="Alberti", given_name="Camille", email=ADDRESS)
    refusals.refuse(ADDRESS)
    subscribing.ask(ADDRESS, page="/lettre/")
    label, data = privacy_rules.gather(subscriber.id)["subscription"]
    assert label == "Lettre et envois"
    assert data["themes"] == ["Prévention"]
    assert data["abonnement"]["texte_accepte"].startswith("J’accepte")
    assert data["partenaire"]["organisme"] == "Journal"
    assert data["refus"][0]["motif"] == "Désabonnement"
    privacy_rules.erase_person(subscriber.id)
    for table in (Subscription, Partner, Refusal, SubscriptionRequest, Person):
        assert not table.select().exists(), table
    assert holds.reasons([ADDRESS], Kind.COLLECTIVE)


def test_the_letter_is_in_the_menu_the_footer_the_map_of_the_site_and_on_the_desk(client, as_coordinator, filled):
    page = client.get("/lettre/").text
    assert page.count('href="/lettre/"') >= 2
    assert "/lettre/</loc>" in client.get("/sitemap.xml").text
    assert "9\xa0partenaires" in as_coordinator.get("/gestion/cartes/subscription", headers=HTMX).text
    assert "à informer que nous gardons" in as_coordinator.get("/gestion/").text


def test_a_link_of_a_letter_is_in_no_journal(app, client, subscriber, caplog):
    path = links.preferences_url(ADDRESS, is_path=True)
    with caplog.at_level("DEBUG"):
        client.get(path)
        client.post(path, data={})
        client.post(links.unsubscribe_url(ADDRESS).split("8000")[-1], data={"List-Unsubscribe": "One-Click"})
    token = path.rsplit("/", 1)[1]
    assert token not in caplog.text
    assert token not in str([each.__data__ for each in JournalEntry.select()])
