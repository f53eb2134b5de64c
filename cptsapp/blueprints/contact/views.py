"""The contact page, open to anybody."""

from datetime import timedelta

from flask import Blueprint, redirect, request, url_for

from cptsapp.kernel import limits, registry
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page

from . import rules
from .forms import ContactForm

bp = Blueprint("contact", __name__, url_prefix="/contact")
registry.reserved_slugs.add("contact")

PER_ADDRESS = 5  # messages an hour
PER_SITE = 100


@bp.route("", methods=["GET", "POST"])
@access("public")
def write():
    form, status = ContactForm(), None
    if form.validate_on_submit():
        try:
            _receive(form)
        except RuleError as error:
            form.refuse(error)
        except limits.TooManyTries as error:
            form.form_errors.append(
                f"Plusieurs messages viennent d’être envoyés. Le vôtre est gardé ici : vous pourrez l’envoyer dans "
                f"{limits.in_words(error.wait)}."
            )
            status = 429
        else:
            return redirect(url_for("contact.thanks"), 303)
    return page("contact/write.html", fragment="formulaire", form=form, status=status)


def _receive(form):
    """Count the sending, then record the message; the same form sent again is neither counted nor recorded twice."""
    typed = {each: form[each].data for each in ("name", "email", "topic", "subject", "body")}
    if not rules.is_received(form.key, **typed):
        limits.hit("contact", limits.network(request.remote_addr), limit=PER_ADDRESS, per=timedelta(hours=1))
        limits.hit("contact", "everybody", limit=PER_SITE, per=timedelta(hours=1))
    rules.receive(form.key, **typed)


@bp.get("/merci")
@access("public")
def thanks():
    return page("contact/thanks.html")
