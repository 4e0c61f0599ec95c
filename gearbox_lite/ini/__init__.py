"""PasteDeploy inis: find one, read it, locate the line of each value, and apply the command line's overrides.

``discover`` finds the ini; ``parsing`` reads one file; ``schema`` has the tables of known settings; ``validation``
finds what nothing reads; ``deploy`` follows what its sections use; ``precedence`` decides what wins; ``settings`` has
what the commands get. ``edit`` changes single options, atomically.
"""
