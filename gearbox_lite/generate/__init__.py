"""The generator: project names, template folders, and writing all or nothing."""
