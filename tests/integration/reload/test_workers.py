"""Several workers: restarted when they crash, reloaded on SIGHUP, and never left behind by their supervisor."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
import threading

import psutil
import pytest
from support.helpers import PROGRAM, TEST_TIMEOUT, Browser, run, serve
from support.reloading import Client, answers_with, is_zombie, port_of, running, wait_until, workers_of, write_version


def test_a_killed_worker_is_restarted_and_only_its_own_requests_fail(project):
    write_version(project, "good")
    with serve(project, "--workers", "2", "--no-reload") as served:
        wait_until(lambda: len(workers_of(served)) == 2)
        clients = [Client(port_of(served), keep_alive=False) for _ in range(4)]
        with running(*clients):
            for _ in range(10):
                before = workers_of(served)
                os.kill(min(before), signal.SIGKILL)
                wait_until(lambda before=before: len(workers_of(served) - {min(before)}) == 2)
        assert sum(client.requests for client in clients) > 100
        assert sum(len(client.problems) for client in clients) <= 10 * 4
        assert not any(isinstance(problem, tuple) for client in clients for problem in client.problems)
        assert served.end() == 0


def test_workers_exit_when_the_supervisor_is_killed(project):
    with serve(project, "--reload") as served:
        wait_until(lambda: len(workers_of(served)) == 1)
        server = psutil.Process(served.process.pid)
        others = server.children(recursive=True)
        assert {one.pid for one in others} > workers_of(served), "the fork server too"
        port = port_of(served)
        served.process.kill()
        served.process.wait()

        def is_refused():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) != 0

        wait_until(is_refused)
        wait_until(lambda: not any(one.is_running() for one in others))


def test_workers_that_are_still_loading_exit_when_the_supervisor_is_killed(project):
    write_version(project, "one")
    root = project / "hello/controllers/root.py"
    with serve(project, "--reload") as served:
        loading = "import os, time\nopen('loading', 'w').write(str(os.getpid()))\nwhile True: time.sleep(0.01)\n"
        root.write_text(loading)
        wait_until(lambda: (project / "loading").exists() and (project / "loading").read_text())
        workers = [psutil.Process(pid) for pid in workers_of(served)]
        assert int((project / "loading").read_text()) in {one.pid for one in workers}
        served.process.kill()
        wait_until(lambda: not any(one.is_running() for one in workers))


def test_sighup_reloads_all_workers_and_imports_installed_modules_again(project, tmp_path):
    """As a deployment does after it has upgraded a library with pip."""
    library = tmp_path / "site-packages"
    library.mkdir()
    (library / "some_library.py").write_text("VERSION = 'library 1'\n")
    write_version(project, "one")
    root = project / "hello/controllers/root.py"
    root.write_text(root.read_text().replace('VERSION = "one"', "from some_library import VERSION"))
    with serve(project, "--workers", "2", PYTHONPATH=str(library)) as served:
        assert answers_with(served, "library 1")()
        before = workers_of(served)
        (library / "some_library.py").write_text("VERSION = 'library two'\n")
        served.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(workers_of(served)) == 2 and not workers_of(served) & before)
        wait_until(answers_with(served, "library two"))
        assert served.end() == 0


def test_a_large_library_is_imported_once_for_all_reloads(project, tmp_path):
    """The library counts its imports; only code of the project is imported at a reload."""
    library = tmp_path / "site-packages/big_library"
    library.mkdir(parents=True)
    (library / "__init__.py").write_text(
        "import importlib\n"
        f"with open({str(tmp_path / 'imports')!r}, 'a') as log: log.write('x')\n"
        "for number in range(40): importlib.import_module(f'big_library.part{number}')\n"
    )
    for number in range(40):
        (library / f"part{number}.py").write_text("")
    write_version(project, "v0")
    root = project / "hello/controllers/root.py"
    with serve(project, "--reload", PYTHONPATH=str(library.parent)) as served:
        for number in range(1, 5):
            root.write_text("import big_library\n" + root.read_text().replace(f"v{number - 1}", f"v{number}"))
            wait_until(answers_with(served, f"v{number}"))
        assert (tmp_path / "imports").read_text() == "xx"  # by the first worker that needed it, and by the fork server


def test_a_server_may_be_shut_down_while_some_of_its_workers_are_still_loading(project):
    for _ in range(5):
        with serve(
            project, "--workers", "4", "--no-reload"
        ) as served:  # the server announces its start when the first worker is ready
            assert served.end() == 0


def test_atexit_handlers_run_when_a_worker_exits(project):
    write_version(project, "one")
    root = project / "hello/controllers/root.py"
    root.write_text(root.read_text() + "\nimport atexit\natexit.register(lambda: open('ended', 'w').close())\n")
    with serve(project, "--workers", "2") as served:
        assert served.end() == 0
    assert (project / "ended").exists()


def test_a_worker_that_crashes_again_and_again_is_restarted_with_backoff_and_that_is_logged(project):
    write_version(project, "one")
    root = project / "hello/controllers/root.py"
    root.write_text(root.read_text() + "\n    @expose()\n    def die(self):\n        __import__('os')._exit(7)\n")
    with serve(project, "--reload") as served:
        for _ in range(3):
            with pytest.raises(OSError):
                Browser(served.url).get("/die")
            wait_until(answers_with(served, "one"))
        assert served.output.count("exited (exit code 7); restarting\n") == 1
        assert served.output.count("exited (exit code 7); restarting in 0.2 seconds\n") == 1
        assert served.output.count("exited (exit code 7); restarting in 0.4 seconds\n") == 1


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import os; os._exit(7)", "the application ended Python while it loaded: exit code 7"),
        ("raise SystemExit(3)", "root.py line 1 ended Python: raise SystemExit(3)"),
        ("raise KeyboardInterrupt", "the application ended Python while it loaded: KeyboardInterrupt()"),
        ("import os; os.abort()", "the application ended Python while it loaded: SIGABRT"),
    ],
)
def test_code_that_ends_python_while_it_loads_leads_to_the_error_page(project, code, reason):
    write_version(project, "one")
    with serve(project, "--reload") as served:
        (project / "hello/controllers/root.py").write_text(f"{code}\n")
        wait_until(answers_with(served, reason))
        write_version(project, "two")
        wait_until(answers_with(served, "two"))
        assert served.end() == 0


def loading_workers(project, served):
    """Return the workers that are loading the application, which waits for a file."""

    def loading():  # without those of a load that the next change has canceled
        return {int(path.name.partition("-")[2]) for path in project.glob("loading-*")} & workers_of(served)

    wait_until(lambda: len(loading()) == 2)
    return loading()


def test_a_worker_that_is_killed_while_it_loads_a_change_is_restarted(project):
    write_version(project, "one")
    with serve(project, "--reload", "--workers", "2") as served:
        wait_until(lambda: len(workers_of(served)) == 2)
        write_version(project, "two")
        root = project / "hello/controllers/root.py"
        with root.open("a") as file:
            file.write("import os, time\nopen(f'loading-{os.getpid()}', 'w').close()\n")
            file.write("while not os.path.exists('load'): time.sleep(0.01)\n")
        os.kill(min(loading_workers(project, served)), signal.SIGKILL)
        (project / "load").touch()
        wait_until(lambda: len(workers_of(served)) == 2 and served.output.count("Reloaded ") >= 1)
        for _ in range(3):  # most likely, each worker answers more than once
            wait_until(lambda: all(answers_with(served, "two")() for _ in range(20)))
        assert served.end() == 0


def test_a_worker_that_receives_sigterm_is_replaced_before_it_has_finished(project):
    write_version(project, "one")
    with serve(project, "--workers", "1", "--reload") as served:
        answers = []
        client = threading.Thread(target=lambda: answers.append(Browser(served.url).get("/slow").text))
        client.start()
        wait_until((project / "started").exists)
        (worker,) = workers_of(served)
        os.kill(worker, signal.SIGTERM)
        wait_until(answers_with(served, "one"))  # by its replacement
        (project / "go").touch()
        client.join()
        assert answers == ["one"]
        assert served.output.count("received SIGTERM; starting another one") == 1


def test_a_worker_that_cannot_be_started_is_retried_while_the_others_serve(project):
    write_version(project, "one")
    with serve(project, "--workers", "2", "--no-reload") as served:
        wait_until(lambda: len(workers_of(served)) == 2)
        supervisor = psutil.Process(served.process.pid)
        limits = supervisor.rlimit(psutil.RLIMIT_NOFILE)
        supervisor.rlimit(psutil.RLIMIT_NOFILE, (8, limits[1]))  # no more than it has open
        os.kill(min(workers_of(served)), signal.SIGKILL)
        wait_until(lambda: "could not start worker" in served.output)
        assert answers_with(served, "one")()
        supervisor.rlimit(psutil.RLIMIT_NOFILE, limits)
        wait_until(lambda: len(workers_of(served)) == 2)
        assert served.end() == 0


def test_a_killed_fork_server_cuts_no_request_and_is_replaced(project):
    write_version(project, "one")
    with serve(project, "--workers", "2", "--reload") as served:
        wait_until(lambda: len(workers_of(served)) == 2)
        before = workers_of(served)
        answers = []
        client = threading.Thread(target=lambda: answers.append(Browser(served.url).get("/slow").text))
        client.start()
        wait_until((project / "started").exists)
        (fork_server,) = psutil.Process(served.process.pid).children()
        fork_server.kill()
        wait_until(lambda: not fork_server.is_running() or is_zombie(fork_server))
        assert answers_with(served, "one")()
        write_version(project, "two")
        wait_until(answers_with(served, "two"))
        (project / "go").touch()
        client.join()
        assert answers == ["one"]
        wait_until(lambda: not any(psutil.pid_exists(pid) for pid in before))
        assert served.end() == 0


@pytest.mark.parametrize("arguments", [["--reload"], ["--reload", "--workers", "2"]])
def test_code_that_ends_python_at_the_first_start_leads_to_the_error_page(project, arguments):
    root = project / "hello/controllers/root.py"
    root.write_text("import os; os._exit(7)\n")
    with serve(project, *arguments) as served:
        assert "the application ended Python while it loaded: exit code 7" in Browser(served.url).get("/").text
        write_version(project, "good")
        wait_until(answers_with(served, "good"))
        assert served.output.count("exit code 7") == 1


def test_code_that_ends_python_at_the_first_start_is_one_line_without_reload(project):
    (project / "hello/controllers/root.py").write_text("import os; os._exit(7)\n")
    result = run("serve", "--port=0", "--workers=2", "--no-reload", cwd=project)
    assert result.returncode == 1
    assert result.stderr == "Error: development.ini: the application ended Python while it loaded: exit code 7\n"


@pytest.mark.parametrize("children", [0, 1])
def test_ctrl_c_during_the_start_shows_no_traceback(project, children):
    """Before and after the fork server has started; a terminal sends SIGINT to all processes."""
    process = subprocess.Popen(
        [PROGRAM, "serve", "--reload", "--port", "0"], cwd=project, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    server = psutil.Process(process.pid)
    wait_until(lambda: len(server.children()) >= children and (children or server.num_threads() > 1))
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=TEST_TIMEOUT)
    assert process.returncode == 0
    assert "Traceback" not in output
    assert "KeyboardInterrupt" not in output


def test_closing_the_terminal_shuts_the_server_down(project):
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(project)
        os.execv(PROGRAM, [PROGRAM, "serve", "--reload", "--port", "0"])
    text = ""
    while "stop     Ctrl-C" not in text:
        text += os.read(terminal, 1000).decode()
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
