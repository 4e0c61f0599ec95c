"""A simulated supervisor and its workers, for tests without processes."""
