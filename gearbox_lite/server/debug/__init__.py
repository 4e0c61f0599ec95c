"""Debug pages: whether an application shows one, who can reach it, and what guards it."""
