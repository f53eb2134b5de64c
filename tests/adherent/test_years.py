"""Years of membership: what they cover, what they cost, how they are renewed, the register of a past day."""

import re
from datetime import date, datetime, timedelta

import pytest

from cptsapp.blueprints.adherent import answering, colleges, deciding, history, indicators, renewing, rules, years
from cptsapp.blueprints.adherent.history import MembershipPast
from cptsapp.blueprints.adherent.models import (
    Membership,
    MemberType,
    Period,
    Practice,
    Status,
    Year,
    is_adherent,
    status_on,
)
from cptsapp.blueprints.adherent.renewing import Campaign, LeftOut, RenewalMail, Situation
from cptsapp.blueprints.association import rules as association_rules
from cptsapp.blueprints.association.models import College
from cptsapp.blueprints.document import rules as documents
from cptsapp.blueprints.person import rules as people
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.privacy import rules as privacy
from cptsapp.kernel.dates import date_fr, today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import OutgoingMail
from tests.conftest import logged_in, text_of

from .conftest import link_of

RENEWAL = "/gestion/adherents/renouvellement"


def member(name, *, email=True, **values):
    address = f"{name.lower()}@exemple.fr" if email else None
    person = people.create(given_name="Prénom", family_name=name, email=address)
    return rules.admit(person.id, **values)


@pytest.fixture
def treasurer(make_account):
    return make_account("tresorerie@exemple.fr", roles=["tresorier"])


@pytest.fixture
def campaign(association):
    """A campaign for next year, over four members of this one."""
    for name in ("Alpha", "Bravo", "Charlie"):
        member(name)
    member("Delta", email=False)
    return renewing.prepare()


def situations(campaign):
    return {each.person.family_name: Situation(each.situation) for each in renewing.members(campaign)}


@pytest.mark.parametrize(
    ("month", "day", "start", "end"),
    [
        (1, date(2026, 7, 14), date(2026, 1, 1), date(2026, 12, 31)),
        (9, date(2026, 7, 14), date(2025, 9, 1), date(2026, 8, 31)),
        (9, date(2026, 9, 1), date(2026, 9, 1), date(2027, 8, 31)),
        (3, date(2028, 2, 29), date(2027, 3, 1), date(2028, 2, 29)),
    ],
)
def test_a_year_of_membership_starts_in_the_month_chosen(association, month, day, start, end):
    association_rules.set_membership(month=month, fee_cents=0)
    period = years.period_at(day)
    assert (period.starts_on, period.ends_on) == (start, end)
    assert years.period_at(day) == period


def test_a_change_of_month_leaves_no_gap_and_no_overlap(association):
    first = years.period_at(date(2026, 5, 1))
    association_rules.set_membership(month=9, fee_cents=0)
    following = years.period_at(date(2027, 1, 1))
    assert following.starts_on == first.ends_on + timedelta(days=1)
    assert following.ends_on == date(2027, 8, 31)


def test_admission_covers_the_present_year(association):
    membership = member("Alpha")
    assert membership.ended_on == years.bounds(today())[1]
    assert Year.get().period == Period.at(today())


@pytest.mark.parametrize(
    ("started", "ended", "left", "status"),
    [
        (-400, 10, False, Status.ACTIVE),
        (-400, None, False, Status.ACTIVE),
        (-400, -1, False, Status.TO_RENEW),
        (-400, -90, False, Status.TO_RENEW),
        (-400, -91, False, Status.LAPSED),
        (-400, -1, True, Status.LEFT),
        (10, 400, False, Status.CANDIDATE),
    ],
)
def test_a_status_is_the_same_in_python_and_in_sql(association, started, ended, left, status):
    person = people.create(family_name="Alpha")
    membership = Membership.create(
        person=person,
        started_on=today() + timedelta(days=started),
        ended_on=None if ended is None else today() + timedelta(days=ended),
        left_at=datetime(2026, 1, 1) if left else None,
    )
    assert status_on(membership, today()) == status
    assert Membership.select(Membership.status_sql()).scalar() == status


def test_who_has_lapsed_keeps_a_record_and_may_come_back(association):
    membership = member("Alpha")
    Membership.update(started_on=date(2020, 1, 1), ended_on=date(2020, 12, 31)).execute()
    assert not is_adherent(membership.person)
    again = rules.admit(membership.person_id)
    assert again.id != membership.id
    assert Membership.select().count() == 2
    assert Membership.covering(date(2020, 6, 1)).count() == Membership.covering(today()).count() == 1
    assert Membership.covering(date(2022, 6, 1)).count() == 0


def test_a_membership_that_is_to_begin_is_not_doubled(association):
    person = people.create(family_name="Alpha")
    Membership.create(person=person, started_on=today() + timedelta(days=5))
    with pytest.raises(RuleError, match="commence déjà"):
        rules.admit(person.id)


def test_the_register_of_a_past_day_shows_who_belonged_then(association, as_bureau):
    old, present = member("Ancien"), member("Present")
    Membership.update(started_on=date(2022, 1, 1)).where(Membership.id == old.id).execute()
    rules.end(old.person_id, reason="Déménage")
    Membership.update(ended_on=date(2023, 6, 30)).where(Membership.id == old.id).execute()
    then = as_bureau.get("/gestion/adherents/registre?le=2023-01-15").text
    assert "ANCIEN" in then
    assert "PRESENT" not in then
    now = as_bureau.get("/gestion/adherents/registre").text
    assert "ANCIEN" not in now
    assert "PRESENT" in now
    exported = as_bureau.post("/gestion/adherents/registre/export", data={"le": "2023-01-15", "format": "csv"}).text
    assert "ANCIEN" in exported
    assert "PRESENT" not in exported
    assert present.person_id


@pytest.mark.parametrize("day", ["", "hier", "0001-01-01", "2023-02-30"])
def test_a_day_that_means_nothing_is_today(association, as_bureau, day):
    assert as_bureau.get(f"/gestion/adherents/registre?le={day}").status_code == 200


def test_former_members_are_to_erase_after_three_years(association, as_coordinator):
    old, recent, back = member("Ancien"), member("Recent"), member("Revenu")
    for membership, years_ago in ((old, 4), (recent, 2), (back, 4)):
        ended = today().replace(year=today().year - years_ago, day=1)
        Membership.update(started_on=date(2015, 1, 1), ended_on=ended, left_at=datetime(2022, 1, 1)).where(
            Membership.id == membership.id
        ).execute()
    rules.admit(back.person_id)
    html = as_coordinator.get("/gestion/adherents/anciens").text
    assert "ANCIEN" in html
    assert "RECENT" not in html
    assert "REVENU" not in html
    assert "1 fiche d’ancien adhérent à effacer" in as_coordinator.get("/gestion/").text.replace("\u00a0", " ")


# Fees


def test_a_free_membership_never_speaks_of_payment(association, make_request, coordinator, as_coordinator, mailbox):
    deciding.accept(make_request().id, by=coordinator.id)
    assert "cotisation" not in mailbox.to("helene@exemple.fr")[-1].text.lower()
    html = as_coordinator.get("/gestion/adherents/annees").text
    assert "Paiement" not in html
    assert "À payer" not in html
    person = Person.get(Person.family_name == "Fictive")
    assert "Payée" not in as_coordinator.get(f"/gestion/personnes/{person.id}").text


def test_a_fee_by_type_is_asked_from_then_on(association, as_coordinator):
    member("Avant")
    typed = {"liberal": "20", "salarie": "12,50", "structure": "100", "collectivite": "0", "usager": "0"}
    assert as_coordinator.post("/gestion/adherents/annees", data=typed).status_code == 303
    assert [years.fee_cents(each) for each in MemberType] == [2000, 1250, 10000, 0, 0]
    member("Apres", type="salarie")
    assert sorted(each.fee_cents for each in Year.select()) == [0, 1250]
    assert as_coordinator.post("/gestion/adherents/annees", data=typed | {"liberal": "cher"}).status_code == 422


def test_a_payment_is_noted_once_with_a_numbered_receipt(association, as_coordinator):
    years.set_fee("liberal", 2000)
    for name in ("Alpha", "Bravo"):
        member(name)
    first, second = Year.select().order_by(Year.id)
    path = f"/gestion/adherents/annees/{first.id}"
    assert as_coordinator.get(f"{path}/recu.pdf").status_code == 404
    assert as_coordinator.post(path, data={"on": "2099-01-01", "means": "cheque"}).status_code == 422
    assert as_coordinator.post(path, data={"on": today().isoformat(), "means": "cheque"}).status_code == 303
    assert as_coordinator.get(f"{path}/recu.pdf").data.startswith(b"%PDF")
    assert years.pay(second.id, on=today(), means="cash").receipt_number == f"{today().year}-0002"
    with pytest.raises(RuleError, match="déjà notée"):
        years.pay(first.id, on=today(), means="cash")
    years.unpay(second.id)
    assert years.pay(second.id, on=today(), means="cash").receipt_number == f"{today().year}-0003"


def test_fees_are_for_the_treasurer_and_the_coordination(association, treasurer, app, as_bureau):
    years.set_fee("liberal", 2000)
    membership = member("Alpha")
    assert logged_in(app, treasurer).get("/gestion/adherents/annees").status_code == 200
    assert as_bureau.get("/gestion/adherents/annees").status_code == 403
    assert "À payer" not in as_bureau.get(f"/gestion/personnes/{membership.person_id}").text


def test_a_paid_year_outlives_the_name_of_its_person(association, app):
    years.set_fee("liberal", 2000)
    membership = member("Alpha")
    years.pay(Year.get().id, on=today(), means="cheque")
    privacy.erase_person(membership.person_id)
    person = Person.get_by_id(membership.person_id)
    assert (person.label, person.email, person.folded) == ("Personne effacée", None, "")
    assert Year.get().paid_on
    free = member("Bravo")
    Year.update(paid_on=None, receipt_number=None).where(Year.membership == free).execute()
    privacy.erase_person(free.person_id)
    assert Person.get_or_none(Person.id == free.person_id) is None


# Renewal


def test_preparing_sends_nothing_and_says_who_and_why_not(campaign, as_coordinator):
    assert situations(campaign) == {
        "Alpha": Situation.ASK,
        "Bravo": Situation.ASK,
        "Charlie": Situation.ASK,
        "Delta": Situation.NO_EMAIL,
    }
    assert renewing.send_due() == 0
    assert OutgoingMail.select().count() == 0
    html = as_coordinator.get(f"{RENEWAL}/{campaign.id}").text
    assert "Sans adresse e-mail" in html
    assert renewing.prepare() == campaign


def test_each_mail_leaves_once_whatever_happens(campaign):
    renewing.open_campaign(campaign.id)
    assert renewing.send_due() == 3
    assert renewing.send_due() == 0
    start = today()
    assert renewing.send_due(start + timedelta(days=14)) == 0
    assert renewing.send_due(start + timedelta(days=15)) == 3
    assert renewing.send_due(start + timedelta(days=15)) == 0
    RenewalMail.update(at=datetime(2020, 1, 1)).execute()
    assert renewing.send_due(start + timedelta(days=30)) == 3
    assert renewing.send_due(start + timedelta(days=90)) == 0
    assert OutgoingMail.select().count() == 9


def test_a_late_machine_sends_one_reminder_not_two(campaign):
    renewing.open_campaign(campaign.id)
    renewing.send_due()
    assert renewing.send_due(today() + timedelta(days=60)) == 3
    RenewalMail.update(at=datetime(2020, 1, 1)).execute()
    assert renewing.send_due(today() + timedelta(days=61)) == 0


def test_who_comes_late_gets_the_first_mail_before_any_reminder(campaign):
    renewing.open_campaign(campaign.id)
    renewing.send_due()
    Person.update(email="delta@exemple.fr", email_normalised="delta@exemple.fr").where(
        Person.family_name == "Delta"
    ).execute()
    renewing.send_due(today() + timedelta(days=15))
    delta = Membership.get(Membership.person == Person.get(Person.family_name == "Delta"))
    assert [each.offset for each in RenewalMail.select().where(RenewalMail.membership == delta)] == [0]


def test_the_link_renews_without_logging_in(campaign, client, mailbox):
    renewing.open_campaign(campaign.id)
    renewing.send_due()
    [letter] = mailbox.to("alpha@exemple.fr")
    link = next(each for each in letter.links if "/renouveler/" in each)
    path = "/" + link.split("/", 3)[3]
    assert "Prénom Alpha" in client.get(path).text
    assert Year.select().where(Year.period == campaign.period).count() == 0
    typed = {"profession": "60", "commune_text": "brie comte robert", "phone": "01 99 00 00 01"}
    assert client.post(path, data=typed | {"commune_text": ""}).status_code == 422
    assert client.post(path, data=typed).status_code == 303
    membership = Membership.get(Membership.person == Person.get(Person.family_name == "Alpha"))
    assert membership.ended_on == campaign.period.ends_on
    assert membership.person.phone == "01 99 00 00 01"
    assert Practice.get(Practice.person == membership.person).commune_id == "77053"
    assert situations(campaign)["Alpha"] == Situation.RENEWED
    assert client.get(path).status_code == client.post(path, data=typed).status_code == 410
    assert "renouvelée" in mailbox.to("alpha@exemple.fr")[-1].message["Subject"]


def test_who_renews_by_the_link_accepts_the_new_statutes_and_reads_until_when(campaign, mailbox):
    renewing.open_campaign(campaign.id)
    renewing.send_due()
    token = next(link for link in mailbox.to("alpha@exemple.fr")[0].links if "/renouveler/" in link).split("/")[-1]
    answering.answer(token, statutes_version="Version 2")
    membership = Membership.get(Membership.person == Person.get(Person.family_name == "Alpha"))
    assert membership.statutes_version == "Version 2"
    assert membership.accepted_at is not None
    assert date_fr(campaign.period.ends_on) in mailbox.to("alpha@exemple.fr")[-1].text


def test_a_campaign_that_is_closed_while_it_leaves_writes_to_nobody_more(campaign, monkeypatch):
    renewing.open_campaign(campaign.id)
    monkeypatch.setattr(renewing, "BATCH", 1)
    mail_once = renewing._mail_once

    def then_closed(*each):
        renewing.close(campaign.id)
        return mail_once(*each)

    monkeypatch.setattr(renewing, "_mail_once", then_closed)
    assert renewing.send_due() == 1
    assert OutgoingMail.select().count() == 1


def test_renewing_accepts_the_new_statutes_and_says_until_when(campaign, client, mailbox):
    given = {"kind": "statutes", "visibility": "public", "text": "Article premier."}
    documents.create(title="Statuts", label="Version 2", dated_on=date(2026, 1, 1), **given)
    renewing.open_campaign(campaign.id)
    renewing.send_due()
    token = link_of("renew", "/renouveler/")
    signature = re.search(r'name="accept"[^>]*value="([^"]+)"', client.get(f"/adhesion/renouveler/{token}").text)[1]
    typed = {"profession": "60", "commune_text": "brie comte robert", "accept": signature}
    assert client.post(f"/adhesion/renouveler/{token}", data=typed).status_code == 303
    membership = Membership.get(Membership.ended_on == campaign.period.ends_on)
    assert (membership.statutes_version, membership.accepted_at is None) == ("Version 2", False)
    thanks = next(each for each in mailbox.to(membership.person.email) if "Merci" in each.message["Subject"])
    assert f"elle court jusqu’au {date_fr(campaign.period.ends_on)}" in thanks.text
    assert "Ouvrir mon espace" in client.get(f"/adhesion/renouveler/{token}").text


def test_who_does_not_renew_is_left_in_peace(campaign, client):
    renewing.open_campaign(campaign.id)
    renewing.send_due()
    client.post(f"/adhesion/renouveler/{link_of('renew', '/renouveler/')}/non")
    assert LeftOut.get().reason == answering.DECLINED
    assert renewing.send_due(today() + timedelta(days=15)) == 2
    assert Membership.current(grace_days=0).count() == 4


def test_a_person_is_left_out_and_taken_back(campaign, as_coordinator):
    someone = Membership.select().order_by(Membership.id).first()  # one with an address: rows may come in any order
    path = f"{RENEWAL}/{campaign.id}"
    as_coordinator.post(f"{path}/lot", data={"action": "ecarter", "id": [someone.id]})
    assert renewing.figures(campaign)[Situation.LEFT_OUT] == 1
    as_coordinator.post(f"{path}/lancer")
    assert OutgoingMail.select().where(OutgoingMail.template == "adherent/renew").count() == 2
    as_coordinator.post(f"{path}/lot", data={"action": "remettre", "id": [someone.id]})
    assert renewing.send_due() == 1


def test_a_closed_campaign_reminds_nobody_and_its_links_still_renew(campaign, client):
    renewing.open_campaign(campaign.id)
    renewing.send_due()
    renewing.close(campaign.id)
    assert renewing.send_due(today() + timedelta(days=15)) == 0
    path = f"/adhesion/renouveler/{link_of('renew', '/renouveler/')}"
    assert client.post(path, data={"profession": "60", "commune_text": "savigny le temple"}).status_code == 303


def test_renewing_by_hand_twice_is_done_once(campaign, as_coordinator):
    ids = [each.id for each in Membership.select()]
    for _ in range(2):
        as_coordinator.post(f"{RENEWAL}/{campaign.id}/lot", data={"action": "renouveler", "id": ids})
    assert Year.select().where(Year.period == campaign.period).count() == 4


@pytest.mark.parametrize(("typed", "days"), [("15, 30", [15, 30]), ("30;7 7", [7, 30]), ("", [])])
def test_reminders_are_days_after_the_opening(typed, days):
    assert renewing.read_offsets(typed) == days


@pytest.mark.parametrize("typed", ["0", "quinze", "-3", "999", "1 2 3 4 5 6 7", "²"])
def test_reminders_that_mean_nothing_are_refused(campaign, as_coordinator, typed):
    with pytest.raises(RuleError):
        renewing.read_offsets(typed)
    assert as_coordinator.post(f"{RENEWAL}/{campaign.id}/relances", data={"offsets": typed}).status_code == 422
    assert Campaign.get().days == [15, 30]


def test_a_change_made_while_renewing_is_told_to_the_coordination(campaign, client):
    person = Person.get(Person.family_name == "Charlie")
    Practice.create(person=person, profession="60")
    renewing.open_campaign(campaign.id)
    renewing.send_due()
    mail = OutgoingMail.get(OutgoingMail.to_address == "charlie@exemple.fr")
    path = re.search(r"/adhesion/renouveler/[^\"\\]+", mail.values_json)[0]
    client.post(path, data={"profession": "10-MG", "commune_text": "savigny le temple"})
    told = OutgoingMail.get(OutgoingMail.template == "adherent/changed")
    assert told.to_address == "contact@exemple.fr"
    assert "Médecin généraliste" in told.values_json


# Figures


def test_the_figures_count_who_stood_on_the_last_day(campaign, make_request, coordinator):
    end = today()
    assert indicators.active(end, end) == 4
    assert indicators.by_type(end, end) == {"Professionnel libéral": 4}
    assert indicators.by_college(end, end) == {"À décider": 4}
    deciding.accept(make_request().id, by=coordinator.id)
    assert indicators.by_profession(end, end) == {"Non précisée": 4, "Infirmiers": 1}
    assert indicators.by_commune(end, end) == {"Non précisée": 4, "Savigny-le-Temple": 1}
    assert (indicators.requests(end, end), indicators.decided(end, end), indicators.delay(end, end)) == (1, 1, 0)


def test_the_renewal_rate_is_those_who_came_back(campaign):
    answering.renew(Membership.get(), campaign.period)
    next_end = campaign.period.ends_on
    assert indicators.renewal_rate(next_end, next_end) == 25


def test_a_payment_is_not_read_in_the_journal_of_a_record(association, as_bureau):
    years.set_fee("liberal", 2000)
    membership = member("Alpha")
    years.pay(Year.get().id, on=today(), means="cheque")
    assert "cotisation" not in as_bureau.get(f"/gestion/personnes/{membership.person_id}").text.lower()


def test_the_register_shows_the_type_and_the_college_of_its_day(association, as_bureau, as_coordinator):
    one = College.create(name="Libéraux", position=1)
    other = College.create(name="Établissements", position=2)
    changed, still = member("Alpha"), member("Beta")
    for each in (changed, still):
        Membership.update(started_on=date(2024, 1, 1), college=one, type="liberal").where(
            Membership.id == each.id
        ).execute()
    colleges.decide(changed.id, other.id)
    colleges.decide(changed.id, None)  # of the changes of one day, what was before the first one stays
    MembershipPast.update(until=date(2025, 3, 1)).execute()
    history.remember(changed.id)
    Membership.update(type="salarie", college=other).where(Membership.id == changed.id).execute()
    MembershipPast.update(until=date(2025, 9, 1)).where(MembershipPast.until == today()).execute()

    def line(day, **asked):
        page = as_bureau.get("/gestion/adherents/registre", query_string={"le": day, **asked}).text
        return [text_of(row) for row in page.split("<tr>") if "ALPHA" in row]

    assert "Professionnel libéral" in line("2024-06-01")[0]
    assert "Libéraux" in line("2024-06-01")[0]
    assert "Libéraux" in line("2025-02-28")[0]
    assert "Libéraux" not in line("2025-03-01")[0]
    assert "Professionnel libéral" in line("2025-08-31")[0]
    assert "Professionnel salarié" in line("2025-09-01")[0]
    assert "Établissements" in line("")[0]
    assert line("2024-06-01", qualite="liberal", college=str(one.id))
    assert not line("2024-06-01", qualite="salarie")
    assert not line("2025-10-01", college=str(one.id))
    assert "BETA" in as_bureau.get("/gestion/adherents/registre?le=2024-06-01&qualite=liberal&tri=college").text
    exported = as_bureau.post("/gestion/adherents/registre/export", data={"le": "2024-06-01", "format": "csv"}).text
    assert "Professionnel salarié" not in exported


def test_a_membership_of_the_day_has_no_past(association):
    fresh = member("Gamma")
    history.remember(fresh.id)
    assert not MembershipPast.select().exists()
