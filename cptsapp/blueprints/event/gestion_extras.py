"""What goes with an event: its documents, and the list of the people invited."""

from flask import abort, flash, redirect, request, url_for
from peewee import JOIN
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from cptsapp.kernel import segments
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.fileforms import FileForm
from cptsapp.kernel.files import StoredFile
from cptsapp.kernel.forms import Form
from cptsapp.kernel.htmx import page, wants_fragment
from cptsapp.kernel.tables import Bulk, Cases, Column, DataTable
from cptsapp.kernel.text import plural
from cptsapp.kernel.urls import number_of

from . import inviting, materials
from .gestion import bp_gestion, event_or_404
from .models import Event, Material, MaterialKind, MaterialReaders
from .people import LIVING, Invitation, Registration


class MaterialForm(FileForm):
    """A file or a link."""

    title = StringField("Titre", [InputRequired("Donnez un titre."), Length(max=160)])
    kind = SelectField("Nature", choices=MaterialKind.choices(), default=MaterialKind.SLIDES.value)
    readers = SelectField("Qui le lit", choices=MaterialReaders.choices(), default=MaterialReaders.REGISTERED.value)
    url = StringField("Ou lien", [Length(max=500)], description="Une adresse https://.")

    def values(self) -> dict:
        stored = self.stored
        values = {name: self[name].data for name in ("title", "kind", "readers")}
        return values | {"file_id": stored and stored.id, "url": self.url.data or ""}


@bp_gestion.route("/<int:id>/documents", methods=["GET", "POST"])
@access("coordination")
def documents(id):
    event, form = event_or_404(id), MaterialForm()
    if form.is_submitted() and _validates(form):
        try:
            materials.add(id, **form.values())
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le document est ajouté.")
            return redirect(url_for("event_gestion.documents", id=id), 303)
    return page(
        "event/gestion_materials.html", fragment="formulaire", form=form, event=event, materials=list(_of(event))
    )


def _validates(form: MaterialForm) -> bool:
    """Check the shape of the form, and keep its file even when something else is refused."""
    shaped = form.validate()
    return form.take_file() and shaped


def _of(event: Event):
    query = Material.select(Material, StoredFile).join(StoredFile, JOIN.LEFT_OUTER).where(Material.event == event)
    return query.order_by(Material.position, Material.id)


@bp_gestion.route("/documents/<int:id>", methods=["GET", "POST"])
@access("coordination")
def document(id):
    """Change one material; another file or link takes the place of its own."""
    material = _material_or_404(id)
    form = MaterialForm(data={name: getattr(material, name) for name in ("title", "kind", "readers", "url")})
    if form.is_submitted() and _validates(form):
        values = form.values()
        if values["file_id"] and values["url"] == material.url:
            values["url"] = ""  # the file that was just sent takes the place of the link
        try:
            materials.edit(id, **values)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le document est changé.")
            return redirect(url_for("event_gestion.documents", id=material.event_id), 303)
    return page("event/gestion_material.html", form=form, event=material.event, material=material)


@bp_gestion.post("/documents/<int:id>/<any(retirer, monter, descendre):act>")
@access("coordination")
def document_act(id, act):
    event_id = _material_or_404(id).event_id
    if act == "retirer":
        materials.remove(id)
        flash("Le document est retiré de la page.")
    else:
        materials.move(id, -1 if act == "monter" else 1)
    return redirect(url_for("event_gestion.documents", id=event_id), 303)


def _material_or_404(id) -> Material:
    query = Material.select(Material, Event, StoredFile).join(Event).switch(Material).join(StoredFile, JOIN.LEFT_OUTER)
    return query.where(Material.id == id).first() or abort(404)


# The people invited


STATE_BADGES = {"Inscrit": "ok", "Invitation partie": "mute", "À inviter": "warn"}


def state_of(row) -> str:
    if row.has_registered:
        return "Inscrit"
    return "Invitation partie" if row.sent_at else "À inviter"


def _prepare(rows) -> None:
    """Set on each invitation whether its address has registered, in one query."""
    events, addresses = {each.event_id for each in rows}, [each.email_normalised for each in rows]
    mine = Registration.event.in_(list(events)) & Registration.email_normalised.in_(addresses)
    living = Registration.state.in_([str(each) for each in LIVING])
    known = {one for (one,) in Registration.select(Registration.email_normalised).where(mine, living).tuples()}
    for each in rows:
        each.has_registered = each.email_normalised in known


INVITED = DataTable(
    "invites",
    Column("nom", "Nom", lambda row: row.name or row.email, sort=True, sub="email"),
    Column("etat", "État", state_of, badge=lambda row: STATE_BADGES[state_of(row)]),
    Column("envoyee", "Invitation", "sent_at", sort=True),
    Column("ajoute", "Ajout", "added_at", sort=True),
    Column("email", "E-mail", "email", shown=False),
    noun=("personne invitée", "personnes invitées"),
    search=["name", "email"],
    filters=[
        Cases(
            "etat",
            "État",
            {
                "a-inviter": ("À inviter", lambda row: row.sent_at is None),
                "invites": ("Invitation partie", lambda row: row.sent_at is not None),
            },
            blank="Toutes",
        )
    ],
    order="nom",
    bulk=[Bulk("retirer", "Retirer de la liste", "danger")],
    bulk_endpoint="event_gestion.invited_bulk",
    export_endpoint="event_gestion.invited_export",
    hint="Nom ou adresse",
    empty="Ajoutez des adhérents, une profession entière, ou collez des adresses.",
    people=True,
    prepare=_prepare,
)


def invitations(event: Event) -> list[Invitation]:
    """Return the list in memory, where names are searched whatever their accents."""
    return list(Invitation.select().where(Invitation.event == event).order_by(Invitation.id))


class PasteForm(Form):
    pasted = TextAreaField(
        "Adresses à coller",
        [Length(max=100_000)],
        description="Une par ligne, avec ou sans nom : « Camille Exemple <camille@exemple.fr> ».",
    )


@bp_gestion.get("/<int:id>/invites")
@access("coordination")
def invited(id):
    return _invited(event_or_404(id), PasteForm(formdata=None))


@bp_gestion.get("/<int:id>/invites/chercher")
@access("coordination")
def invited_found(id):
    """The persons that a name finds, for htmx; the whole page finds them as well."""
    event, q = event_or_404(id), " ".join(request.args.get("qui", "").split())[:100]
    if not wants_fragment():
        return redirect(url_for("event_gestion.invited", id=id, qui=q), 303)
    found = inviting.found(q)
    return page("event/gestion_invited.html", fragment="trouves", event=event, qui=q, found=found)


def _invited(event: Event, form: PasteForm, report: inviting.Pasted | None = None):
    q = " ".join(request.args.get("qui", "").split())[:100]
    return INVITED.page(
        "event/gestion_invited.html",
        invitations(event),
        event=event,
        form=form,
        report=report,
        qui=q,
        found=inviting.found(q),
        segments=segments.grouped,
        unsent=lambda: Invitation.select().where(Invitation.event == event, Invitation.sent_at.is_null()).count(),
    )


@bp_gestion.post("/<int:id>/invites/export")
@access("coordination")
def invited_export(id):
    return INVITED.export(invitations(event_or_404(id)))


@bp_gestion.post("/<int:id>/invites/lot")
@access("coordination")
def invited_bulk(id):
    event = event_or_404(id)
    _, ids = INVITED.selection(invitations(event))
    count = inviting.uninvite(id, ids)
    flash(f"{plural(count, 'personne retirée', 'personnes retirées')} de la liste. Qui s’est inscrit le reste.")
    return redirect(INVITED.back("event_gestion.invited", id=id), 303)


@bp_gestion.post("/<int:id>/invites/coller")
@access("coordination")
def invited_paste(id):
    """Add the addresses pasted; the lines that hold none come back, to be mended."""
    event, form = event_or_404(id), PasteForm()
    report = None
    if form.validate():
        try:
            report = inviting.read(form.pasted.data or "")
            count = inviting.invite(id, report.people)
        except RuleError as error:
            form.refuse(error)
        else:
            flash(f"{plural(count, 'personne ajoutée', 'personnes ajoutées')} ; "
                  f"{plural(len(report.people) - count, 'était déjà là', 'étaient déjà là')}.")  # fmt: skip
            if not report.wrong:
                return redirect(url_for("event_gestion.invited", id=id), 303)
            form.pasted.raw_data, form.pasted.data = None, "\n".join(line for _, line, _ in report.wrong)
    return _invited(event, form, report)


@bp_gestion.post("/<int:id>/invites/ajouter")
@access("coordination")
def invited_add(id):
    """Add one person found, or all those of a segment."""
    event_or_404(id)
    try:
        if person := number_of(request.form.get("personne")):
            count, without = inviting.invite_persons(id, [person])
        else:
            count, without = inviting.invite_segment(id, request.form.get("segment", ""))
    except RuleError as error:
        flash(str(error), "error")
        return redirect(url_for("event_gestion.invited", id=id), 303)
    flash(f"{plural(count, 'personne ajoutée', 'personnes ajoutées')} à la liste.")
    if without:
        flash(f"{plural(without, 'personne', 'personnes')} sans adresse e-mail : à inviter autrement.", "error")
    return redirect(url_for("event_gestion.invited", id=id), 303)


@bp_gestion.post("/<int:id>/invites/envoyer")
@access("coordination")
def invited_send(id):
    event_or_404(id)
    try:
        count = inviting.send(id)
    except RuleError as error:
        flash(str(error), "error")
    else:
        flash(f"{plural(count, 'invitation part', 'invitations partent')} par e-mail." if count
              else "Tout le monde a déjà reçu son invitation.")  # fmt: skip
    return redirect(url_for("event_gestion.invited", id=id), 303)
