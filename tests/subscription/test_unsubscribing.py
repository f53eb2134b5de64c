"""The link of a letter: what a mail provider does with it, what a scanner must not, what it never gives away."""

import json

import pytest

from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.privacy import rules as privacy_rules
from cptsapp.blueprints.subscription import links, refusals, tallies
from cptsapp.blueprints.subscription.models import Counted, Refusal
from cptsapp.kernel import mail
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db
from cptsapp.kernel.importing import runs
from cptsapp.kernel.mail import Kind, holds, marks
from cptsapp.kernel.mail.holds import MailHold, Reason

ADDRESS = "camille.alberti@exemple.fr"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def held(address=ADDRESS, kind=Kind.COLLECTIVE):
    return holds.reasons([address], kind).get(address)


@pytest.fixture
def path(app, settings):
    return links.unsubscribe_url(ADDRESS).removeprefix(settings.base_url)


@pytest.fixture
def provider(app):
    """A mail provider: no cookie, no token, no Referer, nothing that says where it comes from."""
    client = app.test_client()
    return lambda path, **kwargs: client.post(
        path, csrf=False, headers={"Sec-Fetch-Site": "cross-site", "User-Agent": "mail"}, **kwargs
    )


@pytest.mark.parametrize(
    "kwargs",
    [
        {"data": ONE_CLICK},
        {"data": ONE_CLICK, "content_type": "multipart/form-data"},
        {"data": "List-Unsubscribe=One-Click", "content_type": "application/x-www-form-urlencoded"},
    ],
)
def test_the_post_of_a_mail_provider_unsubscribes_at_once_and_twice_too(provider, path, kwargs):
    for _ in range(2):
        answer = provider(path, **kwargs)
        assert answer.status_code == 200
        assert "Location" not in answer.headers
        assert "Set-Cookie" not in answer.headers
        assert held() == Reason.UNSUBSCRIBED
    assert held(kind=Kind.REMINDER) is None
    assert MailHold.select().count() == 1
    assert tallies.total(Counted.UNSUBSCRIBED, today(), today()) == 1


def test_a_scanner_that_opens_the_link_a_hundred_times_changes_nothing(client, path):
    for _ in range(50):
        answer = client.get(path, headers={"User-Agent": "scanner"})
        assert client.head(path).status_code == 200
    assert answer.text.count("<button") == answer.text.count("<button>Me désabonner") == 1
    assert held() is None
    assert client.post(path, data={"autre": "chose"}).status_code == 400
    assert held() is None


def test_the_link_never_leaves_by_a_referer_nor_stays_in_a_cache(client, path):
    for answer in (client.get(path), client.post(path, data=ONE_CLICK), client.get(path + "x")):
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "noindex" in answer.headers["X-Robots-Tag"]


def test_a_link_names_one_address_and_one_list_and_opens_nothing_once_changed(app, client, settings):
    url = links.unsubscribe_url(ADDRESS)
    assert url == links.unsubscribe_url(" Camille.Alberti@EXEMPLE.fr ")
    assert url.startswith(f"{settings.base_url}/lettre/desabonnement/")
    assert "alberti" not in url
    assert len({url, links.unsubscribe_url("autre@exemple.fr"), links.unsubscribe_url(ADDRESS, Kind.REMINDER)}) == 3
    token = url.rsplit("/", 1)[1]
    assert links.read_unsubscribe(token) == links.Named(ADDRESS, Kind.COLLECTIVE)
    changed = [token[:i] + ("A" if token[i] != "A" else "B") + token[i + 1 :] for i in range(len(token))]
    for wrong in [*changed, token[:-1], token + "=", token + "A", "", "c", "é", "r" + token[1:], "c" * 700]:
        assert links.read_unsubscribe(wrong) is None, wrong
        if wrong:
            assert client.post(f"/lettre/desabonnement/{wrong}", data=ONE_CLICK).status_code == 404
    assert links.read_preferences(token) is None
    assert links.read_preferences(links.preferences_url(ADDRESS).rsplit("/", 1)[1]) == ADDRESS
    assert held() is None


def test_a_reminder_has_its_own_link_and_a_trial_one_unsubscribes_nobody(client, settings):
    trial = links.unsubscribe_url(ADDRESS, is_trial=True).removeprefix(settings.base_url)
    assert "Lien de test" in client.post(trial, data=ONE_CLICK).text
    assert held() is None
    reminder = links.unsubscribe_url(ADDRESS, Kind.REMINDER).removeprefix(settings.base_url)
    assert "rappels" in client.post(reminder, data=ONE_CLICK).text
    assert held(kind=Kind.REMINDER) == Reason.UNSUBSCRIBED
    assert held() is None
    assert tallies.total(Counted.UNSUBSCRIBED, today(), today()) == 0


def test_an_unsubscription_during_a_sending_counts_for_all_that_is_not_taken_yet(provider, settings):
    addresses = [f"n{rank:02}@exemple.fr" for rank in range(15)]
    with db.atomic():
        for each in addresses:
            mail.queue("subscription/moved", to=each, kind=Kind.COLLECTIVE, values={})
        taken = [row.to_address for row in marks.claim("un", 10)]
    for each in (addresses[3], addresses[12]):
        provider(links.unsubscribe_url(each).removeprefix(settings.base_url), data=ONE_CLICK)
    with db.atomic():
        taken += [row.to_address for row in marks.claim("un", 10)]
    assert taken == addresses[:12] + addresses[13:]
    skipped = mail.OutgoingMail.get(mail.OutgoingMail.to_address == addresses[12])
    assert (skipped.state, skipped.skip_reason) == (mail.State.SKIPPED, holds.SKIPPED[Reason.UNSUBSCRIBED])


def test_somebody_imported_whose_address_had_refused_keeps_the_refusal_at_another_address(app):
    refusals.refuse(ADDRESS)
    for names in ("Alberti", "Beaulieu"):
        run = runs.start("adherents", "l.csv", f"Nom;Prénom;E-mail\n{names};Camille;{ADDRESS}\n".encode())
        runs.carry_on(run.id)
        runs.confirm(run.id, here=True)
        person = Person.get(Person.family_name == names)
        person_rules.update(person.id, family_name=names, email=f"{names.lower()}@exemple.fr")
        assert held(f"{names.lower()}@exemple.fr") == Reason.UNSUBSCRIBED
    one = person_rules.create(family_name="Coste", email=ADDRESS)
    person_rules.update(one.id, family_name="Coste", email="coste@exemple.fr")
    assert held("coste@exemple.fr") == Reason.UNSUBSCRIBED


def test_a_refusal_outlives_the_person_and_follows_a_change_of_address(app):
    person = person_rules.create(family_name="Alberti", email=ADDRESS)
    refusals.refuse(ADDRESS, [Kind.COLLECTIVE])
    person_rules.update(person.id, family_name="Alberti", email="nouvelle@exemple.fr")
    assert held("nouvelle@exemple.fr") == Reason.UNSUBSCRIBED
    privacy_rules.erase_person(person.id)
    assert not Refusal.select().exists()
    assert held("nouvelle@exemple.fr") == held() == Reason.UNSUBSCRIBED
    again = person_rules.create(family_name="Alberti", email=ADDRESS)
    assert held(Person.get_by_id(again.id).email) == Reason.UNSUBSCRIBED
    stored = json.dumps([row.__data__ for row in MailHold.select()], default=str)
    assert "exemple.fr" not in stored
