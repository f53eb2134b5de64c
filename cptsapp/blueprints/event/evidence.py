"""What events prove and tell of the actions of the project: who was there, the minutes, what was shown and done."""

from datetime import date

from peewee import JOIN, fn

from cptsapp.kernel.dates import date_fr, to_paris
from cptsapp.kernel.files import StoredFile
from cptsapp.kernel.telling import Done, Evidence, chronicle, evidence_source
from cptsapp.kernel.text import fold, plural, slugify

from . import figures, sheets
from .counts import counts_of
from .models import Event, HeadCount, Material, MaterialKind, Session
from .people import Attendance, Place, Registration

MINUTES = ("compte rendu", "compte-rendu", "proces-verbal", "releve de decisions")


@evidence_source("event", "Événements")
def of_actions(codes, start: date, end: date):
    """Give what the events held in a period prove of the actions whose codes they carry, the first held first."""
    found = figures.held(start, end).where(Event.action.in_(list(codes))).order_by(Event.starts_at, Event.id)
    events = {each.id: each for each in found}
    if not events:
        return
    yield from _presence_lists(events)
    rows = Material.select(Material, StoredFile).join(StoredFile, JOIN.LEFT_OUTER)
    for each in rows.where(Material.event.in_(list(events))).order_by(Material.event, Material.position):
        if each.kind != MaterialKind.REPLAY:
            yield _shown(events[each.event_id], each)


def _presence_lists(events: dict[int, Event]):
    sittings = Session.select().where(Session.event.in_(list(events))).order_by(Session.starts_at, Session.id)
    mine = [each.id for each in sittings]
    known = {id for (id,) in HeadCount.select(HeadCount.session).where(HeadCount.session.in_(mine)).tuples()}
    ticked = Attendance.select(Attendance.session).where(Attendance.session.in_(mine), Attendance.is_present)
    known |= {id for (id,) in ticked.distinct().tuples()}
    for session in sittings:
        if session.id in known:
            event = events[session.event_id]
            yield Evidence(
                code=event.action,
                kind="signatures",
                title=f"Liste des présents : {event.heading}, {date_fr(session.starts_at)}",
                on=to_paris(session.starts_at).date(),
                url=f"/gestion/evenements/{event.id}/presence/presents.pdf?seance={session.id}",
                file_name=name_of(event, session),
                make=lambda event=event, session=session: presence_list(event, session),
                names_people=True,
            )


def _shown(event: Event, material: Material) -> Evidence:
    stored = material.file if material.file_id else None
    suffix = "." + stored.name.rsplit(".", 1)[-1] if stored else ""
    return Evidence(
        code=event.action,
        kind="minutes" if any(words in fold(material.title) for words in MINUTES) else "support",
        title=f"{material.title} : {event.heading}",
        on=to_paris(event.starts_at).date(),
        url=stored.url if stored else material.url,
        file_name=f"{slugify(material.title)}{suffix}" if stored else "",
        make=stored.path.read_bytes if stored else None,
    )


def name_of(event: Event, session: Session) -> str:
    return f"presents-{event.slug}-{session.id}.pdf"


def presence_list(event: Event, session: Session) -> bytes:
    """Return the PDF of who was at a session."""
    rows = Registration.select(Registration, Attendance.ticked_at).join(
        Attendance, on=(Attendance.registration == Registration.id), attr="tick"
    )
    here = rows.where(Attendance.session == session, Attendance.is_present, Registration.state != Place.REMOVED)
    there = [(each, each.tick.ticked_at) for each in here.order_by(Registration.folded, Registration.id)]
    heads = HeadCount.select(fn.COALESCE(fn.SUM(HeadCount.count), 0)).where(HeadCount.session == session).scalar()
    return sheets.presence_sheet(event, session, there, int(heads))


@chronicle("event", "Événements tenus")
def done(start: date, end: date):
    """Give the events held in a period, with how many people came."""
    events = list(figures.held(start, end).order_by(Event.starts_at, Event.id))
    counts = counts_of(events)
    for each in events:
        people, professionals = counts[each.id].present, counts[each.id].professionals
        words = [each.kind_label]
        if people:
            told = f", dont {plural(professionals, 'professionnel')}" if professionals else ""
            words.append(plural(people, "participant") + told)
        codes = (each.action,) if each.action else ()
        yield Done(each.heading, to_paris(each.starts_at).date(), ", ".join(words), codes)
