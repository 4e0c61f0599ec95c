"""How long it takes to write a project, and how that grows with the number of its files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from figures import OURS, Bench, Figure, MissingError, in_turns
from processes import time_to_end
from rivals import REPOSITORY, program

TITLE = "quickstart, the whole process"

FOLDER = "PROJECT"
FULL_TREE = REPOSITORY / "templates" / "turbogears" / "tree"


def measure(bench: Bench) -> list[Figure]:
    sizes = [
        (path.relative_to(FULL_TREE).with_name(f"{number}.txt"), path.stat().st_size, path.suffix == ".j2")
        for number, path in enumerate(sorted(FULL_TREE.rglob("*")))
        if path.is_file() and "__pycache__" not in path.parts
    ]
    sizes = [(Path(*(part.strip("{ }") for part in path.parts)), size, rendered) for path, size, rendered in sizes]
    small = _templates(bench, sizes, "equal")
    writers = bench.try_each(
        {
            OURS: partial(_writer, bench, OURS, OURS, ["quickstart", "hello"]),
            f"{OURS} --minimal": partial(_writer, bench, OURS, OURS, ["quickstart", "--minimal", "hello"]),
            "gearbox": partial(_writer, bench, "gearbox", "gearbox", ["quickstart", "hello"]),
            "gearbox --minimal": partial(_writer, bench, "gearbox", "gearbox", ["quickstart", "--minimal", "hello"]),
            "django-admin": partial(_writer, bench, "django", "django-admin", ["startproject", "hello"]),
            "cookiecutter, equally sized": small["cookiecutter"],
            "copier, equally sized": small["copier"],
        }
    )
    bench.progress("one project")
    samples = in_turns(writers, bench.rounds(20, 5))
    figures = [Figure("one project", name, "ms", values) for name, values in samples.items()]
    for count in bench.rounds([10, 100, 1000, 5000], [10, 100, 1000]):
        bench.progress(f"{count} files")
        files = [(Path(f"folder{number // 20}") / f"{number}.txt", 500, number % 2 == 0) for number in range(count)]
        samples = in_turns(bench.try_each(_templates(bench, files, str(count))), bench.rounds(3, 1))
        figures += [Figure(f"{count} files", name, "ms", values) for name, values in samples.items()]
    return figures


def _writer(bench: Bench, environment: str, name: str, words: list[object], files: int = 5) -> Callable[[], float]:
    """Return what runs a generator in a new folder, checks that its files are there, and removes them."""
    path = program(environment, name)
    if "--minimal" in words and environment == OURS:
        _needs("--minimal")
    place = bench.folder / "written"

    def run() -> float:
        place.mkdir()
        try:
            spent = time_to_end([path, *words], place)
            written = sum(1 for file in place.rglob("*") if file.is_file())
            assert written >= files, f"{name} wrote {written} files of {files}"
        finally:
            shutil.rmtree(place)
        return spent

    return run


def _needs(option: str) -> None:
    import subprocess

    help_text = subprocess.run(
        [program(OURS, OURS), "quickstart", "--help"], capture_output=True, text=True, check=True
    ).stdout
    if option not in help_text:
        raise MissingError(f"{OURS} quickstart {option}: not available")


def _templates(bench: Bench, files: list[tuple[Path, int, bool]], name: str) -> dict[str, Callable[[], Callable]]:
    """Write one template in three dialects, and return what makes the writers of its projects."""
    place = bench.folder / f"template-{name}"
    marks = {OURS: "{{ package }}", "cookiecutter": "{{ cookiecutter.package }}", "copier": "{{ package }}"}
    roots = {OURS: place / OURS / "tree", "cookiecutter": place / "cookiecutter" / "{{ cookiecutter.package }}",
             "copier": place / "copier"}  # fmt: skip
    for tool, root in roots.items():
        for path, size, rendered in files:
            ending = {OURS: ".j2", "copier": ".jinja"}.get(tool, "") if rendered else ""
            target = root / f"{path}{ending}"
            target.parent.mkdir(parents=True, exist_ok=True)
            line = f"name = {marks[tool]}\n" if rendered else ""
            target.write_text(line + "x" * 79 + "\n" + "y" * max(0, size - 100) + "\n")
    (place / OURS / "template.toml").write_text('name = "bench"\ndescription = "Files."\n')
    (place / "cookiecutter" / "cookiecutter.json").write_text('{"package": "hello"}')
    (place / "copier" / "copier.yml").write_text("package:\n  type: str\n  default: hello\n")

    def own() -> Callable[[], float]:
        _needs("--template")
        return _writer(bench, OURS, OURS, ["quickstart", "--template", place / OURS, "hello"], len(files))

    return {
        OURS: own,
        "cookiecutter": partial(
            _writer, bench, "cookiecutter", "cookiecutter", ["--no-input", place / "cookiecutter"], len(files)
        ),
        "copier": partial(
            _writer, bench, "copier", "copier",
            ["copy", "--defaults", "--quiet", place / "copier", "hello"], len(files),
        ),
    }  # fmt: skip
