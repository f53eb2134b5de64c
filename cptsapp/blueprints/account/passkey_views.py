"""Passkeys in the browser: the page of one's keys, and the second step of a login by one of them."""

from flask import flash, redirect, request, session, url_for
from flask_login import current_user

from cptsapp.blueprints.association.models import identity
from cptsapp.kernel import sessions
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page

from . import passkeys, proofs
from .connection import awaited_account, bp, log_in, passkey_place, private, second_factor_page, sensitive
from .forms import CodeForm, PasskeyForm

ANSWER = ("client_data", "authenticator", "public_key", "signature", "credential")


def answer() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in ANSWER}


@bp.route("/espace/compte/cles-d-acces", methods=["GET", "POST"])
@access("account")
@sensitive
def passkey_list():
    form = PasskeyForm()
    if form.validate_on_submit():
        try:
            passkeys.add(current_user.id, form.name.data, answer(), session_key=session.key, place=passkey_place())
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Votre clé d’accès est enregistrée : elle remplace le code à la prochaine connexion.")
            return redirect(url_for(".passkey_list"), 303)
    options = passkeys.creation_options(current_user, session.key, passkey_place(), identity().short_name)
    keys = passkeys.of(current_user.id)
    return private(page("account/passkeys.html", form=form, keys=keys, options=options, account=current_user))


@bp.post("/espace/compte/cles-d-acces/<int:id>/retirer")
@access("account")
@sensitive
def passkey_remove(id):
    passkeys.remove(current_user.id, id)
    flash("Cette clé d’accès est retirée.")
    return redirect(url_for(".passkey_list"), 303)


@bp.post("/connexion/second-facteur/cle-d-acces")
@access("public")
def second_factor_by_passkey():
    awaited = session.get("awaited") or {}
    account = awaited_account(awaited)
    if account is None:
        return redirect(url_for(".login"), 303)
    try:
        proofs.check_passkey(
            account.id, answer(), session_key=session.key, place=passkey_place(), address=request.remote_addr
        )
    except RuleError as error:
        form = CodeForm(formdata=None)
        form.refuse(error)
        return second_factor_page(form, account)
    sessions.begin()
    sessions.mark_factor()
    return log_in(account, awaited["next"])
