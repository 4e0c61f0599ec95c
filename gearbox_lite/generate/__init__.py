"""The generator: project names, templates, and writing a project atomically, all or nothing."""
