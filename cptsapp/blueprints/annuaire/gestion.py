"""Opening the public directory, and how many are in each."""

from flask import Blueprint, flash, redirect, request

from cptsapp.kernel.access import access
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation

from . import rules
from .cards import Readers
from .forms import DirectoryForm
from .listing import Listed
from .models import Directory

bp_gestion = Blueprint("annuaire_gestion", __name__, url_prefix="/gestion/annuaire")
navigation.append(
    NavItem("gestion", "Annuaire", "annuaire_gestion.index", "book-open", ("coordination",), "Association", order=15)
)


@bp_gestion.route("", methods=["GET", "POST"])
@access("coordination")
def index():
    form = DirectoryForm(obj=Directory.current())
    if form.validate_on_submit():
        rules.set_directory(public_on=form.public_on.data, introduction=form.introduction.data)
        flash("L’annuaire public est ouvert." if form.public_on.data else "L’annuaire public est fermé.")
        return redirect(request.path, 303)
    members, public = (Listed(each).count_all() for each in (Readers.MEMBERS, Readers.PUBLIC))
    return page("annuaire/gestion.html", form=form, listed=members, public=public)
