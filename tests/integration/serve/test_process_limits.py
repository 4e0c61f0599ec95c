"""Threads when a process exits, system limits in one line, and ``wsgi.multiprocess``."""

from __future__ import annotations

import subprocess

import pytest
from support.helpers import PROGRAM, TEST_TIMEOUT, Browser
from support.plain import serve_site, write_site
from support.reloading import wait_until


@pytest.mark.parametrize(("workers", "expected"), [(1, "False"), (2, "True")])
def test_wsgi_multiprocess_is_true_with_several_workers(tmp_path, workers, expected):
    """https://peps.python.org/pep-3333/#environ-variables"""
    more = "def answer(path, environ):\n    return environ['wsgi.multiprocess'], environ['wsgi.multithread']\n"
    write_site(tmp_path, more=more)
    with serve_site(tmp_path, "--workers", workers) as served:
        assert Browser(served.url).get("/").text == f"({expected}, True)"
        assert served.end() == 0


THREADS = """
import concurrent.futures, threading, time
def work(name):
    while not os.path.exists('go'): time.sleep(0.01)
    open(name, 'w').close()
def answer(path, environ):
    threading.Thread(target=work, args=['thread done']).start()
    concurrent.futures.ThreadPoolExecutor(1).submit(work, 'pool done')
    return 'started'
"""


@pytest.mark.parametrize("arguments", [["--no-reload"], ["--workers", "2"]])
def test_threads_and_pools_of_the_application_finish_before_a_process_exits(tmp_path, arguments):
    """As Python waits for them when a program exits."""
    write_site(tmp_path, more=THREADS, serve_lines="drain_timeout = 50")
    with serve_site(tmp_path, *arguments) as served:
        assert Browser(served.url).get("/").text == "started"
        served.process.terminate()
        wait_until(lambda: refuses(served))
        (tmp_path / "go").touch()
        assert served.process.wait(TEST_TIMEOUT) == 0
        assert served.end() == 0
        assert (tmp_path / "thread done").exists()
        assert (tmp_path / "pool done").exists()
        assert "have been cut" not in served.output


@pytest.mark.parametrize("arguments", [["--no-reload"], ["--workers", "2"]])
def test_threads_that_do_not_finish_within_drain_timeout_are_stopped_and_named(tmp_path, arguments):
    write_site(tmp_path, more=THREADS, serve_lines="drain_timeout = 1")
    with serve_site(tmp_path, *arguments) as served:
        assert Browser(served.url).get("/").text == "started"
        assert served.end() == 0
        assert "threads still ran after drain_timeout = 1 seconds and have been cut:" in served.output
        assert not (tmp_path / "thread done").exists()


def refuses(served):
    try:
        Browser(served.url).get("/")
    except OSError:
        return True
    return False


@pytest.mark.parametrize("workers", ["1", "2"])
def test_no_room_for_threads_is_one_line_with_the_limits_to_raise(tmp_path, workers):
    write_site(tmp_path)
    (tmp_path / "site_code.py").write_text(
        "import threading\n"
        'def refuse(self): raise RuntimeError("can\'t start new thread")\n'
        "def make(global_conf, **settings):\n"
        "    threading.Thread.start = refuse\n"
        "    return lambda environ, start_response: []\n"
    )
    result = subprocess.run(
        [PROGRAM, "serve", "--workers", workers], cwd=tmp_path, capture_output=True, text=True, timeout=TEST_TIMEOUT,
        check=False,
    )  # fmt: skip
    assert result.returncode == 1
    (line,) = [line for line in result.stderr.splitlines() if "Error" in line]
    assert "ulimit" in line
    assert "Traceback" not in result.stderr
