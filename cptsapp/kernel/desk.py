"""The pages of the gestion where texts are written, mounted by each kind of text on its own blueprint.

mount(Room(bp_gestion, DESK, ARTICLES, ArticleForm, "news/_fields.html", "Actualités", "Nouvel article", people))
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask import Blueprint, abort, flash, make_response, redirect, request, url_for

from . import editing, versions
from .access import access
from .content import Collection, FileConflict
from .dates import datetime_fr
from .db import now
from .differences import compare
from .editing import Desk
from .editorforms import EditorForm
from .errors import RuleError
from .frontmatter import Malformed
from .htmx import page, wants_fragment
from .markdown import render
from .publication import BADGES, Phase, Publication, State
from .registry import Outlet, Waiting, outlets
from .settings import settings
from .tables import DataTable
from .text import plural
from .typography import typography

STATES = {"draft": State.DRAFT, "publish": State.PUBLISHED, "archive": State.ARCHIVED}


@dataclass
class Room:
    """The gestion of one kind of text: its list, its form, the template of the form's own fields."""

    bp: Blueprint
    desk: Desk
    table: DataTable
    form: type[EditorForm]
    fields: str
    title: str
    new_label: str
    people: Callable[[Iterable[int]], dict[int, str]]
    context: Callable[[], dict] = dict
    rows: Callable[[], list] | None = None
    list_top: str = ""
    edit_top: str = ""

    badges = BADGES

    def url(self, endpoint: str, **values) -> str:
        return url_for(f"{self.bp.name}.{endpoint}", **values)

    @property
    def outlets(self) -> list[Outlet]:
        return [each for each in outlets if self.desk.kind in each.kinds]

    def find(self, slug: str) -> Publication:
        return self.desk.find(slug) or abort(404)

    def listed(self) -> list:
        return self.rows() if self.rows else self.desk.collection.all()

    def page(self, template: str, **context):
        return page(f"editing/{template}", room=self, desk=self.desk, **context, **self.context())


def mount(room: Room) -> Room:
    """Add to the room's blueprint the list, the editor, the versions, the trash and the private links."""
    for rule, endpoint, view, methods in (
        ("/", "index", index, ["GET"]),
        ("/export", "export", export, ["POST"]),
        ("/lot", "bulk", bulk, ["POST"]),
        ("/nouveau", "new", new, ["GET", "POST"]),
        ("/corbeille", "bin", bin, ["GET"]),
        ("/corbeille/<place>/retablir", "untrash", untrash, ["POST"]),
        ("/fichier/<slug>", "raw", raw, ["GET", "POST"]),
        ("/<slug>", "edit", edit, ["GET", "POST"]),
        ("/<slug>/adresse", "rename", rename, ["POST"]),
        ("/<slug>/corbeille", "trash", trash, ["POST"]),
        ("/<slug>/lien", "share", share, ["POST"]),
        ("/<slug>/lien/retirer", "unshare", unshare, ["POST"]),
        ("/<slug>/versions", "versions", list_versions, ["GET"]),
        ("/<slug>/versions/<version>", "version", show_version, ["GET"]),
        ("/<slug>/versions/<version>/retablir", "restore", restore, ["POST"]),
    ):
        room.bp.add_url_rule(rule, endpoint, _with(room, view), methods=methods)
    return room


def _with(room: Room, view):
    @access("coordination")
    def answer(**values):
        return view(room, **values)

    answer.__doc__ = view.__doc__
    return answer


# The list


def index(room):
    """The list; after something was thrown away, an offer to take it back."""
    place = request.args.get("annuler", "")
    undo = place if versions.trashed_path(room.desk.collection.name, place) else ""
    items = room.listed()
    counts = [(phase, sum(1 for item in items if item.phase == phase)) for phase in Phase]
    return room.table.page(
        "editing/list.html",
        items,
        room=room,
        desk=room.desk,
        undo=undo,
        undo_title=_trashed_title(room, undo) if undo else "",
        counts=[(phase, count) for phase, count in counts if count],
        broken=room.desk.collection.broken(),
        trashed=len(versions.trashed(room.desk.collection.name)),
        **room.context(),
    )


def export(room):
    return room.table.export(room.listed())


def bulk(room):
    action, slugs = room.table.selection(room.listed())
    count = editing.bulk(room.desk, action, slugs)
    done = {"publier": "mis en ligne", "archiver": "archivés", "corbeille": "mis à la corbeille"}[action]
    one, many = room.desk.noun
    flash(f"{count} {many if count > 1 else one} : {done}.")
    return redirect(room.table.back(f"{room.bp.name}.index"), 303)


# The editor


def new(room):
    """Write a new text; its address comes from its title."""
    form = room.form(data={"base": ""})
    if form.is_submitted():
        return _submit(room, form, None)
    return _editor(room, form, None)


def edit(room, slug):
    item = room.desk.find(slug)
    if item is None and request.method == "POST":
        return _vanished(room)
    item = item or abort(404)
    form = room.form(data=room.form.values_of(item.document))
    if form.is_submitted():
        return _submit(room, form, item)
    return _editor(room, form, item)


def _submit(room, form, item):
    """Show the preview, or write the text and say what became of it."""
    act, _, outlet = request.form.get("act", "save").partition("+")  # « publish+mail »: then on to an outlet
    if act == "preview":
        return _editor(room, form, item, preview=True)
    valid = form.validate()
    if not (form.keep_files() and valid):
        return _editor(room, form, item)
    header = form.header(item.document.header if item else {})
    if act in STATES or item is None:
        _decide(header, STATES.get(act, State.DRAFT), room.desk.dated)
    try:
        if item is None:
            saved = editing.create(room.desk, header, form.body.data or "")
        else:
            saved = editing.save(room.desk, item.slug, header, form.body.data or "", base=form.base.data or "")
    except Malformed as error:
        form.refuse(RuleError(error.reason, error.field))
        return _editor(room, form, item)
    except FileConflict as conflict:
        form.base.data = conflict.revision
        return _conflict(room, form, item, conflict, act)
    _tell(room.desk, saved)
    return redirect(_through(room, outlet, saved) or room.url("edit", slug=saved.slug), 303)


def _through(room, key: str, item: Publication) -> str | None:
    """Take a text that is online through an outlet; return where to go on, None when it stays here."""
    for outlet in room.outlets:
        if outlet.key == key and item.is_live:
            return outlet.open(room.desk.kind, item.slug)
    if key:
        flash("Il n’est pas encore en ligne : vous pourrez le faire partir quand il y sera.", "warn")
    return None


def _decide(header: dict, state: State, dated: bool):
    """Put the chosen state in the header; what must have a date and has none is dated now."""
    header["state"] = state.value
    if dated and state == State.PUBLISHED and not header.get("published_at"):
        header["published_at"] = editing.typed_moment(now())


def _tell(desk: Desk, item: Publication):
    match item.phase:
        case Phase.SCHEDULED:
            flash(f"{desk.the} paraîtra le {datetime_fr(item.published_at)}.")
        case Phase.ONLINE:
            seen = "tout le monde" if item.visibility == "public" else f"les lecteurs choisis ({item.visibility.label})"
            flash(f"{desk.the} est publié{desk.e}, pour {seen}.")
        case Phase.ARCHIVED:
            flash(f"{desk.the} est archivé{desk.e} : toujours lisible à son adresse, mais dans aucune liste.")
        case _:
            flash(f"{desk.the} est enregistré{desk.e} en brouillon : personne d’autre que la coordination ne le voit.")


def _editor(room, form, item, *, preview=False, **context):
    preview_html = render(form.body.data or "", trusted=True) if preview or item or wants_fragment() else ""
    return room.page(
        "edit.html",
        fragment="apercu",
        form=form,
        item=item,
        preview=preview,
        preview_html=preview_html,
        preview_title=typography(form.title.data or ""),
        preview_summary=typography(form.summary.data or ""),
        status=200 if preview else None,
        **context,
    )


def _conflict(room, form, item, conflict: FileConflict, act: str):
    """Show both texts: what is typed stays in the form, and saving it again writes over the other knowingly."""
    latest = next(iter(_versions(room, item.slug)), None)
    changes = compare(conflict.theirs, conflict.mine) if conflict.theirs is not None else []
    response = _editor(room, form, item, conflict=conflict, changes=changes, latest=latest, act=act)
    return make_response(response, 409)


def _vanished(room):
    """Give back what was typed about a text that somebody threw away meanwhile: it can be saved as a new one."""
    gone = FileConflict(None, "", "")
    return make_response(_editor(room, room.form(), None, conflict=gone, changes=[], latest=None, act="save"), 409)


def raw(room, slug):
    """The file as it is on disk, to mend what the site cannot read."""
    text = room.desk.collection.text(slug)
    if text is None:
        abort(404)
    base, typed, refusal = room.desk.collection.hash_of(slug), text, None
    if request.method == "POST":
        typed = request.form.get("text", "")
        try:
            editing.save_text(room.desk, slug, typed.replace("\r\n", "\n"), base=request.form.get("base", ""))
        except Malformed as error:
            refusal = f"Ligne {error.line} : {error}"
        except FileConflict as conflict:
            refusal = "Le fichier a changé pendant ce temps. Votre texte est dans les versions."
            base = conflict.revision
        else:
            flash("Le fichier est enregistré.")
            return redirect(room.url("edit", slug=slug), 303)
    broken = next((each for each in room.desk.collection.broken() if each.slug == slug), None)
    return room.page(
        "raw.html", slug=slug, text=typed, base=base, refusal=refusal, broken=broken, status=422 if refusal else None
    )


def rename(room, slug):
    item = room.find(slug)
    try:
        renamed = editing.rename(room.desk, slug, request.form.get("slug", ""))
    except RuleError as error:
        flash(str(error), "error")
        return redirect(room.url("edit", slug=item.slug), 303)
    flash(f"La nouvelle adresse est {room.desk.path_of(renamed.slug)}. L’ancienne y mène.")
    return redirect(room.url("edit", slug=renamed.slug), 303)


# The trash


def trash(room, slug):
    place = editing.trash(room.desk, slug)
    return redirect(room.url("index", annuler=place), 303)


def bin(room):
    found = versions.trashed(room.desk.collection.name)
    titles = {each.id: _trashed_title(room, each.id) for each in found}
    people = room.people({each.author for each in found if each.author})
    return room.page("bin.html", trashed=found, titles=titles, people=people)


def _trashed_title(room, id: str) -> str:
    """Return the title of a text in the trash, or its address when the file no longer reads."""
    name, slug = room.desk.collection.name, versions.trashed_slug(id)
    try:
        return room.desk.collection.parse(slug, versions.trashed_path(name, id).read_bytes()).heading
    except (Malformed, OSError, AttributeError):
        return slug


def untrash(room, place):
    item = editing.untrash(room.desk, place)
    flash("Le texte est revenu de la corbeille.")
    return redirect(room.url("edit", slug=item.slug) if item else room.url("index"), 303)


# Private links


def share(room, slug):
    token = editing.share(room.desk, room.find(slug).slug)
    link = f"{settings.base_url}{url_for('page.preview', token=token)}"
    return room.page("shared.html", item=room.find(slug), link=link)


def unshare(room, slug):
    editing.unshare(room.desk, room.find(slug).slug)
    flash("Les liens d’aperçu ne s’ouvrent plus.")
    return redirect(room.url("edit", slug=slug), 303)


# Versions


def _versions(room, slug):
    return versions.of(room.desk.collection.name, slug)


def list_versions(room, slug):
    item, found = room.find(slug), _versions(room, slug)
    people = room.people({each.author for each in found if each.author})
    return room.page("versions.html", item=item, versions=found, people=people, current=item.hash[:8])


def show_version(room, slug, version):
    """One version, compared with the present text or with the version before it."""
    item, found = room.find(slug), _versions(room, slug)
    position = next((index for index, each in enumerate(found) if each.id == version), None)
    if position is None:
        abort(404)
    before = found[position + 1] if position + 1 < len(found) else None
    is_current = item.hash[:8] == found[position].hash8
    # Comparing the present text with itself would say nothing.
    with_before = before is not None and (is_current or request.args.get("avec") == "precedente")
    text = _text(room, slug, version)
    if with_before:
        changes = compare(_text(room, slug, before.id), text)
    else:
        changes = compare(text, room.desk.collection.text(slug) or "")
    return room.page(
        "version.html",
        item=item,
        version=found[position],
        before=before,
        with_before=with_before,
        changes=changes,
        text=text,
        people=room.people({found[position].author} - {None}),
        is_current=is_current,
    )


def _text(room, slug, version) -> str:
    return (versions.read(room.desk.collection.name, slug, version) or b"").decode("utf-8", "replace")


def restore(room, slug, version):
    try:
        editing.restore(room.desk, room.find(slug).slug, version)
    except Malformed as error:
        flash(f"Cette version ne peut pas revenir : {error}", "error")
        return redirect(room.url("version", slug=slug, version=version), 303)
    flash("Cette version est de nouveau le texte présent. L’autre reste parmi les versions.")
    return redirect(room.url("edit", slug=slug), 303)


# What a private link shows


def shared_view(token: str):
    """Answer the text behind a private link as its readers will see it, kept by no cache and no search engine."""
    found = editing.shared(token)
    if found is None:
        abort(404)
    desk, item = found
    response = make_response(desk.show(item))
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def files_to_mend(collection: Collection, endpoint: str) -> list[Waiting]:
    """Return what waits for the coordination when files of a collection cannot be read."""
    count = len(collection.broken())
    return [Waiting(f"{plural(count, 'fichier')} à corriger", url_for(endpoint), count)] if count else []
