"""``gearbox-lite shell``: code from the command line, from standard input, and typed at a terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
from importlib.util import find_spec

import pytest
from support.helpers import PROGRAM, TEST_TIMEOUT, line_of, set_option, unavailable
from support.warm import run


def test_app_keeps_secure_cookies_and_config_is_that_of_turbogears(project):
    set_option(project / "development.ini", "session.secure", "true")
    code = (
        "import tg\n"
        "print('retrieved MVL' in app.get('/setsession').goto('/getsession'), app.cookies.keys() == {'hello'})\n"
        "print(config is tg.config, config['package_name'], config['color'])\n"
    )
    result = run("shell", "--config", "development.ini", "color=blue", "-c", code, cwd=project)
    assert (result.returncode, result.stdout, result.stderr) == (0, "True True\nTrue hello blue\n", "")


def test_an_exception_of_the_application_shows_the_users_own_code_only_and_exits_with_1(project):
    root = project / "hello" / "controllers" / "tutorial.py"
    root.write_text(root.read_text().replace('session["user"] = "MVL"', "raise KeyError('from my code')"))
    result = run("shell", typed="print('before')\napp.get('/setsession')\nprint('after')\n", cwd=project)
    assert (result.returncode, result.stdout) == (1, "before\n")
    lines = result.stderr.splitlines()
    assert lines[0] == "Traceback of your code (most recent call last):"
    frames = [line for line in lines if line.startswith("  File")]
    assert frames[0] == '  File "<stdin>", line 2, in <module>'
    assert all(f'"{project}/' in frame for frame in frames[1:])
    assert frames[-1] == f'  File "{root}", line {line_of(root, "        raise")}, in setsession'
    assert "    app.get('/setsession')" in lines
    assert lines[-1] == "KeyError: 'from my code'"
    whole = run("-v", "shell", "-c", "app.get('/setsession')", cwd=project)
    assert whole.returncode == 1
    assert "site-packages" in whole.stderr


def test_the_exit_code_is_that_of_the_code(project):
    assert run("shell", "-c", "raise SystemExit(3)", cwd=project).returncode == 3
    broken = run("shell", "-c", "def half(\n", cwd=project)
    assert broken.returncode == 1
    assert broken.stderr.startswith('  File "<string>", line 1\n')
    assert broken.stderr.endswith("SyntaxError: '(' was never closed\n")


def test_an_application_of_another_framework_has_a_client_too(project):
    text = "def make(global_conf, **settings):\n    return application\n\n\n"
    text += "def application(environ, start):\n    start('200 OK', [('Content-Type', 'text/plain')])\n"
    text += "    return [b'plain']\n"
    (project / "plain.py").write_text(text)
    set_option(project / "development.ini", "paste.app_factory", "plain:make")
    result = run("shell", "-c", "print(app.get('/').text, 'config' in globals())", cwd=project)
    assert (result.returncode, result.stdout) == (0, "plain False\n")


def talk(project, tmp_path, hidden, code):
    """Type code that prints "200 OK 42" at a terminal, exit, and return the output and the exit code."""
    (tmp_path / "sitecustomize.py").write_text(f"import sys\nfor name in {hidden}: sys.modules[name] = None\n")
    ours, theirs = pty.openpty()
    environment = {"PYTHONPATH": str(tmp_path), "IPYTHONDIR": str(tmp_path), "HOME": str(tmp_path), "TERM": "xterm"}
    process = subprocess.Popen(
        [PROGRAM, "shell"], cwd=project, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, **environment}
    )
    os.close(theirs)
    written = b""

    def read_until(text):
        nonlocal written
        while text not in written:
            assert select.select([ours], [], [], TEST_TIMEOUT)[0], written.decode()
            written += os.read(ours, 10_000)

    try:
        read_until(b"In [" if "IPython" not in hidden else b">>>")
        os.write(ours, code.encode() + b"\r")
        read_until(b"200 OK 42")
        os.write(ours, b"exit()\r")
        with os.fdopen(ours, "rb", buffering=0, closefd=False) as rest:
            while select.select([ours], [], [], TEST_TIMEOUT)[0]:
                try:
                    written += rest.read(10_000) or b""
                except OSError:  # the other end is closed: the process has ended
                    break
        return written.decode(), process.wait(TEST_TIMEOUT)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


ASK = 'print(app.get("/").status, 6 * 7)'
SHELLS = ["IPython", "ptpython", "readline"]


@pytest.mark.parametrize(
    ("number", "code"), list(enumerate([ASK, ASK, ASK.replace("app.get", "ap\t.get")])), ids=SHELLS
)
def test_a_terminal_gets_the_best_installed_shell_and_the_plain_one_completes(project, tmp_path, number, code):
    if find_spec(SHELLS[number]) is None:
        unavailable(f"{SHELLS[number]} is not installed")
    written, exit_code = talk(project, tmp_path, SHELLS[:number], code)
    assert exit_code == 0
    assert "development.ini is loaded." in written
    assert "WebTest client" in written
    assert ("In [" in written, "\x1b[?12l" in written) == {0: (True, True), 1: (False, True), 2: (False, False)}[number]
