"""Reading PasteDeploy ini files, and saying where in them a value was set."""
