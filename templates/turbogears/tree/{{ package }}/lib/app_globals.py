"""What the whole application shares while it runs."""


class Globals:
    """Made once, when the application starts; it is ``app_globals`` everywhere."""
