"""Code that the controllers and templates share."""
