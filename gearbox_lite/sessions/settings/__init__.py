"""Session options: their table, their conversion from an ini's text, and where an ini has them."""
