"""How long it takes to write a project, and how that grows with the number of its files."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from figures import OURS, Bench, Figure, in_turns
from processes import time_to_end
from rivals import REPOSITORY, program

TITLE = "quickstart, as a whole process"

TREE = REPOSITORY / "templates" / "turbogears" / "tree"


def measure(bench: Bench) -> list[Figure]:
    equal = _templates(bench, _our_files(bench), "equal")
    quickstart = ["quickstart", "hello"]
    writers = bench.try_each(
        {
            OURS: partial(_writer, bench, OURS, OURS, quickstart),
            f"{OURS}, its first run": partial(_first_run, bench),
            f"{OURS} --minimal": partial(_writer, bench, OURS, OURS, [*quickstart, "--minimal"]),
            "gearbox": partial(_writer, bench, "gearbox", "gearbox", quickstart),
            "gearbox --minimal": partial(_writer, bench, "gearbox", "gearbox", [*quickstart, "--minimal"]),
            "django-admin": partial(_writer, bench, "django", "django-admin", ["startproject", "hello"]),
            "cookiecutter, as many files": equal["cookiecutter"],
            "copier, as many files": equal["copier"],
        }
    )
    bench.progress("one project")
    samples = in_turns(writers, bench.rounds(8, 3))
    figures = [Figure("one project", name, "ms", values) for name, values in samples.items()]
    for count in bench.rounds([10, 100, 1000], [10]):
        bench.progress(f"{count} files")
        files = [(Path(f"folder{number // 20}") / f"{number}.txt", 500, number % 2 == 0) for number in range(count)]
        samples = in_turns(
            bench.try_each(_templates(bench, files, str(count))), 2 if count < 1000 else 1, warm_up=count < 1000
        )
        figures += [Figure(f"{count} files", name, "ms", values) for name, values in samples.items()]
    return figures


def _first_run(bench: Bench) -> Callable[[], float]:
    """Return a function that runs our quickstart as after the installation, without its compiled templates."""
    run = _writer(bench, OURS, OURS, ["quickstart", "hello"])

    def run_without_bytecode() -> float:
        for kept in (REPOSITORY / "gearbox_lite" / "generate" / "__pycache__").glob("__jinja2_*"):
            kept.unlink()
        return run()

    return run_without_bytecode


def _our_files(bench: Bench) -> list[tuple[Path, int, bool]]:
    """Return path, size and "is rendered" of each file that our own template writes."""
    time_to_end([program(OURS, OURS), "quickstart", "hello"], bench.folder)
    rendered = {path.name.removesuffix(".j2") for path in TREE.rglob("*.j2")}
    project = bench.folder / "hello"
    files = [path for path in sorted(project.rglob("*")) if path.is_file()]
    return [(path.relative_to(project), path.stat().st_size, path.name in rendered) for path in files]


def _writer(
    bench: Bench, environment: str, name: str, words: list[object], files: int = 5, **variables: str
) -> Callable[[], float]:
    """Return a function that runs a generator in a new folder, checks that its files exist, and removes them."""
    path = program(environment, name)
    place = bench.folder / "written"

    def run() -> float:
        place.mkdir()
        try:
            spent = time_to_end([path, *words], place, **variables)
            written = sum(1 for file in place.rglob("*") if file.is_file())
            assert written >= files, f"{name} wrote {written} files of {files}"
        finally:
            shutil.rmtree(place)
        return spent

    return run


def _templates(bench: Bench, files: list[tuple[Path, int, bool]], name: str) -> dict[str, Callable[[], Callable]]:
    """Write the same template for three generators, and return functions that prepare each of them."""
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

    return {
        OURS: partial(
            _writer, bench, OURS, OURS, ["quickstart", "--template", place / OURS, "hello"], len(files)
        ),
        "cookiecutter": partial(
            _writer, bench, "cookiecutter", "cookiecutter", ["--no-input", place / "cookiecutter"], len(files)
        ),
        "copier": partial(
            _writer, bench, "copier", "copier",
            ["copy", "--defaults", "--quiet", place / "copier", "hello"], len(files),
        ),
    }  # fmt: skip
