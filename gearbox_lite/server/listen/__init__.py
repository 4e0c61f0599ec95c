"""Addresses and listening sockets: from settings to what the kernel accepts on."""
