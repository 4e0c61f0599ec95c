"""A running site as a visitor meets it, for ``check --url``."""
