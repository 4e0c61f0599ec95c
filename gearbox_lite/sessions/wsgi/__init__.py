"""One request with its session: the lazy session, the response that saves it, and the 503 while the store is down."""
