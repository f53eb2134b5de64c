"""Every few minutes: the reminders that are due."""

from cptsapp.kernel.jobs import every

from . import reminders


@every(minutes=5)
def send_reminders():
    reminders.send_due()
