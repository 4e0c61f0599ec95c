"""``check --url``: visit a running site as a new visitor would, and report what is wrong with its deployment."""
