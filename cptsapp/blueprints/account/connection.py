"""Coming in and going out: password, mailed link, second factor, forgotten password, invitation."""

import time
from datetime import timedelta
from functools import wraps
from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, request, session, url_for
from flask_login import current_user, login_user

from cptsapp.kernel import sessions
from cptsapp.kernel.access import access, login_manager
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import reserved_slugs
from cptsapp.kernel.settings import settings
from cptsapp.kernel.urls import safe_next
from cptsapp.kernel.webauthn import Place

from . import credentials, factor, passkeys, proofs
from .forms import ActivationForm, CodeForm, EmailForm, LoginForm, PasswordForm
from .models import Account, Role

bp = Blueprint("account", __name__)
reserved_slugs.update({"connexion", "deconnexion", "mot-de-passe-oublie", "activation"})

FACTOR_WAITS = timedelta(minutes=10)
LOST_PHONE = (
    "Un code de secours vient de servir. Si votre téléphone est perdu ou remplacé, réglez le nouveau dans "
    "« Mon compte », « Changer de téléphone »."
)


@login_manager.user_loader
def load(id: str) -> Account | None:
    """Return the account of a session, unless it was closed or the session has not passed its second factor."""
    account = Account.with_id(id)
    if account is None or not account.is_usable or (account.has_factor and not sessions.has_factor()):
        return None
    return account


def private(response):
    """Keep a page that holds a link, a form of proof or a code out of every cache."""
    response.headers["Cache-Control"] = "no-store"
    return response


def next_path() -> str:
    """Return where to go afterwards, when the request names a path of this site; else nothing."""
    return safe_next(request.values.get("next"), default="")


def home_of(account: Account) -> str:
    """Return where the person starts: at what must be done first, else at the desk, else in the space."""
    if account.detour:
        return url_for(account.detour)
    return "/gestion/" if account.roles & {Role.COORDINATION, Role.ADMIN} else "/espace/"


def enter(account: Account, path: str):
    """Log in a person who has passed every proof but the second factor, or lead to it."""
    sessions.begin()
    if not account.has_factor:
        return log_in(account, path)
    session["awaited"] = {"account": account.id, "mark": proofs.mark_of(account), "at": int(time.time()), "next": path}
    return redirect(url_for("account.second_factor"), 303)


def log_in(account: Account, path: str):
    login_user(account)
    sessions.mark_reauthenticated()
    proofs.record_login(account.id, address=request.remote_addr)
    return redirect(path or home_of(account), 303)


def sensitive(view):
    """Ask for a proof again, unless one was given in the last minutes. Goes under @access."""

    @wraps(view)
    def asking(*args, **kwargs):
        if sessions.is_reauthenticated():
            return view(*args, **kwargs)
        back = request.path if request.method == "GET" else url_for("account.index")
        return redirect(url_for("account.prove", next=back), 303)

    return asking


@bp.route("/connexion", methods=["GET", "POST"])
@access("public")
def login():
    if request.method == "GET" and current_user.is_authenticated:
        return redirect(next_path() or home_of(current_user))
    form = LoginForm(data={"next": next_path()})
    if form.validate_on_submit():
        try:
            account = proofs.check_password(form.email.data, form.password.data, address=request.remote_addr)
        except RuleError as error:
            form.refuse(error)
        else:
            return enter(account, next_path())
    return private(page("account/login.html", fragment="formulaire", form=form))


@bp.route("/connexion/lien", methods=["GET", "POST"])
@access("public")
def ask_link():
    form = EmailForm(data={"next": next_path()})
    if form.validate_on_submit():
        proofs.ask_link("login", form.email.data, address=request.remote_addr, path=next_path())
        return redirect(url_for(".link_sent"), 303)
    return page("account/ask_link.html", fragment="formulaire", form=form)


@bp.get("/connexion/lien/envoye")
@access("public")
def link_sent():
    return page("account/link_sent.html", minutes=int(proofs.LOGIN_LINK_LASTS.total_seconds() // 60))


@bp.route("/connexion/lien/<token>", methods=["GET", "POST"])
@access("public")
def login_by_link(token):
    account = proofs.usable_account("login", token)
    if account is None:
        return dead_link("ask_link")
    if request.method == "POST":
        return enter(proofs.use_link("login", token), next_path())
    return private(page("account/login_by_link.html", account=account, next=next_path()))


@bp.route("/connexion/second-facteur", methods=["GET", "POST"])
@access("public")
def second_factor():
    awaited = session.get("awaited") or {}
    account = awaited_account(awaited)
    if account is None:
        return redirect(url_for(".login"), 303)
    form = CodeForm()
    if form.validate_on_submit():
        try:
            proofs.check_factor(account.id, form.code.data, address=request.remote_addr)
        except RuleError as error:
            form.refuse(error)
        else:
            sessions.begin()
            sessions.mark_factor()
            if factor.is_recovery_code(form.code.data):
                flash(LOST_PHONE, "warning")
            return log_in(account, awaited["next"])
    return second_factor_page(form, account)


def second_factor_page(form, account: Account):
    """Ask for a code, or for one of the account's passkeys when it has some."""
    place = passkey_place()
    options = passkeys.use_options(account.id, session.key, place)
    return private(page("account/second_factor.html", fragment="formulaire", form=form, options=options))


def passkey_place() -> Place:
    """Return where keys are made and used: the site's own address, or the one of a local run."""
    if settings.production:
        return Place(settings.base_url, urlsplit(settings.base_url).hostname)
    return Place(f"{request.scheme}://{request.host}", request.host.rsplit(":", 1)[0])


def awaited_account(awaited) -> Account | None:
    """Return the account whose second factor is awaited, unless that took too long or its proofs have changed since."""
    if not awaited or time.time() - awaited["at"] > FACTOR_WAITS.total_seconds():
        return None
    account = Account.with_id(awaited["account"])
    usable = account is not None and account.is_usable and account.has_factor
    return account if usable and proofs.mark_of(account) == awaited["mark"] else None


@bp.get("/deconnexion")
@access("public")
def logged_out():
    return page("account/logged_out.html")


@bp.post("/deconnexion")
@access("public")
def logout():
    return leave()


def leave():
    """End this session and have the browser forget what it kept of the private pages."""
    sessions.clear()
    response = redirect(url_for("account.logged_out"), 303)
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response


@bp.route("/mot-de-passe-oublie", methods=["GET", "POST"])
@access("public")
def forgot():
    form = EmailForm()
    if form.validate_on_submit():
        proofs.ask_link("reset", form.email.data, address=request.remote_addr)
        return redirect(url_for(".reset_sent"), 303)
    return page("account/forgot.html", fragment="formulaire", form=form)


@bp.get("/mot-de-passe-oublie/envoye")
@access("public")
def reset_sent():
    return page("account/link_sent.html", minutes=int(proofs.RESET_LINK_LASTS.total_seconds() // 60))


@bp.route("/mot-de-passe-oublie/<token>", methods=["GET", "POST"])
@access("public")
def reset(token):
    account = proofs.usable_account("reset", token)
    if account is None:
        return dead_link("forgot")
    form = PasswordForm()
    if form.validate_on_submit():
        try:
            account = credentials.reset_password(token, form.password.data)
        except RuleError as error:
            form.refuse(error)
        else:
            return enter(account, "")
    return private(page("account/reset.html", fragment="formulaire", form=form, account=account))


@bp.route("/activation/<token>", methods=["GET", "POST"])
@access("public")
def activation(token):
    account = proofs.usable_account("activation", token)
    if account is None:
        return dead_link("ask_link")
    form = ActivationForm()
    if form.validate_on_submit():
        without = "sans" in request.form
        try:
            if not without and not form.password.data:
                raise RuleError("Choisissez un mot de passe, ou continuez sans.", field="password")
            account = credentials.activate(token, None if without else form.password.data)
        except RuleError as error:
            form.refuse(error)
        else:
            return enter(account, "")
    return private(page("account/activation.html", fragment="formulaire", form=form, account=account))


def dead_link(way_on: str):
    """Answer a link that was used, has expired or never was: the same page for all."""
    return private(page("account/dead_link.html", status=410, way_on=url_for(f"account.{way_on}")))
