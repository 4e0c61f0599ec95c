"""Pages, found here by their dotted names."""
