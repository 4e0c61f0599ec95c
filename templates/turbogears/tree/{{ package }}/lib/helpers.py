"""Functions for templates, where they are called as ``h.name()``."""

from datetime import datetime


def current_year():
    """Return this year, for the footer."""
    return datetime.now().year
