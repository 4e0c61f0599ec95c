"""Page templates, which controllers name as modules of this package."""
