"""Every night: what nobody has confirmed leaves the lists; in the morning, the reminders."""

from datetime import date

from cptsapp.kernel.jobs import daily

from . import freshness


@daily("00:10")
def expire_entries(day: date):
    freshness.expire(day)


@daily("08:30")
def remind_volunteers(day: date):
    freshness.send_reminders(day)
