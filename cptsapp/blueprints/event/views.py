"""The site's pages of events: what is announced, registering, one's own registration."""

from flask import Blueprint

from cptsapp.kernel import registry

bp = Blueprint("event", __name__, url_prefix="/evenements")
registry.reserved_slugs.add("evenements")
