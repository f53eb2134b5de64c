"""`cptsapp mail …`"""

import sys

import click
from flask.cli import with_appcontext
from peewee import OperationalError

from ..db import connection
from ..errors import RuleError
from ..frenchcli import FrenchCommand, FrenchGroup
from ..text import plural
from . import bounces
from .explain import explain
from .sender import send_due

cli = FrenchGroup("mail", help="Les e-mails qui attendent.")

WORDS = {
    "sent": "parti",
    "refused": "refusé",
    "later": "remis à plus tard",
    "lost": "à reprendre (connexion perdue)",
    "doubt": "en doute",
    "auth": "à reprendre (identification refusée)",
    "no_relay": "à reprendre (serveur injoignable)",
    "taken": "repris par un autre envoi",
}


TRY_AGAIN = 75  # what a mail server understands as « keep it, and try later »


@cli.command("bounce", cls=FrenchCommand)
@click.option("--to", default="", help="Adresse d’enveloppe à laquelle ce retour est arrivé, si elle est connue.")
@with_appcontext
def bounce_command(to):
    """Lit sur son entrée un e-mail revenu, et en tient compte ; à brancher sur l’adresse des retours."""
    content = sys.stdin.buffer.read(bounces.LARGEST_BYTES)
    try:
        with connection():
            row = bounces.record(content, to=to)
    except OperationalError:
        click.echo("La base ne répond pas : ce retour est à présenter de nouveau.", err=True)
        sys.exit(TRY_AGAIN)
    click.echo(f"{row.kind_label}." if row else "Ce retour était déjà compté.")


@cli.command("send-due", cls=FrenchCommand)
@with_appcontext
def send_due_command():
    """Envoie une fois les e-mails dus ; peut remplacer le worker, par cron."""
    with connection():
        report = send_due()
    for result, count in report.counts.items():
        click.echo(f"{plural(count, 'essai')} : {WORDS[result]}")
    if report.paused:
        raise RuleError(f"L’envoi est suspendu. {explain(report.paused)}\n({report.paused})")
    if not report.counts:
        click.echo("Aucun e-mail à envoyer.")
