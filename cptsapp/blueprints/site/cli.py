"""Commands about the search index."""

import click
from flask.cli import AppGroup

from cptsapp.kernel import search
from cptsapp.kernel.db import connection

cli = AppGroup("search", help="Recherche du site.", short_help="Recherche du site.")


@cli.command("rebuild", help="Reconstruit l’index de la recherche à partir des contenus.")
def rebuild():
    with connection():
        click.echo(f"Index reconstruit : {search.rebuild()} documents.")
