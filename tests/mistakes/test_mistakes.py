"""Every mistake of the tables in cases is answered in whole lines, the same in every mode."""

from __future__ import annotations

from collections import Counter

import pytest
from mistakes.runner import run_case
from mistakes.tables import TOPICS
from support.helpers import new_project

CASES = [case for topic in TOPICS for case in topic.cases]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.mistake)
def test_the_answer_is_the_whole_line_in_every_mode(case, tmp_path):
    run_case(case, new_project(tmp_path))


def test_each_mistake_has_a_name_of_its_own():
    assert [name for name, count in Counter(case.mistake for case in CASES).items() if count > 1] == []
