"""Objects that the whole application shares."""


class Globals:
    """Created once, when the application starts; available as ``tg.app_globals``."""
