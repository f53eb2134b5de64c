"""The commands `cptsapp account …`: the way in when nobody can log in yet, or any more."""

import click
from flask.cli import with_appcontext

from cptsapp.kernel.db import connection
from cptsapp.kernel.frenchcli import FrenchCommand, FrenchGroup

from . import rules
from .models import Role


@click.group("account", cls=FrenchGroup)
def cli():
    """Les comptes : en créer un, obtenir un lien de connexion."""


@cli.command("create", cls=FrenchCommand)
@click.argument("email", metavar="ADRESSE")
@click.option(
    "--role",
    "roles",
    type=click.Choice([role.value for role in Role]),
    multiple=True,
    help="Rôle à donner ; répétable.",
)
@click.option("--name", default="", help="Prénom et nom de la personne.")
@with_appcontext
def create(email, roles, name):
    """Crée un compte et lui envoie son lien d’activation, valable 7 jours."""
    with connection():
        account = rules.invite(email, by=None, name=name, roles=tuple(roles))
    click.echo(f"Compte créé pour {account.email}. L’invitation partira avec les prochains e-mails.")


@cli.command("link", cls=FrenchCommand)
@click.argument("email", metavar="ADRESSE")
@with_appcontext
def link(email):
    """Affiche un lien de connexion, valable 20 minutes et une seule fois."""
    with connection():
        click.echo(rules.one_time_link(email))
