"""The server around waitress: sockets, loading the application, draining."""
