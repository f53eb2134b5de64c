"""The command `cptsapp uptake count`: the register read from a file of this machine, without a browser."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from cptsapp.blueprints.territory import reference
from cptsapp.kernel.db import connection
from cptsapp.kernel.frenchcli import FrenchCommand, FrenchGroup, confirm
from cptsapp.kernel.text import plural

from . import census


@click.group("uptake", cls=FrenchGroup)
def cli():
    """La couverture du territoire : ses professionnels, comptés."""


@cli.command("count", cls=FrenchCommand)
@click.argument("file", metavar="FICHIER", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Montre les nombres et n’enregistre rien.")
@click.option("--yes", is_flag=True, help="Enregistre sans demander.")
@with_appcontext
def count(file, dry_run, yes):
    """Compte les libéraux du territoire dans l’extraction nationale du RPPS (.zip ou .txt)."""
    with connection():
        found, published_on = census.read(file)
        for code, number in sorted(found.professions.items(), key=lambda pair: -pair[1]):
            click.echo(f"{number:6}  {reference.professions()[code].plural}")
        click.echo(f"{plural(found.total, 'professionnel')} en tout, {plural(found.others, 'autre')}.")
        if dry_run:
            click.echo("Rien n’a été enregistré.")
            return
        if not yes:
            confirm("Enregistrer ces effectifs")
        click.echo(f"{plural(census.keep_all(found, published_on), 'effectif enregistré', 'effectifs enregistrés')}.")
