"""PasteDeploy inis: find one, read it, locate the line of each value, and apply the command line's overrides.

``discover`` finds the ini; ``text``, ``lines`` and ``ini_file`` read one file; ``deploy``, ``factories`` and
``inherited`` follow what its sections use; ``serve_section`` has the table of [serve]; ``precedence`` decides what
wins; ``settings`` has what the commands get. ``edit`` changes single options, atomically.
"""
