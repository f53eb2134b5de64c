"""Writing a letter: its form, what it picks on the site, its preview as a mail, its versions."""

from dataclasses import replace

from flask import Response, abort, flash, make_response, redirect, request, url_for
from flask_login import current_user

from cptsapp.blueprints.mailing import rules as mailings
from cptsapp.blueprints.mailing.compiling import compile
from cptsapp.blueprints.mailing.content import recipient
from cptsapp.blueprints.mailing.letters import Recipient, values_for
from cptsapp.blueprints.page.rules import people
from cptsapp.kernel.access import access
from cptsapp.kernel.differences import compare
from cptsapp.kernel.errors import Conflict, RuleError
from cptsapp.kernel.framing import framed, with_frames
from cptsapp.kernel.htmx import page
from cptsapp.kernel.mail import Kind as MailKind
from cptsapp.kernel.mail import identity_for
from cptsapp.kernel.text import plural

from . import health, outlets, picking, rules
from .advice import advice_for
from .contents import Block, Content, content_of
from .forms import BLOCK_KINDS, IssueForm, PeriodForm
from .gestion import READERS, bp_gestion, issue_or_404
from .models import BlockKind, Issue, IssueVersion
from .rendering import letter_of


@bp_gestion.route("/<int:id>/modifier", methods=["GET", "POST"])
@access("coordination")
def edit(id):
    """The form. « auto » saves what is typed as one goes; a button of a block changes the blocks; « save » saves."""
    issue = issue_or_404(id)
    if issue.is_out or issue.deleted_at:
        return _closed(issue)
    form = IssueForm(issue)
    if not form.is_submitted():
        return _editor(form)
    act = request.form.get("act", "save")
    if not (form.keep_files() and form.validate()):
        return _editor(form, fragment="formulaire" if act != "auto" else "apercu", refused=act == "auto")
    content = _acted(form, act)
    try:
        issue, _ = rules.save(id, content, base=form.revision, number=form.number.data, is_auto=act == "auto")
    except Conflict as conflict:
        return _conflicting(form, content, conflict, act)
    except RuleError as error:
        form.refuse(error)
        return _editor(form, fragment="formulaire" if act != "auto" else "apercu", refused=act == "auto")
    if act == "send":
        return redirect(outlets.audience_of(mailings.open_for(issue.kind, issue.id)), 303)
    if act == "save":
        flash("La lettre est enregistrée.")
        return redirect(url_for("newsletter_gestion.edit", id=id), 303)
    return _editor(IssueForm(issue, formdata=None), fragment="apercu" if act in ("auto", "preview") else "formulaire")


def _closed(issue: Issue):
    """Refuse to write over what has left or was thrown away; what was typed cannot be in a page opened since."""
    if request.method == "GET":
        flash(
            "Cette lettre est à la corbeille. Rétablissez-la d’abord."
            if issue.deleted_at
            else "Cette lettre est partie : son texte ne change plus. Dupliquez-la pour en écrire une autre.",
            "error",
        )
        return redirect(url_for("newsletter_gestion.show", id=issue.id), 303)
    rules.refuse_closed(issue)
    abort(404)


def _acted(form: IssueForm, act: str) -> Content:
    """Return what the form says once its button has done its work."""
    content = form.read()
    name, _, place = act.partition("-")
    places = [str(each) for each, _, _ in form.rows]
    rank = places.index(place) if place in places else None
    match name:
        case "up" | "down" if rank is not None:
            return content.moved(rank, -1 if name == "up" else 1)
        case "remove" if rank is not None:
            return content.without_block(rank)
        case "unpicture" if rank is not None:
            blocks = list(content.blocks)
            blocks[rank] = replace(blocks[rank], image=None, image_alt="")
            return replace(content, blocks=tuple(blocks))
        case "add" if place in BLOCK_KINDS:
            return content.with_block(Block(kind=BLOCK_KINDS[place], title="Rubrique" if place == "heading" else ""))
        case "theme" if theme := health.themes().get(place):
            return replace(
                content.with_block(Block(kind=BlockKind.TEXT, title=theme.name, blurb=theme.idea)), theme=theme.key
            )
        case "refresh":
            return picking.refreshed(content)
    return content


def _editor(form: IssueForm, *, fragment="formulaire", refused=False, status=None, **context):
    issue = form.issue
    response = page(
        "newsletter/gestion_edit.html",
        fragment=fragment,
        form=form,
        issue=issue,
        status=status or (200 if refused else None),
        refused=refused,
        revision=issue.revision,
        base=form.base.data if refused else issue.revision,
        advice=advice_for(issue),
        changed=bool(picking.changes(content_of(issue))),
        plain=_compiled(issue).text_for(reader()),
        suggested=health.of_month(issue.month.month) if issue.month else [],
        **context,
    )
    return with_frames(response)


def _conflicting(form: IssueForm, content: Content, conflict: Conflict, act: str):
    """Show both texts: what is typed stays in the form, and saving it again writes over the other knowingly."""
    form.base.data = conflict.revision if act != "auto" else form.base.data
    response = _editor(
        form,
        fragment="apercu" if act == "auto" else "formulaire",
        conflict=True,
        changes=compare(conflict.theirs.as_text(), content.as_text()),
        status=409 if act != "auto" else 200,
    )
    return make_response(response)


# The preview: what the mail will be, as whoever writes would get it


def reader() -> Recipient:
    """Return the person who writes, as a trial would reach them."""
    person = current_user.person
    return recipient(current_user.email, values_for([person.given_name], [person.label]), is_trial=True)


def _compiled(issue: Issue):
    return compile(letter_of(issue), identity_for(MailKind.COLLECTIVE))


@bp_gestion.get("/<int:id>/apercu")
@access(*READERS)
def preview(id):
    """The mail itself, for the frame of the pages that show it."""
    return framed(_compiled(issue_or_404(id)).html_for(reader()))


@bp_gestion.get("/<int:id>/apercu.txt")
@access(*READERS)
def preview_text(id):
    text = _compiled(issue_or_404(id)).text_for(reader())
    return Response(text, content_type="text/plain; charset=utf-8")


# What the site offers


@bp_gestion.route("/<int:id>/choisir", methods=["GET", "POST"])
@access("coordination")
def pick(id):
    issue = issue_or_404(id)
    if issue.is_out or issue.deleted_at:
        return _closed(issue)
    start, end = PeriodForm(request.values).read(*picking.period_of(issue))
    if request.method == "POST":
        blocks = picking.chosen(request.form.getlist("choix"), start, end)
        if not blocks:
            raise RuleError("Cochez au moins une ligne à reprendre dans la lettre.")
        added = rules.add_blocks(id, blocks)
        flash(f"{plural(added, 'bloc ajouté', 'blocs ajoutés')} à la fin de la lettre.")
        return redirect(url_for("newsletter_gestion.edit", id=id) + "#blocs", 303)
    q = " ".join(request.args.get("q", "").split())[:100]
    return page(
        "newsletter/gestion_pick.html",
        fragment="resultats",
        issue=issue,
        sources=picking.offered(content_of(issue), start, end, q),
        start=start,
        end=end,
        q=q,
    )


# Versions


@bp_gestion.get("/<int:id>/versions")
@access("coordination")
def versions(id):
    issue = issue_or_404(id)
    found = list(issue.versions.order_by(IssueVersion.id.desc()))
    current = content_of(issue).without_ids().to_json()
    return page(
        "newsletter/gestion_versions.html",
        issue=issue,
        versions=[(each, each.content_json == current) for each in found],
        people=people({each.author_id for each in found if each.author_id}),
    )


@bp_gestion.get("/<int:id>/versions/<int:version>")
@access("coordination")
def version(id, version):
    issue = issue_or_404(id)
    found = issue.versions.where(IssueVersion.id == version).first() or abort(404)
    before = issue.versions.where(IssueVersion.id < version).order_by(IssueVersion.id.desc()).first()
    text, present = Content.from_json(found.content_json).as_text(), content_of(issue).as_text()
    is_current = text == present
    with_before = before is not None and (is_current or request.args.get("avec") == "precedente")
    old = Content.from_json(before.content_json).as_text() if with_before else text
    return page(
        "newsletter/gestion_version.html",
        issue=issue,
        version=found,
        before=before,
        with_before=with_before,
        is_current=is_current,
        changes=compare(old, text if with_before else present),
        text=text,
        people=people({found.author_id} - {None}),
    )


@bp_gestion.post("/<int:id>/versions/<int:version>/retablir")
@access("coordination")
def restore(id, version):
    rules.restore(issue_or_404(id).id, version)
    flash("Cette version est de nouveau le texte présent. L’autre reste parmi les versions.")
    return redirect(url_for("newsletter_gestion.edit", id=id), 303)
