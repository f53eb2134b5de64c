"""Who may enter: roles and grants, `@access` on every view, and the one guard that reads it.

A route without a declared access stops the start; the matrix of `docs/acces.md` is printed from the same
declarations. What a refused visitor gets is the login page; what a refused account gets is a 403.
"""

import logging

from flask import abort, current_app, g, has_request_context, redirect, request, session, url_for
from flask_login import AnonymousUserMixin, LoginManager, current_user

from . import journal, urls
from .choices import Choice

log = logging.getLogger("cptsapp.access")

ROLES = ("adherent", "bureau", "coordination", "admin")
GRANTS = ("tresorier", "referent", "partenaire")
LEVELS = ("public", "account", *ROLES, *GRANTS)
IMPLIED = {"bureau": {"adherent"}, "coordination": {"adherent", "bureau"}}
LABELS = {
    "visitor": "Visiteur",
    "account": "Compte",
    "adherent": "Adhérent",
    "bureau": "Bureau",
    "coordination": "Coordination",
    "admin": "Administration",
    "tresorier": "Trésorerie",
    "referent": "Référent des signalements",
    "partenaire": "Partenaire",
}
VIEW_AS = {
    "visitor": frozenset({"visitor"}),
    "adherent": frozenset({"account", "adherent"}),
    "partenaire": frozenset({"account", "partenaire"}),
}


class Logins(LoginManager):
    """Flask-Login, which does not look for the account of a request that has no session: most of them."""

    def _load_user(self):
        if session:
            super()._load_user()
        else:
            self._update_request_context_with_user()


login_manager = Logins()
login_manager.session_protection = None  # the session row already ties a login to one unguessable id


login_manager.user_loader(lambda account_id: None)  # the account feature brings the real one


class Visitor(AnonymousUserMixin):
    """Anybody who is not logged in."""

    id = None
    label = ""
    roles = frozenset({"visitor"})
    detour = None


login_manager.anonymous_user = Visitor


class Visibility(Choice):
    """Whom a content is written for."""

    PUBLIC = "public", "Tout le monde"
    ADHERENTS = "adherents", "Adhérents"
    BUREAU = "bureau", "Bureau"
    COORDINATION = "coordination", "Coordination"


_READERS = {
    Visibility.ADHERENTS: "adherent",
    Visibility.BUREAU: "bureau",
    Visibility.COORDINATION: "coordination",
}


def access(*levels: str):
    """Declare who may enter a view: any of `levels`. Goes just under the route."""
    unknown = set(levels) - set(LEVELS)
    if unknown or not levels:
        raise ValueError(f"unknown access level: {unknown or 'none given'}")

    def declare(view):
        view.access = levels
        return view

    return declare


def with_implied(held) -> frozenset[str]:
    """Return the roles held and those they imply."""
    held = set(held)
    for role in tuple(held):
        held |= IMPLIED.get(role, set())
    return frozenset(held)


def roles() -> frozenset[str]:
    """Return the roles of whoever asks, as « voir comme » leaves them outside the gestion."""
    if not has_request_context():
        return frozenset({"visitor"})
    if "roles" not in g:
        g.roles = _roles()
    return g.roles


def _roles():
    held = with_implied(current_user.roles)
    view_as = session.get("view_as")
    if view_as in VIEW_AS and "bureau" in held and area_is_public():
        return VIEW_AS[view_as]
    return held


def may_enter(required, held) -> bool:
    return "public" in required or not held.isdisjoint(required)


def may(*required: str) -> bool:
    """For templates: tell whether whoever reads may enter what asks for one of `required`."""
    return may_enter(required, roles())


def may_open(endpoint: str) -> bool:
    """For templates: tell whether whoever reads may open a view, which may be of a feature that is off."""
    view = current_app.view_functions.get(endpoint)
    return view is not None and may(*view.access)


def may_read(visibility, held=None) -> bool:
    needed = _READERS.get(Visibility(visibility))
    return needed is None or needed in (roles() if held is None else held)


def readable(held=None) -> list[Visibility]:
    """Return the visibilities that whoever asks may read."""
    return [each for each in Visibility if may_read(each, held)]


def guard():
    """Refuse the request unless its view's declaration lets it in. Registered first of all."""
    if request.url_rule is None:
        return None
    endpoint, user = request.endpoint, current_user._get_current_object()
    journal._actor.set(user.id if user.is_authenticated else None)
    required = getattr(current_app.view_functions[endpoint], "access", None)
    if required is not None and may_enter(required, roles()):
        return None
    log.info("refused endpoint=%s account=%s", endpoint, user.id)
    if not user.is_authenticated:
        return redirect(url_for("account.login", next=_way_back()))
    if user.detour and endpoint != user.detour:
        return redirect(url_for(user.detour))
    abort(403)


def _way_back() -> str | None:
    """Return where to come back after the login: the page asked for, or the page whose part was asked for."""
    if request.htmx:
        # Without its query: the word searched in a private list stays out of the address bar.
        return urls.split(request.headers.get("HX-Current-URL")).path or None
    return request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else None


def declared(app) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Return (rule, methods, endpoint, levels) of every route, sorted: the access matrix."""
    rows = []
    for rule in app.url_map.iter_rules():
        levels = getattr(app.view_functions[rule.endpoint], "access", ())
        methods = " ".join(sorted(rule.methods - {"HEAD", "OPTIONS"}))
        rows.append((rule.rule, methods, rule.endpoint, levels))
    return sorted(rows)


def refuse_undeclared(app):
    """Stop the start when a route does not say who may enter."""
    silent = [endpoint for _, _, endpoint, levels in declared(app) if not levels]
    if silent:
        raise RuntimeError(f"routes without @access: {', '.join(silent)}")


def matrix(app) -> str:
    """Return the table of `docs/acces.md`."""
    held = {
        "visitor": frozenset({"visitor"}),
        **{role: with_implied({role, "account"}) for role in ("account", *ROLES, *GRANTS)},
    }
    head = "| Adresse | Méthodes | " + " | ".join(LABELS[who] for who in held) + " |"
    lines = [head, "|---" * (len(held) + 2) + "|"]
    for rule, methods, _, levels in declared(app):
        marks = ["oui" if may_enter(levels, roles) else "·" for roles in held.values()]
        lines.append(f"| `{rule}` | {methods} | " + " | ".join(marks) + " |")
    return "\n".join(lines) + "\n"


def page_of_the_docs(app) -> str:
    """Return `docs/acces.md`: an explanation, then the matrix."""
    return (
        "# Qui peut entrer où\n\n"
        "Cette table est écrite par `make access` d’après ce que chaque page déclare ; un essai la compare au code.\n"
        "« oui » : la page s’ouvre ; « · » : refus (page de connexion pour un visiteur, 403 pour un compte).\n"
        "Un rôle contient ce qu’il implique : le bureau est adhérent, la coordination a les accès du bureau.\n\n"
    ) + matrix(app)


def view_as() -> str | None:
    """Return in French as whom the site is being looked at, or None."""
    chosen = session.get("view_as") if has_request_context() else None
    return LABELS[chosen].lower() if chosen in VIEW_AS and area_is_public() else None


def area_is_public() -> bool:
    return not f"{request.path}/".startswith("/gestion/")
