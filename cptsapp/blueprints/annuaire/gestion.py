"""Opening the public directory, and how many are in each."""

from flask import Blueprint, flash, redirect, request

from cptsapp.kernel.access import access
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation

from . import cards, rules
from .forms import DirectoryForm
from .models import Directory

bp_gestion = Blueprint("annuaire_gestion", __name__, url_prefix="/gestion/annuaire")
navigation.append(
    NavItem("gestion", "Annuaire", "annuaire_gestion.index", "book-open", ("coordination",), "Association", order=50)
)


@bp_gestion.route("", methods=["GET", "POST"])
@access("coordination")
def index():
    form = DirectoryForm(obj=Directory.current())
    if form.validate_on_submit():
        rules.set_directory(public_on=form.public_on.data, introduction=form.introduction.data)
        flash("L’annuaire public est ouvert." if form.public_on.data else "L’annuaire public est fermé.")
        return redirect(request.path, 303)
    public = cards.for_public()
    return page("annuaire/gestion.html", form=form, listed=len(cards.for_members()), public=public)
