"""`/gestion/systeme`: is the installation well, and what may be done about it. For the administration alone."""

from flask import Blueprint, abort, flash, redirect, send_file, url_for

from cptsapp.kernel import backup, registry, release, sessions, troubles
from cptsapp.kernel.access import access
from cptsapp.kernel.backup import rotation
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page

from . import handover, models, rules

bp_gestion = Blueprint("system_gestion", __name__, url_prefix="/gestion/systeme")


@bp_gestion.get("")
@access("admin")
def index():
    return page(
        "system/index.html",
        checks=[(each.label, *each.call()) for each in sorted(registry.checks, key=lambda each: each.order)],
        mails=models.mail_figures(),
        disk=models.disk(),
        troubles=troubles.recent(),
        failed=[line for line in models.job_lines() if line.is_failed],
        versions=release.versions(),
        **saved(),
    )


def saved() -> dict:
    """Return what is said of the backups and of the exports.

    What is still to come is read first: a page that awaits nothing any more then shows how it ended.
    """
    is_asked, progress = backup.is_asked(), backup.progress()
    return {
        "is_asked": is_asked,
        "progress": progress,
        "state": backup.state(),
        "archives": [(at, path.name, path.stat().st_size) for at, path in rotation.archives() if path.is_file()],
        "exports": [(path.name, path.stat().st_size) for path in handover.made()],
    }


@bp_gestion.get("/sauvegardes")
@access("admin")
def backups():
    return page("system/backups.html", fragment="sauvegardes", **saved())


@bp_gestion.post("/sauvegardes")
@access("admin")
def make_backup():
    try:
        rules.ask_backup()
        flash("La sauvegarde est demandée : elle se fait pendant que vous continuez.")
    except RuleError as error:
        flash(str(error))
    return redirect(url_for(".backups"), 303)


@bp_gestion.post("/export")
@access("admin")
def export():
    if not sessions.is_reauthenticated():
        return prove_first()
    rules.ask_export()
    flash("L’export complet se prépare ; il paraîtra ici dans un instant.")
    return redirect(url_for(".backups"), 303)


@bp_gestion.post("/sauvegardes/<name>")
@access("admin")
def download(name):
    """Hand over an archive, which holds everything: to somebody who has just proved who they are."""
    path = rules.downloadable(name) or abort(404)
    if not sessions.is_reauthenticated():
        return prove_first()
    rules.note_download(name)
    response = send_file(path, as_attachment=True, download_name=name, mimetype="application/octet-stream")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def prove_first():
    flash("Confirmez d’abord que c’est vous, puis recommencez : ce fichier contient tout.")
    return redirect(url_for("account.prove", next=url_for(".backups")), 303)


@bp_gestion.get("/taches")
@access("admin")
def jobs():
    return page("system/jobs.html", lines=models.job_lines(), purges=[each.label for each in registry.purges])


@bp_gestion.post("/taches/<name>")
@access("admin")
def run(name):
    label = rules.run_now(name, today())
    flash(f"C’est demandé : « {label} » se fait dans les secondes qui viennent.")
    return redirect(url_for(".jobs"), 303)


@bp_gestion.get("/erreurs")
@access("admin")
def errors():
    return page("system/errors.html", troubles=troubles.recent())
