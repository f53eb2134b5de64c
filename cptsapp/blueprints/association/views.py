"""What browsers ask for because of the identity: colours, icons, sharing image; and the door while it is shut."""

from flask import Blueprint, abort, current_app, has_request_context, request, url_for
from flask_login import current_user
from werkzeug.local import LocalProxy

from cptsapp.kernel.access import access
from cptsapp.kernel.assets import FOR_EVER
from cptsapp.kernel.htmx import page

from . import look
from .models import Identity, identity

bp = Blueprint("association", __name__)

FOR_A_DAY = "public, max-age=86400"
SHUT_FOR_SECONDS = 24 * 3600
OPEN_ROOMS = {"account", "assets", "association", "files"}  # blueprints that answer visitors before the site is online
OPEN_LINKS = ("/verifier/",)  # written on paper
OPEN_PATHS = {"/healthz", "/robots.txt", "/mentions-legales", "/confidentialite", "/accessibilite"}


def current_association() -> Identity:
    """Return the identity, read once per request."""
    if not has_request_context():
        return identity()
    environ = request.environ
    if "cptsapp.association" not in environ:
        environ["cptsapp.association"] = identity()
    return environ["cptsapp.association"]


bp.add_app_template_global(LocalProxy(current_association), "association")


@bp.before_app_request
def wait_for_opening():
    """Show visitors that the site is being prepared, until it is put online; who is logged in sees it."""
    if _is_always_open() or current_association().is_online or current_user.is_authenticated:
        return None
    response = page("association/soon.html", status=503)
    response.headers["Retry-After"] = str(SHUT_FOR_SECONDS)
    return response


def _is_always_open() -> bool:
    """Tell whether the address answers whatever the site shows: a link that somebody was given, to unsubscribe say."""
    rule, path = request.url_rule, request.path
    if rule is None or "token" in rule.arguments:
        return True
    return request.blueprint in OPEN_ROOMS or path in OPEN_PATHS or path.startswith(OPEN_LINKS)


def _sent(body, media_type, version):
    """Answer with a file that `version` names: for ever when the address says so, for a day otherwise."""
    response = current_app.response_class(body, mimetype=media_type)
    named = version in (request.args.get("v"), (request.view_args or {}).get("version"))
    response.headers["Cache-Control"] = FOR_EVER if named else FOR_A_DAY
    response.set_etag(version)
    return response.make_conditional(request)


@bp.get("/identite-<version>.css")
@access("public")
def theme(version):
    """The colour of the association; an older address, from a page kept open, gives today's."""
    own = current_association()
    return _sent(own.stylesheet, "text/css", own.stylesheet_version)


@bp.get("/favicon.svg")
@access("public")
def favicon():
    own = current_association()
    return _sent(look.favicon_svg(own), "image/svg+xml", own.look)


@bp.get("/favicon.ico")
@access("public")
def favicon_ico():
    """For the browsers that ask for this name whatever the page says; they look at the content, a PNG."""
    return _icon(32)


@bp.get("/icone-<int:side>.png")
@access("public")
def icon(side):
    if side not in look.ICON_SIZES:
        abort(404)
    return _icon(side)


@bp.get("/apple-touch-icon.png")
@access("public")
def apple_touch_icon():
    return _icon(180)


def _icon(side):
    own = current_association()
    return _sent(look.icon(own, side), "image/png", own.look)


@bp.get("/partage.png")
@access("public")
def share_image():
    own = current_association()
    return _sent(look.share_image(own), "image/png", own.look)


@bp.get("/manifest.webmanifest")
@access("public")
def manifest():
    """What a phone needs to keep the site among its applications."""
    own = current_association()
    sizes = (192, 512)
    icons = [
        {"src": url_for(".icon", side=side, v=own.look), "sizes": f"{side}x{side}", "type": "image/png"}
        for side in sizes
    ]
    content = {
        "id": "/",
        "name": own.name,
        "short_name": own.short_name,
        "lang": "fr",
        "start_url": "/",
        "display": "browser",
        "background_color": look.LIGHT["paper"],
        "theme_color": own.colour,
        "icons": icons,
    }
    response = current_app.response_class(current_app.json.dumps(content), mimetype="application/manifest+json")
    response.headers["Cache-Control"] = FOR_A_DAY
    return response
