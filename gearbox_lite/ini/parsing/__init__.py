"""Read one ini: its text, the line of each value, references to variables, and the inis that it inherits from."""
