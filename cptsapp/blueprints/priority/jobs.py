"""Every night, the votes whose last day is over are counted."""

from datetime import date

from cptsapp.kernel.jobs import daily

from . import rules


@daily("00:25")
def count_due(day: date):
    rules.close_due(day)
