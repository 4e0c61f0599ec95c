"""Add code to an existing project: ``gearbox-lite scaffold``."""
