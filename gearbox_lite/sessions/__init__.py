"""Beaker sessions with checked options, as a PasteDeploy filter for any WSGI application."""
