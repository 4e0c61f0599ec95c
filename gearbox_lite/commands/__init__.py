"""One module per command: it parses the command line, calls the code that does the work, and prints the result."""
