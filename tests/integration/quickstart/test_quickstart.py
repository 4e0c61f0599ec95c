"""quickstart as a process writes the project atomically: all or nothing, whatever interrupts it."""

from __future__ import annotations

import ast
import os
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from support.helpers import PROGRAM, REPOSITORY, Browser, Served, run

# Runs quickstart, and sends itself a signal at its nth step that changes the disk.
DIE_AT = """
import os, sys
step, number, *arguments = sys.argv[1:]
steps = 0
def watch(event, details):
    global steps
    writes = event == "open" and isinstance(details[2], int) and details[2] & os.O_CREAT
    if event in ("os.mkdir", "os.rename", "shutil.rmtree") or writes:
        steps += 1
        if steps == int(step):
            os.kill(os.getpid(), int(number))
from gearbox_lite.cli import main
import gearbox_lite.commands.quickstart
sys.addaudithook(watch)
try:
    main(arguments)
finally:
    print("steps", steps, file=sys.stderr)
"""


def die_at(step: int, number: int, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-B", "-c", DIE_AT, str(step), str(int(number)), "quickstart", "hello"],
        cwd=folder, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("whole")
    run("quickstart", "hello", cwd=folder)
    return everything(folder)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("step", [1, 2, 3, 9, 20, 33])
def test_an_interrupted_quickstart_leaves_nothing_and_the_next_run_succeeds(tmp_path, number, step, whole):
    result = die_at(step, number, tmp_path)
    assert result.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
    assert visible(tmp_path) == []
    if number == signal.SIGINT:
        assert everything(tmp_path) == []
    assert run("quickstart", "hello", cwd=tmp_path).returncode == 0
    assert everything(tmp_path) == whole


def test_a_kill_before_the_rename_leaves_nothing_and_after_it_the_whole_project(tmp_path, whole):
    """The last two steps rename the project and remove the empty staging folder; the audit hook runs before each."""
    folders = [tmp_path / name for name in ("counted", "before", "after")]
    for folder in folders:
        folder.mkdir()
    steps = int(die_at(0, signal.SIGKILL, folders[0]).stderr.split()[-1])
    die_at(steps - 1, signal.SIGKILL, folders[1])
    assert visible(folders[1]) == []
    die_at(steps, signal.SIGKILL, folders[2])
    assert visible(folders[2]) == ["hello"]
    assert [path for path in everything(folders[2]) if not path.startswith(".")] == whole


def test_the_staging_folder_of_a_running_quickstart_is_kept(tmp_path):
    import fcntl

    staging = tmp_path / ".hello.gearbox-lite-running"
    staging.mkdir()
    descriptor = os.open(staging, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        assert run("quickstart", "hello", cwd=tmp_path).returncode == 0
    finally:
        os.close(descriptor)
    assert staging.is_dir()


def test_a_full_disk_leaves_nothing(tmp_path):
    result = subprocess.run(
        [PROGRAM, "quickstart", "hello"], cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
    )  # fmt: skip
    assert result.returncode == 1
    assert re.fullmatch(
        r"Error: hello: cannot write the project: File too large; nothing was written.*\n", result.stderr
    )
    assert everything(tmp_path) == []


def test_a_read_only_file_system_leaves_nothing_and_is_one_line():
    """/proc is a file system on which even root cannot create files."""
    result = run("quickstart", "hello", "--output-dir", "/proc/self")
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "nothing was written" in result.stderr


def test_a_broken_template_leaves_nothing(tmp_path):
    """quickstart runs from a copy of the package whose template is broken."""
    checkout = tmp_path / "checkout"
    for name in ("gearbox_lite", "templates"):
        shutil.copytree(REPOSITORY / name, checkout / name)
    ini = checkout / "templates/turbogears/tree/development.ini.j2"
    ini.write_text(ini.read_text() + "{{ nothing }}\n")
    work = tmp_path / "work"
    work.mkdir()
    result = subprocess.run(
        [sys.executable, "-m", "gearbox_lite", "quickstart", "hello"],
        cwd=work, env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    line = len(ini.read_text().splitlines())
    assert re.search(rf"development\.ini\.j2:{line}: .*'nothing' is undefined", result.stderr)
    assert everything(work) == []


def test_a_target_that_is_not_empty_is_refused_and_kept(tmp_path):
    (tmp_path / "hello").mkdir()
    (tmp_path / "hello/mine.txt").write_text("mine")
    result = run("quickstart", "hello", cwd=tmp_path)
    assert result.returncode == 2
    assert "not empty" in result.stderr
    assert everything(tmp_path) == ["hello", "hello/mine.txt"]


def test_a_missing_output_folder_is_created_and_removed_if_writing_fails(tmp_path):
    assert run("quickstart", "hello", "-o", "new/deep", "--dry-run", cwd=tmp_path).returncode == 0
    assert everything(tmp_path) == []
    environment = {"PYTHONPATH": str(tmp_path / "full")}
    (tmp_path / "full").mkdir()
    code = "import os\ndef full(*_, **__): raise OSError(28, 'No space left on device')\nos.rename = full\n"
    (tmp_path / "full" / "sitecustomize.py").write_text(code)
    result = run("quickstart", "hello", "-o", "new/deep", cwd=tmp_path, **environment)
    assert result.returncode == 1
    assert "No space left on device; nothing was written" in result.stderr
    assert not (tmp_path / "new").exists()
    assert run("quickstart", "hello", "-o", "new/deep", cwd=tmp_path).returncode == 0
    assert (tmp_path / "new/deep/hello/development.ini").is_file()


def test_keys_are_random_and_different_and_the_ini_is_private(project, tmp_path):
    run("quickstart", "other", cwd=tmp_path)
    keys = []
    for name in ("hello", "other"):
        ini = tmp_path / name / "development.ini"
        keys += re.findall(r"^session\.(?:validate_key|secret) = ([0-9a-f]{64})$", ini.read_text(), re.MULTILINE)
        assert stat.S_IMODE(ini.stat().st_mode) == 0o600
    assert len(set(keys)) == 4


def test_dry_run_prints_the_same_tree_with_sizes_and_writes_nothing(tmp_path):
    dry = run("quickstart", "my-shop", "--dry-run", cwd=tmp_path)
    assert everything(tmp_path) == []
    wet = run("quickstart", "my-shop", "-v", cwd=tmp_path)
    assert dry.returncode == wet.returncode == 0
    sized = re.compile(r"  +[0-9.]+ k?B$", re.MULTILINE)
    tree = dry.stdout.partition("\n\n")[0]
    assert sized.sub("", tree) == wet.stdout.partition("\n\n")[0]
    assert "my_shop/" in wet.stdout
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(sized.findall(tree)) == len(files)
    size = (tmp_path / "my-shop/.editorconfig").stat().st_size
    assert re.search(rf"^  \.editorconfig +{size} B$", tree, re.MULTILINE)
    total = sum(path.stat().st_size for path in files) / 1000
    assert dry.stdout.endswith(f"\n\n{len(files)} files, {total:.1f} kB; nothing was written (--dry-run).\n")


def test_the_printed_tree_is_what_was_written(tmp_path):
    printed = run("-v", "quickstart", "hello", cwd=tmp_path).stdout.partition("\n\n")[0]
    names = sorted(line.strip().rstrip("/") for line in printed.splitlines())
    assert names == sorted(path.name for path in tmp_path.rglob("*"))


def test_without_verbose_the_tree_has_only_folders_with_the_numbers_of_their_files(tmp_path):
    tree, _, rest = run("quickstart", "hello", cwd=tmp_path).stdout.partition("\n\n")
    rows = [re.fullmatch(r" *(\S+)/(?: +(\d+) files?)?", line).groups() for line in tree.splitlines()]
    folders = [tmp_path / "hello", *(path for path in (tmp_path / "hello").rglob("*") if path.is_dir())]
    numbers = [(folder.name, sum(path.is_file() for path in folder.iterdir())) for folder in folders]
    assert sorted((name, int(number or 0)) for name, number in rows) == sorted(numbers)
    total = sum(number for _, number in numbers)
    assert rest.startswith(f"{total} files; quickstart -v lists each of them.\n\nNext steps:\n")


def test_the_serve_option_serves_the_new_project(tmp_path, port_8080):
    with Served([PROGRAM, "quickstart", "hello", "--serve"], tmp_path) as served:
        assert served.url == "http://localhost:8080"
        assert Browser(served.url).get("/").status == 200
        busy = run("quickstart", "other", "--serve", cwd=tmp_path)
        assert busy.returncode == 1
        assert re.search(r"port: \S*gearbox-lite serve other/development\.ini --port \d+\n", busy.stderr)
        assert "Next steps" not in served.output


def test_every_generated_python_file_is_valid_for_the_oldest_python(project):
    files = list(project.rglob("*.py"))
    assert len(files) > 20
    for path in files:
        ast.parse(path.read_text(), feature_version=(3, 10))
