"""gearbox-lite: quickstart a TurboGears 2 project and serve it."""

__version__ = "0.1.0"
