"""Every write of the observatory: its themes, composed and published; what inhabitants write, read and set aside."""

from collections.abc import Iterable
from datetime import date, datetime, time

from peewee import fn

from cptsapp.blueprints.territory.models import Commune, TerritoryCommune
from cptsapp.kernel import journal, markdown, search
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.acts import act_of, once
from cptsapp.kernel.dates import add_months
from cptsapp.kernel.db import db, locked, now, revision
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.settings import settings
from cptsapp.kernel.text import fold, slugify
from cptsapp.kernel.themes import Theme

from . import figures
from .models import Chapter, ChapterFigure, ChapterPiece, Contribution, ContributionKind, ContributionState, Speaker

MOST_CHAPTERS, MOST_FIGURES, MOST_PIECES = 30, 20, 40
LONGEST_TEXT = 20_000
SHORTEST, LONGEST = 10, 1500  # characters of a contribution
SPAM_MONTHS = 1
for _action, _sentence in {
    "observatory.created": "Thème de l’observatoire créé",
    "observatory.changed": "Thème de l’observatoire modifié",
    "observatory.published": "Thème de l’observatoire publié",
    "observatory.withdrawn": "Thème de l’observatoire retiré du site",
    "observatory.moved": "Thème de l’observatoire déplacé",
    "observatory.deleted": "Thème de l’observatoire supprimé",
    "observatory.decided": "Contribution d’habitant lue",
    "observatory.reopened": "Contribution d’habitant remise à lire",
    "observatory.noted": "Note modifiée sur une contribution",
}.items():
    journal.declare(_action, _sentence)


# Themes


@db.atomic()
def save(
    chapter_id: int | None = None,
    *,
    title: str,
    tag: str = "",
    intro: str = "",
    learnt: str = "",
    figure_keys: Iterable[str] = (),
    piece_keys: Iterable[str] = (),
) -> Chapter:
    """Write a theme and what it shows; a new one is not on the site yet. Raises RuleError when it makes no sense."""
    row = _held(chapter_id) if chapter_id else Chapter()
    row.title, row.tag, row.intro, row.learnt = " ".join(title.split()), tag, intro.strip(), learnt.strip()
    if not row.title:
        raise RuleError("Donnez un titre au thème.", "title")
    if tag and tag not in set(Theme):
        raise RuleError("Choisissez dans la liste.", "tag")
    for name in ("intro", "learnt"):
        if len(getattr(row, name)) > LONGEST_TEXT:
            raise RuleError("Ce texte est trop long : 20 000 caractères au plus.", name)
    if not chapter_id:
        if Chapter.select(fn.COUNT(1)).scalar() >= MOST_CHAPTERS:
            raise RuleError(f"L’observatoire a {MOST_CHAPTERS} thèmes au plus. Supprimez-en un.")
        row.slug = _free_slug(row.title)
        row.position = (Chapter.select(fn.MAX(Chapter.position)).scalar() or 0) + 1
    row.updated_at = now()
    row.save()
    _choose(ChapterFigure, row, list(figure_keys), MOST_FIGURES, "figures")
    _choose(ChapterPiece, row, list(piece_keys), MOST_PIECES, "pieces")
    journal.write("observatory.changed" if chapter_id else "observatory.created", "chapter", row.id)
    _show_changed(row)
    return row


def _choose(table, chapter: Chapter, keys: list[str], most: int, field: str) -> None:
    """Keep what is chosen; what was chosen before keeps the day on which it was."""
    if len(set(keys)) > most:
        raise RuleError(f"Choisissez-en {most} au plus.", field)
    table.delete().where(table.chapter == chapter, table.key.not_in(keys)).execute()
    for key in keys:
        table.insert(chapter=chapter, key=key).on_conflict_ignore().execute()


def _free_slug(title: str) -> str:
    wanted, rank = slugify(title, limit=70), 1
    slug = wanted
    while slug == "contribuer" or slug == "merci" or Chapter.select().where(Chapter.slug == slug).exists():
        rank += 1
        slug = f"{wanted}-{rank}"
    return slug


@db.atomic()
def publish(chapter_id: int) -> Chapter:
    """Put a theme on the site. Raises RuleError when it would show nothing but its title."""
    row = _held(chapter_id)
    if row.published_at:
        return row
    if not (row.intro or row.learnt or figures.read([each.key for each in row.figures])):
        raise RuleError(
            "Écrivez une introduction ou choisissez au moins un chiffre qui a une valeur : la page serait vide."
        )
    row.published_at = now()
    row.save()
    journal.write("observatory.published", "chapter", row.id)
    _show_changed(row)
    return row


@db.atomic()
def withdraw(chapter_id: int) -> Chapter:
    """Take a theme off the site; what it shows and what was written about it are kept."""
    row = _held(chapter_id)
    if row.published_at:
        row.published_at = None
        row.save()
        journal.write("observatory.withdrawn", "chapter", row.id)
        _show_changed(row)
    return row


@db.atomic()
def move(chapter_id: int, step: int) -> None:
    """Put a theme one rank higher (-1) or lower (1)."""
    row = _held(chapter_id)
    rows = list(Chapter.ordered())
    rank = rows.index(row)
    other = min(max(rank + step, 0), len(rows) - 1)
    if other == rank:
        return
    rows[rank], rows[other] = rows[other], rows[rank]
    for position, each in enumerate(rows, 1):
        Chapter.update(position=position).where(Chapter.id == each.id).execute()
    journal.write("observatory.moved", "chapter", row.id)
    revision.bump()


@db.atomic()
def delete(chapter_id: int) -> None:
    """Forget a theme. What inhabitants wrote about it stays, as being about another subject."""
    row = _held(chapter_id)
    row.delete_instance()
    search.forget("observatory", row.id)
    journal.write("observatory.deleted", "chapter", row.id)
    revision.bump()


def _held(chapter_id: int) -> Chapter:
    row = locked(Chapter.select().where(Chapter.id == chapter_id)).first()
    if row is None:
        raise RuleError("Ce thème n’existe plus. Revenez à la liste.")
    return row


def search_row(row: Chapter) -> dict:
    return {
        "id": row.id,
        "title": row.title,
        "body": " ".join(markdown.plain(text) for text in (row.intro, row.learnt) if text),
        "url": f"/observatoire/{row.slug}",
        "visibility": Visibility.PUBLIC,
        "at": row.updated_at,
    }


def _show_changed(row: Chapter) -> None:
    """Make the search and the pages kept ready say what a theme has become."""
    if row.is_shown:
        search.index("observatory", **search_row(row))
    else:
        search.forget("observatory", row.id)
    revision.bump()


# What inhabitants write


def is_received(key: str, **typed) -> bool:
    """Tell whether the form that carries this key has been sent already, with the same words."""
    return Contribution.select().where(Contribution.form_key == act_of(key, typed)).exists()


def receive(key: str, *, kind: str, speaker: str, text: str, slug: str = "", insee: str = "") -> Contribution:
    """Keep what somebody wrote for the coordination to read. The same key and words again are the same contribution."""
    typed = {"kind": kind, "speaker": speaker, "text": text, "slug": slug, "insee": insee}
    return once(_receive, key, typed)


@db.atomic()
def _receive(act: str, *, kind: str, speaker: str, text: str, slug: str, insee: str) -> Contribution:
    known = Contribution.get_or_none(Contribution.form_key == act)
    if known:
        return known
    words = text.replace("\0", "").strip()
    if kind not in set(ContributionKind):
        raise RuleError("Choisissez dans la liste.", "kind")
    if speaker not in set(Speaker):
        raise RuleError("Choisissez dans la liste.", "speaker")
    if not SHORTEST <= len(words) <= LONGEST:
        raise RuleError(f"Écrivez de {SHORTEST} à {LONGEST} caractères.", "text")
    chapter = Chapter.shown().where(Chapter.slug == slug).first() if slug else None
    if slug and chapter is None:
        raise RuleError("Ce thème n’est plus publié. Choisissez-en un autre.", "chapter")
    place = Commune.select().join(TerritoryCommune).where(Commune.insee == insee).first() if insee else None
    if insee and place is None:
        raise RuleError("Choisissez la commune dans la liste.", "commune")
    return Contribution.create(
        form_key=act, kind=kind, speaker=speaker, chapter=chapter, commune=place, text=words, folded=fold(words)
    )


@db.atomic()
def decide(ids: Iterable[int], state: str, *, account_id: int | None = None) -> int:
    """Say what becomes of contributions; return how many changed."""
    if state not in set(ContributionState):
        raise RuleError("Choisissez dans la liste.")
    is_new = state == ContributionState.NEW
    changed = 0
    for row in locked(Contribution.select().where(Contribution.id.in_(list(ids)), ~Contribution.is_erased)):
        if row.state == state:
            continue
        row.state = state
        row.decided_at, row.decided_by = (None, None) if is_new else (now(), account_id)
        row.save()
        action = "observatory.reopened" if is_new else "observatory.decided"
        journal.write(action, "contribution", row.id, state=state)
        changed += 1
    if changed:
        revision.bump()  # the site tells how many were read
    return changed


@db.atomic()
def write_note(contribution_id: int, note: str) -> None:
    told = note.replace("\0", "").strip()
    mine = (Contribution.id == contribution_id) & (Contribution.note != told) & ~Contribution.is_erased
    if Contribution.update(note=told).where(mine).execute():
        journal.write("observatory.noted", "contribution", contribution_id)


@db.atomic()
def purge(today: date) -> int:
    """Erase the words kept long enough, whether or not anybody read them; return how many. The rows still count."""
    old = datetime.combine(add_months(today, -settings.contact_months), time())
    spam = datetime.combine(add_months(today, -SPAM_MONTHS), time())
    is_old = (Contribution.at < old) | (
        (Contribution.state == ContributionState.SPAM) & (Contribution.decided_at < spam)
    )
    blank = {"text": "", "folded": "", "note": "", "is_erased": True}
    return Contribution.update(blank).where(is_old, ~Contribution.is_erased).execute()
