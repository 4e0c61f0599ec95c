"""Bytecode is trusted, written and replaced so that no save is ever answered by stale bytecode."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from importlib.util import cache_from_source
from pathlib import Path

IMPORT = "from gearbox_lite.server.worker import bytecode; bytecode.install(); import part; print(part.VERSION)"


def imported(folder):
    command = [sys.executable, "-c", IMPORT]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return result.stdout.strip()


def save(folder, text, age):
    """Write a module with a time this many seconds ago, and return the path of its bytecode."""
    source = folder / "part.py"
    source.write_text(text)
    os.utime(source, (time.time() - age,) * 2)
    return Path(cache_from_source(source))


def test_bytecode_of_a_file_that_was_just_saved_is_neither_trusted_nor_written(tmp_path):
    bytecode = save(tmp_path, "VERSION = 1", age=0)
    assert imported(tmp_path) == "1"
    assert not bytecode.exists()


def test_bytecode_of_an_old_file_is_written_and_trusted(tmp_path):
    bytecode = save(tmp_path, "VERSION = 1", age=100)
    assert imported(tmp_path) == "1"
    assert bytecode.exists()
    before = bytecode.stat().st_mtime_ns
    assert imported(tmp_path) == "1"
    assert bytecode.stat().st_mtime_ns == before


def test_bytecode_that_is_older_than_the_file_is_replaced(tmp_path):
    bytecode = save(tmp_path, "VERSION = 1", age=100)
    imported(tmp_path)
    os.utime(bytecode, (time.time() - 90,) * 2)
    assert save(tmp_path, "VERSION = 2", age=10) == bytecode
    assert imported(tmp_path) == "2"
    assert bytecode.stat().st_mtime > time.time() - 10
