"""« Mon compte »: address, password, second factor and open sessions, each changed after proving who one is."""

import segno
from flask import abort, flash, redirect, request, session, url_for
from flask_login import current_user

from cptsapp.blueprints.association.models import identity
from cptsapp.kernel import sessions
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation

from . import credentials, factor, passkey_views, passkeys, proofs
from .connection import bp, dead_link, home_of, leave, next_path, private, sensitive
from .forms import CodeForm, NewEmailForm, PasswordForm, ProofForm
from .models import Account, RecoveryCode

__all__ = ["bp", "passkey_views"]
navigation.append(NavItem("space", "Mon compte", "account.index", "user", ("account",), order=90))


@bp.get("/espace/compte")
@access("account")
def index():
    codes_left = RecoveryCode.select().where(RecoveryCode.account == current_user.id, RecoveryCode.used_at.is_null())
    return page(
        "account/index.html",
        account=current_user,
        grants=[grant for grant in current_user.grants if grant.is_current],
        codes_left=codes_left.count(),
        keys=len(passkeys.of(current_user.id)),
        sessions=list(sessions.of(current_user.id)),
        current_id=sessions.current_id(),
    )


# Proving again


@bp.route("/espace/compte/confirmation", methods=["GET", "POST"])
@access("account")
def prove():
    form = ProofForm(data={"next": next_path()})
    if form.validate_on_submit():
        try:
            _check_proof(form)
        except RuleError as error:
            form.refuse(error)
        else:
            sessions.mark_reauthenticated()
            return redirect(next_path() or url_for(".index"), 303)
    return page("account/prove.html", fragment="formulaire", form=form, account=current_user)


def _check_proof(form):
    if current_user.has_factor and form.code.data:
        proofs.check_factor(current_user.id, form.code.data, address=request.remote_addr)
    elif current_user.password_hash and form.password.data:
        proofs.check_own_password(current_user.id, form.password.data, address=request.remote_addr)
    else:
        field = "password" if current_user.password_hash else "code"
        raise RuleError("Remplissez ce champ, ou recevez un lien par e-mail.", field=field)


@bp.post("/espace/compte/confirmation/lien")
@access("account")
def ask_proof_link():
    proofs.send_proof_link(current_user.id, address=request.remote_addr, path=next_path() or url_for(".index"))
    flash(f"Un lien vient de partir vers {current_user.email}. Ouvrez-le dans ce navigateur.")
    return redirect(url_for(".prove", next=next_path() or None), 303)


@bp.route("/espace/compte/confirmation/<token>", methods=["GET", "POST"])
@access("account")
def prove_by_link(token):
    account = proofs.usable_account("prove", token)
    if account is None or account.id != current_user.id:
        return dead_link("prove")
    if request.method == "POST":
        proofs.use_link("prove", token)
        sessions.mark_reauthenticated()
        return redirect(next_path() or url_for(".index"), 303)
    return private(page("account/prove_by_link.html", next=next_path()))


# Address and password


@bp.route("/espace/compte/adresse", methods=["GET", "POST"])
@access("account")
@sensitive
def change_email():
    form = NewEmailForm()
    if form.validate_on_submit():
        try:
            credentials.ask_email(current_user.id, form.email.data)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Ouvrez le lien qui vient de partir vers la nouvelle adresse : le changement se fera à ce moment.")
            return redirect(url_for(".index"), 303)
    return page("account/email.html", fragment="formulaire", form=form, account=current_user)


@bp.route("/espace/compte/adresse/<token>", methods=["GET", "POST"])
@access("public")
def confirm_email(token):
    account = proofs.usable_account("email", token)
    if account is None:
        return dead_link("change_email")
    if request.method == "POST":
        is_mine = current_user.is_authenticated and current_user.id == account.id
        credentials.confirm_email(token, keep_session=sessions.current_id() if is_mine else None)
        if is_mine:
            sessions.renew()
            flash("Votre nouvelle adresse est enregistrée.")
            return redirect(url_for(".index"), 303)
        return private(page("account/email_confirmed.html"))
    return private(page("account/confirm_email.html", account=account))


@bp.route("/espace/compte/mot-de-passe", methods=["GET", "POST"])
@access("account")
@sensitive
def change_password():
    form = PasswordForm()
    if form.validate_on_submit():
        try:
            credentials.change_password(current_user.id, form.password.data, keep_session=sessions.current_id())
        except RuleError as error:
            form.refuse(error)
        else:
            sessions.renew()
            flash("Votre mot de passe est enregistré. Vos autres connexions sont fermées.")
            return redirect(url_for(".index"), 303)
    return page("account/password.html", fragment="formulaire", form=form, account=current_user)


# Second factor


@bp.route("/espace/compte/second-facteur", methods=["GET", "POST"])
@access("account")
@sensitive
def factor_setup():
    secret = factor.proposed_secret(current_user, session.key)
    form = CodeForm()
    if form.validate_on_submit():
        try:
            codes = factor.set_up(
                current_user.id, secret=secret, code=form.code.data, keep_session=sessions.current_id()
            )
        except RuleError as error:
            form.refuse(error)
        else:
            sessions.mark_factor()
            sessions.renew()
            return _show_codes(codes)
    address = factor.address_of(current_user, secret, identity().short_name)
    return page(
        "account/factor_setup.html",
        fragment="formulaire",
        form=form,
        account=current_user,
        qr=segno.make(address, error="m").svg_data_uri(scale=5, border=2, light="white"),
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        is_asked=current_user.detour is not None,
    )


def _show_codes(codes):
    account = Account.with_id(current_user.id)  # as it is now: the factor may have just been set
    return private(page("account/recovery_codes.html", codes=codes, home=home_of(account)))


@bp.post("/espace/compte/second-facteur/retirer")
@access("account")
@sensitive
def factor_remove():
    factor.remove(current_user.id, keep_session=sessions.current_id())
    sessions.renew()
    flash("Le second facteur est retiré. Vos autres connexions sont fermées.")
    return redirect(url_for(".index"), 303)


@bp.post("/espace/compte/codes-de-secours")
@access("account")
@sensitive
def renew_codes():
    return _show_codes(factor.renew_codes(current_user.id))


# Open sessions


@bp.post("/espace/compte/connexions/<int:id>/fermer")
@access("account")
def end_session(id):
    if id == sessions.current_id():
        return leave()
    if not sessions.end(id, current_user.id):
        abort(404)
    flash("Cette connexion est fermée.")
    return redirect(url_for(".index"), 303)


@bp.post("/espace/compte/connexions/fermer")
@access("account")
def end_sessions():
    sessions.end_all(current_user.id)
    return leave()
