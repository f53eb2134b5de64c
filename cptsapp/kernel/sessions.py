"""Logins are rows: the cookie holds a random id, the table its hash and all that the session knows.

So logout, « se déconnecter partout », a role change or a closed account take effect at the next request. A visitor
who only reads has neither row nor cookie.
"""

import hashlib
import json
import logging
import secrets
from datetime import timedelta

from flask import g, request, session
from flask.sessions import SessionInterface, SessionMixin
from peewee import CharField, DateTimeField, DeferredForeignKey, OperationalError, TextField
from werkzeug.datastructures import CallbackDict

from .db import Table, db, now
from .prepared import prepared
from .registry import Personal
from .settings import settings

log = logging.getLogger("cptsapp.sessions")

SEEN_EVERY = timedelta(minutes=5)  # how often reading a page refreshes the row's last sign of life
REAUTHENTICATION_LASTS = timedelta(minutes=10)


# The first sign found names the thing: later ones are borrowed by everybody.
BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "FxiOS": "Firefox", "Chrome": "Chrome",
            "CriOS": "Chrome", "Safari": "Safari"}  # fmt: skip
SYSTEMS = {"Windows": "Windows", "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Mac OS": "Mac",
           "CrOS": "ChromeOS", "Linux": "Linux"}  # fmt: skip


def _named(names, agent, unknown):
    return next((name for sign, name in names.items() if sign in agent), unknown)


class Session(Table):
    """One browser that is logged in, or that needs state after a form."""

    id_hash = CharField(max_length=64, unique=True)
    # The account feature stands above the kernel: its table is only named here.
    account = DeferredForeignKey("Account", null=True, on_delete="CASCADE", backref="sessions")
    data_json = TextField(default="{}")
    factor_at = DateTimeField(null=True)
    reauthenticated_at = DateTimeField(null=True)
    created_at = DateTimeField(default=now)
    seen_at = DateTimeField(default=now)
    expires_at = DateTimeField(index=True)
    address = CharField(max_length=45, default="")
    agent = CharField(max_length=200, default="")

    class Meta:
        personal = Personal(
            purpose="Connexion à l’espace réservé",
            basis="Intérêt légitime : sécurité des comptes",
            kept="14 jours au plus, effacé à la déconnexion",
            categories="Compte, adresse IP, navigateur, heures de connexion",
            recipients="La personne elle-même, l’administration de l’instance",
        )

    @property
    def is_alive(self) -> bool:
        idle = now() - self.seen_at > timedelta(hours=settings.session_idle_hours)
        return not idle and self.expires_at > now()

    @property
    def browser(self) -> str:
        """What people recognise a device by: « Firefox sur Windows »."""
        return f"{_named(BROWSERS, self.agent, 'Navigateur')} sur {_named(SYSTEMS, self.agent, 'appareil inconnu')}"


@prepared
def _with_hash(id_hash):
    return Session.select().where(Session.id_hash == id_hash)


class RowSession(CallbackDict, SessionMixin):
    """Flask's session, kept in `row` (None until something must be remembered)."""

    def __init__(self, values=None, row=None, key=None, unread=None):
        super().__init__(values or {}, self._changed)
        self.row, self.key, self.unread = row, key, unread
        self.factor_at = row and row.factor_at
        self.reauthenticated_at = row and row.reauthenticated_at
        self.modified = False
        self.renewed = False

    @staticmethod
    def _changed(self):
        self.modified = True


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def cookie_name() -> str:
    return "__Host-session" if settings.secure else "session"


class RowSessions(SessionInterface):
    """Opens the request's session from its cookie, and saves what changed."""

    def open_session(self, app, request):
        request.environ["cptsapp.held"] = not db.is_closed()
        if request.path.startswith("/static/"):
            return RowSession()
        try:
            return self._read(request)
        except OperationalError as error:  # Flask can answer nothing without a session: `refuse_unread` does at once
            return RowSession(unread=error)

    @staticmethod
    def _read(request):
        db.connect(reuse_if_open=True)
        key = request.cookies.get(cookie_name(), "")
        if not key:
            return RowSession()
        row = _with_hash.first(_hash(key))
        if row is None or not row.is_alive:
            return RowSession()
        return RowSession(json.loads(row.data_json), row, key)

    def save_session(self, app, session, response):
        if request.path.startswith("/static/"):
            return  # no row was read: the cookie may be a living one
        if session.unread:
            return  # as above
        if session.row is None and not session:
            self._forget_dead_cookie(response)
        elif session.row is not None and not session:
            Session.delete().where(Session.id == session.row.id).execute()
            response.delete_cookie(cookie_name(), **_cookie_attributes())
        elif session.row is None or session.renewed:
            self._write_new(session, response)
        elif session.modified:
            self._write(session)
        elif now() - session.row.seen_at > SEEN_EVERY:
            self._see(session)

    @staticmethod
    def _see(session):
        """Note a sign of life; a full disk or a busy database must not keep anybody from reading."""
        try:
            Session.update(seen_at=now()).where(Session.id == session.row.id).execute()
        except OperationalError:
            log.warning("the sign of life of a session could not be written", exc_info=True)

    @staticmethod
    def _forget_dead_cookie(response):
        if cookie_name() in request.cookies:
            response.delete_cookie(cookie_name(), **_cookie_attributes())

    @staticmethod
    def _write_new(session, response):
        """Give the session an id nobody has seen yet; at login and at the second factor the old one dies."""
        key = secrets.token_urlsafe(32)
        # The secret of the forms lives with the row, so that reading a page never has to write one.
        session.setdefault("csrf_token", secrets.token_hex(20))
        old = session.row
        with db.atomic():
            session.row = Session.create(
                id_hash=_hash(key),
                account=session.get("_user_id"),
                data_json=json.dumps(dict(session)),
                factor_at=session.factor_at,
                reauthenticated_at=session.reauthenticated_at,
                expires_at=now() + timedelta(days=settings.session_days),
                address=(request.remote_addr or "")[:45],
                agent=request.user_agent.string[:200],
            )
            if old is not None:
                Session.delete().where(Session.id == old.id).execute()
        response.set_cookie(cookie_name(), key, max_age=settings.session_days * 86400, **_cookie_attributes())

    @staticmethod
    def _write(session):
        row = session.row
        row.account = session.get("_user_id")
        row.data_json, row.seen_at = json.dumps(dict(session)), now()
        row.factor_at, row.reauthenticated_at = session.factor_at, session.reauthenticated_at
        row.save()


def refuse_unread():
    """Go no further with a request whose session could not be read: the database is away, or busy for too long."""
    if session.unread:
        raise session.unread


def _cookie_attributes() -> dict:
    return {"path": "/", "secure": settings.secure, "httponly": True, "samesite": "Lax"}


def exists() -> bool:
    """Tell whether this request has, or is about to have, a session row."""
    return session.row is not None or bool(session)


def renew():
    """Change the id of this session when the response leaves: at login and at the second factor."""
    session.renewed = True
    session["csrf_token"] = secrets.token_hex(20)
    g.pop("csrf_token", None)  # signed already for the form that was sent; the page of the answer needs the new one


def begin():
    """Start afresh for a login: nothing of the earlier session stays, and its id dies with the response."""
    session.clear()
    session.factor_at = session.reauthenticated_at = None
    renew()


def clear():
    """Forget everything of this session; its cookie dies with the response."""
    session.clear()


def end(session_id: int, account_id: int) -> bool:
    """Close one of an account's sessions; tell whether there was one."""
    return bool(Session.delete().where(Session.id == session_id, Session.account == account_id).execute())


def end_all(account_id: int, *, except_id: int | None = None) -> int:
    """Close all of an account's sessions but one; return how many."""
    dead = Session.delete().where(Session.account == account_id)
    if except_id is not None:
        dead = dead.where(Session.id != except_id)
    return dead.execute()


def of(account_id: int):
    """Return an account's living sessions, the last seen first."""
    idle = now() - timedelta(hours=settings.session_idle_hours)
    return (
        Session.select()
        .where(Session.account == account_id, Session.expires_at > now(), Session.seen_at > idle)
        .order_by(Session.seen_at.desc())
    )


def current_id() -> int | None:
    return session.row.id if session.row is not None else None


def mark_reauthenticated():
    """Remember that the person has just proved who they are, for what is sensitive."""
    session.reauthenticated_at = now()
    session.modified = True


def is_reauthenticated() -> bool:
    proved = session.reauthenticated_at
    return bool(proved) and now() - proved < REAUTHENTICATION_LASTS


def mark_factor():
    """Remember that this session has passed the second factor."""
    session.factor_at = now()
    session.modified = True


def has_factor() -> bool:
    return session.factor_at is not None


def purge() -> int:
    """Delete the rows that no request can use any more."""
    idle = now() - timedelta(hours=settings.session_idle_hours)
    return Session.delete().where((Session.expires_at < now()) | (Session.seen_at < idle)).execute()
