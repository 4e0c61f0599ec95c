"""The ``gearbox-lite`` command group; a command's module is imported only when that command runs."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import click

from gearbox_lite import __version__
from gearbox_lite.errors import FAILURE, USAGE, UserError
from gearbox_lite.output import show_error, show_failure, show_report

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = {
    "quickstart": "Create a new TurboGears project.",
    "templates": "List the templates that come with gearbox-lite.",
    "serve": "Serve the application of a PasteDeploy ini.",
    "check": "Check an ini and its application without serving it, or a running site.",
    "info": "Show a project's versions, pipeline, session store, routes and templates, without secrets.",
    "routes": "List the URLs of a TurboGears application.",
    "shell": "Run Python with the application loaded.",
    "setup-app": "Run the websetup of a project.",
    "migrate": "Change the tables of a project's database.",
    "scaffold": "Add code to a project.",
    "session": "Decode and remove sessions, and rotate their keys.",
}
"""Each command and the first sentence of its help."""

MODULES = {"session": "sessions", "setup-app": "setup_app"}
"""The modules in ``commands`` whose name differs from their command's."""


class LazyGroup(click.Group):
    """A group that knows its commands' names and summaries without importing their modules."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one command, or None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"gearbox_lite.commands.{MODULES.get(cmd_name, cmd_name)}").command
        assert isinstance(command, click.Command)  # noqa: S101 (narrows import_module's Any)
        _accept_verbose(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command. Raises UserError that says what to write for an unknown one."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            from gearbox_lite.commands.support.mistyped import command_remedy

            raise UserError(f"no such command '{name}'", remedy=command_remedy(name, list(COMMANDS)))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands from COMMANDS alone."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Complete a command or an option without importing any command."""
        from click.shell_completion import CompletionItem

        commands = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]


def _be_verbose(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 (click's)
    if value:
        context.find_root().obj["verbose"] = True


VERBOSE = click.Option(
    ["-v", "--verbose"],
    is_flag=True,
    expose_value=False,
    callback=_be_verbose,
    help="Show the traceback behind an error.",
)


def _accept_verbose(command: click.Command) -> None:
    """Accept --verbose after a command's name as well as before it."""
    if VERBOSE not in command.params:
        command.params.append(VERBOSE)
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        _accept_verbose(inner)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    epilog="Try: gearbox-lite quickstart hello --serve",
)
@click.version_option(__version__, prog_name="gearbox-lite")
def cli() -> None:
    """Create TurboGears 2 projects and serve them."""


cli.params.insert(0, VERBOSE)


def main(argv: list[str] | None = None) -> None:
    """Run the command line and exit: 0, 1 for a failure while running, 2 for wrong usage, 130 if interrupted."""
    arguments = sys.argv[1:] if argv is None else argv
    code = _run(arguments)
    if "paste.deploy" not in sys.modules:
        # Skip Python's last garbage collection, which takes 15 ms and matters only if an application has run.
        gc.freeze()
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    state = {"verbose": False, "arguments": arguments}
    try:
        result = cli.main(arguments, prog_name="gearbox-lite", standalone_mode=False, obj=state)
    except UserError as error:
        if state["verbose"]:
            _show_cause(error)
        show_failure(error.message, error.report)
        return error.code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return USAGE
    except click.UsageError as error:
        from gearbox_lite.commands.support.mistyped import explain_usage
        from gearbox_lite.masking import masked

        show_error(masked(explain_usage(error, arguments, list(COMMANDS))))
        return USAGE
    except click.ClickException as error:
        from gearbox_lite.masking import masked

        show_error(masked(error.format_message()))
        return FAILURE
    except click.Abort:
        return 130
    except BrokenPipeError:
        # The process that read our output has exited; without this, Python would fail again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE
    except OSError as error:
        if isinstance(error, FileNotFoundError) and error.filename is None:  # as os.getcwd() raises it
            show_error("the current folder has been removed; go to another one")
        else:
            show_error(f"{error.filename or 'the system'}: {error.strerror or error}")
        return FAILURE
    return result if isinstance(result, int) else 0


def _show_cause(error: UserError) -> None:
    import traceback

    from gearbox_lite.masking import masked

    show_report(masked("".join(traceback.format_exception(error))))
