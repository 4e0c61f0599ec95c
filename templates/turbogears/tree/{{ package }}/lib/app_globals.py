"""What the whole application shares while it runs."""


class Globals:
    """One instance is made when the application starts; controllers and templates know it as ``app_globals``."""
