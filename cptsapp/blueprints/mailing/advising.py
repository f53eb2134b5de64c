"""What to look at before a letter leaves: what its own feature says, and what only a sending can know."""

from datetime import timedelta

from cptsapp.kernel.db import now
from cptsapp.kernel.mail import Kind, MailSender, identity_for
from cptsapp.kernel.settings import settings

from . import audience, sources
from .compiling import compile
from .letters import Letter
from .models import Mailing
from .sources import Advice

OFTEN = timedelta(days=7)
MANY_PERCENT = 50


def advice(mailing: Mailing, letter: Letter, people: list[audience.Candidate]) -> list[Advice]:
    """Return what to say before sending; only what would harm readers stops it."""
    source = sources.find(mailing.source_key)
    compiled = compile(letter, identity_for(Kind.COLLECTIVE), list_id=source.list_id)
    found = list(source.advice(mailing.source_id))
    if compiled.is_too_heavy:
        found.append(Advice("Cette lettre dépasse 100 ko : Gmail en cachera la fin. Raccourcissez-la."))
    found += _told_lately(people)
    if settings.production and not settings.base_url.startswith("https://"):
        found.append(Advice("Le site n’est pas en https : les messageries n’offriront pas de se désinscrire."))
    if MailSender.state().is_paused:
        found.append(Advice("Le serveur d’envoi refuse les e-mails en ce moment : l’envoi attendra qu’il réponde."))
    return found


def _told_lately(people) -> list[Advice]:
    count = sum(not each.reason for each in people)
    told = audience.told_lately(people, now() - OFTEN) if count else 0
    if not count or told * 100 < MANY_PERCENT * count:
        return []
    return [Advice(f"{told * 100 // count} % de ces personnes ont déjà reçu un envoi collectif de vous cette semaine.")]
