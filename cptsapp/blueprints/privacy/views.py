"""What a person who is logged in may do with their own data: see what is held, take a copy."""

from flask import Blueprint, send_file
from flask_login import current_user

from cptsapp.kernel.access import access
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation

from . import rules

bp = Blueprint("privacy", __name__, url_prefix="/espace/mes-donnees")
navigation.append(NavItem("space", "Mes données", "privacy.mine", "shield", ("account",), order=90))


@bp.get("")
@access("account")
def mine():
    return page("privacy/mine.html", held=rules.held(current_user.person_id))


@bp.post("/copie")
@access("account")
def copy():
    return as_file(current_user.person_id)


def as_file(person_id):
    """Answer the copy of a person's data as a file that no cache keeps."""
    archive = rules.export_person(person_id)
    response = send_file(archive, "application/zip", as_attachment=True, download_name="donnees-personnelles.zip")
    response.headers["Cache-Control"] = "no-store"
    return response
