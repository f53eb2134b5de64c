"""The index follows the files: after each change, and each minute for what falls due."""

from cptsapp.kernel.jobs import every, job

from . import desk
from .models import ARTICLES


@job
def reindex():
    desk.sync_search()


@every(minutes=1)
def index_due():
    desk.sync_search()


ARTICLES.on_change.append(reindex.later)
