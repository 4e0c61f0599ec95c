"""A generated project requires the same gearbox-lite that generated it."""

from __future__ import annotations

import json

import pytest

from gearbox_lite import __version__
from gearbox_lite.generate import origin
from gearbox_lite.generate.origin import Origin

COMMIT = "0123456789012345678901234567890123456789"


def installed(folder, direct):
    info = folder / f"gearbox_lite-{__version__}.dist-info"
    info.mkdir()
    if direct is not None:
        (info / "direct_url.json").write_text(json.dumps(direct))
    return origin.detect_origin(folder)


def test_a_clone_requires_a_local_wheel(tmp_path):
    assert origin.detect_origin(tmp_path) == Origin(f"=={__version__}", is_local=True)


@pytest.mark.parametrize(
    ("direct", "expected"),
    [
        (None, Origin(f">={__version__}", is_local=False)),
        ({"url": "file:///home/me/clone", "dir_info": {}}, Origin(f"=={__version__}", is_local=True)),
        ({"url": "file:///home/me/clone", "dir_info": {"editable": True}}, Origin(f"=={__version__}", is_local=True)),
        ({"url": "file:///w/gearbox_lite.whl", "archive_info": {}}, Origin(f"=={__version__}", is_local=True)),
        (
            {
                "url": "https://example.org/g.git",
                "vcs_info": {"vcs": "git", "commit_id": COMMIT},
            },
            Origin(f" @ git+https://example.org/g.git@{COMMIT}", is_local=False),
        ),
        (
            {
                "url": "https://m:p@example.org/g",
                "vcs_info": {"vcs": "git", "commit_id": COMMIT},
                "subdirectory": "x",
            },
            Origin(f" @ git+https://example.org/g@{COMMIT}#subdirectory=x", is_local=False),
        ),
        (
            {"url": "https://example.org/g.whl", "archive_info": {"hashes": {"sha256": "ab"}}},
            Origin(" @ https://example.org/g.whl#sha256=ab", is_local=False),
        ),
    ],
)
def test_an_installation_is_required_from_the_url_that_pip_recorded(tmp_path, direct, expected):
    assert installed(tmp_path, direct) == expected
