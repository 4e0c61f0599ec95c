"""Generates the pages under reference/ from the program's own tables, each time that MkDocs builds the site.

No page is committed, so none can go stale. To change what a page says, change the table that it is made from.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from gearbox_lite.cli import cli
from gearbox_lite.commands.support.finding_codes import FINDING_CODES
from gearbox_lite.errors import FAILURE, USAGE
from gearbox_lite.generate.scaffolding.field_types import FIELD_TYPES, MAX_CHARACTERS, MAX_UNIQUE, SUFFIXES
from gearbox_lite.ini.schema.serve_section import SERVE_SETTINGS
from gearbox_lite.ini.schema.server_section import SERVER_SETTINGS
from gearbox_lite.server.http import adjustments
from gearbox_lite.sessions.settings.options import OPTIONS, PREFIX, REFUSED, STORES

WAITRESS = "https://docs.pylonsproject.org/projects/waitress/en/stable/arguments.html"
TYPES = {
    "asbool": "true or false",
    "aslist": "addresses, separated by spaces",
    "asoctal": "octal file mode",
    "asset": "names, separated by spaces",
    "int": "whole number",
    "slash_fixed_str": "path",
    "str": "text",
    "str_iftruthy": "text",
}
"""What waitress' converters accept."""
ADDRESS_DEFAULTS = {"host": "127.0.0.1", "listen": "", "port": "8080"}
"""gearbox-lite's own defaults for addresses: waitress itself would listen on every network."""
ENVIRONMENT = {
    "BROWSER": "The program that `serve --open` opens pages with, as Python's `webbrowser` module defines it.",
    "CI": "If set, `quickstart` asks nothing; a missing name or answer is an error.",
    "FORCE_COLOR": "If set, output has colors also if it does not go to a terminal; `NO_COLOR` takes precedence.",
    "LISTEN_FDS": "With `LISTEN_PID`: `serve` uses the sockets that systemd passes (socket activation) instead of "
    "binding its own. The application does not see these variables.",
    "LISTEN_FDNAMES": "See `LISTEN_FDS`.",
    "LISTEN_PID": "See `LISTEN_FDS`.",
    "NO_COLOR": "If set, output has no colors, as on anything but a terminal.",
    "NOTIFY_SOCKET": "`serve` tells systemd when it is ready, reloads and stops (`Type=notify`).",
    "SHELL": "Decides which shell's words the next steps of `quickstart` use.",
    "SSL_CERT_FILE": "Further certificate authorities that `check --url` trusts, as Python's `ssl` module defines it.",
    "TERM": "If `dumb`, output has no colors. With `TERM_PROGRAM` and others, decides whether URLs are links.",
    "_GEARBOX_LITE_COMPLETE": "Set to `bash_source`, `zsh_source` or `fish_source`, the program prints the script for "
    "tab completion instead of running a command.",
}
"""What the program reads from its environment, besides the variables that an ini names."""


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Add the generated pages to those of the docs folder."""
    for name, text in pages().items():
        files.append(File.generated(config, f"reference/{name}", content=text))


def pages() -> dict[str, str]:
    """Return each page's name and its text in Markdown."""
    return {
        "commands.md": commands_page(),
        "serve-section.md": serve_section_page(),
        "server-section.md": server_section_page(),
        "session-options.md": session_options_page(),
        "environment.md": environment_page(),
        "field-types.md": field_types_page(),
        "findings.md": findings_page(),
        "mistakes.md": mistakes_page(),
    }


def commands_page() -> str:
    """Describe every command with its arguments and options, from click's own tables."""
    introduction = "`gearbox-lite COMMAND --help` shows the same text in the terminal."
    return "\n\n".join(["# Commands", introduction, *_command(cli, "gearbox-lite", None)]) + "\n"


def _command(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent, **command.context_settings)
    yield f"## {context.command_path.removeprefix('gearbox-lite ')}"
    yield _fence("text", f"{context.command_path} {' '.join(command.collect_usage_pieces(context))}")
    yield from _paragraphs(command.help or "")
    options = [one for one in command.get_params(context) if isinstance(one, click.Option)]
    records = [record for one in options if (record := one.get_help_record(context))]
    yield _table(["Option", "Meaning"], ([_code(option), _text(meaning)] for option, meaning in records))
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None and not found.hidden:
                yield from _command(found, inner, context)


def serve_section_page() -> str:
    """Describe the section [serve] of an ini."""
    rows = (
        [
            f"`{name}`",
            _text(row.meaning),
            _value(_text(row.type), row.default, row.example),
            _options(row.options),
        ]
        for name, row in SERVE_SETTINGS.items()
    )
    return f"""# The section \\[serve]

What `gearbox-lite serve` does besides serving. Every setting may be left out. The options of the command line take
precedence over the ini. A name that is not in this table is an error.

{_table(["Setting", "Meaning", "Value", "Option"], rows)}
"""


def _options(text: str) -> str:
    return re.sub(r"--[\w-]+", r"`\g<0>`", text)


def server_section_page() -> str:
    """Describe the section [server:main] of an ini with waitress."""
    rows = (
        [f"`{name}`", _text(row.meaning), _value(*_waitress_type_and_default(name), row.example)]
        for name, row in SERVER_SETTINGS.items()
    )
    return f"""# The section \\[server:main]

The settings of the server. With `use = egg:waitress#main` they are waitress' own, which
[waitress' documentation]({WAITRESS}) describes further. An unknown name or an invalid value is an error when `serve`
starts. With another server (`use = egg:gunicorn#main`), the section takes that server's settings.

{_table(["Setting", "Meaning", "Value"], rows)}
"""


def _waitress_type_and_default(name: str) -> tuple[str, str]:
    if name == "use":
        return "name of an entry point", ""
    kind = adjustments.WAITRESS_SETTINGS[name].__name__
    default = getattr(adjustments.Adjustments, name, None)
    text = f"{default:o}" if kind == "asoctal" else _default(default)
    return TYPES[kind], {**ADDRESS_DEFAULTS, **adjustments.DEFAULTS}.get(name, text)


def _value(accepted: str, default: str, example: str) -> str:
    """Return a cell with what a setting accepts, its default, and an example if that shows anything else."""
    parts = [accepted]
    if default:
        parts.append(f"default {_code(default)}")
    if example != default and example not in accepted:
        parts.append(f"for example {_code(example)}")
    return "; ".join(parts)


def session_options_page() -> str:
    """Describe every option of the session filter."""
    rows = (
        [
            f"`{PREFIX}{name}`",
            f"{_sentence(row.meaning)}{_stores(row.stores)}",
            _value(_accepted(row.convert), _default(row.default), row.example),
        ]
        for name, row in OPTIONS.items()
    )
    refused = ([f"`{PREFIX}{name}`", _sentence(reason)] for name, reason in REFUSED.items())
    return f"""# Session options

The settings of `[filter:session]`, `use = egg:gearbox_lite#session`. The names are Beaker's where Beaker has the
option. A name that is not in this table is an error, and so is an invalid value. An option of another store than the
one in use is checked and then ignored, so that it can stay in the ini.

{_table(["Option", "Meaning", "Value"], rows)}

`{PREFIX}sa.NAME` sets the engine option `NAME` of SQLAlchemy, for `ext:database`.

## Options that are refused

Beaker also knows these, which an ini cannot use.

{_table(["Option", "Why it is refused"], refused)}
"""


def _accepted(convert: Callable[[str], object]) -> str:
    """Return which values an option takes: what its converter tells a user who has written something else."""
    for invalid in ("\0", ""):
        try:
            convert(invalid)
        except ValueError as error:
            remedy = str(error).removesuffix(", or remove the line").removeprefix("write ")
            return _text("text" if remedy == "a value" else remedy)
    raise AssertionError("an option that takes everything")


def _stores(stores: tuple[str, ...]) -> str:
    if stores == STORES:
        return ""
    return " Not for cookie sessions." if stores == STORES[1:] else f" Only for {', '.join(stores)}."


def environment_page() -> str:
    """Describe the environment variables and the exit codes."""
    codes = [
        ["0", "It has done what it was asked to do, or the server was stopped by SIGINT or SIGTERM."],
        [str(FAILURE), "It failed while running, or `check` found an error (with `--strict`, also a warning)."],
        [str(USAGE), "The command line or a setting is wrong; nothing has been started or written."],
        ["130", "It was interrupted with Ctrl-C, and is not a server."],
    ]
    return f"""# Environment and exit codes

An ini uses an environment variable with `%(ENV_NAME)s`; the generated `production.ini` takes its keys this way. A
variable that is not set is an error. Apart from those, the program reads:

{_table(["Variable", "Meaning"], ([f"`{name}`", meaning] for name, meaning in ENVIRONMENT.items()))}

## Exit codes

{_table(["Code", "Meaning"], codes)}
"""


def field_types_page() -> str:
    """Describe the fields of ``scaffold model`` and ``scaffold resource``."""
    rows = (
        [f"`{kind.syntax}`".replace(" or ", "`, `"), kind.accepts, kind.shows, f"`{kind.column}`"]
        for kind in FIELD_TYPES.values()
    )
    suffixes = " ".join(f"With `{suffix}` at its end, {meaning}." for suffix, meaning in SUFFIXES.items())
    return f"""# Types of fields

The fields of `gearbox-lite scaffold resource` and `scaffold model` are written `NAME:TYPE`, such as `title:str:100`.
{suffixes} [Add pages that edit the database](../how-to/resources.md) shows how to use them.

{_table(["Type", "Value", "Input in forms", "Column"], rows)}

`str:100` is also written `str[100]`, with 1 to {MAX_CHARACTERS} characters. A unique text has at most {MAX_UNIQUE}, so
that an index can hold it; `bool` and `choice` cannot be unique.
"""


def findings_page() -> str:
    """Describe each code that ``check`` shows."""
    rows = ([f"`{code}`", row.meaning, row.remedy] for code, row in FINDING_CODES.items())
    return f"""# Findings of check

Each finding of `gearbox-lite check` has a code, which never changes its meaning. `check` shows it in brackets, except
for errors with which no command runs: they are the same line everywhere. `--ignore CODE`, as often as needed, silences
findings. `--json` prints them as a list of objects with `file`, `line`, `code`, `level` (`error` or `warning`) and
`message`; `file` and `line` are `null` if a finding has none. Codes that begin with `site-` are those of `check --url`.

{_table(["Code", "Meaning", "What to do"], rows)}
"""


def mistakes_page() -> str:
    """Show the answer to each mistake of the tables in tests/mistakes."""
    sys.path.append(
        str(Path(__file__).parents[1] / "tests")
    )  # here, since MkDocs restores the path after loading a hook
    from mistakes.tables import TOPICS

    head = ["Mistake", "What is written", "The answer"]
    tables = [f"## {_text(topic.title)}\n\n{_table(head, map(_mistake_row, topic.cases))}" for topic in TOPICS]
    sections = "\n\n".join(tables)
    count = sum(len(topic.cases) for topic in TOPICS)
    return f"""# Mistakes and their answers

What the program says about {count} common mistakes, in a project named `hello`. The tests make each of them and compare
the whole line. A mistake in an ini or in code gets the same line from `serve`, with and without reload and with several
workers, from `check`, and on the page that a failed reload shows. `N` is the number of the line.

{sections}
"""


def _mistake_row(case: Any) -> list[str]:
    if case.command:
        done = [f"gearbox-lite {case.command}"]
    else:
        variables = [f"{name}={value}" for name, value in case.environment.items()]
        done = [*variables, *(edit.shown for edit in case.edits)]
    lines = [line for text in done for line in text.splitlines() if line.strip()]
    answers = [line for line in (case.error, case.logged, *case.warnings) if line]
    numbered = [
        re.sub(r"<line.*?>", "N", line).replace("<project>", "/home/me/hello") for line in dict.fromkeys(answers)
    ]
    return [_text(case.mistake[:1].upper() + case.mistake[1:]), _lines(lines), _lines(numbered)]


def _lines(lines: Iterable[str]) -> str:
    return "<br>".join(map(_code, lines))


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def _fence(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```"


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text):
        yield _text(" ".join(paragraph.split()))


def _sentence(text: str) -> str:
    return _text(text[:1].upper() + text[1:].rstrip(".") + ".")


def _text(text: str) -> str:
    """Return text in which Markdown finds no markup but code in backticks, and a table no end of a cell."""
    code_or_text = re.split(r"(`[^`]+`)", text)
    return "".join(
        _bare(part) if number % 2 else re.sub(r"([\\*_|<>\[\]])", r"\\\1", part)
        for number, part in enumerate(code_or_text)
    )


def _code(text: str) -> str:
    if not text:
        return ""
    return f"`` {_bare(text)} ``" if "`" in text else f"`{_bare(text)}`"


def _bare(text: str) -> str:
    return text.replace("|", "\\|")


def _default(value: object) -> str:
    if value in (None, "", set(), []):
        return ""
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
