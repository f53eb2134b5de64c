"""Every refusal and breakdown in French, with a way on; for HTMX, a part."""

import logging

from flask import render_template, request
from peewee import DoesNotExist, IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException, SecurityError

from .db import is_sqlite
from .errors import RuleError
from .htmx import page
from .troubles import trace_id
from .urls import safe_next, split

log = logging.getLogger("cptsapp.errors")

WORDS = {
    400: ("Cette demande n’est pas lisible", "Revenez à la page précédente et recommencez."),
    403: ("Cette page ne vous est pas ouverte", "Votre compte n’a pas cet accès. La coordination peut vous l’ouvrir."),
    404: ("Page introuvable", "L’adresse est peut-être ancienne. La recherche vous remettra sur la voie."),
    405: ("Cette action n’est pas possible ici", "Revenez à la page précédente et utilisez ses boutons."),
    413: ("Ce fichier est trop lourd", "Réduisez sa taille ou envoyez-en un autre, puis recommencez."),
    415: ("Ce type de fichier n’est pas accepté", "Choisissez un autre fichier, puis recommencez."),
    422: ("Ce n’est pas possible en l’état", "Corrigez ce qui est indiqué, puis recommencez."),
    429: ("Trop d’essais", "Patientez un peu avant de recommencer."),
    500: ("Une erreur de notre côté", "Réessayez dans un instant ; si elle persiste, écrivez-nous."),
    503: ("Le site est occupé", "Réessayez dans quelques secondes : rien de ce qui était enregistré n’est perdu."),
}

OUTRUN = {"23505", "23503"}  # a row that is there already, one that is there no more


def init_app(app):
    app.register_error_handler(RuleError, refused)
    app.register_error_handler(HTTPException, failed)
    app.register_error_handler(OperationalError, database_busy)
    app.register_error_handler(IntegrityError, outrun)
    app.register_error_handler(DoesNotExist, gone)
    app.register_error_handler(500, broken)


def refused(error: RuleError):
    return _answer(422, str(error))


def failed(error: HTTPException):
    if error.code is None or error.code < 400:
        return error
    if isinstance(error, SecurityError):  # asked under a name that is not ours: no menu can lead anywhere
        return render_template("errors/bare.html", **_context(error.code, None)), error.code
    own = error.description if error.description != type(error).description else None
    response = _answer(error.code, own)
    for name, value in error.get_headers():
        if name == "Retry-After":
            response.headers[name] = value
    return response


def gone(error: DoesNotExist):
    """Somebody else took away, in between, what the request was about."""
    log.warning("gone meanwhile: %s", type(error).__name__)
    return _answer(404, None)


def database_busy(error: OperationalError):
    """A lock that lasts, a full disk, a server that is away: what was typed is still in the browser."""
    if not _is_passing(error):
        raise error
    log.error("database refused the work", exc_info=error)
    return _answer(503, None)


def outrun(error: IntegrityError):
    """Somebody wrote first, between what a rule read and what it wrote: asked again, it says so in its own words.

    PostgreSQL alone lets two write at once, and numbers its refusals: what else the database refuses is a defect.
    """
    if getattr(error.__context__, "sqlstate", None) not in OUTRUN:
        raise error
    log.error("the database refused a row", exc_info=error)
    return _answer(503, None)


def _is_passing(error: BaseException | None) -> bool:
    """Tell whether time may mend what is behind the error; peewee may hide the first error under a later one.

    PostgreSQL calls so nothing else: a lock, a full disk, no more connections, a server that stops or starts.
    """
    if not is_sqlite():
        return True
    while error is not None:
        if any(word in str(error) for word in ("locked", "busy", "full", "timeout")):
            return True
        error = error.__context__
    return False


def broken(error: HTTPException):
    """What broke outside the views, for instance while the session was saved, may be a busy database as well."""
    cause = getattr(error, "original_exception", None)
    return _answer(503 if isinstance(cause, OperationalError) and _is_passing(cause) else 500, None)


def _page_before() -> str:
    """Return the address, on this site, of the page whose form or link was refused; nothing when it is unknown."""
    before = split(request.referrer)
    if before.netloc != request.headers.get("Host"):
        return ""
    return safe_next(before._replace(scheme="", netloc="").geturl(), default="")


def _context(status: int, sentence: str | None) -> dict:
    title, usual = WORDS.get(status, WORDS[500] if status >= 500 else WORDS[400])
    return {"code": status, "title": title, "sentence": sentence or usual}


def _answer(status: int, sentence: str | None):
    context = _context(status, sentence) | {"before": _page_before(), "trace": trace_id() if status >= 500 else ""}
    try:
        return page("errors/error.html", fragment="contenu", status=status, **context)
    except Exception:  # the page itself needs the database or the identity: say it with nothing around
        log.exception("the error page could not be drawn")
        return render_template("errors/bare.html", **context), status
