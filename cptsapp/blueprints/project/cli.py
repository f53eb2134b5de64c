"""The command `cptsapp project import`: a project brought in from a file."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from cptsapp.kernel.db import connection
from cptsapp.kernel.frenchcli import FrenchCommand, FrenchGroup
from cptsapp.kernel.text import plural

from . import importer


@click.group("project", cls=FrenchGroup)
def cli():
    """Le projet de santé : importer ses fiches-actions."""


@cli.command("import", cls=FrenchCommand)
@click.argument("file", metavar="FICHIER", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def import_file(file):
    """Importe les fiches d’un fichier TOML : tout, ou rien."""
    with connection():
        report = importer.load(file.read_bytes())
    click.echo(f"{plural(len(report.created), 'fiche créée', 'fiches créées')}.")
    if report.known:
        click.echo(f"Déjà là, laissées telles quelles : {', '.join(report.known)}.")
    for label, number in report.made.items():
        click.echo(f"{label} : {number}.")
    if report.aside:
        click.echo(f"Rubriques laissées de côté : {', '.join(sorted(report.aside))}.")
