"""The pages of an import, for any list: the file, its columns, the preview, the confirmation, undoing it.

    ROOM = ImportRoom(KIND, "adherent_gestion", "adherent/imports.html", "adherent/import.html")
    add_import_pages(bp_gestion, "/import", lambda: ROOM)

The two templates extend `importing/file.html` and `importing/run.html`; `values` go to the addresses of the pages,
`context` to the templates.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from flask import abort, flash, redirect, request, send_file, url_for
from flask_login import current_user
from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField

from cptsapp.kernel import exports
from cptsapp.kernel.access import access
from cptsapp.kernel.attachments import display_name
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.forms import Form
from cptsapp.kernel.htmx import page
from cptsapp.kernel.settings import settings

from . import headers, runs
from .models import Import, State
from .plans import Doubt, Outcome

SHOWN = 20  # past imports


class FileForm(Form):
    file = FileField("Fichier", [FileRequired("Choisissez un fichier CSV ou XLSX.")])


class ConfirmForm(Form):
    doubt = RadioField("Lignes à vérifier", choices=Doubt.choices(), default=Doubt.SKIP)


@dataclass
class ImportRoom:
    kind: str
    blueprint: str
    list_template: str
    run_template: str
    values: dict = field(default_factory=dict)
    context: dict = field(default_factory=dict)
    record: str = ""  # the endpoint of a record that stands, by its `id`; empty: the preview leads to none

    def record_url(self, subject) -> str:
        return url_for(self.record, id=subject) if self.record and subject else ""

    def url(self, name: str, **more) -> str:
        return url_for(f"{self.blueprint}.{name}", **self.values, **more)

    def find(self, id: int) -> Import:
        return Import.get_or_none(Import.id == id, Import.kind == self.kind) or abort(404)

    def _to(self, run: Import):
        return redirect(self.url("show_import", id=run.id), 303)

    def index(self):
        """Take a file in, or show where to choose one."""
        form = FileForm()
        if form.validate_on_submit():
            sent = form.file.data
            try:
                data = sent.stream.read(settings.max_upload_bytes + 1)
                if len(data) > settings.max_upload_bytes:
                    raise RuleError(f"Ce fichier dépasse {settings.max_upload_mb} Mo.", field="file")
                run = runs.start(self.kind, display_name(sent.filename), data, account_id=current_user.id)
            except RuleError as error:
                form.refuse(RuleError(str(error), field="file"))
            else:
                if run.state == State.READING:
                    runs.go_on(run)
                return self._to(run)
        past = Import.select().where(Import.kind == self.kind).order_by(Import.id.desc()).limit(SHOWN)
        maker = runs.importer_of(self.kind)
        return page(
            self.list_template, fragment="formulaire", form=form, runs=past, importer=maker, room=self, **self.context
        )

    def show(self, id: int):
        return self._show(self.find(id))

    def _show(self, run: Import, *, error: str = "", chosen: dict | None = None):
        maker = runs.importer_of(self.kind)
        mapping = run.mapping if chosen is None else chosen
        return page(
            self.run_template,
            fragment="etat",
            run=run,
            form=ConfirmForm(formdata=None, doubt=Doubt.SKIP),
            columns=[(name, mapping.get(name, ""), maker.never.get(headers.key_of(name), "")) for name in run.headers],
            fields=[(each.key, each.label) for each in maker.fields],
            outcomes=list(Outcome),
            error=error,
            room=self,
            status=422 if error else None,
            **self.context,
        )

    def choose(self, id: int):
        run = self.find(id)
        chosen = {name: request.form.get(f"colonne-{place}", "") for place, name in enumerate(run.headers)}
        try:
            run = runs.choose_columns(id, {name: key for name, key in chosen.items() if key})
        except RuleError as error:
            return self._show(run, error=str(error), chosen=chosen)
        runs.go_on(run)
        return self._to(run)

    def confirm(self, id: int):
        self.find(id)
        form = ConfirmForm()
        doubt = Doubt(form.doubt.data) if form.doubt.data in set(Doubt) else Doubt.SKIP
        run = runs.confirm(id, doubt)
        if run.state == State.DONE:
            flash("L’import est enregistré.")
        return self._to(run)

    def undo(self, id: int):
        run = self.find(id)
        try:
            runs.undo(id)
        except RuleError as error:
            flash(str(error), "error")
        else:
            flash("L’import est annulé : les fiches sont comme avant.")
        return self._to(run)

    def discard(self, id: int):
        self.find(id)
        runs.discard(id)
        flash("Ce fichier est oublié : rien n’a été enregistré.")
        return redirect(self.url("imports"), 303)

    def model(self):
        """Answer an empty workbook whose headers are all understood."""
        labels = [each.label for each in runs.importer_of(self.kind).fields]
        return exports.download(f"modele-{self.kind.partition(':')[2] or self.kind}", "xlsx", labels, [])

    def report(self, id: int):
        run = self.find(id)
        if not run.report_path.is_file():
            abort(404)
        name = f"import-{run.id}-rapport.csv"
        response = send_file(run.report_path, mimetype="text/csv", as_attachment=True, download_name=name)
        response.headers["Cache-Control"] = "no-store"
        return response


PAGES = {  # the name of each page: what follows the address of the import, the methods, what answers
    "imports": ("", ("GET", "POST"), ImportRoom.index),
    "import_model": ("/modele", ("GET",), ImportRoom.model),
    "show_import": ("/<int:id>", ("GET",), ImportRoom.show),
    "choose_import_columns": ("/<int:id>/colonnes", ("POST",), ImportRoom.choose),
    "confirm_import": ("/<int:id>/confirmer", ("POST",), ImportRoom.confirm),
    "undo_import": ("/<int:id>/defaire", ("POST",), ImportRoom.undo),
    "discard_import": ("/<int:id>/oublier", ("POST",), ImportRoom.discard),
    "import_report": ("/<int:id>/rapport", ("GET",), ImportRoom.report),
}


def add_import_pages(blueprint, path: str, room_of: Callable[..., ImportRoom]) -> None:
    """Give a blueprint of the gestion the pages of an import at `path`; `room_of` takes what `path` names."""
    for name, (rest, methods, answer) in PAGES.items():
        view = access("coordination")(_view(room_of, answer))
        blueprint.add_url_rule(path + rest, name, view, methods=methods)


def _view(room_of, answer):
    def view(id=None, **named):
        room = room_of(**named)
        return answer(room) if id is None else answer(room, id)

    return view
