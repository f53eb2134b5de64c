"""What campaigns tell the floors below: names, figures and their rows, the card of a fiche, who reads a file."""

from datetime import date

from flask import url_for
from peewee import fn

from cptsapp.blueprints.project.models import Fiche
from cptsapp.kernel import journal
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.dates import today
from cptsapp.kernel.files import StoredFile, file_use
from cptsapp.kernel.registry import (
    Behind,
    Parameter,
    Waiting,
    breakdown,
    fiche_panel,
    indicator,
    rows_behind,
    waiting,
)
from cptsapp.kernel.text import plural
from cptsapp.kernel.themes import Theme

from . import evidence as evidence  # registers what campaigns prove and tell
from .models import Audience, Carrier, Channel, Material, Outreach, Service

READERS = ("bureau", "coordination")
SHOWN = 8  # campaigns named on the page of a fiche
NARROWED = (
    Parameter("audience", "S’adresse à", Audience.choices),
    Parameter("action", "Code de l’action"),
    Parameter("theme", "Thème", Theme.choices),
    Parameter("channel", "Canal", Channel.choices),
)
journal.name_values(Audience, Channel)


@journal.subject("outreach", "Campagne d’information")
def names(ids):
    rows = Outreach.select().where(Outreach.id.in_([int(id) for id in ids if id.isdigit()]))
    return {str(each.id): (each.title, url_for("outreach_gestion.show", id=each.id)) for each in rows}


@file_use
def readers_of_materials(name: str):
    """A material is read by those who read the campaigns, whoever else may read the same file elsewhere."""
    rows = Material.select(Material.id).join(StoredFile).where(StoredFile.name == name)
    return {Visibility.BUREAU} if rows.exists() else set()


@indicator("outreach.campaigns", "Campagnes d’information menées", unit="campagnes", parameters=NARROWED)
def campaigns(start: date, end: date, **which: str) -> int:
    """Count the campaigns that began in the period: whatever the number of its channels, each is one."""
    return Outreach.held(start, end, **which).count()


@indicator("outreach.reached", "Personnes touchées par les campagnes", unit="personnes", parameters=NARROWED)
def reached(start: date, end: date, **which: str) -> int:
    """Add up the numbers given with a source; a campaign of which nobody knows adds nothing."""
    return Outreach.held(start, end, **which).select(fn.COALESCE(fn.SUM(Outreach.reached), 0)).scalar()


@rows_behind("outreach.campaigns", access=READERS)
def campaign_rows(start: date, end: date, **which: str):
    for each in Outreach.held(start, end, **which).order_by(Outreach.starts_on, Outreach.id):
        yield Behind(f"{each.title} ({each.audience_label})", each.starts_on, _address(each))


@rows_behind("outreach.reached", access=READERS)
def reached_rows(start: date, end: date, **which: str):
    told = Outreach.held(start, end, **which).where(Outreach.reached > 0)
    for each in told.order_by(Outreach.starts_on, Outreach.id):
        yield Behind(f"{each.title} : {each.reached_source}", each.starts_on, _address(each), each.reached)


def _address(each: Outreach) -> str:
    return url_for("outreach_gestion.show", id=each.id)


def _told_apart(start: date, end: date, column, *joins) -> dict[str, int]:
    query = Outreach.held(start, end).select(column, fn.COUNT(Outreach.id.distinct()))
    for each in joins:
        query = query.join(each)
    return dict(query.group_by(column).order_by(fn.COUNT(1).desc(), column).tuples())


@breakdown("outreach.campaigns", "audience", "Par public")
def by_audience(start: date, end: date) -> dict[str, int]:
    return {Audience(key).label: count for key, count in _told_apart(start, end, Outreach.audience).items()}


@breakdown("outreach.campaigns", "theme", "Par thème")
def by_theme(start: date, end: date) -> dict[str, int]:
    found = _told_apart(start, end, Outreach.theme)
    return {Theme(key).label if key else "Sans thème": count for key, count in found.items()}


@breakdown("outreach.campaigns", "channel", "Par canal (une campagne en a souvent plusieurs)")
def by_channel(start: date, end: date) -> dict[str, int]:
    return {Channel(key).label: count for key, count in _told_apart(start, end, Carrier.channel, Carrier).items()}


@breakdown("outreach.campaigns", "action", "Par action (une campagne en sert parfois plusieurs)")
def by_action(start: date, end: date) -> dict[str, int]:
    return _told_apart(start, end, Fiche.title, Service, Fiche)


@fiche_panel("Campagnes d’information", template="outreach/_panel.html", access=READERS, order=50)
def campaigns_of(fiche: Fiche):
    mine = Outreach.select().join(Service).where(Service.fiche == fiche)
    rows = list(mine.order_by(Outreach.starts_on.desc(), Outreach.id.desc()).limit(SHOWN + 1))
    return {"outreaches": rows[:SHOWN], "has_more": len(rows) > SHOWN, "today": today()}


@waiting("outreach.balance", access=("coordination",))
def without_balance():
    count = Outreach.select().where(Outreach.without_balance(today())).count()
    words = plural(count, "campagne terminée attend son bilan", "campagnes terminées attendent leur bilan")
    yield Waiting(words, url_for("outreach_gestion.index", etat="sans-bilan"), count)
