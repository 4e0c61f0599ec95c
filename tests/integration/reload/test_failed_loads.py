"""Several workers, some of which fail to load: all serve one version, and each failure is logged and retried."""

from __future__ import annotations

import os
import re
import signal

import psutil
from support.helpers import Browser, run
from support.plain import serve_site, write_code, write_site
from support.reloading import is_zombie, wait_until, workers_of


def answers(served, count=30):
    return {(answer.status, answer.text) for answer in (Browser(served.url).get("/") for _ in range(count))}


LEAVES_A_MARK = "open(f'loaded-{os.getpid()}', 'w').close()"


def loaded_by_two(folder):
    """Return whether each of two workers has loaded what leaves a mark, so that later edits only concern reloads."""
    return lambda: len(list(folder.glob("loaded-*"))) == 2


SECOND_LOAD_FAILS = """
for turn in range(100):
    try:
        os.mkdir(f"turn-{turn}")
        break
    except FileExistsError:
        pass
if turn == 1:
    raise ValueError("the second one")
"""


def test_a_worker_that_fails_to_load_at_the_first_start_is_logged_and_retried_while_the_others_serve(tmp_path):
    write_site(tmp_path, load=SECOND_LOAD_FAILS)
    with serve_site(tmp_path, "--workers", 3) as served:
        wait_until(lambda: (tmp_path / "turn-3").exists() and len(workers_of(served)) == 3)
        assert answers(served) == {(200, "one")}
        line = r"ValueError.*; worker \d \(process \d+\) failed to load; retrying in 0\.2 seconds"
        assert re.search(line, served.output), served.output
        assert served.end() == 0


def test_if_all_workers_fail_to_load_at_the_first_start_the_server_exits_with_the_failure(tmp_path):
    write_site(tmp_path, load="raise ValueError('never')")
    result = run("serve", "--workers", "2", cwd=tmp_path)
    assert result.returncode == 1
    assert "ValueError: never" in result.stderr
    assert result.stderr.count("Error: ") == 2, "the traceback's line, and ours"


def test_the_replacement_of_a_killed_worker_is_retried_until_it_loads(tmp_path):
    write_site(tmp_path, load="if os.path.exists('fail'):\n    os.remove('fail')\n    raise ValueError('once')\n")
    with serve_site(tmp_path, "--workers", 2) as served:
        wait_until(lambda: len(workers_of(served)) == 2)
        before = workers_of(served)
        (tmp_path / "fail").touch()
        os.kill(min(before), signal.SIGKILL)
        wait_until(lambda: "failed to load; retrying in" in served.output)
        wait_until(lambda: len(workers_of(served) - {min(before)}) == 2)
        assert answers(served) == {(200, "one")}
        assert served.end() == 0


def test_a_reload_that_fails_once_in_one_worker_takes_effect_in_all(tmp_path):
    write_site(tmp_path, load=LEAVES_A_MARK)
    with serve_site(tmp_path, "--workers", 2) as served:
        wait_until(loaded_by_two(tmp_path))
        write_code(tmp_path, version="two", load=SECOND_LOAD_FAILS)
        served.process.send_signal(signal.SIGHUP)

        def serves_only_the_new_version():
            seen = answers(served, 4)
            assert seen <= {(200, "one"), (200, "two")}
            return seen == {(200, "two")}

        wait_until(serves_only_the_new_version)
        assert "failed to load; retrying in 0.2 seconds" in served.output
        assert (200, "one") not in answers(served)
        assert served.output.count("Reloaded ") == 1
        assert served.end() == 0


def test_a_reload_that_keeps_failing_in_one_worker_takes_effect_in_none_and_is_reported(tmp_path):
    write_site(tmp_path, load=LEAVES_A_MARK)
    with serve_site(tmp_path, "--workers", 2) as served:
        wait_until(loaded_by_two(tmp_path))
        before = workers_of(served)
        write_code(tmp_path, version="two", load="os.mkdir('first')\n")
        served.process.send_signal(signal.SIGHUP)
        kept = "the reload failed: the previous workers keep serving"
        wait_until(lambda: kept in served.output)
        assert served.output.count("retrying in") == 3
        wait_until(lambda: workers_of(served) == before)
        os.kill(min(before), signal.SIGKILL)  # its replacement must not serve the new code beside the old one
        wait_until(lambda: served.output.count(kept) == 2)
        assert answers(served, 10) == {(200, "one")}
        write_code(tmp_path, version="three")
        served.process.send_signal(signal.SIGHUP)
        wait_until(lambda: answers(served, 4) == {(200, "three")})
        assert served.end() == 0


def test_a_worker_that_crashes_after_a_failed_reload_is_restarted_once_the_application_loads_again(tmp_path):
    write_site(tmp_path, load=LEAVES_A_MARK)
    with serve_site(tmp_path, "--workers", 2) as served:
        wait_until(loaded_by_two(tmp_path))
        before = workers_of(served)
        write_code(tmp_path, version="two", load="if not os.path.exists('fixed'):\n    raise ValueError\n")
        served.process.send_signal(signal.SIGHUP)
        kept = "the reload failed: the previous workers keep serving"
        wait_until(lambda: kept in served.output and workers_of(served) == before)
        os.kill(min(before), signal.SIGKILL)
        wait_until(lambda: served.output.count(kept) == 2)  # its replacement does not load either
        (tmp_path / "fixed").touch()
        wait_until(lambda: answers(served, 4) == {(200, "two")})
        wait_until(lambda: len(workers_of(served)) == 2)
        assert served.end() == 0


EXCLUSIVE = """
import fcntl
held = open('lock', 'w')
fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
"""


def test_an_application_that_holds_an_exclusive_lock_is_reloaded_without_an_error_page(tmp_path):
    write_site(tmp_path, more=EXCLUSIVE, version="v0")
    with serve_site(tmp_path, "--reload") as served:
        for number in range(1, 4):
            write_code(tmp_path, more=EXCLUSIVE, version=f"v{number}")

            def serves_the_new_version(version=f"v{number}"):
                answer = Browser(served.url).get("/")
                assert answer.status == 200, answer.text
                return answer.text == version

            wait_until(serves_the_new_version)
        assert "BlockingIOError" not in served.output
        assert served.end() == 0


def test_an_edit_that_cannot_load_is_loaded_once_and_the_previous_worker_serves_until_the_error_page_does(tmp_path):
    """It drains only once its successor shows why; what only an edit can fix is not loaded twice."""
    write_site(tmp_path)
    with serve_site(tmp_path, "--reload") as served:
        write_code(tmp_path, more="open('loads', 'a').write('x')\nimport nosuchmodule\n")
        wait_until(lambda: Browser(served.url).get("/").status != 200)
        assert (tmp_path / "loads").read_text() == "x"
        write_code(tmp_path, more="open('loads', 'a').write('y')\nraise ValueError\n")
        wait_until(lambda: "y" in (tmp_path / "loads").read_text())
        write_code(tmp_path, version="two")
        wait_until(lambda: answers(served, 1) == {(200, "two")})
        assert served.end() == 0


def test_many_sighups_during_a_load_lead_to_one_more_load_and_no_zombies(tmp_path):
    write_site(tmp_path, load="open('loads', 'a').write('x')\n__import__('time').sleep(0.3)\n")
    with serve_site(tmp_path, "--workers", 2) as served:
        wait_until(lambda: len(workers_of(served)) == 2)
        for number in range(150):
            served.process.send_signal(signal.SIGHUP)
            if number % 30 == 0:
                wait_until(lambda number=number: served.output.count("Reloaded ") > number // 60)
        write_code(tmp_path, version="two")
        served.process.send_signal(signal.SIGHUP)
        wait_until(lambda: answers(served) == {(200, "two")})
        children = psutil.Process(served.process.pid).children(recursive=True)
        wait_until(lambda: not any(map(is_zombie, children)))
        assert served.end() == 0
