"""What an operator does to sessions: decode one, purge a store, rotate the keys."""
