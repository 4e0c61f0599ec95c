"""What all controllers have in common."""

from tg import TGController


class BaseController(TGController):
    """The base of the project's controllers.

    Its method ``_before``, once it has one, runs before each of theirs.
    """
