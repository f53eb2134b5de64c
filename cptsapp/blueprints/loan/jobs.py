"""In the morning: whoever is late to give equipment back is told, once."""

from datetime import date

from cptsapp.kernel.jobs import daily

from . import holding


@daily("08:40")
def remind_late(day: date):
    holding.remind_late(day)
