"""The public side of the letter: subscribing, the pages that mails lead to, and the button of mail programs."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, request, url_for

from cptsapp.kernel import limits
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import reserved_slugs
from cptsapp.kernel.security import exempt_from_origin

from . import links, preferences, refusals, subscribing
from .forms import ChangeForm, EraseForm, PreferencesForm, SubscribeForm
from .models import Topic

bp = Blueprint("subscription", __name__, url_prefix="/lettre")
reserved_slugs.add("lettre")

PER_NETWORK = 10  # subscriptions an hour
PER_SITE = 200


@bp.after_request
def keep_links_secret(response):
    """A link that opens somebody's preferences must reach no other site, no search engine and no shared cache.

    Where a form proves by its Origin that it is ours, the policy of the house stays (« same-origin »): under
    « no-referrer », browsers say « null ».
    """
    if request.view_args:
        if request.endpoint in (f"{bp.name}.unsubscribe", f"{bp.name}.unsubscribe_now"):
            response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.route("/", methods=["GET", "POST"])
@access("public")
def subscribe():
    form, status = SubscribeForm().offer(list(Topic.offered())), None
    form.accept.label.text = subscribing.wording()
    if form.validate_on_submit():
        try:
            _ask(form)
        except RuleError as error:
            form.refuse(error)
        except limits.TooManyTries as error:
            form.form_errors.append(
                f"Plusieurs abonnements viennent d’être demandés d’ici. Réessayez dans {limits.in_words(error.wait)}."
            )
            status = 429
        else:
            return redirect(url_for(".asked"), 303)
    return page("subscription/subscribe.html", fragment="formulaire", form=form, status=status)


def _ask(form):
    subscribing.checked(form.email.data)
    hour = timedelta(hours=1)
    limits.hit_each(
        ("lettre", limits.network(request.remote_addr), PER_NETWORK, hour), ("lettre", "everybody", PER_SITE, hour)
    )
    subscribing.ask(
        form.email.data,
        page=request.path,
        given_name=form.given_name.data or "",
        family_name=form.family_name.data or "",
        topics=form.topic_ids(),
    )


@bp.get("/presque")
@access("public")
def asked():
    return page("subscription/asked.html", days=subscribing.UNCONFIRMED_DAYS)


@bp.get("/confirmer/<token>")
@access("public")
def confirm(token):
    """Show a button, and confirm nothing: mail filters open every link."""
    waiting = subscribing.asked_by(token)
    return page("subscription/confirm.html", waiting=waiting, status=200 if waiting else 410)


@bp.post("/confirmer/<token>")
@access("public")
def confirm_now(token):
    try:
        done = subscribing.confirm(token)
    except RuleError:
        return page("subscription/confirm.html", waiting=None, status=410)
    flash("Votre abonnement est confirmé." if done.kind == "subscribe" else "Nous vous écrirons à cette adresse.")
    return redirect(links.preferences_url(done.address, is_path=True), 303)


@bp.get("/desabonnement/<token>")
@access("public")
def unsubscribe(token):
    """Show the button, and change nothing: mail programs and filters open every link that they see."""
    named = links.read_unsubscribe(token)
    return _unsubscribe_page("ask" if named else "dead", named)


@bp.post("/desabonnement/<token>")
@access("public")
@exempt_from_origin
def unsubscribe_now(token):
    """Do it, for our button and for that of a mail program, which has neither cookie nor page (RFC 8058, 3.2)."""
    named = links.read_unsubscribe(token)
    if named is None:
        return _unsubscribe_page("dead", named)
    if request.form.get("List-Unsubscribe") != "One-Click":
        return _unsubscribe_page("ask", named, status=400)
    if named.is_trial:
        return _unsubscribe_page("trial", named)
    refusals.refuse(named.address, [named.kind])
    return _unsubscribe_page("done", named)


def _unsubscribe_page(step, named, status=None):
    status = status or (404 if step == "dead" else 200)
    link = links.preferences_url(named.address, is_path=True) if named and not named.is_trial else ""
    return page("subscription/unsubscribe.html", step=step, named=named, preferences=link, status=status)


# Preferences: what letters call « Choisir ce que je reçois »


@bp.get("/preferences/<token>")
@access("public")
def show_preferences(token):
    address = links.read_preferences(token)
    return _preferences(token, preferences.of(address)) if address else _dead()


def _dead():
    return page("subscription/unsubscribe.html", step="dead", named=None, preferences="", status=404)


def _preferences(token, mine, *, form=None, change=None, erase=None):
    """Draw the page; the one form that was refused keeps what was typed and gives its status."""
    refused = form or change or erase
    change = change or ChangeForm(formdata=None)
    change.persons.choices = [(str(each.id), each.label) for each in mine.movable]
    return page(
        "subscription/preferences.html",
        form=form or PreferencesForm.showing(mine, formdata=None),
        change=change,
        erase=erase or EraseForm(formdata=None),
        mine=mine,
        token=token,
        status=422 if refused else None,
    )


@bp.post("/preferences/<token>")
@access("public")
def save_preferences(token):
    address = links.read_preferences(token)
    if address is None:
        return _dead()
    mine = preferences.of(address)
    form = PreferencesForm.showing(mine, formdata=request.form)  # nothing ticked: an empty post
    if not form.validate():
        return _preferences(token, mine, form=form)
    stopped = mine.stopped_by(form.kinds.data)
    is_asked = preferences.save(address, form.kinds.data, form.topic_ids())
    flash(preferences.said(stopped, is_asked=is_asked))
    return redirect(url_for(".show_preferences", token=token), 303)


@bp.post("/preferences/<token>/rester")
@access("public")
def stay(token):
    address = links.read_preferences(token)
    if address is None:
        return _dead()
    preferences.stay(address)
    flash("Merci, vous restez des nôtres.")
    return redirect(url_for(".show_preferences", token=token), 303)


@bp.post("/preferences/<token>/adresse")
@access("public")
def change_address(token):
    address = links.read_preferences(token)
    if address is None:
        return _dead()
    mine, form = preferences.of(address), ChangeForm()
    form.persons.choices = [(str(each.id), each.label) for each in mine.movable]
    chosen = [each.id for each in mine.movable]
    if form.validate():
        if len(chosen) > 1:
            chosen = [int(each) for each in form.persons.data or ()]
        try:
            subscribing.ask_change(address, form.email.data, chosen)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Un e-mail part à cette adresse : ouvrez-le pour confirmer le changement.")
            return redirect(url_for(".show_preferences", token=token), 303)
    return _preferences(token, mine, change=form)


@bp.post("/preferences/<token>/effacer")
@access("public")
def erase(token):
    address = links.read_preferences(token)
    if address is None:
        return _dead()
    form = EraseForm()
    if not form.validate():
        return _preferences(token, preferences.of(address), erase=form)
    return page("subscription/erased.html", done=preferences.erase(address))
