"""Sessions for contributors: ``nox`` runs the first four, ``nox -s bench`` compares us with other servers."""

from __future__ import annotations

import nox

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["lint", "types", "docs", "tests"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = True

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)


def install(session: nox.Session, group: str) -> None:
    """Install one dependency group, and the package itself in place with every extra."""
    session.install("-e", ".[all]", *nox.project.dependency_groups(PROJECT, group))


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests, all of them unless told otherwise: nox -s tests-3.12 -- tests/unit."""
    install(session, "dev")  # what CONTRIBUTING.md names is tested, too
    session.run("pytest", *(session.posargs or ["-n", "2"]))


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, imports between the parts of the package, and the workflows."""
    install(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports")
    session.run(
        "check-jsonschema", "--builtin-schema", "vendor.github-workflows",
        ".github/workflows/ci.yml", ".github/workflows/release.yml",
    )  # fmt: skip


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of the package."""
    install(session, "lint")
    session.run("mypy")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into site/; `nox -s docs -- serve` shows it while you write."""
    install(session, "docs")
    session.run("mkdocs", *(session.posargs or ["build", "--strict"]))


@nox.session
def bench(session: nox.Session) -> None:
    """Measure gearbox-lite next to other servers and generators: nox -s bench -- start --quick."""
    install(session, "test")
    session.run("python", "tests/bench/run.py", *session.posargs)
