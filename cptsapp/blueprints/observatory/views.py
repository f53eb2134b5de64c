"""The observatory on the site: its themes, one of them, and the box in which anybody may write."""

from datetime import timedelta

from flask import Blueprint, abort, redirect, request, url_for

from cptsapp.kernel import limits, markdown
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.pagecache import kept_ready
from cptsapp.kernel.registry import NavItem, navigation, reserved_slugs

from . import figures, hearing, publications, rules
from .forms import ContributionForm
from .models import Chapter, ContributionKind

bp = Blueprint("observatory", __name__, url_prefix="/observatoire")
reserved_slugs.add("observatoire")
navigation.append(
    NavItem("site", "Observatoire", "observatory.index", order=38, is_open=lambda: Chapter.shown_count() > 0)
)
PER_ADDRESS, PER_SITE = 5, 100  # contributions an hour
ON_CARD = 3  # figures of a theme on the first page


@bp.get("/")
@access("public")
@kept_ready
def index():
    chapters = list(Chapter.shown()) or abort(404)
    keys = {each.id: [figure.key for figure in each.figures] for each in chapters}
    known = figures.read({key for row in keys.values() for key in row})
    cards = [
        (each, markdown.excerpt(each.intro), [known[key] for key in keys[each.id] if key in known][:ON_CARD])
        for each in chapters
    ]
    return page("observatory/index.html", cards=cards, speakers=hearing.by_speaker())


@bp.get("/<slug>")
@access("public")
@kept_ready
def show(slug):
    chapter = Chapter.shown().where(Chapter.slug == slug).first() or abort(404)
    keys = [each.key for each in chapter.figures]
    known = figures.read(keys)
    return page(
        "observatory/show.html",
        chapter=chapter,
        intro=markdown.render(chapter.intro),
        learnt=markdown.render(chapter.learnt),
        excerpt=markdown.excerpt(chapter.intro, 150),
        figures=[known[key] for key in keys if key in known],
        pieces=publications.of_chapter(chapter, publications.public()),
        heard=hearing.by_chapter().get(chapter.id),
    )


@bp.route("/contribuer", methods=["GET", "POST"])
@access("public")
def contribute():
    if not Chapter.shown_count():
        abort(404)
    theme = request.args.get("theme", "")
    kind = ContributionKind.REACTION if theme else ContributionKind.SUBJECT
    form, status = ContributionForm(data={"chapter": theme, "kind": str(kind)}), None
    if form.validate_on_submit():
        try:
            _receive(form)
        except RuleError as error:
            form.refuse(error)
        except limits.TooManyTries as error:
            form.form_errors.append(
                f"Plusieurs contributions viennent d’arriver. La vôtre est gardée ici : vous pourrez l’envoyer dans "
                f"{limits.in_words(error.wait)}."
            )
            status = 429
        else:
            return redirect(url_for(".thanks"), 303)
    return page("observatory/contribute.html", fragment="formulaire", form=form, status=status)


def _receive(form: ContributionForm) -> None:
    """Count the sending, then keep it; the same form sent again is neither counted nor kept twice."""
    typed = form.values()
    if not rules.is_received(form.key, **typed):
        limits.hit("observatory", limits.network(request.remote_addr), limit=PER_ADDRESS, per=timedelta(hours=1))
        limits.hit("observatory", "everybody", limit=PER_SITE, per=timedelta(hours=1))
    rules.receive(form.key, **typed)


@bp.get("/merci")
@access("public")
def thanks():
    return page("observatory/thanks.html", has_chapters=Chapter.shown_count() > 0)
