"""What events tell the floors below."""

from . import people as _people  # noqa: F401 (its tables)
