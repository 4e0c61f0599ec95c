"""Answering HTTP requests: waitress, hardened and adapted, or another PasteDeploy server."""
