"""Each day: those who decide are told what waits, the running campaigns send what is due."""

from datetime import date

from cptsapp.kernel.jobs import daily, job

from . import deciding, renewing


@daily("07:30")
def remind_deciders(day: date):
    deciding.remind_deciders(day)


@daily("08:15")
def remind_members(day: date):
    renewing.send_due(day)


@job
def send_renewals():
    renewing.send_due()
