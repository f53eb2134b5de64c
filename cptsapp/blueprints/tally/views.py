"""The tallies in the member space: one tap counts one, and can be taken back for a minute."""

import secrets
from datetime import date, timedelta

from flask import Blueprint, redirect, request, url_for
from flask_login import current_user

from cptsapp.blueprints.adherent.models import Practice
from cptsapp.kernel import limits
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page, wants_fragment
from cptsapp.kernel.urls import number_of

from . import rules
from .forms import CountForm
from .models import Tally, TallyKind, by_kind

bp = Blueprint("tally", __name__, url_prefix="/espace/compteurs")
TAPS_PER_HOUR = 200


def shown(form: CountForm | None = None, *, touched: str = "", again: bool = False, error: str = "") -> dict:
    """Return what the page and the card show: the buttons, the month's figures, what was just counted."""
    day, person = today(), current_user.person
    if form is None:
        data = {"on": day, "commune": Practice.of(person.id).commune_id or ""}
        form = CountForm(formdata=None, data=data)
    form.key.data = secrets.token_urlsafe(15)  # the next tap is another one
    if form.commune.data not in dict(form.commune.choices):
        form.commune.data = ""
    return {
        "form": form,
        "kinds": TallyKind.open_ones(),
        "may_count": rules.may_count(person),
        "numbers": by_kind(day.replace(day=1), day),
        "counted": Tally.get_or_none(Tally.key == touched) if touched else None,
        "again": again,
        "error": error,
        "may_undo": rules.may_undo,
        "today": day,
    }


def _page(**values):
    values = shown(**values)
    return page("tally/index.html", fragment="compteurs", status=422 if values["error"] else 200, **values)


@bp.get("")
@access("adherent")
def index():
    form = CountForm(formdata=None, data=_asked())
    return _page(form=form, touched=request.args.get("fait", "")[:64], again=request.args.get("deja") == "1")


def _asked() -> dict:
    """Return the day and the commune of the last tap, kept for the next one."""
    usual = Practice.of(current_user.person_id).commune_id or ""
    try:
        day = date.fromisoformat(request.args.get("jour", ""))
    except ValueError:
        day = today()
    return {"on": day, "commune": request.args.get("commune", usual)}


@bp.post("")
@access("adherent")
def count():
    limits.hit("tally", str(current_user.id), limit=TAPS_PER_HOUR, per=timedelta(hours=1))
    form, key, kind = CountForm(), request.form.get("key", ""), number_of(request.form.get("kind"))
    if not form.validate():
        return _page(form=form, error="Vérifiez le jour et la commune : rien n’a été compté.")
    try:
        insee = form.commune.data or None
        tally, is_new = rules.count(current_user.person_id, kind, key=key, on=form.on.data, insee=insee)
    except RuleError as error:
        return _page(form=form, error=str(error))
    if wants_fragment():
        return _page(form=form, touched=tally.key, again=not is_new)
    kept = {"jour": form.on.data, "commune": form.commune.data, "fait": tally.key, "deja": None if is_new else 1}
    return redirect(url_for("tally.index", **kept), 303)


@bp.post("/annuler")
@access("adherent")
def undo():
    form = CountForm()
    try:
        tally = rules.undo(request.form.get("touched", ""))
    except RuleError as error:
        return _page(form=form, error=str(error))
    if wants_fragment():
        return _page(form=form, touched=tally.key)
    return redirect(url_for("tally.index", fait=tally.key, commune=tally.commune_id or "", jour=tally.on), 303)
