"""What may be done to a letter. Out, it stays as its readers got it; until then everything can be undone."""

from dataclasses import replace
from datetime import datetime, timedelta

from cptsapp.blueprints.mailing.models import Mailing, State
from cptsapp.kernel import journal, search
from cptsapp.kernel.db import db, locked, now, revision
from cptsapp.kernel.errors import Conflict, RuleError
from cptsapp.kernel.files import StoredFile, names_in
from cptsapp.kernel.text import fold, slugify

from . import numbering
from .contents import Block, Content, content_of
from .models import Archive, BlockKind, Issue, IssueItem, IssuePicture, IssueVersion, Kind, of_month
from .wording import search_row

MOST_BLOCKS = 60
ONE_SITTING = timedelta(minutes=10)  # automatic savings within it are one version
ACTS = {
    "created": "Lettre commencée",
    "saved": "Lettre modifiée",
    "restored": "Lettre revenue à une version antérieure",
    "trashed": "Lettre mise à la corbeille",
    "untrashed": "Lettre revenue de la corbeille",
    "out": "Lettre parue",
    "back": "Lettre revenue en préparation",
    "archive": "Lecteurs de l’archive d’une lettre changés",
}
for _act, _words in ACTS.items():
    journal.declare(f"newsletter.{_act}", _words)


def get(issue_id: int) -> Issue:
    """Return a letter, held until the end of the transaction."""
    found = locked(Issue.select().where(Issue.id == issue_id)).first()
    if found is None:
        raise RuleError("Cette lettre n’existe plus. Retournez à la liste.")
    return found


def _open(issue_id: int) -> Issue:
    issue = get(issue_id)
    refuse_closed(issue)
    return issue


def refuse_closed(issue: Issue) -> None:
    """Refuse to change a letter that has left or is in the trash. Raises RuleError."""
    if issue.deleted_at:
        raise RuleError("Cette lettre est à la corbeille. Rétablissez-la d’abord.")
    if issue.is_out:
        raise RuleError(
            "Cette lettre est partie, ou en train de partir : son texte ne change plus. "
            "Dupliquez-la pour en écrire une autre."
        )


def _write(act: str, issue: Issue, **detail):
    journal.write(f"newsletter.{act}", "newsletter", issue.id, **detail)


# Starting


@db.atomic()
def create(kind: str, content: Content | None = None) -> Issue:
    """Start a letter: blank, or with a content. A newsletter gets its number and, unless it has one, its month."""
    kind, content = Kind(kind), content or Content()
    if kind == Kind.NEWSLETTER:
        month = content.month or numbering.next_month()
        subject = content.subject or f"La lettre {of_month(month)}"
        content = replace(content, name="", month=month, subject=subject)
    elif kind == Kind.MODEL:
        content = replace(content, month=None, name=content.name.strip() or "Nouveau modèle")
    else:
        content = replace(content, name="", month=None)
    number = numbering.free_number() if kind == Kind.NEWSLETTER else None
    slug, words = _free_slug(kind, content), fold(content.as_text())
    issue = Issue.create(kind=kind, number=number, slug=slug, folded=words, **content.columns)
    _keep_blocks(issue, content)
    _keep_version(issue, content)
    _write("created", issue, kind=kind)
    return issue


@db.atomic()
def create_from(kind: str, issue_id: int) -> Issue:
    """Start a letter from a model or from another letter: its words and its headings, not what was picked for then."""
    other = content_of(get(issue_id))
    kept = tuple(replace(each, id=None) for each in other.blocks if each.kind != BlockKind.PICKED)
    subject = other.subject if kind == Kind.MESSAGE else ""
    return create(kind, replace(other, month=None, subject=subject, theme="", blocks=kept))


@db.atomic()
def duplicate(issue_id: int) -> Issue:
    """Copy a letter, all that it holds included, as one in preparation."""
    issue = get(issue_id)
    name = f"{issue.name} (copie)"[:120] if issue.kind == Kind.MODEL else ""
    return create(issue.kind, replace(content_of(issue), month=None, name=name).without_ids())


@db.atomic()
def keep_as_model(issue_id: int, name: str) -> Issue:
    """Keep the frame of a letter as a model. Raises RuleError without a name."""
    if not name.strip():
        raise RuleError("Donnez un nom au modèle.", "name")
    other = content_of(get(issue_id))
    kept = tuple(replace(each, id=None) for each in other.blocks if each.kind != BlockKind.PICKED)
    return create(Kind.MODEL, replace(other, name=name.strip()[:120], month=None, theme="", blocks=kept))


# Writing


def save(
    issue_id: int, content: Content, *, base: int, number: int | None = None, is_auto: bool = False
) -> tuple[Issue, bool]:
    """Write a content over the revision `base`; return the letter and whether anything changed.

    Raises Conflict when it is no longer that revision (what was typed is then kept among the versions), and RuleError.
    """
    with db.atomic():
        issue = _open(issue_id)
        content = _fitting(issue, content)
        if issue.revision == base:
            return issue, _save(issue, content, number=number, is_auto=is_auto)
        theirs = content_of(issue)
        if content.same_as(theirs):
            return issue, False
        _keep_version(issue, content)
    raise Conflict("Cette lettre a changé pendant que vous l’écriviez.", theirs, issue.revision)


def _save(issue: Issue, content: Content, *, number: int | None = None, is_auto: bool = False) -> bool:
    """Write a content over what is kept; tell whether anything changed."""
    _check(issue, content)
    number = number if number and issue.kind == Kind.NEWSLETTER else issue.number
    if number != issue.number:
        numbering.check_number(issue, number)
    elif content.same_as(content_of(issue)):
        return False
    for name, value in content.columns.items():
        setattr(issue, name, value)
    issue.number, issue.revision, issue.updated_at = number, issue.revision + 1, now()
    issue.slug, issue.folded = _free_slug(issue.kind, content, issue), fold(content.as_text())
    issue.save()
    _keep_blocks(issue, content)
    _keep_version(issue, content, is_auto=is_auto)
    if not is_auto:
        _write("saved", issue)
    return True


def _fitting(issue: Issue, content: Content) -> Content:
    """Return a content with what its kind of letter has, and no more."""
    if issue.kind != Kind.MODEL:
        content = replace(content, name="")
    if issue.kind != Kind.NEWSLETTER:
        content = replace(content, month=None)
    return content


def _check(issue: Issue, content: Content):
    if issue.kind == Kind.MODEL and not content.name.strip():
        raise RuleError("Donnez un nom au modèle.", "name")
    if content.archive not in list(Archive):
        raise RuleError("Choisissez qui lit la lettre sur le site.", "archive")
    if len(content.blocks) > MOST_BLOCKS:
        raise RuleError(f"Une lettre compte {MOST_BLOCKS} blocs au plus. Elle en serait illisible avant cela.")


def _keep_blocks(issue: Issue, content: Content):
    """Make the rows say what the content says: a block keeps its row, so that a page left open still names it."""
    known = {id for (id,) in IssueItem.select(IssueItem.id).where(IssueItem.issue == issue).tuples()}
    kept = {each.id for each in content.blocks} & known
    IssueItem.delete().where(IssueItem.issue == issue, IssueItem.id.not_in(kept)).execute()
    for position, block in enumerate(content.blocks):
        row = block.row | {"position": position}
        if block.id in kept:
            IssueItem.update(row).where(IssueItem.id == block.id).execute()
        else:
            IssueItem.create(issue=issue, **row)
    names = names_in("\n".join([content.editorial, *(each.blurb for each in content.blocks)]))
    IssuePicture.delete().where(IssuePicture.issue == issue).execute()
    for stored in StoredFile.select(StoredFile.id).where(StoredFile.name.in_(names)) if names else ():
        IssuePicture.create(issue=issue, file=stored)


def _keep_version(issue: Issue, content: Content, *, is_auto: bool = False):
    kept = content.without_ids().to_json()
    last = issue.versions.order_by(IssueVersion.id.desc()).first()
    author = journal.actor()
    same_sitting = last and last.is_auto and last.author_id == author and last.at > now() - ONE_SITTING
    if is_auto and same_sitting:
        IssueVersion.update(content_json=kept).where(IssueVersion.id == last.id).execute()
    elif last is None or last.content_json != kept:
        IssueVersion.create(issue=issue, author=author, is_auto=is_auto, content_json=kept)


@db.atomic()
def add_blocks(issue_id: int, blocks: list[Block]) -> int:
    """Add blocks at the end of a letter, but those that it has already; return how many were added."""
    issue = _open(issue_id)
    content = content_of(issue)
    there = {(each.source, each.key) for each in content.blocks if each.source}
    added = [each for each in blocks if not each.source or (each.source, each.key) not in there]
    _save(issue, content.with_block(*added))
    return len(added)


@db.atomic()
def restore(issue_id: int, version_id: int) -> Issue:
    """Make an earlier version the present text; the present one stays among the versions."""
    issue = _open(issue_id)
    version = issue.versions.where(IssueVersion.id == version_id).first()
    if version is None:
        raise RuleError("Cette version n’existe pas. Rechargez la liste des versions.")
    content = Content.from_json(version.content_json)
    there = {id for (id,) in StoredFile.select(StoredFile.id).tuples()} if content.blocks else set()
    blocks = tuple(replace(each, image=each.image if each.image in there else None) for each in content.blocks)
    _save(issue, _fitting(issue, replace(content, blocks=blocks)))
    _write("restored", issue, version=version_id)
    return issue


# The trash


@db.atomic()
def trash(issue_id: int) -> None:
    """Put a letter in preparation in the trash; the newsletters after it take the number that it frees."""
    issue = _open(issue_id)
    if Mailing.of_source(issue.kind, issue.id).where(Mailing.state == State.SCHEDULED).exists():
        raise RuleError("L’envoi de cette lettre est programmé. Annulez-le d’abord.")
    issue.deleted_at, issue.number = now(), None
    issue.save()
    numbering.close_holes()
    _write("trashed", issue)


@db.atomic()
def untrash(issue_id: int) -> Issue:
    """Take a letter back from the trash, with the next number."""
    issue = get(issue_id)
    if issue.deleted_at:
        issue.deleted_at = None
        issue.number = numbering.free_number() if issue.kind == Kind.NEWSLETTER else None
        issue.save()
        _write("untrashed", issue)
    return issue


# Out


@db.atomic()
def started(issue_id: int) -> None:
    """Say that a letter leaves, in the transaction that freezes its sending."""
    issue = get(issue_id)
    if issue.deleted_at:
        raise RuleError("Cette lettre est à la corbeille. Rétablissez-la avant de l’envoyer.")
    if issue.kind == Kind.MODEL:
        raise RuleError("Un modèle ne s’envoie pas. Commencez une lettre à partir de lui.")
    if not issue.is_out:
        _come_out(issue, now())


@db.atomic()
def reopened(issue_id: int) -> None:
    """Give a letter back to whoever writes it: its sending stopped before anything left."""
    issue = get(issue_id)
    others = Mailing.of_source(issue.kind, issue.id).where(Mailing.state.in_(["sending", "paused", "sent"]))
    if issue.is_out and not others.exists():
        issue.out_at = None
        issue.save()
        _write("back", issue)
        _show_changed(issue)


@db.atomic()
def file_away(issue_id: int, at: datetime) -> Issue:
    """Put a letter in the archives without sending it: it left by another road, at this moment of the past."""
    issue = _open(issue_id)
    if issue.kind == Kind.MODEL:
        raise RuleError("Un modèle n’entre pas dans les archives.")
    if at > now():
        raise RuleError("Donnez le jour où la lettre est partie : aujourd’hui ou avant.", "day")
    if not issue.subject.strip():
        raise RuleError("Donnez d’abord un objet à la lettre : c’est son titre dans les archives.")
    if Mailing.of_source(issue.kind, issue.id).where(Mailing.state == State.SCHEDULED).exists():
        raise RuleError("L’envoi de cette lettre est programmé. Annulez-le d’abord.")
    return _come_out(issue, at)


def _come_out(issue: Issue, at: datetime) -> Issue:
    issue.out_at = at
    issue.save()
    _write("out", issue)
    _show_changed(issue)
    return issue


@db.atomic()
def set_archive(issue_id: int, archive: str) -> Issue:
    """Choose who reads a letter on the site, out or not."""
    issue = get(issue_id)
    before, issue.archive = issue.archive, Archive(archive)
    issue.save()
    _write("archive", issue, readers=[before, str(issue.archive)])
    _show_changed(issue)
    return issue


def _show_changed(issue: Issue):
    """Make the search and the pages kept ready say what a letter has become."""
    if issue.is_out and issue.archive != Archive.NONE:
        search.index("newsletter", **search_row(issue))
    else:
        search.forget("newsletter", issue.id)
    revision.bump()


def _free_slug(kind: str, content: Content, issue: Issue | None = None) -> str | None:
    """Return the end of the address of a letter: its month, or its subject, or the first name after that is free."""
    if kind == Kind.MODEL:
        return None
    wanted = f"{content.month:%Y-%m}" if content.month else slugify(content.subject or "message", limit=60)
    if wanted == "flux":
        wanted = "lettre-flux"
    others = Issue.select(Issue.slug).where(Issue.slug.startswith(wanted), Issue.id != (issue.id if issue else 0))
    taken = {slug for (slug,) in others.tuples()}
    return next(slug for n in range(1, len(taken) + 2) if (slug := f"{wanted}-{n}" if n > 1 else wanted) not in taken)
