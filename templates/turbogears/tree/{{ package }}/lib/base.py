"""The base class of all controllers."""

from tg import TGController


class BaseController(TGController):
    """Add what all controllers of the project share.

    For example, a method ``_before`` would run before each of their methods.
    """
