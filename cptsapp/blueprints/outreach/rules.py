"""Every write on a campaign: what it says, its channels and actions, its materials."""

from collections.abc import Iterable
from datetime import date, timedelta

from peewee import fn

from cptsapp.blueprints.document.models import Document
from cptsapp.blueprints.project.models import Fiche
from cptsapp.kernel import journal, urls
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db, locked, revision
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.files import StoredFile
from cptsapp.kernel.themes import Theme

from .models import Audience, Carrier, Channel, Material, Outreach, Service

FIRST_DAY = date(2015, 1, 1)
FARTHEST = timedelta(days=3 * 366)
MOST_REACHED = 10_000_000
MOST_RELAYS, LONGEST_RELAY = 100, 120
MOST_MATERIALS = 50
for _action, _sentence in {
    "outreach.created": "Campagne d’information inscrite",
    "outreach.changed": "Campagne d’information modifiée",
    "outreach.deleted": "Campagne d’information supprimée",
    "outreach.attached": "Support ajouté à une campagne",
    "outreach.detached": "Support retiré d’une campagne",
}.items():
    journal.declare(_action, _sentence)


@db.atomic()
def save(
    outreach_id: int | None = None,
    *,
    title: str,
    audience: str,
    starts_on: date,
    channels: Iterable[str],
    ends_on: date | None = None,
    theme: str = "",
    message: str = "",
    other_channel: str = "",
    relays: Iterable[str] = (),
    fiche_ids: Iterable[int] = (),
    reached: int | None = None,
    reached_source: str = "",
    results: str = "",
) -> Outreach:
    """Write a campaign, or correct it. Raises RuleError when something makes no sense."""
    row = _held(outreach_id) if outreach_id else Outreach()
    row.title, row.message = " ".join(title.split()), message.strip()
    row.audience, row.theme, row.starts_on, row.ends_on = audience, theme, starts_on, ends_on
    row.relays = "\n".join(_relays(relays))
    row.reached, row.reached_source, row.results = reached, " ".join(reached_source.split()), results.strip()
    wanted = set(channels)
    chosen = [each for each in Channel if each in wanted]
    row.other_channel = " ".join(other_channel.split()) if Channel.OTHER in chosen else ""
    _refuse_nonsense(row)
    _refuse_channels(row, wanted)
    row.save()
    Carrier.delete().where(Carrier.outreach == row).execute()
    for each in chosen:
        Carrier.create(outreach=row, channel=each)
    _serve(row, set(fiche_ids))
    journal.write("outreach.changed" if outreach_id else "outreach.created", "outreach", row.id)
    revision.bump()
    return row


def _refuse_nonsense(row: Outreach) -> None:
    if not row.title:
        raise RuleError("Donnez un titre à la campagne.", "title")
    if row.audience not in set(Audience):
        raise RuleError("Choisissez à qui elle s’adresse.", "audience")
    if row.theme and row.theme not in set(Theme):
        raise RuleError("Choisissez le thème dans la liste.", "theme")
    if not FIRST_DAY <= row.starts_on <= today() + FARTHEST:
        raise RuleError("Ce premier jour est trop lointain. Vérifiez l’année.", "starts_on")
    if row.ends_on and row.ends_on < row.starts_on:
        raise RuleError("Le dernier jour précède le premier.", "ends_on")
    if row.ends_on and row.ends_on > row.starts_on + FARTHEST:
        raise RuleError("Une campagne dure trois ans au plus. Vérifiez l’année du dernier jour.", "ends_on")
    if row.reached is not None and not 0 <= row.reached <= MOST_REACHED:
        raise RuleError("Ce nombre va de 0 à dix millions.", "reached")
    if row.reached is not None and not row.reached_source:
        raise RuleError("Dites d’où vient ce nombre : un chiffre sans source ne prouve rien.", "reached_source")
    if row.reached is None and row.reached_source:
        raise RuleError("Une source sans nombre : écrivez le nombre, ou effacez la source.", "reached")


def _refuse_channels(row: Outreach, wanted: set[str]) -> None:
    if not wanted:
        raise RuleError("Cochez au moins un canal.", "channels")
    if wanted - set(Channel):
        raise RuleError("Choisissez les canaux dans la liste.", "channels")
    if Channel.OTHER in wanted and not row.other_channel:
        raise RuleError("Dites lequel, puisque vous avez coché « Autre ».", "other_channel")


def _relays(names: Iterable[str]) -> list[str]:
    """Return the names without blanks nor doubles, in the order given."""
    found = list(dict.fromkeys(" ".join(each.split()) for each in names if each.strip()))
    if len(found) > MOST_RELAYS:
        raise RuleError(f"{MOST_RELAYS} relais au plus. Regroupez-en.", "relays")
    if any(len(each) > LONGEST_RELAY for each in found):
        raise RuleError(f"Un nom de relais fait {LONGEST_RELAY} caractères au plus, un par ligne.", "relays")
    return found


def _serve(row: Outreach, wanted: set[int]) -> None:
    """Link a campaign to the fiches it serves; one that went to the bin since stays linked until it is restored."""
    present = {id for (id,) in Fiche.select(Fiche.id).where(Fiche.deleted_at.is_null()).tuples()}
    if wanted - present:
        raise RuleError("Une de ces fiches n’existe plus. Rechargez la page.", "fiches")
    Service.delete().where(Service.outreach == row, Service.fiche.in_(list(present - wanted))).execute()
    for id in sorted(wanted):
        Service.insert(outreach=row, fiche=id).on_conflict_ignore().execute()


@db.atomic()
def delete(outreach_id: int) -> None:
    """Forget a campaign, its channels, its links; a document of the association stays where it is kept."""
    row = _held(outreach_id)
    row.delete_instance()
    journal.write("outreach.deleted", "outreach", outreach_id)
    revision.bump()


@db.atomic()
def attach(
    outreach_id: int, *, title: str = "", file_id: int | None = None, document_id: int | None = None, url: str = ""
) -> Material:
    """Add a material: a file that was stored, a document, or an address. The same one twice is once."""
    row, url = _held(outreach_id), url.strip()
    if [bool(file_id), bool(document_id), bool(url)].count(True) != 1:
        raise RuleError("Joignez un fichier, choisissez un document ou collez un lien : un seul des trois.", "file")
    urls.refuse_unsafe(url, "url")
    stored = StoredFile.get_or_none(StoredFile.id == file_id) if file_id else None
    document = Document.get_or_none(Document.id == document_id, Document.deleted_at.is_null()) if document_id else None
    if (file_id and stored is None) or (document_id and document is None):
        raise RuleError("Ce fichier n’est plus là. Choisissez-le de nouveau.", "file" if file_id else "document")
    same = Material.get_or_none(
        Material.outreach == row, Material.file.is_null() if stored is None else Material.file == stored,
        Material.document.is_null() if document is None else Material.document == document, Material.url == url,
    )  # fmt: skip
    if same:
        return same
    if Material.select(fn.COUNT(1)).where(Material.outreach == row).scalar() >= MOST_MATERIALS:
        raise RuleError(f"Une campagne a {MOST_MATERIALS} supports au plus. Retirez-en un.", "file")
    words = " ".join(title.split()) or (stored.original_name if stored else document.title if document else url)
    made = Material.create(outreach=row, title=words[:160], file=stored, document=document, url=url)
    journal.write("outreach.attached", "outreach", row.id, material=made.id)
    return made


@db.atomic()
def detach(material_id: int) -> int:
    """Take a material off; its file is erased later if nothing else refers to it. Return the id of its campaign."""
    made = Material.get_or_none(Material.id == material_id)
    if made is None:
        raise RuleError("Ce support a déjà été retiré. Rechargez la page.")
    made.delete_instance()
    journal.write("outreach.detached", "outreach", made.outreach_id, material=material_id)
    return made.outreach_id


def _held(outreach_id: int) -> Outreach:
    row = locked(Outreach.select().where(Outreach.id == outreach_id)).first()
    if row is None:
        raise RuleError("Cette campagne n’existe plus. Revenez à la liste.")
    return row
