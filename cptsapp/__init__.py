"""cptsapp: the digital home of a CPTS. `create_app` is the whole wiring, read top to bottom."""

import importlib
import os
import re
from pathlib import Path
from pkgutil import iter_modules

from flask import Flask, request
from htmx_flask import Htmx
from werkzeug.middleware.proxy_fix import ProxyFix

from .kernel import (
    access,
    compression,
    dates,
    db,
    errorpages,
    firststeps,
    htmx,
    navigation,
    pieces,
    security,
    sessions,
    text,
    typography,
)
from .kernel.mail import relay
from .kernel.settings import SettingsError, settings
from .kernel.templating import FrenchSpaces, Templates
from .kernel.urls import NumberConverter

# Rooms of the kernel that bring routes or commands of their own.
KERNEL_ROOMS = ["assets", "files", "mail", "jobs", "backup", "importing", "logs", "rekeying"]

# From the ground up: a feature imports only from those before it.
FEATURES = [
    "territory",
    "association",
    "person",
    "account",
    "document",
    "adherent",
    "annuaire",
    "uptake",
    "prospect",
    "page",
    "news",
    "contact",
    "site",
    "privacy",
    "profile",
    "event",
    "subscription",
    "mailing",
    "newsletter",
    "directory",
    "welcome",
    "tally",
    "contract",
    "loan",
    "project",
    "idea",
    "priority",
    "outreach",
    "evidence",
    "indicator",
    "report",
    "observatory",
    "placement",
    "introduction",
    "outbox",
    "audit",
    "system",
    "space",
    "dashboard",
]
# What an association may do without; the others stand on one another.
OPTIONAL = ("contact", "news", "event", "directory")
# These go with the feature that they stand on.
GO_WITH = {"introduction": "directory"}
PAGES = re.compile("(\\w+_)?views|gestion(_\\w+)?")  # the modules of a feature that hold pages
OTHERS = ("models", "jobs", "cli", "indicators", "registrations", "demo")
BLUEPRINTS = ("bp", "bp_gestion", "bp_space")


class Application(Flask):
    """Flask, which need not look at each function that it calls for being asynchronous: none of ours is."""

    jinja_environment = Templates

    def ensure_sync(self, func):
        return func


def create_app(instance: Path | str | None = None, **overrides) -> Flask:
    """Return the application of one instance folder; raise SettingsError, in French, when it is not sound."""
    app = Application("cptsapp", static_folder=None)
    app.url_map.converters["int"] = NumberConverter
    configure_instance(app, instance or os.environ.get("CPTS_INSTANCE", "instance"), **overrides)
    refuse_unknown_features()
    for register in (sessions_and_login, request_hooks, template_globals, errorpages.init_app):
        register(app)
    for name in KERNEL_ROOMS:
        mount(app, f"cptsapp.kernel.{name}")
    for name in FEATURES:
        add_feature(app, name)
    db.link_tables()
    access.refuse_undeclared(app)
    return app


def configure_instance(app, instance: Path | str, **overrides):
    """Point the application at an instance folder: its settings, its database. Nothing else depends on which it is."""
    settings.configure(instance, **overrides)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=[key for key in settings.old_secret_keys.split(",") if key],
        SERVER_NAME=None,
        TRUSTED_HOSTS=trusted_hosts(),
        PROVIDE_AUTOMATIC_OPTIONS=False,
        MAX_CONTENT_LENGTH=settings.max_upload_bytes + 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_I18N_ENABLED=False,
        PREFERRED_URL_SCHEME="https" if settings.secure else "http",
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension(FrenchSpaces)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=0)
    relay.init_app(app)
    db.open_database(settings.database_url, threads=settings.web_threads)


def trusted_hosts() -> list[str]:
    """Return the names under which the site answers: its own, or any loopback one on a local run."""
    own = settings.host.rsplit(":", 1)[0]
    return [own] if settings.production else [own, "127.0.0.1", "localhost"]


def sessions_and_login(app):
    app.session_interface = sessions.RowSessions()
    access.login_manager.init_app(app)
    Htmx(app)


def request_hooks(app):
    """The order matters: where the request comes from, then who may enter; headers go last on every answer."""
    app.before_request(sessions.refuse_unread)
    app.before_request(security.check_request)
    app.before_request(access.guard)
    app.after_request(compression.compress)
    app.after_request(security.add_headers)
    app.after_request(htmx.leave_page_on_redirect)
    app.teardown_request(give_back_connection)


def give_back_connection(error):
    """Return the connection that the request took, if only for its page of error; one that was held before it stays."""
    if not request.environ.pop("cptsapp.held", True) and not db.db.is_closed():
        db.db.close()


def template_globals(app):
    app.jinja_env.globals.update(
        may=access.may,
        may_open=access.may_open,
        view_as=access.view_as,
        area=navigation.area,
        gestion_menu=navigation.gestion_menu,
        space_menu=navigation.space_menu,
        next_step=firststeps.next_step,
        csrf_field=security.csrf_field,
        piece=pieces.piece,
        settings=settings,
        is_on=lambda feature: feature in app.blueprints,
    )
    of_dates = (
        dates.date_fr, dates.day_fr, dates.time_fr, dates.datetime_fr, dates.short_fr, dates.ago, dates.iso,
    )  # fmt: skip
    of_words = text.number, text.plural, text.euros, typography.french_spaces
    app.jinja_env.filters.update({each.__name__: each for each in (*of_dates, *of_words)})


def features_off() -> set[str]:
    asked = {name.strip() for name in settings.features_off.split(",")} - {""}
    return asked | {name for name, under in GO_WITH.items() if under in asked}


def refuse_unknown_features():
    wrong = sorted(features_off() - {*OPTIONAL, *GO_WITH})
    if wrong:
        raise SettingsError(
            f"features_off : « {wrong[0]} » ne s’éteint pas. Peuvent s’éteindre : {', '.join(OPTIONAL)}."
        )


def add_feature(app, name):
    """Import a feature's modules, which fill the registries, and mount what they bring.

    All its pages are read before the first is mounted: files share a blueprint, which then takes no more of them.
    """
    if name in features_off():
        return
    package = importlib.import_module(f"cptsapp.blueprints.{name}")
    found = sorted(module.name for module in iter_modules(package.__path__))
    pages = [each for each in found if PAGES.fullmatch(each)]
    for each in pages:
        importlib.import_module(f"{package.__name__}.{each}")
    for each in (*pages, *(other for other in OTHERS if other in found)):
        mount(app, f"{package.__name__}.{each}")


def mount(app, module_name):
    """Import a module and give the application its blueprints, its command group and its `init_app`."""
    module = importlib.import_module(module_name)
    for blueprint in BLUEPRINTS:
        if hasattr(module, blueprint) and getattr(module, blueprint).name not in app.blueprints:
            app.register_blueprint(getattr(module, blueprint))
    if hasattr(module, "cli"):
        app.cli.add_command(module.cli)
    if hasattr(module, "init_app"):
        module.init_app(app)
