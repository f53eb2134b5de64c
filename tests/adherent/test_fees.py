"""How a fee is paid, told to those who owe one; the late newcomers, whom one fee covers for two years."""

from datetime import date, timedelta

import pytest

from cptsapp.blueprints.adherent import answering, deciding, indicators, renewing, rules, years
from cptsapp.blueprints.adherent.models import Membership, Period, Status, Year
from cptsapp.blueprints.adherent.renewing import Situation
from cptsapp.blueprints.association import rules as association_rules
from cptsapp.blueprints.association.models import Association
from cptsapp.blueprints.person import rules as people
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.dates import date_fr, today
from cptsapp.kernel.db import revision
from cptsapp.kernel.errors import RuleError
from tests.conftest import logged_in, text_of

from .conftest import link_of

HOW = "Par virement : IBAN FR76 0000\nou par <chèque> à l’ordre de l’*association*"
FIRST, SECOND = HOW.split("\n")


def settings(**changes):
    """Change the settings of membership; the year begins six months from this one, on either side."""
    month = (today().month + 5) % 12 + 1
    association_rules.set_membership(**{"month": month, "fee_cents": 2000, "payment": HOW} | changes)
    revision.bump()


def newcomer(name="Alpha", **values) -> Membership:
    person = people.create(given_name="Prénom", family_name=name, email=f"{name.lower()}@exemple.fr")
    return rules.admit(person.id, **values)


@pytest.fixture
def paying(association):
    """An association whose fee is 20 €, and that says how to pay it."""
    settings()


@pytest.fixture
def late(association):
    """An association where this month is late: who joins from it on has the next year too."""
    settings(late_month=today().month)


@pytest.fixture
def sent(mailbox):
    """Return a function that gives the text and the HTML of the last mail of a template."""
    subjects = {"accepted": "Votre adhésion est acceptée", "renew": "otre adhésion pour", "renewed": "est renouvelée"}

    def last(template):
        mailbox.deliver()
        found = [each for each in mailbox.letters if subjects[template] in each.message["Subject"]]
        return found[-1].text, found[-1].html

    return last


# How to pay


def test_who_is_accepted_reads_how_to_pay_line_by_line_and_never_as_markup(paying, make_request, coordinator, sent):
    deciding.accept(make_request().id, by=coordinator.id)
    text, html = sent("accepted")
    assert "20" in text
    assert f"Comment la régler :\n\n{HOW}" in text
    assert "vous dira comment" not in text
    assert f"{FIRST}<br>" in html
    assert "&lt;chèque&gt;" in html
    assert "*association*" in html


def test_a_free_membership_never_says_how_to_pay(association, make_request, coordinator, client, sent):
    settings(fee_cents=0)
    newcomer("Bravo")
    deciding.accept(make_request().id, by=coordinator.id)
    renewing.open_campaign(renewing.prepare().id)
    renewing.send_due()
    token = link_of("renew", "/adhesion/renouveler/")
    assert "IBAN" not in client.get(f"/adhesion/renouveler/{token}").text
    answering.answer(token)
    for mail in ("accepted", "renew", "renewed"):
        assert "IBAN" not in "".join(sent(mail))
        assert "otisation" not in "".join(sent(mail))


def test_who_is_asked_to_renew_and_who_renewed_read_how_to_pay(paying, client, sent):
    newcomer()
    renewing.open_campaign(renewing.prepare().id)
    renewing.send_due()
    token = link_of("renew", "/adhesion/renouveler/")
    assert HOW in sent("renew")[0]
    shown = client.get(f"/adhesion/renouveler/{token}").text
    assert f'<p class="pre">{FIRST}\nou par &lt;chèque&gt;' in shown
    assert "années passées" not in shown
    answering.answer(token)
    text, _ = sent("renewed")
    assert HOW in text
    assert "années passées" not in text


def test_an_association_that_says_nothing_keeps_the_words_it_had(association, make_request, coordinator, client, sent):
    settings(payment="")
    newcomer("Bravo")
    deciding.accept(make_request().id, by=coordinator.id)
    assert "L’association vous dira comment la régler" in sent("accepted")[0]
    renewing.open_campaign(renewing.prepare().id)
    renewing.send_due()
    token = link_of("renew", "/adhesion/renouveler/")
    assert "Elle se règle comme les années passées" in client.get(f"/adhesion/renouveler/{token}").text
    answering.answer(token)
    assert "Réglez-la comme les années passées" in sent("renewed")[0]


def test_a_member_reads_in_the_space_what_is_due_and_no_more_once_it_is_paid(paying, app, make_account):
    account = make_account("alpha@exemple.fr")
    rules.admit(account.person_id)
    browser = logged_in(app, account)
    card = browser.get("/espace/cartes/adherent.due").text
    assert "Cotisation" in text_of(card)
    assert f'<p class="pre">{FIRST}\n' in card
    assert "&lt;chèque&gt;" in card
    years.pay(Year.get().id, on=today(), means="transfer")
    assert "IBAN" not in browser.get("/espace/cartes/adherent.due").text


def test_a_fee_of_another_member_is_nobody_elses_business(paying, app, make_account):
    newcomer("Bravo")
    browser = logged_in(app, make_account("alpha@exemple.fr"))
    assert "IBAN" not in browser.get("/espace/cartes/adherent.due").text


def test_who_speaks_for_a_structure_reads_what_it_owes(paying, app, make_account, make_request, coordinator):
    request = make_request(
        type="structure", name="Clinique fictive", email="clinique@exemple.fr", representative={"family_name": "Zoé"}
    )
    accepted = deciding.accept(request.id, by=coordinator.id)
    speaker = Person.with_email("clinique@exemple.fr").get()
    assert [each.membership_id for each in years.due_of(speaker.id)] == [accepted.membership.id]


def test_how_to_pay_is_kept_once_and_written_by_the_treasurer_too(association, app, make_account, as_coordinator):
    page = "/gestion/parametres/adhesion"
    as_coordinator.post(page, data={"month": "1", "fee": "20", "payment": HOW, "late_month": "10"})
    treasurer = logged_in(app, make_account("tresorerie@exemple.fr", roles=["tresorier"]))
    shown = treasurer.get("/gestion/adherents/annees").text
    assert FIRST in shown
    assert "<chèque>" not in shown
    typed = dict.fromkeys(("liberal", "salarie", "structure", "collectivite", "usager"), "20")
    treasurer.post("/gestion/adherents/annees", data={**typed, "payment": "En espèces"})
    row = Association.current()
    assert (row.fee_payment, row.late_month) == ("En espèces", 10)
    assert "En espèces" in as_coordinator.get(page).text


# Late newcomers


def test_who_joins_late_is_covered_until_the_end_of_the_next_year_for_one_fee(late):
    membership = newcomer()
    present = Period.at(today())
    following = Period.at(present.ends_on + timedelta(days=1))
    assert membership.ended_on == following.ends_on
    covered = Year.select().order_by(Year.id)
    assert [(each.period, each.fee_cents) for each in covered] == [(present, 0), (following, 2000)]
    assert membership.status == Status.ACTIVE


def test_without_the_rule_who_joins_late_owes_the_present_year(paying):
    assert newcomer().ended_on == Period.at(today()).ends_on
    assert Year.get().fee_cents == 2000


def test_who_joined_before_the_month_and_is_entered_late_has_the_present_year(late):
    joined = today().replace(day=1) - timedelta(days=1)
    assert newcomer(started_on=joined).ended_on == Period.at(today()).ends_on


@pytest.mark.parametrize(
    ("month", "late_month", "day", "is_late"),
    [
        (1, 10, date(2026, 9, 30), False),
        (1, 10, date(2026, 10, 1), True),
        (1, 10, date(2026, 12, 31), True),
        (9, 6, date(2027, 5, 31), False),
        (9, 6, date(2027, 6, 1), True),
        (9, 12, date(2026, 11, 30), False),
        (9, 12, date(2027, 1, 1), True),
    ],
)
def test_late_is_counted_from_the_first_day_of_the_month_within_the_year(association, month, late_month, day, is_late):
    settings(month=month, late_month=late_month)
    assert years.is_late(years.period_at(day), day) == is_late


def test_a_year_made_short_by_a_change_of_month_is_not_late_from_its_first_day(association):
    settings(month=1)
    years.period_at(date(2026, 5, 1))
    settings(month=9, late_month=10)
    short = years.period_at(date(2027, 1, 1))
    assert short.ends_on == date(2027, 8, 31)
    assert not years.is_late(short, date(2027, 1, 1))


def test_no_reminder_leaves_for_the_year_that_a_late_newcomer_has_already(late, sent):
    newcomer()
    campaign = renewing.prepare()
    assert [each.situation for each in renewing.members(campaign)] == [Situation.RENEWED]
    renewing.open_campaign(campaign.id)
    assert renewing.send_due() == renewing.send_due(today() + timedelta(days=60)) == 0
    assert [each.situation for each in renewing.members(renewing.prepare(for_present=True))] == [Situation.RENEWED]


def test_the_mail_of_a_late_newcomer_names_the_year_paid_and_the_last_day(late, make_request, coordinator, sent):
    membership = deciding.accept(make_request().id, by=coordinator.id).membership
    label = Period.at(membership.ended_on).label
    text, _ = sent("accepted")
    assert f"jusqu’au {date_fr(membership.ended_on)}" in text
    assert f"la cotisation pour {label}, de 20" in text
    assert "cette année" not in text


def test_the_register_and_the_figures_count_a_late_newcomer_from_the_day_of_joining(late, as_bureau):
    membership = newcomer()
    following = Period.at(membership.ended_on)
    for day in (today(), following.starts_on, following.ends_on):
        assert list(Membership.covering(day)) == [membership]
        assert indicators.active(day, day) == 1
    before = today() - timedelta(days=1)
    assert indicators.active(before, before) == Membership.covering(following.ends_on + timedelta(days=1)).count() == 0
    assert "ALPHA" in as_bureau.get(f"/gestion/adherents/registre?le={today():%Y-%m-%d}").text


def test_a_late_newcomer_had_nothing_to_renew_and_weighs_nothing_in_the_rate(late):
    since = years.bounds(today())[0]
    renews, _, _ = newcomer("Bravo", started_on=since), newcomer("Charlie", started_on=since), newcomer("Delta")
    following = years.period_at(renews.ended_on + timedelta(days=1))
    answering.renew(renews, following)
    assert indicators.renewal_rate(following.starts_on, following.ends_on) == 50


def test_the_month_where_the_year_begins_cannot_be_the_late_one(association, as_coordinator):
    with pytest.raises(RuleError, match="deux ans"):
        association_rules.set_membership(month=1, fee_cents=0, late_month=1)
    answer = as_coordinator.post("/gestion/parametres/adhesion", data={"month": "1", "fee": "20", "late_month": "1"})
    assert answer.status_code == 422
    assert "Choisissez un mois plus tardif" in answer.text
