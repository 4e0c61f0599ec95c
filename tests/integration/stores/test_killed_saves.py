"""A process that is killed while it saves a session leaves the old value or the new one, never a part of either."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from conftest import options_of
from support.helpers import REPOSITORY

# Saves sessions in a child process until it is killed, many times; each time the session must be readable. A file that
# only exists during a save (the file store's draft, SQLite's journal) shows that the kill came in the middle of one.
# SQLite takes longer to save, so most kills come in the middle; for the file store few do, so it needs more rounds.
KILLER = """
import json, os, random, signal, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from support.sessions import wrap, application
options, rounds, folder = json.loads(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])

def request(app, query, cookie=""):
    answers = []
    environ = {"PATH_INFO": "/set" if query else "/get", "QUERY_STRING": query, "HTTP_COOKIE": cookie}
    body = b"".join(app(environ, lambda status, headers, exc=None: answers.append((status, dict(headers)))))
    return answers[0], json.loads(body)

answer, _ = request(wrap(options), "value=start")
cookie = answer[1]["Set-Cookie"].partition(";")[0]
interrupted, randomness = 0, random.Random(7)
for number in range(rounds):
    if interrupted == 60:
        break
    ready, write = os.pipe()
    child = os.fork()
    if child == 0:
        app, count = wrap(options), 0
        while True:
            request(app, f"value={number}-{count}-" + "x" * 3000, cookie)
            count += 1
            if count == 1:
                os.write(write, b"x")
    os.read(ready, 1)
    time.sleep(randomness.random() * 0.004)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(ready)
    os.close(write)
    interrupted += any(path.name.endswith((".temp", "-journal")) for path in folder.rglob("*"))
    answer, values = request(wrap(options), "", cookie)
    assert answer[0] == "200 OK", answer
    assert values["value"].startswith(f"{number}-") and values["value"].endswith("x" * 3000), values
print(interrupted)
"""


@pytest.mark.parametrize("kind", ["file", "sqlite"])
def test_a_killed_save_leaves_the_old_or_the_new_value(kind, tmp_path):
    options = options_of(kind, tmp_path, None)
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILLER, REPOSITORY / "tests", json.dumps(options), "200", tmp_path],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) >= 5, "too few kills came in the middle of a save"
