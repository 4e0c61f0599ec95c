"""Precedence: why --port on the command line wins over the ini's port, and what else overrides what.

| value | highest precedence first |
| --- | --- |
| address to listen on | --host and --port; then host, port, listen or unix_socket in [server:...] |
| settings of [serve] | the option of the same name, such as --reload; then the line in [serve]; then the default |
| %(NAME)s in an ini | the section itself; [DEFAULT]; NAME=VALUE on the command line |
| %(ENV_NAME)s in an ini | ENV_NAME=VALUE on the command line; the environment variable NAME |
| global_conf of an app factory | ``set NAME`` in its section; NAME=VALUE on the command line; [DEFAULT] |

The last three rows are PasteDeploy's rules. An invalid value in [serve] is an error even if an option overrides it.
An override is a Setting whose location is the option that set it, so that a message about a wrong value names the
option and not a line of the ini.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gearbox_lite.errors import Location, Setting, UserError
from gearbox_lite.ini.parsing.inherited import environment_variables, referenced_names
from gearbox_lite.ini.parsing.references import ENVIRONMENT

COMMAND_LINE = Location("command line")
"""The place of NAME=VALUE, which sets a variable."""
DEFAULT_NAME = "main"
"""The name of the section that is used unless the command line names another one."""
_OTHER_ADDRESSES = ("listen", "unix_socket")


@dataclass(frozen=True)
class Overrides:
    """What the command line sets; None or empty means that the ini decides.

    ``serve`` has the options of [serve] as text, ``variables`` each NAME=VALUE. ``verbose`` is -v.
    """

    app_name: str = DEFAULT_NAME
    server_name: str = DEFAULT_NAME
    host: str | None = None
    port: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    serve: Mapping[str, str] = field(default_factory=dict)
    allow_remote_debug: bool = False
    verbose: bool = False


def override_address(server: Mapping[str, Setting], overrides: Overrides) -> dict[str, Setting]:
    """Return the options of [server:...] with --host and --port applied.

    Either of them also removes ``listen`` and ``unix_socket``: waitress would keep listening there instead.
    """
    options = dict(server)
    for name, value in (("host", overrides.host), ("port", overrides.port)):
        if value is not None:
            options = {key: item for key, item in options.items() if key not in _OTHER_ADDRESSES}
            options[name] = Setting(name, value, Location(f"--{name}"))
    return options


def serve_overrides(given: Mapping[str, str]) -> list[Setting]:
    """Return the command line's options that override settings of [serve], which have the same names."""
    return [Setting(name, text, Location(f"--{name.replace('_', '-')}")) for name, text in given.items()]


def refuse_address_variables(overrides: Overrides) -> None:
    """Raise UserError for port=8080 among the variables: it would not change the address, and --port was meant."""
    for name in ("host", "port"):
        if name in overrides.variables:
            value = overrides.variables[name]
            raise UserError(
                f"{name}={value} sets a variable of the ini, not the server's {name}",
                remedy=f"write --{name} {value}",
            )


def refuse_environment_names(ini: Path, overrides: Overrides) -> None:
    """Raise UserError for NAME=VALUE, whose value may be a secret, if the ini uses only %(ENV_NAME)s."""
    used = referenced_names(ini, overrides.variables) if overrides.variables else set()
    for name in overrides.variables:
        variable = f"{ENVIRONMENT}{name}"
        if variable in used and name not in used and variable not in overrides.variables:
            raise UserError(
                f"{name}=... sets %({name})s of the ini, which uses the environment variable: %({variable})s",
                at=COMMAND_LINE,
                remedy=f"set it before you run the command: export {name}=...",
            )


def global_variables(ini: Path, overrides: Overrides) -> dict[str, Setting]:
    """Return the variables that PasteDeploy gets together with the ini.

    These are the environment variables that the ini uses, and NAME=VALUE of the command line, which takes precedence.
    """
    environment = environment_variables(ini, overrides.variables)
    return {
        **{name: Setting(name, value, Location("environment")) for name, value in environment.items()},
        **{name: Setting(name, value, COMMAND_LINE) for name, value in overrides.variables.items()},
    }
