"""What all controllers have in common."""

from tg import TGController


class BaseController(TGController):
    """The base of the project's controllers; override ``_before`` to run code before each of their methods."""
