"""Fixtures shared by every test: a temporary instance, an application, a browser that behaves like a real one."""

import copy
import gc
import itertools
import os
import re
import shutil
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from jinja2 import BytecodeCache
from werkzeug.routing import Rule

from cptsapp import configure_instance, create_app
from cptsapp.kernel import db as database
from cptsapp.kernel import journal
from cptsapp.kernel.db import db, is_sqlite
from cptsapp.kernel.mail import relay, send_due
from tests import postgresql
from tests.sink import Sink, SinkServer

# How long an example takes is the business of benchmarks: a busy machine proves nothing against a rule.
# What must pass before a change lands draws the same examples each time; whoever works here explores others.
hypothesis_settings.register_profile(
    "cptsapp",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("CPTS_TEST_EXAMPLES") == "same",
)
hypothesis_settings.load_profile("cptsapp")

TESTS = itertools.count()
SECRET = "une-cle-de-test-assez-longue-pour-convenir"


class Browser(FlaskClient):
    """A client that says where its requests come from and sends back the token of its forms, as a browser does."""

    def open(self, *args, headers=None, data=None, method="GET", csrf=True, **kwargs):
        headers = dict(headers or {})
        if method not in ("GET", "HEAD"):
            headers.setdefault("Sec-Fetch-Site", "same-origin")
            if csrf and (token := self.csrf_token()):
                headers.setdefault("X-CSRFToken", token)
        kwargs.setdefault("buffered", True)  # a file that is sent is read to its end, and closed
        with self.application.app_context():  # the one that the test holds would share its `g` between requests
            return super().open(*args, headers=headers, data=data, method=method, **kwargs)

    def csrf_token(self) -> str | None:
        """Return the token that the forms of this browser's session carry, or None without a session."""
        from flask import session
        from flask_wtf.csrf import generate_csrf

        from cptsapp.kernel import sessions

        if not self.get_cookie(sessions.cookie_name()):
            return None
        cookie = f"{sessions.cookie_name()}={self.get_cookie(sessions.cookie_name()).value}"
        with self.application.app_context(), self.application.test_request_context("/", headers={"Cookie": cookie}):
            return generate_csrf() if session.row is not None else None


class KeptCode(BytecodeCache):
    """The compiled templates of this process: each test has its own application, and all have the same templates."""

    def __init__(self):
        self.kept = {}

    def load_bytecode(self, bucket):
        if bucket.key + bucket.checksum in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key + bucket.checksum])

    def dump_bytecode(self, bucket):
        self.kept[bucket.key + bucket.checksum] = bucket.bytecode_to_string()


KEPT_CODE = KeptCode()


@pytest.fixture(scope="session", autouse=True)
def kept_address_builders():
    """Werkzeug compiles a function for each of our hundreds of routes, the same in each test's application: keep it."""
    compile_builder, kept = Rule._compile_builder, {}

    def compiled(rule, append_unknown=True):
        key = (rule.rule, append_unknown, repr(rule.defaults), repr(sorted(rule.arguments)))
        if key not in kept:
            kept[key] = compile_builder(rule, append_unknown)
        return kept[key]

    Rule._compile_builder = compiled
    yield
    Rule._compile_builder = compile_builder


def copied(value):
    """Return a dict or a list anew, with those that it holds; anything else is the same thing."""
    if issubclass(type(value), dict):  # not what stands for one, as `session` does in the templates
        again = copy.copy(value)  # of its own kind: what Flask keeps has defaults
        again.update({key: copied(each) for key, each in value.items()})
        return again
    return [copied(each) for each in value] if type(value) is list else value


class Lent:
    """The application of this process, lent to each test as it was on its first day.

    Wiring one for each test would take a quarter of the time of the suite. What a test writes on it (configuration,
    hooks, handlers, globals of the templates…) is undone before the next one; one that was given routes is not lent
    again.
    """

    def __init__(self):
        self.app = None

    def to(self, instance, **values):
        if self.app is None or len(self.app.view_functions) != self.routes:
            self._wire(instance, values)
        else:
            self._restore()
            configure_instance(self.app, instance, **values)
        return self.app

    def _wire(self, instance, values):
        self.app = create_app(instance, **values)
        self.app.jinja_env.bytecode_cache = KEPT_CODE
        self.routes = len(self.app.view_functions)
        self.attributes = [(vars(each), dict(vars(each))) for each in (self.app, self.app.jinja_env)]
        held = [value for _, first in self.attributes for value in first.values()]
        self.kept = [(value, copied(value)) for value in held if isinstance(value, (dict, list))]
        gc.collect()
        gc.freeze()  # what stays for the whole run is not walked at each collection

    def _restore(self):
        for place, first in self.attributes:
            place.clear()
            place.update(first)
        for place, first in self.kept:
            place.clear()
            place.update(copied(first)) if isinstance(place, dict) else place.extend(copied(first))


@pytest.fixture(scope="session")
def lent():
    return Lent()


@pytest.fixture(scope="session")
def empty_instance(tmp_path_factory, lent):
    """An instance with all its tables and nothing in them, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("modele") / "instance"
    folder.mkdir()
    lent.to(folder, secret_key=SECRET)
    with database.connection():
        database.create_all()
        db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close_all()
    return folder


@pytest.fixture(scope="session")
def server_database(empty_instance):
    """The address of this process's database on the server, all its tables made; None when the suite is on SQLite."""
    if not postgresql.SERVER:
        yield None
        return
    with postgresql.database() as address:
        database.open_database(address)
        with database.connection():
            database.create_all()
        db.close_all()
        with postgresql.speaking(address) as server:
            server.execute(postgresql.EMPTYING)
        yield address
        db.close_all()


@pytest.fixture
def instance(empty_instance, server_database, tmp_path, request) -> Path:
    folder = Path(shutil.copytree(empty_instance, tmp_path / "instance"))
    if server_database and not request.node.get_closest_marker("sqlite_only"):
        with postgresql.speaking(server_database) as server:
            server.execute("SELECT empty_again()")
        address = f"{server_database}&application_name=essai-{next(TESTS)}"  # what a process keeps of one is its own
        (folder / "cpts.toml").write_text(f'database_url = "{address}"\n')
    return folder


@pytest.fixture
def app(instance, lent):
    app = lent.to(instance, secret_key=SECRET, second_factor_required=False)
    app.testing = True
    app.config["FORM_MINIMUM_SECONDS"] = 0
    app.test_client_class = Browser
    if is_sqlite():
        db.pragma("synchronous", "off", permanent=True)  # what survives a power cut is tried where processes are killed
    with app.app_context(), database.connection(), journal.acting(None):
        yield app
    db.close_all()


@pytest.fixture
def settings(app):
    from cptsapp.kernel.settings import settings

    return settings


@pytest.fixture
def client(app):
    return app.test_client()


class Mailroom:
    """What leaves: `deliver()` sends the due mails to a real SMTP server of this process and returns the new ones."""

    def __init__(self, sink):
        self.sink = sink

    @property
    def letters(self):
        return self.sink.letters

    def deliver(self):
        known = len(self.letters)
        send_due()
        return self.letters[known:]

    def to(self, address):
        """Deliver, then return the letters that this address has received, oldest first."""
        self.deliver()
        return [letter for letter in self.letters if letter.to == [address]]


@pytest.fixture
def mailbox(app, settings):
    """The letters that leave: `.message` (parsed), `.text`, `.html`, `.links`, `.to`, `.sender`, `.content`."""
    server = SinkServer(Sink())
    server.start()
    settings.mail_port = server.port
    relay.init_app(app)
    yield Mailroom(server.handler)
    server.stop()


def text_of(html: str) -> str:
    """Return what a person reads of a page: no tags, blanks folded."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


# People: an account each, open, without a second factor.


def open_account(email, name, *roles):
    from cptsapp.blueprints.account import rules
    from cptsapp.blueprints.account.models import Account
    from cptsapp.kernel.db import now

    account = rules.create(email, by=None, name=name, roles=roles)
    Account.update(activated_at=now()).where(Account.id == account.id).execute()
    return Account.with_id(account.id)


def logged_in(app, account) -> Browser:
    """Return a new browser that has used a login link of `account`."""
    from cptsapp.blueprints.account import rules
    from cptsapp.kernel.settings import settings

    browser = app.test_client()
    answer = browser.post(rules.one_time_link(account.email).removeprefix(settings.base_url))
    assert answer.status_code == 303
    return browser


@pytest.fixture
def make_account(app):
    """Return a function that opens an account: make_account("nom@exemple.fr", roles=["tresorier"])."""
    return lambda email, name="Prénom Fictif", roles=(): open_account(email, name, *roles)


@pytest.fixture
def make_partner(make_account):
    """Return a function that opens an account to which these directories are opened: make_partner(["ipa"])."""
    from cptsapp.blueprints.directory import sharing
    from cptsapp.kernel.dates import today

    def opened(slugs, email="partenaire@exemple.fr"):
        account = make_account(email, "Andrea Partenaire")
        sharing.give(account.person_id, "DAC du Modèle", slugs, until=today(), by=None)
        return account

    return opened


@pytest.fixture
def coordinator(app):
    return open_account("coordinatrice@exemple.fr", "Camille Exemple", "coordination")


@pytest.fixture
def admin(app):
    return open_account("administration@exemple.fr", "Maxime Exemple", "admin")


@pytest.fixture
def bureau_member(app):
    return open_account("bureau@exemple.fr", "Dominique Modèle", "bureau")


@pytest.fixture
def adherent(app):
    from cptsapp.blueprints.adherent import rules

    account = open_account("adherent@exemple.fr", "Sacha Fictif")
    rules.admit(account.person_id)
    return account


@pytest.fixture
def as_coordinator(app, coordinator):
    return logged_in(app, coordinator)


@pytest.fixture
def as_admin(app, admin):
    return logged_in(app, admin)


@pytest.fixture
def as_bureau(app, bureau_member):
    return logged_in(app, bureau_member)


@pytest.fixture
def as_adherent(app, adherent):
    return logged_in(app, adherent)
