"""Nightly: the index of the search is compared with what the features hold."""

from cptsapp.kernel import search
from cptsapp.kernel.jobs import daily


@daily("04:20")
def rebuild_search():
    search.rebuild()
