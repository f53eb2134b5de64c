"""Every night, what nobody answered in time ends, and what has lost an entry; in the morning, the reminders."""

from datetime import date

from cptsapp.kernel.jobs import daily

from . import rules


@daily("00:20")
def close_dead(day: date):
    rules.close_dead(day)


@daily("08:50")
def remind(day: date):
    rules.remind(day)
