"""``python -m gearbox_lite``."""

from gearbox_lite.cli import main

main()
