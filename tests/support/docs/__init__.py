"""Pages of the documentation as scripts: ``pages`` parses them, and ``Reader`` follows them in a real shell."""
