"""Every night: what nobody answered in time ends, and what has lost one of its two entries."""

from datetime import date

from cptsapp.kernel.jobs import daily

from . import rules


@daily("00:20")
def close_dead(day: date):
    rules.close_dead(day)
