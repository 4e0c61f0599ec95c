"""Puts the project's folder on the import path, so that the tests also run where it is not installed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
