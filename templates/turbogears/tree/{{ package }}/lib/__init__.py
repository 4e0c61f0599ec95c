"""Shared by the controllers and templates."""
