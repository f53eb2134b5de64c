"""Log lines: one a person reads, or JSON by a setting; without addresses, links or telephone numbers.

Addresses of pages are never written: an endpoint says where, a trace says which request.
"""

import json
import logging
import re
import sys

from flask import has_request_context, request
from gunicorn.glogging import Logger

from . import troubles
from .dates import to_paris
from .db import now
from .registry import purge
from .settings import settings

log = logging.getLogger("cptsapp.errors")
SECRETS = (
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "<adresse>"),
    (re.compile(r"\b0[1-9](?:[ .-]?\d\d){4}\b|\+33[ .]?[1-9](?:[ .-]?\d\d){4}"), "<téléphone>"),
    (re.compile(r"(?<![\w/.])(?=[\w.-]*\d)(?=[\w.-]*[A-Za-z])[\w-]{20,}(?:\.[\w-]+)*"), "<secret>"),
    (re.compile(r"(?<=\?)[^\s'\"]+=[^\s'\"]*"), "…"),
    (re.compile(r"DETAIL: .*"), "DETAIL: …"),
)


def scrubbed(text: str) -> str:
    """Return a text without what could name or open something: addresses, numbers, tokens, query strings."""
    for pattern, blank in SECRETS:
        text = pattern.sub(blank, text)
    return text


class Lines(logging.Formatter):
    """« 2026-11-28 03:12:45 ERROR cptsapp.mail [1a2b3c4d] delivery of mail 12 failed », Paris time."""

    def format(self, record) -> str:
        said = scrubbed(super().format(record))
        if settings.log_json:
            return json.dumps(self._values(record, said), ensure_ascii=False)
        trace = f" [{troubles.trace_id()}]" if has_request_context() else ""
        return f"{to_paris(now()):%Y-%m-%d %H:%M:%S} {record.levelname} {record.name}{trace} {said}"

    @staticmethod
    def _values(record, said) -> dict:
        values = {"at": to_paris(now()).isoformat(timespec="milliseconds"), "level": record.levelname}
        values |= {"logger": record.name, "said": said, "process": record.process}
        if has_request_context():
            values |= {"trace": troubles.trace_id(), "endpoint": request.endpoint, "method": request.method}
        return values


class GunicornLogger(Logger):
    """gunicorn's own lines, in the same form."""

    def setup(self, cfg):
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(Lines())


def init_app(app):
    """Write lines on the error output, once in the process; say a failed request by its endpoint, not its address."""
    ours = logging.getLogger("cptsapp")
    if not any(isinstance(each, troubles.Handler) for each in ours.handlers):
        lines = logging.StreamHandler(sys.stderr)
        lines.setFormatter(Lines())
        ours.addHandler(troubles.Handler(logging.ERROR))
        for name in ("cptsapp", "huey", "huey.consumer"):
            logging.getLogger(name).addHandler(lines)
        logging.getLogger("huey").addHandler(troubles.Handler(logging.ERROR))
    app.log_exception = lambda exc_info: log.error("%s %s failed", request.method, request.endpoint, exc_info=exc_info)
    app.jinja_env.globals["trace_id"] = troubles.trace_id


@purge("troubles", "Erreurs de plus d’une semaine")
def forget_old_troubles(today) -> int:
    return troubles.purge()
