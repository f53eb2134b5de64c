"""`cptsapp mail …`"""

import click
from flask.cli import with_appcontext

from ..db import connection
from ..errors import RuleError
from ..frenchcli import FrenchCommand, FrenchGroup
from ..text import plural
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
