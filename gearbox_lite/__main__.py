"""``python -m gearbox_lite``."""

from gearbox_lite.cli import main

if __name__ == "__main__":  # the workers' processes import this module too
    main()
