"""From one thing of the site to the people it is for, in one step: its message, then the choice of whom to write to."""

from cptsapp.blueprints.mailing import rules as mailings
from cptsapp.blueprints.mailing.models import Mailing
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError

from . import picking, rules
from .contents import Content
from .models import Archive, Kind


def audience_of(mailing: Mailing) -> str:
    """Return the page where one chooses whom a sending is for."""
    return f"/gestion/envois/{mailing.id}/destinataires"


def write_about(source: str, key: str) -> str:
    """Make a message about one thing that the site announces and open its sending; return where to go on.

    Raises RuleError when it is not announced, or not any more.
    """
    item = picking.find(source, key)
    if item is None:
        raise RuleError(
            "Ceci n’est pas en ligne, ou plus annoncé : un e-mail mènerait nulle part. "
            "Publiez-le d’abord, puis revenez l’envoyer."
        )
    block = picking.block_of(source, item)  # its picture is made before the transaction
    content = Content(
        subject=item.title[:200],
        preheader=item.summary[:200],
        editorial="{bonjour},\n",
        archive=Archive.NONE,
        blocks=(block,),
    )
    with db.atomic():
        issue = rules.create(Kind.MESSAGE, content)
        return audience_of(mailings.open_for(issue.kind, issue.id))
