"""What ``check`` finds in the files of a TurboGears project that loading it does not read: code and templates."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gearbox_lite.errors import Location, line_not_utf8
from gearbox_lite.findings import Finding
from gearbox_lite.turbogears.loaded import loaded_config

_FORM = re.compile(
    r"(?P<tag><form\b[^>]*\bmethod\s*=\s*[\"']?post\b[^>]*>)(?P<fields>.*?)</form>", re.IGNORECASE | re.DOTALL
)
_ELSEWHERE = re.compile(r"\baction\s*=\s*[\"']?https?://", re.IGNORECASE)
_TOKEN = re.compile(r"csrf|token|\{%-?\s*include", re.IGNORECASE)


def check_files() -> list[Finding]:
    """Return what is wrong in the files of the loaded TurboGears application's package; nothing for others."""
    config = loaded_config()
    module = sys.modules.get(str(config["package_name"])) if config is not None else None
    file = getattr(module, "__file__", None)
    if config is None or not isinstance(file, str):
        return []
    package = Path(file).parent
    found = [finding for path in sorted(package.rglob("*.py")) for finding in _check_code(path)]
    environment = getattr(config.get("render_functions", {}).get("jinja"), "jinja2_env", None)
    if environment is not None:
        for path in sorted(package.rglob("*.jinja")):
            found += _check_template(path, environment, has_tokens=f"{package.name}.lib.csrf" in sys.modules)
    return found


def _check_code(path: Path) -> Iterator[Finding]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(path.read_bytes(), path, "exec", dont_inherit=True)
    except SyntaxError as error:
        message = f"{type(error).__name__}: {error.msg}; fix it, since whatever imports this file fails"
        yield Finding("code-syntax", "warning", Location(path, error.lineno), message)
    except (OSError, ValueError, RecursionError):  # loading the application reports unreadable files
        return


def _check_template(path: Path, environment: Any, *, has_tokens: bool) -> Iterator[Finding]:
    from jinja2 import TemplateSyntaxError

    try:
        text = path.read_text(encoding="utf-8")
        environment.compile(text, path.name, str(path))
    except TemplateSyntaxError as error:
        reason = " ".join((error.message or "").rstrip(".").split())
        message = f"{reason}; fix it, since each page with this template fails"
        yield Finding("template-syntax", "warning", Location(path, error.lineno), message)
        return
    except UnicodeDecodeError as error:
        message = "this is not UTF-8; save it as UTF-8, since each page with this template fails"
        yield Finding("template-syntax", "warning", Location(path, line_not_utf8(error)), message)
        return
    except (OSError, ValueError):
        return
    for form in _FORM.finditer(text) if has_tokens else ():
        if not _ELSEWHERE.search(form["tag"]) and not _TOKEN.search(form["fields"]):
            message = (
                "this form sends no CSRF token, so methods that require one answer 403; add "
                '<input type="hidden" name="{{ h.csrf_field }}" value="{{ h.csrf_token() }}"> to it'
            )
            line = text.count("\n", 0, form.start()) + 1
            yield Finding("form-without-token", "warning", Location(path, line), message)
