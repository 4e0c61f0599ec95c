"""One module a case: a TITLE, and ``measure(bench)`` that returns its figures."""
