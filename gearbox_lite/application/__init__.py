"""Loading the user's application, its logging, and telling its code from everyone else's."""
