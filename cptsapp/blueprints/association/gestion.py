"""The settings of the association, one section per page: `/gestion/parametres/…`."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, request, url_for
from playhouse.flask_utils import get_object_or_404

from cptsapp.kernel import firststeps
from cptsapp.kernel.access import Visibility, access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.files import store_image
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation

from . import colours, forms, rules
from .models import Association, College

bp_gestion = Blueprint("association_gestion", __name__, url_prefix="/gestion/parametres")

LOGO_SIDE = 640
SECTIONS = (
    ("Identité", "association_gestion.identity"),
    ("Territoire", "territory_gestion.communes"),
    ("Apparence", "association_gestion.look"),
    ("E-mails", "association_gestion.mail"),
    ("Collèges", "association_gestion.colleges"),
    ("Adhésion", "association_gestion.membership"),
    ("Mentions", "association_gestion.legal"),
    ("Accessibilité", "association_gestion.accessibility"),
    ("En ligne", "association_gestion.online"),
)
navigation.append(
    NavItem(
        "gestion",
        "Paramètres",
        "association_gestion.index",
        "settings",
        access=("coordination", "admin"),
        group="Réglages",
        order=10,
    )
)


@bp_gestion.app_template_global()
def settings_sections() -> list[tuple[str, str, bool]]:
    """Return (label, address, open now) of each section of the settings."""
    urls = [(label, url_for(endpoint)) for label, endpoint in SECTIONS]
    return [(label, url, request.path.startswith(url)) for label, url in urls]


def section(template: str, form, act: Callable, said: str, **context):
    """Show a section's form, or do what it asks, say it and come back; refused, it keeps all that was typed."""
    if form.validate_on_submit():
        try:
            act()
        except RuleError as error:
            form.refuse(error)
        else:
            flash(said, "ok")
            return redirect(request.path, 303)
    return page(template, form=form, **context)


@bp_gestion.get("/")
@access("coordination", "admin")
def index():
    return redirect(url_for(".identity"))


@bp_gestion.route("/identite", methods=["GET", "POST"])
@access("coordination", "admin")
def identity():
    row = Association.current()
    values = row.__data__ | {"missions": row.mission_codes.split(), "links": row.links_text}
    form = forms.IdentityForm(data=values)
    return section(
        "association/identity.html", form, lambda: rules.set_identity(**form.data), "L’identité est enregistrée."
    )


@bp_gestion.route("/apparence", methods=["GET", "POST"])
@access("coordination", "admin")
def look():
    row = Association.current()
    form = forms.LookForm(colour=request.args.get("colour") or row.colour)
    colour = request.form.get("proposed") or form.colour.data or ""

    def act():
        logo = store_image(form.logo.data, visibility=Visibility.PUBLIC, max_side=LOGO_SIDE) if form.logo.data else None
        rules.set_look(colour=colour, logo=logo, remove_logo=form.remove_logo.data)

    said = "L’apparence est enregistrée : tout le site la porte déjà."
    return section("association/look.html", form, act, said, fragment="apercu", preview=_preview(colour), row=row)


def _preview(colour: str) -> dict:
    """Return what the page shows of a colour: its palettes, or why it is refused and the nearest that is not."""
    parsed = colours.parse(colour)
    if parsed is None:
        return {}
    try:
        light, dark = colours.palettes(parsed)
    except colours.UnreadableColour as error:
        light, dark = colours.palettes(error.nearest)
        return {"colour": parsed, "refused": error.reason, "nearest": error.nearest, "light": light, "dark": dark}
    contrasts = [colours.contrast(parsed, colours.LIGHT["sunk"]), colours.contrast(dark.brand, colours.DARK["sunk"])]
    return {"colour": parsed, "light": light, "dark": dark, "contrast": min(contrasts)}


@bp_gestion.route("/e-mails", methods=["GET", "POST"])
@access("coordination", "admin")
def mail():
    row = Association.current()
    form = forms.MailForm(obj=row)
    said = "Les expéditeurs sont enregistrés. Envoyez un e-mail d’essai pour vérifier qu’ils conviennent."
    return section("association/mail.html", form, lambda: rules.set_mail(**form.data), said, row=row)


@bp_gestion.route("/adhesion", methods=["GET", "POST"])
@access("coordination", "admin")
def membership():
    row = Association.current()
    form = forms.MembershipForm(
        month=row.membership_month, fee=row.fee_cents, payment=row.fee_payment, late_month=row.late_month or 0
    )

    def act():
        rules.set_membership(
            month=form.month.data,
            fee_cents=form.fee.data,
            payment=form.payment.data,
            late_month=form.late_month.data or None,
        )

    return section("association/membership.html", form, act, "L’année d’adhésion et la cotisation sont enregistrées.")


@bp_gestion.route("/mentions-legales", methods=["GET", "POST"])
@access("coordination", "admin")
def legal():
    form = forms.LegalForm(obj=Association.current())
    said = "Les mentions légales sont enregistrées."
    return section(
        "association/legal.html",
        form,
        lambda: rules.set_legal(**form.data),
        said,
        missing=rules.missing_for_online(),
    )


@bp_gestion.route("/accessibilite", methods=["GET", "POST"])
@access("coordination", "admin")
def accessibility():
    row = Association.current()
    values = {
        "level": row.accessibility_level,
        "checked_on": row.accessibility_on,
        "contact": row.accessibility_contact,
        "gaps": row.accessibility_gaps,
    }
    form = forms.AccessibilityForm(data=values)
    said = "La déclaration d’accessibilité est enregistrée."
    return section("association/accessibility.html", form, lambda: rules.set_accessibility(**form.data), said)


# Collèges


@bp_gestion.route("/colleges", methods=["GET", "POST"])
@access("coordination", "admin")
def colleges():
    form = forms.CollegeForm()
    return section(
        "association/colleges.html",
        form,
        lambda: rules.save_college(None, **form.data),
        "Le collège est ajouté.",
        colleges=list(College.ordered()),
    )


@bp_gestion.route("/colleges/<int:id>", methods=["GET", "POST"])
@access("coordination", "admin")
def college(id):
    found = get_object_or_404(College, College.id == id)
    form = forms.CollegeForm(obj=found)
    if form.validate_on_submit():
        try:
            rules.save_college(id, **form.data)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le collège est enregistré.", "ok")
            return redirect(url_for(".colleges"), 303)
    return page("association/college.html", form=form, college=found)


@bp_gestion.post("/colleges/<int:id>/deplacer")
@access("coordination", "admin")
def move_college(id):
    get_object_or_404(College, College.id == id)
    rules.move_college(id, up=request.form.get("sens") == "monter")
    return redirect(url_for(".colleges"), 303)


@bp_gestion.post("/colleges/<int:id>/supprimer")
@access("coordination", "admin")
def remove_college(id):
    get_object_or_404(College, College.id == id)
    rules.remove_college(id)
    flash("Le collège est supprimé.", "ok")
    return redirect(url_for(".colleges"), 303)


# Online


@bp_gestion.route("/mise-en-ligne", methods=["GET", "POST"])
@access("coordination", "admin")
def online():
    refusal = ""
    if request.method == "POST":
        try:
            if request.form.get("retirer"):
                rules.take_offline()
                flash("Les visiteurs voient maintenant que le site est en préparation.", "ok")
            else:
                rules.put_online()
                flash("Le site est en ligne : tout le monde peut le lire.", "ok")
        except RuleError as error:
            refusal = str(error)
        else:
            return redirect(url_for(".online"), 303)
    return page(
        "association/online.html",
        status=422 if refusal else None,
        refusal=refusal,
        row=Association.current(),
        missing=rules.missing_for_online(),
        left=[step for step in firststeps.steps() if not step.done and step.endpoint != request.endpoint],
    )
