"""What goes with an event: its materials, and who organises it with us."""

from peewee import fn

from cptsapp.kernel import journal
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.db import db, locked, revision
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.files import StoredFile, file_use
from cptsapp.kernel.urls import refuse_unsafe

from . import rules
from .models import CoOrganiser, Event, Material, MaterialKind, MaterialReaders, Status
from .showing import visibility_of

journal.declare("event.material_added", "Document d’événement ajouté")
journal.declare("event.material_edited", "Document d’événement modifié")
journal.declare("event.material_removed", "Document d’événement retiré")
journal.declare("event.partners_set", "Co-organisateurs d’un événement changés")

MOST_MATERIALS, MOST_PARTNERS = 50, 20


@db.atomic()
def add(event_id: int, *, title: str, kind: str, readers: str, file_id: int | None = None, url: str = "") -> Material:
    """Put a material on the page of an event: a file or a link. It comes last."""
    event = rules.living(event_id)
    last = Material.select(fn.MAX(Material.position)).where(Material.event == event).scalar()
    if Material.select().where(Material.event == event).count() >= MOST_MATERIALS:
        raise RuleError(f"Un événement compte {MOST_MATERIALS} documents au plus. Retirez-en un.")
    material = Material(event=event, position=0 if last is None else last + 1)
    _write(material, title, kind, readers, file_id, url)
    journal.write("event.material_added", "event", event.id)
    return material


@db.atomic()
def edit(material_id: int, *, title: str, kind: str, readers: str, file_id: int | None = None, url: str = "") -> None:
    """Change a material; without another file or link, it keeps its own."""
    material = _held(material_id)
    if not file_id and not url.strip():
        file_id, url = material.file_id, material.url
    _write(material, title, kind, readers, file_id, url)
    journal.write("event.material_edited", "event", material.event_id)


def _write(material: Material, title: str, kind: str, readers: str, file_id: int | None, url: str) -> None:
    title, url = " ".join(title.split()), url.strip()
    if not title:
        raise RuleError("Donnez un titre à ce document.", "title")
    if bool(file_id) == bool(url):
        raise RuleError("Joignez un fichier, ou écrivez un lien : l’un des deux.", "file")
    refuse_unsafe(url, "url")
    material.title, material.kind, material.readers = title, MaterialKind(kind), MaterialReaders(readers)
    material.file, material.url = file_id, url
    material.save()
    revision.bump()


@db.atomic()
def remove(material_id: int) -> None:
    """Take a material off the page; its file is erased when nothing else refers to it."""
    material = _held(material_id)
    material.delete_instance()
    journal.write("event.material_removed", "event", material.event_id)
    revision.bump()


@db.atomic()
def move(material_id: int, step: int) -> None:
    """Put a material one rank higher (-1) or lower (1)."""
    material = _held(material_id)
    rows = list(Material.select().where(Material.event == material.event_id).order_by(Material.position, Material.id))
    rank = rows.index(material)
    other = min(max(rank + step, 0), len(rows) - 1)
    rows[rank], rows[other] = rows[other], rows[rank]
    for position, each in enumerate(rows):
        Material.update(position=position).where(Material.id == each.id).execute()
    revision.bump()


def _held(material_id: int) -> Material:
    material = locked(Material.select().where(Material.id == material_id)).first()
    if material is None:
        raise RuleError("Ce document a déjà été retiré. Rechargez la page.")
    return material


@db.atomic()
def set_partners(event_id: int, partners: list[tuple[str, str, int | None]]) -> None:
    """Name those who organise an event with us, in order: (name, address or "", id of the logo or None)."""
    event = rules.living(event_id)
    rows = [(" ".join(name.split()), url.strip(), logo) for name, url, logo in partners]
    if len(rows) > MOST_PARTNERS:
        raise RuleError(f"{MOST_PARTNERS} co-organisateurs au plus.", "partners")
    if any(not name for name, _, _ in rows):
        raise RuleError("Écrivez le nom de chaque co-organisateur, ou retirez la ligne.", "partners")
    if len({name for name, _, _ in rows}) < len(rows):
        raise RuleError("Le même co-organisateur figure deux fois. Retirez l’un des deux.", "partners")
    for _, url, _ in rows:
        refuse_unsafe(url, "partners")
    known = CoOrganiser.select(CoOrganiser.name, CoOrganiser.url, CoOrganiser.logo).where(CoOrganiser.event == event)
    if rows == list(known.order_by(CoOrganiser.position).tuples()):
        return
    CoOrganiser.delete().where(CoOrganiser.event == event).execute()
    for position, (name, url, logo) in enumerate(rows):
        CoOrganiser.create(event=event, name=name, url=url, logo=logo, position=position)
    journal.write("event.partners_set", "event", event.id, count=len(rows))
    revision.bump()


@file_use
def shown_by_events(name: str):
    """An event's picture and its partners' logos have its readers; a material has its own, when it may be named."""
    stored = StoredFile.get_or_none(StoredFile.name == name)
    if stored is None:
        return set()
    pictured = Event.select().where(Event.image == stored)
    partnered = Event.select().join(CoOrganiser).where(CoOrganiser.logo == stored)
    left = Material.select(Material, Event).join(Event).where(Material.file == stored)
    return {visibility_of(each) for each in (*pictured, *partnered)} | {_visibility(each) for each in left}


def _visibility(material: Material) -> Visibility:
    """Those who registered have their own door to a material, which asks who they are; this one knows roles alone."""
    if material.event.status == Status.DRAFT or material.event.deleted_at:
        return Visibility.COORDINATION
    own = {MaterialReaders.PUBLIC: Visibility.PUBLIC, MaterialReaders.ADHERENTS: Visibility.ADHERENTS}
    return own.get(MaterialReaders(material.readers), Visibility.COORDINATION)
