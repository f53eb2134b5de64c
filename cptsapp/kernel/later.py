"""Libraries that weigh much and serve seldom: named at the top of a file like any other, read at their first use.

    fpdf = Later("fpdf")    # thirty megabytes and a fifth of a second, for the one process that draws a page

A site that starts waits for none of them, and its processes hold only those that they use.
"""

from importlib import import_module


class Later:
    """A module by its name, imported when something of it is asked for (once, however many threads ask)."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, attribute: str):
        return getattr(import_module(self._name), attribute)
