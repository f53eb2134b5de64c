"""The rooms of teleconsultation in the gestion: one blueprint for its pages."""

from flask import Blueprint

bp_gestion = Blueprint("loan_gestion", __name__, url_prefix="/gestion/teleconsultation")
READERS = ("bureau", "coordination")
