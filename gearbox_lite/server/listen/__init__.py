"""Addresses and listening sockets: from the settings to sockets that are bound and listen."""
