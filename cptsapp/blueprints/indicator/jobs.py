"""Once a day: at the end of each month, what the computations give is noted, for the trends."""

from datetime import date, timedelta

from cptsapp.kernel.jobs import daily

from . import recording


@daily("04:40")
def note_figures(day: date):
    """Note the last day of the month before, once; a job that runs late notes the same."""
    recording.record_day(day.replace(day=1) - timedelta(days=1))
