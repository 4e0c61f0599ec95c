"""Debug pages, which run code: whether an application shows one, who can reach it, and what guards it."""
