"""A message to people chosen one by one, in whatever list."""

from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError

from . import audience, sources
from .models import Mailing
from .rules import open_for, set_audience


@db.atomic()
def open_to(person_ids: list[int]) -> Mailing:
    """Start an empty message to people chosen one by one; return its sending. Raises RuleError for nobody."""
    steps, source = audience.chosen(person_ids), sources.creating()
    if source is None:
        raise RuleError("Aucune sorte de message ne peut être écrite sur cette installation.")
    mailing = open_for(source.key, source.create())
    return set_audience(mailing.id, steps)
