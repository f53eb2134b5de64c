"""The coordination's room of events."""

from flask import Blueprint

bp_gestion = Blueprint("event_gestion", __name__, url_prefix="/gestion/evenements")
