"""The blueprint that the pages of directories share, the site's and the member space's."""

from flask import Blueprint, request

from cptsapp.kernel.registry import NavItem, navigation, reserved_slugs

bp = Blueprint("directory", __name__)
reserved_slugs.add("repertoires")
navigation.append(NavItem("site", "Répertoires", "directory.public_index", order=38))
READERS = ("adherent", "partenaire")
navigation.append(NavItem("space", "Répertoires", "directory.index", "heart-pulse", READERS, order=22))


@bp.after_request
def keep_to_oneself(response):
    """What a personal link opens stays in no cache: not the browser's, nor one between."""
    if "token" in (request.view_args or {}):
        response.headers.setdefault("Cache-Control", "private, no-store")
    return response
