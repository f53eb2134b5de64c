"""The figures of sendings."""

from cptsapp.kernel.dates import span
from cptsapp.kernel.mail import Kind, retention
from cptsapp.kernel.registry import indicator

from .models import Mailing


@indicator("mailing.started", "Envois collectifs", unit="envois")
def started(start, end) -> int:
    after, before = span(start, end)
    return Mailing.select().where(Mailing.started_at >= after, Mailing.started_at < before).count()


@indicator("mailing.recipients", "Messages collectifs reçus", unit="messages")
def recipients(start, end) -> int:
    return retention.count_sent(start, end, Kind.COLLECTIVE)
