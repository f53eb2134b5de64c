"""The list of members: found, filtered, saved as views, acted upon together, exported; a member added by hand."""

from urllib.parse import urlencode

from flask import flash, redirect, request, url_for
from flask_login import current_user
from wtforms import BooleanField, DateField, EmailField, SelectField, StringField, TelField
from wtforms.validators import Email, Length, Optional

from cptsapp.blueprints.association.models import College
from cptsapp.blueprints.person.models import Kind
from cptsapp.kernel import journal
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.forms import Form
from cptsapp.kernel.htmx import page
from cptsapp.kernel.prepared import prepared
from cptsapp.kernel.registry import NavItem, navigation, write_to
from cptsapp.kernel.text import plural

from . import checks, deciding, figures, listing, record
from .forms import EMAIL_SHAPE, MODES, meant, profession_choices, stripped
from .gestion import bp_gestion
from .models import MemberType, SavedView, Tag

navigation.append(
    NavItem(
        "gestion", "Adhérents", "adherent_gestion.index", "users", ("bureau", "coordination"), "Association", order=5
    )
)


@journal.subject("tag", "Étiquette")
def name_tags(ids):
    return {str(tag.id): (tag.name, "") for tag in Tag.select().where(Tag.id.in_(ids))}


@journal.subject("view", "Vue enregistrée")
def name_views(ids):
    return {str(view.id): (view.name, "") for view in SavedView.select().where(SavedView.id.in_(ids))}


@bp_gestion.get("/")
@access("bureau", "coordination")
def index():
    return listing.TABLE.page(
        "adherent/list.html",
        listing.Members(),
        figures=figures.figures,
        requests_waiting=deciding.waiting_count,
        saved_views=_views,
        view_query=_query,
    )


@prepared
def _views_of(account):
    mine = SavedView.owner.is_null() | (SavedView.owner == account)
    return SavedView.select().where(SavedView.list == listing.LIST, mine).order_by(SavedView.name)


def _views():
    return _views_of.all(current_user.id)


def _query(table) -> str:
    """Return what a view keeps of a reading: its words, filters and order."""
    return urlencode({key: value for key, value in table.parameters().items() if key != "page"})


@bp_gestion.post("/export")
@access("bureau", "coordination")
def export():
    return listing.TABLE.export(listing.Members())


@bp_gestion.post("/vues")
@access("coordination")
def save_view():
    form = request.form
    query = form.get("query", "")
    record.save_view(
        listing.LIST, form.get("name", ""), query, owner_id=None if form.get("shared") else current_user.id
    )
    flash("La vue est enregistrée. Elle suivra la liste : qui entre dans ses critères y entre.")
    return redirect(f"{url_for('.index')}?{query}" if query else url_for(".index"), 303)


@bp_gestion.post("/vues/<int:id>/oublier")
@access("coordination")
def forget_view(id):
    record.forget_view(id, account_id=current_user.id)
    flash("La vue est retirée. Les fiches restent.")
    return redirect(url_for(".index"), 303)


# Many at once: what will happen is shown first


@bp_gestion.post("/lot")
@access("coordination")
def bulk():
    action, ids = listing.TABLE.selection(listing.Members())
    if action == "ecrire":
        return redirect(write_to(ids), 303)
    return _show_bulk(action, ids)


def _show_bulk(action, ids, *, error=""):
    back = listing.TABLE.back("adherent_gestion.index")
    return page(
        f"adherent/bulk_{ {'etiqueter': 'tag', 'renouveler': 'renew'}[action] }.html",
        ids=ids,
        counted=plural(len(ids), "adhérent"),
        tags=list(Tag.select().order_by(Tag.folded)),
        periods=record.periods_to_cover() if action == "renouveler" else [],
        back=back,
        error=error,
        status=422 if error else None,
    )


def _chosen() -> list[int]:
    return [int(id) for id in request.form.get("ids", "").split() if id.isascii() and id.isdecimal() and len(id) < 12]


def _return():
    back = request.form.get("back", "")
    return redirect(back if back.startswith(url_for(".index") + "?") else url_for(".index"), 303)


@bp_gestion.post("/lot/etiquette")
@access("coordination")
def bulk_tag():
    ids = _chosen()
    if request.form.get("retirer"):
        done = record.take_tag(ids, int(request.form.get("tag_id") or 0))
        flash(f"Étiquette retirée de {plural(done, 'fiche')}.")
    else:
        done = record.put_tag(ids, request.form.get("tag", ""))
        flash(f"Étiquette posée sur {plural(done, 'fiche')}.")
    return _return()


@bp_gestion.post("/lot/renouvellement")
@access("coordination")
def bulk_renew():
    done, aside = record.renew_many(_chosen(), int(request.form.get("period") or 0))
    left = f" {plural(aside, 'fiche laissée', 'fiches laissées')} de côté : déjà à jour, ou parties." if aside else ""
    flash(f"{plural(done, 'adhésion renouvelée', 'adhésions renouvelées')}.{left}")
    return _return()


# By hand


class NewMemberForm(Form):
    type = SelectField("Qualité", choices=MemberType.choices())
    given_name = StringField("Prénom", [Length(max=80)], [stripped])
    family_name = StringField("Nom", [Length(max=80)], [stripped])
    name = StringField("Nom de la structure", [Length(max=160)], [stripped])
    email = EmailField("Adresse e-mail", [Optional(), Email(EMAIL_SHAPE), Length(max=254)], [stripped])
    phone = TelField("Téléphone", [Length(max=30)], [stripped])
    profession = SelectField("Profession", choices=profession_choices)
    profession_other = StringField("Profession hors de la liste", [Length(max=120)], [stripped])
    commune_text = StringField("Commune", [Length(max=100)], [stripped])
    mode = SelectField("Mode d’exercice", choices=MODES)
    organisation = StringField("Cabinet, maison de santé ou employeur", [Length(max=160)], [stripped])
    rpps = StringField("Numéro RPPS", [Optional()], [checks.digits])
    college_id = SelectField("Collège")
    started_on = DateField("Adhésion depuis le", [Optional()])
    tag = StringField("Étiquette", [Length(max=60)], [stripped])
    again = BooleanField("En ajouter un autre ensuite")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        colleges = [(str(each.id), each.name) for each in College.ordered()]
        self.college_id.choices = [("", "Selon les règles de l’association"), *colleges]
        self.places = ()

    def read(self) -> dict:
        """Return the values for the rule; raise RuleError when the commune is not one."""
        values = {name: self[name].data for name in ("email", "phone", "mode", "organisation", "rpps")}
        values |= {"profession": self.profession.data, "profession_other": self.profession_other.data}
        if MemberType(self.type.data).is_body:
            values |= {"kind": Kind.STRUCTURE, "name": self.name.data, "profession": "", "profession_other": ""}
        else:
            values |= {"kind": Kind.PERSON, "given_name": self.given_name.data, "family_name": self.family_name.data}
        if self.commune_text.data:
            values["insee"] = self._place(request.form.get("commune", ""))
        return values

    def _place(self, ticked) -> str:
        place, self.places = meant(self.commune_text.data, ticked)
        if place is None:
            several = "Plusieurs communes portent ce nom : choisissez ci-dessous."
            none = "Aucune commune ne porte ce nom. Essayez le début du nom, ou le code postal."
            raise RuleError(several if self.places else none, field="commune_text")
        return place.insee


@bp_gestion.route("/nouveau", methods=["GET", "POST"])
@access("coordination")
def create():
    form = NewMemberForm()
    if form.validate_on_submit():
        try:
            person = record.add(
                type=form.type.data,
                college_id=int(form.college_id.data or 0) or None,
                tag=form.tag.data or "",
                started_on=form.started_on.data,
                **form.read(),
            )
        except RuleError as error:
            form.refuse(error)
        else:
            flash(f"{person.label} est maintenant dans la liste des adhérents.")
            if form.again.data:
                return redirect(url_for(".create"), 303)
            return redirect(url_for("person_gestion.show", id=person.id), 303)
    return page("adherent/new.html", fragment="formulaire", form=form)
