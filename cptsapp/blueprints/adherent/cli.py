"""The commands `cptsapp adherent …`: a list of members brought in or taken out without a browser."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from cptsapp.kernel import exports
from cptsapp.kernel.db import connection
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.frenchcli import FrenchCommand, FrenchGroup
from cptsapp.kernel.importing import Doubt, Outcome, State, runs

from . import listing
from .importer import Members


@click.group("adherent", cls=FrenchGroup)
def cli():
    """Les adhérents : importer une liste, en exporter une."""


@cli.command("import", cls=FrenchCommand)
@click.argument("file", metavar="FICHIER", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Montre l’aperçu et n’enregistre rien.")
@click.option("--doubt", type=click.Choice(list(Doubt)), default=Doubt.SKIP, help="Que faire des lignes à vérifier.")
@with_appcontext
def import_file(file, dry_run, doubt):
    """Importe des adhérents d’un fichier CSV ou XLSX : tout, ou rien."""
    with connection():
        run = runs.start(Members.kind, file.name, file.read_bytes())
        if run.state == State.COLUMNS:
            runs.discard(run.id)
            raise RuleError("Aucune colonne ne porte le nom des personnes : renommez-la « Nom », puis relancez.")
        runs.carry_on(run.id)
        run = runs.find(run.id)
        if run.state == State.READY:
            _print_preview(run)
        if dry_run or run.state != State.READY:
            runs.discard(run.id)
            if run.message:
                raise RuleError(run.message)
            click.echo("Rien n’a été enregistré.")
            return
        run = runs.confirm(run.id, doubt, here=True)
    if run.state != State.DONE:
        raise RuleError(run.message or "L’import n’a pas abouti : rien n’a été enregistré.")
    click.echo(f"Import enregistré. Rapport : {run.report_path}")


def _print_preview(run):
    for outcome in Outcome:
        click.echo(f"{outcome.label} : {run.counts.get(outcome, 0)}")
    for outcome in (Outcome.REFUSED, Outcome.DOUBTFUL):
        for row in run.summary["samples"][outcome]:
            why = " ; ".join(f"{label} : {reason}" if label else reason for label, reason in row["problems"])
            click.echo(f"  ligne {row['number']}, {row['label']} : {why}")


@cli.command("export", cls=FrenchCommand)
@click.argument("file", metavar="FICHIER", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def export_file(file):
    """Écrit tous les adhérents dans un fichier, CSV ou XLSX selon son nom."""
    with connection():
        labels, rows = listing.everything()
        parts = (exports.xlsx_parts if file.suffix.lower() == ".xlsx" else exports.csv_lines)(labels, rows)
        with file.open("wb") as out:
            for part in parts:
                out.write(part if isinstance(part, bytes) else part.encode())
    file.chmod(0o600)
    click.echo(f"Liste écrite dans {file}.")
