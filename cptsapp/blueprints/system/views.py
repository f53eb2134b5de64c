"""What a monitor reads, when it is turned on."""

import hmac

from flask import Blueprint, Response, abort, request

from cptsapp.kernel.access import access
from cptsapp.kernel.settings import settings

from . import metrics

bp = Blueprint("system", __name__)


@bp.get("/metrics")
@access("public")
def read():
    """Answer Prometheus when it shows the token of the settings; for anybody else there is nothing here."""
    shown = request.headers.get("Authorization", "").encode("utf-8", "replace")
    if not settings.metrics_token or not hmac.compare_digest(shown, f"Bearer {settings.metrics_token}".encode()):
        abort(404)
    response = Response(metrics.text(), mimetype="text/plain; version=0.0.4")
    response.headers["Cache-Control"] = "no-store"
    return response
