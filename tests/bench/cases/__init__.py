"""One module for each case, with a TITLE and ``measure(bench)``, which returns its figures."""
