"""What subscriptions tell the floors below: menus, figures, a person's share in them, segments, their end."""

from datetime import date

from flask import url_for

from cptsapp.kernel import journal
from cptsapp.kernel.dates import today
from cptsapp.kernel.mail import Kind, holds
from cptsapp.kernel.mail.holds import REFUSALS
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
from .space_views import bp_space as bp  # mounted with this module

journal.name_values(holds.Reason)


@complaint_taker
def complained(address, kinds):
    """Take a report of unwanted mail for the refusal that it is."""
    refusals.refuse(address, kinds, holds.Reason.COMPLAINED)


__all__ = ["bp"]

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
    mine = preferences.of(person.email_normalised)
    rows = holds.of(person.email_normalised)
    if not (mine.is_member or mine.is_partner or mine.is_subscriber or rows):
        return None
    return {
        "mine": mine,
        "holds": [(Kind(each.kind).label, holds.Reason(each.reason), each.at) for each in rows],
        "may_oppose": any(mine.held.get(kind) not in REFUSALS for kind in holds.HELD_KINDS),
        "subscription": Subscription.get_or_none(Subscription.person == person.id),
        "partner": Partner.get_or_none(Partner.person == person.id, Partner.removed_at.is_null()),
        "topics": [each.topic.name for each in person.topic_choices.join(Topic).order_by(Topic.position)],
    }


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
