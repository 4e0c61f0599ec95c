"""docs/security.md names a test for each promise."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[2]
PAGE = (TESTS.parent / "docs" / "security.md").read_text(encoding="utf-8")


def test_every_test_that_the_page_names_exists():
    named = set(re.findall(r"`((?:unit|integration)/[\w/]*test_\w+\.py)::(test_\w+)`", PAGE))
    assert len(named) > 40
    assert {name for name in named if f"def {name[1]}(" not in (TESTS / name[0]).read_text(encoding="utf-8")} == set()


def test_each_promise_has_a_test():
    rows = [line.split(" | ") for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    promises = [row for row in rows if row[0] != "| attack"]
    assert len(promises) > 30
    assert [row[0] for row in promises if len(row) != 3 or "::test_" not in row[2]] == []
