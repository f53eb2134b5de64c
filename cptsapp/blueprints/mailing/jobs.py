"""Each minute: the sendings whose hour has come start, those that have ended are marked so."""

from cptsapp.kernel.jobs import every

from . import rules


@every(minutes=1)
def start_due_mailings():
    rules.start_due()
    rules.tidy()
