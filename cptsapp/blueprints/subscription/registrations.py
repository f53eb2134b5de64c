"""What subscriptions tell the floors below: menus, figures, a person's share in them, segments, their end."""

from datetime import date

from flask import url_for

from cptsapp.kernel import journal
from cptsapp.kernel.dates import today
from cptsapp.kernel.mail import Kind, holds
from cptsapp.kernel.mail.holds import REFUSALS
from cptsapp.kernel.prepared import prepared
from cptsapp.kernel.registry import (
    NavItem,
    Waiting,
    complaint_taker,
    dashboard_card,
    home_block,
    indicator,
    navigation,
    person_panel,
    personal_data,
    personal_eraser,
    sitemap,
    waiting,
)
from cptsapp.kernel.text import plural

from . import figures, partners, preferences, refusals, retention, tallies
from . import segments as segments  # imported for what it registers
from .models import Counted, Partner, Refusal, Subscription, Topic, TopicChoice

journal.name_values(holds.Reason)


@complaint_taker
def complained(address, kinds):
    """Take a report of unwanted mail for the refusal that it is."""
    refusals.refuse(address, kinds, holds.Reason.COMPLAINED)


READERS = ("bureau", "coordination")
navigation.append(NavItem("site", "La lettre", "subscription.subscribe", order=45))
navigation.append(NavItem("space", "Mes envois", "subscription_space.index", "mail", ("account",), order=40))
navigation.append(
    NavItem("gestion", "Abonnés", "subscription_gestion.index", "at-sign", READERS, "Communication", order=32)
)
navigation.append(
    NavItem(
        "gestion", "Partenaires", "subscription_gestion.partner_list", "building", READERS, "Communication", order=33
    )
)


@home_block("subscription", "S’abonner à la lettre", template="subscription/_home.html", order=60)
def home():
    return {}


@sitemap
def addresses():
    yield "/lettre/", None


@journal.subject("partner", "Partenaire")
def partner_names(ids):
    rows = partners.present().where(Partner.id.in_(ids))
    address = {each.id: url_for("subscription_gestion.edit_partner", id=each.id) for each in rows}
    return {str(each.id): (each.organisation or each.person.label, address[each.id]) for each in rows}


@journal.subject("topic", "Thème de la lettre")
def topic_names(ids):
    rows = Topic.select().where(Topic.id.in_(ids))
    return {str(each.id): (each.name, url_for("subscription_gestion.edit_theme", id=each.id)) for each in rows}


@waiting("subscription.uninformed", access=("coordination",))
def uninformed():
    """Partners must learn within a month that their address is kept. RGPD, article 14."""
    count = partners.uninformed()
    words = plural(count, "partenaire", "partenaires")
    address = url_for("subscription_gestion.partner_list", etat="a-informer")
    yield Waiting(f"{words} à informer que nous gardons {'ses' if count < 2 else 'leurs'} coordonnées", address, count)


@dashboard_card(
    "subscription", "Abonnés et partenaires", access=READERS, template="subscription/_dashboard.html", order=35
)
def on_desk():
    return {"figures": figures.summary(today())}


@person_panel("Lettre et envois", template="subscription/_panel.html", access=READERS, order=50)
def panel(person):
    """Show what is sent to somebody and what they refuse; nothing for who is written to by nobody."""
    if not person.email_normalised:
        return None
    rows = holds.of(person.email_normalised)
    place = preferences.place_of(person.email_normalised)
    if not (rows or any(place)):
        return None
    refused = {Kind(each.kind) for each in rows if each.reason in REFUSALS}
    return {
        "mine": place,
        "holds": [(Kind(each.kind).label, holds.Reason(each.reason), each.at) for each in rows],
        "may_oppose": not refused.issuperset(holds.HELD_KINDS),
        "subscription": _subscription_of.first(person.id),
        "partner": _partner_of.first(person.id),
        "topics": [name for (name,) in _topics_of.all(person.id)],
    }


@prepared
def _subscription_of(person):
    return Subscription.select().where(Subscription.person == person)


@prepared
def _partner_of(person):
    return Partner.select().where(Partner.person == person, Partner.removed_at.is_null())


@prepared
def _topics_of(person):
    chosen = TopicChoice.select(Topic.name).join(Topic).where(TopicChoice.person == person)
    return chosen.order_by(Topic.position).tuples()


# Figures


@indicator("subscription.subscribers", "Abonnés à la lettre", unit="personnes")
def subscribers(start: date, end: date) -> int:
    return figures.subscribers(min(end, today()))


@indicator("subscription.confirmed", "Abonnements confirmés", unit="personnes")
def confirmed(start: date, end: date) -> int:
    return tallies.total(Counted.CONFIRMED, start, end)


@indicator("subscription.unsubscribed", "Désabonnements et oppositions", unit="personnes")
def unsubscribed(start: date, end: date) -> int:
    return sum(tallies.total(each, start, end) for each in (Counted.UNSUBSCRIBED, Counted.OPPOSED, Counted.COMPLAINED))


@indicator("subscription.partners", "Partenaires tenus au courant", unit="partenaires")
def kept_partners(start: date, end: date) -> int:
    return figures.partners()


# A person's data


@personal_data("subscription", "Lettre et envois")
def exported(person_id: int) -> dict:
    subscription = Subscription.get_or_none(Subscription.person == person_id)
    partner = Partner.get_or_none(Partner.person == person_id)
    refusals = Refusal.select().where(Refusal.person == person_id).order_by(Refusal.id)
    topics = Topic.select().join(TopicChoice).where(TopicChoice.person == person_id)
    return {
        "abonnement": subscription and {
            "adresse": subscription.email,
            "demande_le": subscription.asked_at,
            "page": subscription.page,
            "texte_accepte": subscription.wording,
            "confirme_le": subscription.confirmed_at,
            "dernier_signe_de_vie": subscription.alive_at,
            "termine_le": subscription.ended_at,
        },
        "partenaire": partner and {
            "type": partner.kind_label,
            "organisme": partner.organisation,
            "fonction": partner.function,
            "origine_des_coordonnees": partner.source,
            "informe_le": partner.informed_at,
        },
        "themes": [each.name for each in topics],
        "refus": [
            {"envois": Kind(x.kind).label, "motif": holds.Reason(x.reason).label, "le": x.at} for x in refusals
        ],
    }  # fmt: skip


@personal_eraser()
def erase(person_id: int) -> None:
    """Erase all but the refusal, of which only a hash of the address stays."""
    retention.forget_links(person_id)
    for table in (Subscription, TopicChoice, Partner, Refusal):
        table.delete().where(table.person == person_id).execute()
