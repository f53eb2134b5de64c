"""« Comptes et invitations »: who may log in, with which roles; inviting, closing, recovering."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_login import current_user
from peewee import fn

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import sessions
from cptsapp.kernel.access import LABELS, access
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import is_sqlite
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation
from cptsapp.kernel.tables import Cases, Column, DataTable
from cptsapp.kernel.urls import number_of

from . import rules
from .forms import InvitationForm, RecoveryForm, RoleForm
from .models import Account, Grant, Role

bp_gestion = Blueprint("account_gestion", __name__, url_prefix="/gestion/comptes")

navigation.append(
    NavItem(
        "gestion", "Comptes et invitations", "account_gestion.index", "key", ("admin", "coordination"), "Réglages", 20
    )
)


def listed():
    """Return every account with its person, and the codes of its current roles joined by commas, in one query."""
    join_texts = fn.GROUP_CONCAT if is_sqlite() else fn.STRING_AGG
    current = Grant.until.is_null() | (Grant.until >= today())
    codes = Grant.select(join_texts(Grant.role, ",")).where(Grant.account == Account.id, current)
    return Account.select(Account, Person, codes.alias("codes")).join(Person)


def roles_of(account) -> str:
    codes = account.codes or ""
    return ", ".join(sorted(LABELS.get(code, code) for code in codes.split(",") if code))


def state_of(account) -> str:
    if account.disabled_at:
        return "Désactivé"
    return "Ouvert" if account.activated_at else "Invité"


def _holders(role):
    current = Grant.until.is_null() | (Grant.until >= today())
    return Account.id.in_(Grant.select(Grant.account).where(Grant.role == role, current))


class RoleFilter(Cases):
    """Those who hold a role on the day that is asked, not on the one on which the site started."""

    def condition(self, values):
        return _holders(values[self.key]) if values[self.key] else None


ACCOUNTS = DataTable(
    "comptes",
    Column("nom", "Nom", "person.list_label", sort=Person.folded, link="account_gestion.show", sub="email"),
    Column("email", "Adresse e-mail", "email", shown=False),
    Column("roles", "Rôles", roles_of),
    Column("facteur", "Second facteur", "has_factor"),
    Column("connexion", "Dernière connexion", "last_login_at", sort=Account.last_login_at),
    Column(
        "etat",
        "État",
        state_of,
        badge=lambda account: {"Ouvert": "ok", "Invité": "warn", "Désactivé": "mute"}[state_of(account)],
    ),
    noun=("compte", "comptes"),
    search=[Person.folded, Account.email],
    filters=[
        RoleFilter("role", "Rôle", {role.value: (role.label, None) for role in Role}, blank="Tous les rôles"),
        Cases(
            "etat",
            "État",
            {
                "ouverts": ("Ouverts", Account.disabled_at.is_null() & Account.activated_at.is_null(False)),
                "invites": ("Invités", Account.disabled_at.is_null() & Account.activated_at.is_null()),
                "desactives": ("Désactivés", Account.disabled_at.is_null(False)),
            },
            blank="Tous les états",
        ),
    ],
    order="nom",
    export_endpoint="account_gestion.export",
    empty="Invitez une première personne : elle reçoit un lien qui ouvre son compte.",
    people=True,
)


@bp_gestion.get("/")
@access("admin", "coordination")
def index():
    return ACCOUNTS.page("account/gestion_list.html", listed())


@bp_gestion.post("/export")
@access("admin")
def export():
    return ACCOUNTS.export(listed())


@bp_gestion.route("/nouveau", methods=["GET", "POST"])
@access("admin", "coordination")
def invite():
    person = _chosen_person()
    form = InvitationForm(data={"name": person.label, "email": person.email} if person else None)
    if not _is_admin():
        del form.roles
    if form.validate_on_submit():
        try:
            account = rules.invite(
                form.email.data,
                by=current_user.id,
                name=form.name.data or "",
                person_id=person.id if person else None,
                roles=tuple(form.roles.data or ()) if _is_admin() else (),
            )
        except RuleError as error:
            form.refuse(error)
        else:
            flash(f"L’invitation part à {account.email}. Le lien est valable 7 jours.")
            return redirect(url_for(".show", id=account.id), 303)
    return page("account/gestion_invite.html", fragment="formulaire", form=form, person=person)


def _chosen_person() -> Person | None:
    id = number_of(request.args.get("personne"))
    return (Person.present().where(Person.id == id).first() or abort(404)) if id else None


@bp_gestion.get("/<int:id>")
@access("admin", "coordination")
def show(id):
    return _record(_find(id))


def _record(account, role_form=None, recovery_form=None):
    return page(
        "account/gestion_show.html",
        form=next((form for form in (role_form, recovery_form) if form and form.errors), None),
        account=account,
        state=state_of(account),
        grants=list(account.grants.order_by(Grant.given_at)),
        role_form=role_form or RoleForm(formdata=None),
        recovery_form=recovery_form or RecoveryForm(formdata=None),
        sessions=list(sessions.of(account.id)) if _is_admin() else [],
        is_admin=_is_admin(),
        may_invite=rules.may_manage(current_user, account),
        is_self=account.id == current_user.id,
    )


@bp_gestion.post("/<int:id>/roles")
@access("admin")
def give_role(id):
    account, form = _find(id), RoleForm()
    if form.validate_on_submit():
        try:
            until, keep = form.until.data, _own_session(id)
            rules.give_role(id, form.role.data, by=current_user.id, until=until, keep_session=keep)
        except RuleError as error:
            form.refuse(error)
        else:
            _renew_own(id)
            return _done(id, f"Le rôle « {Role(form.role.data).label} » est donné.")
    return _record(account, role_form=form)


@bp_gestion.post("/<int:id>/roles/<role>/retirer")
@access("admin")
def remove_role(id, role):
    _find(id)
    rules.remove_role(id, role, by=current_user.id, keep_session=_own_session(id))
    _renew_own(id)
    return _done(id, "Le rôle est retiré.")


@bp_gestion.post("/<int:id>/invitation")
@access("admin", "coordination")
def send_invitation(id):
    account = _find(id)
    rules.send_invitation(id, by=current_user.id)
    return _done(id, f"Une nouvelle invitation part à {account.email}.")


@bp_gestion.post("/<int:id>/desactiver")
@access("admin")
def disable(id):
    _find(id)
    rules.disable(id, by=current_user.id)
    return _done(id, "Le compte est désactivé : ses connexions sont fermées.")


@bp_gestion.post("/<int:id>/reactiver")
@access("admin")
def enable(id):
    _find(id)
    rules.enable(id, by=current_user.id)
    return _done(id, "Le compte est réactivé.")


@bp_gestion.post("/<int:id>/connexions/fermer")
@access("admin")
def end_sessions(id):
    _find(id)
    rules.end_sessions(id, by=current_user.id)
    return _done(id, "Toutes les connexions de ce compte sont fermées.")


@bp_gestion.post("/<int:id>/secours")
@access("admin")
def recover(id):
    account, form = _find(id), RecoveryForm()
    if form.validate_on_submit():
        try:
            rules.recover(
                id, by=current_user.id, new_email=form.new_email.data or "", remove_factor=form.remove_factor.data
            )
        except RuleError as error:
            error.field = "new_email" if error.field == "email" else error.field
            form.refuse(error)
        else:
            return _done(id, "L’accès est rétabli : la personne reçoit une nouvelle invitation.")
    return _record(account, recovery_form=form)


def _done(id, sentence):
    flash(sentence)
    return redirect(url_for("account_gestion.show", id=id), 303)


def _renew_own(id):
    """Let an admin who changed their own roles go on, under a new session id."""
    if id == current_user.id:
        sessions.renew()


def _own_session(id) -> int | None:
    return sessions.current_id() if id == current_user.id else None


def _find(id) -> Account:
    return Account.with_id(id) or abort(404)


def _is_admin() -> bool:
    return Role.ADMIN in current_user.roles
