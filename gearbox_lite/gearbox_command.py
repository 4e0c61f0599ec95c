"""``gearbox setup-app`` in a generated project, whose pyproject.toml replaces gearbox's own command with this one.

gearbox 0.5 looks for a section [app:main] that names an installed distribution, and for ``websetup`` among its files;
an ini with a pipeline, and a project that is installed as editable, have neither.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from gearbox.command import Command


class SetupAppCommand(Command):  # type: ignore[misc]  # gearbox has no type hints
    """Run the websetup of the project that an ini belongs to."""

    def get_parser(self, prog_name: str) -> ArgumentParser:
        """Return a parser with the options of gearbox's own command."""
        parser: ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("-c", "--config", default="development.ini", help="the ini (default: development.ini)")
        parser.add_argument("--name", help="section [app:...] or [pipeline:...] (default: main)")
        return parser

    def take_action(self, opts: Namespace) -> None:
        """Run ``gearbox-lite setup-app``; exits with its code."""
        from gearbox_lite.cli import main

        ini, _, section = opts.config.partition("#")
        name = (opts.name or section or "main").rpartition(":")[2]
        main(["setup-app", "-c", ini, "-n", name])
