"""One module per command: it parses the command line, calls the code that does the work, and prints the result.

The other modules help them: ``ini_parameters`` (shared parameters), ``next_steps`` and ``progress`` (quickstart),
``shell_words`` (quickstart, serve), ``option_groups`` and ``streams`` (serve), ``running_server`` (sessions) and
``root_warning`` (serve, check).
"""
