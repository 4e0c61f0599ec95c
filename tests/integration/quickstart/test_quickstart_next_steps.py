"""quickstart's next steps: commands that work when pasted into the user's shell."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.helpers import PROGRAM, Browser, Served, add_line, run, unavailable


def next_steps(*arguments, cwd, **environment):
    result = run("quickstart", "hello", *arguments, cwd=cwd, **environment)
    assert result.returncode == 0, result.stderr
    return [line.strip() for line in result.stdout.partition("Next steps:\n")[2].splitlines()]


def paste(shell, lines, cwd):
    found = shutil.which(shell)
    if found is None:
        unavailable(f"{shell} is not installed")
    return subprocess.run(
        [found, "-c", "\n".join(lines)], cwd=cwd, capture_output=True, text=True, check=True, timeout=30
    ).stdout.strip()


@pytest.mark.parametrize("shell", ["sh", "bash", "zsh", "fish"])
def test_the_pasted_steps_serve_the_project(tmp_path, shell):
    """The shell's PATH has no gearbox-lite, as when the virtual environment is not activated."""
    if shutil.which(shell) is None:
        unavailable(f"{shell} is not installed")
    folder = tmp_path / "a 'quote' and $HOME"
    folder.mkdir()
    cd, serve = next_steps("-o", folder.name, cwd=tmp_path, PATH="/usr/bin:/bin", SHELL=f"/bin/{shell}")
    ini = folder / "hello/development.ini"
    add_line(ini, "server:main", "ident = pasted")
    ini.write_text(ini.read_text().replace("port = 8080", "port = 0").replace("reload = true", "reload = false"))
    with Served([shell, "-c", f"{cd}\nexec {serve}"], tmp_path, PATH="/usr/bin:/bin") as served:
        assert Browser(served.url).get("/").header("Server") == "pasted"
        assert served.end() == 0


@pytest.mark.parametrize("shell", ["sh", "bash", "zsh", "fish"])
@pytest.mark.parametrize("folder", ["=x", "-x", "~", r"\\ '"])
def test_the_cd_step_quotes_unusual_folder_names(tmp_path, shell, folder):
    (tmp_path / folder).mkdir()
    cd, _ = next_steps(f"--output-dir={folder}", cwd=tmp_path, SHELL=shell)
    assert paste(shell, [cd, "pwd"], tmp_path) == str(tmp_path / folder / "hello")


def test_the_steps_work_in_a_shell_whose_folder_was_replaced(tmp_path):
    """The rename replaces the empty folder, and the shell's working directory is still the deleted one."""
    (tmp_path / "hello").mkdir()
    program = f"{PROGRAM} quickstart hello -o .. | sed -n 's/^  cd /cd /p' > ../steps; . ../steps; ls development.ini"
    assert paste("sh", [program], tmp_path / "hello") == "development.ini"


def test_the_steps_use_the_short_command_if_it_is_on_the_path(tmp_path):
    steps = next_steps(cwd=tmp_path, PATH=f"{Path(PROGRAM).parent}:/usr/bin")
    assert steps == ["cd hello", "gearbox-lite serve development.ini"]
    module = subprocess.run(
        [sys.executable, "-m", "gearbox_lite", "quickstart", "other"],
        cwd=tmp_path, capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    assert f"{sys.executable} -m gearbox_lite serve development.ini" in module.stdout


@pytest.mark.parametrize(
    ("options", "extras", "package"),
    [
        (["--session", "cookie"], None, None),
        (["--session", "cookie", "--encrypt"], "encryption", None),
        (["--session", "database"], "database", None),
        (["--session", "redis", "--encrypt"], "redis,encryption", "redis-server"),
        (["--session", "memcached"], "memcached", "memcached"),
        (["--session", "postgresql"], "postgresql", "postgresql"),
    ],
)
def test_the_steps_install_the_session_store_before_serving(tmp_path, options, extras, package):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "apt-get").symlink_to("/bin/true")
    steps = next_steps(*options, cwd=tmp_path, PATH=f"{Path(PROGRAM).parent}:{tmp_path}/bin")
    assert steps[-2:] == ["cd hello", "gearbox-lite serve development.ini"]
    expected = [f"pip install 'gearbox-lite[{extras}]'"] if extras else []
    expected += [f"apt-get install {package}"] if package else []
    assert [step.removeprefix("sudo ") for step in steps[:-2]][: len(expected)] == expected
    assert ("createdb" in " ".join(steps)) == (package == "postgresql")


def test_the_steps_create_the_tables_of_a_database_before_serving(tmp_path):
    steps = next_steps("--database", "--session", "redis", cwd=tmp_path, PATH=f"{Path(PROGRAM).parent}:{tmp_path}")
    assert steps == [
        "pip install 'gearbox-lite[redis,migrate]'",
        "cd hello",
        "gearbox-lite migrate upgrade",
        "gearbox-lite serve development.ini",
    ]


@pytest.mark.parametrize("shell", ["sh", "bash", "zsh", "fish"])
def test_the_cd_step_escapes_control_characters(tmp_path, shell):
    name = "a\x1b]0;owned\x07\n\x9b'\\%d\u202e b"
    cd, _ = next_steps(f"--output-dir={name}", cwd=tmp_path, SHELL=shell)
    assert cd.isprintable()
    assert paste(shell, [cd, "pwd"], tmp_path) == str(tmp_path / name / "hello")
