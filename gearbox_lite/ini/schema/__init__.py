"""Tables of the settings that are known: ours, waitress', and those of other programs with what each is called here."""
