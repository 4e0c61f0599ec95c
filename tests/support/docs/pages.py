"""A page of the documentation as a script: its blocks run and are checked in the order in which a reader meets them.

- A ``console`` block runs in a real shell that knows nothing but what the page has set up. A line that begins with a
  prompt is a command, the lines below it are its output, and ``...`` stands for any text, or for any lines. The prompt
  tells whether a virtual environment is active, and must be right.
- A server keeps its terminal, so later commands run in a second one, until the text says "Stop the server".
- A block with a title is a file: it is written, an ``ini`` changes the settings that it shows, and a ``diff`` replaces
  the lines that it removes.
- An address in angle brackets is visited, and must show the text in backquotes that follows the word "shows".
- ``<!-- not run: reason -->`` before a block says why it is not run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from support.helpers import REPOSITORY

PROMPT = re.compile(r"(?:\((?P<environment>[\w.-]+)\) )?[$#] (?P<command>.*)")
FENCE = re.compile(
    r'```(?P<language>[\w-]*)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL
)
STEP = re.compile(
    rf"(?:^<!-- (?P<note>[^>]*?) -->\n+)?^(?P<fence>{FENCE.pattern})"
    r"|<(?P<url>http://localhost:\d+[^>]*)>(?:\s+(?:now\s+)?shows\s+`(?P<shown>[^`]+)`)?"
    r"|(?P<stop>Stop\s+the\s+server|Ctrl-C\s+stops)",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    title: str
    text: str
    note: str

    @property
    def reason_not_to_run(self) -> str:
        return self.note.partition("not run: ")[2]

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Visit:
    """An address that the page has its reader open."""

    page: Path
    line: int
    url: str
    shown: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.url}"


class Stop:
    """The page has its reader stop the server."""


def pages() -> list[Path]:
    """Return the README and all pages of the site, relative to the repository."""
    found = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
    return [path.relative_to(REPOSITORY) for path in found]


def front_matter(page: Path) -> dict[str, str]:
    found = re.match(r"---\n(.*?)^---\n", (REPOSITORY / page).read_text(), re.MULTILINE | re.DOTALL)
    return dict(re.findall(r"^(\w+): (.*)$", found[1], re.MULTILINE)) if found else {}


def steps(page: Path, change: Callable[[str], str] = str) -> Iterator[Block | Visit | Stop]:
    """Yield what a page, after a change to its text, has its reader do, in order."""
    text = change((REPOSITORY / page).read_text(encoding="utf-8"))
    for found in STEP.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        if found["fence"]:
            yield Block(page, line, found["language"], found["title"] or "", found["text"], found["note"] or "")
        elif found["url"]:
            yield Visit(page, line, found["url"], found["shown"] or "")
        else:
            yield Stop()


def blocks(page: Path) -> list[Block]:
    return [step for step in steps(page) if isinstance(step, Block)]


def commands(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield the environment that the prompt names, the command, and the output that is shown, for each command."""
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if PROMPT.fullmatch(line)]
    assert starts[:1] == [0], f"a console block begins with a prompt: {text}"
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        found = PROMPT.fullmatch(lines[start])
        command = found["command"]
        while command.endswith("\\"):
            start += 1  # noqa: PLW2901
            command += "\n" + lines[start]
        yield found["environment"] or "", command, "\n".join(lines[start + 1 : end]).strip("\n")


def pattern(shown: str) -> re.Pattern[str]:
    """Return what matches output that is shown with ``...`` for the parts that vary."""
    lines = [r"(?:.*\n)*?" if line.strip() == "..." else r".*?".join(map(re.escape, line.split("..."))) + r" *\n"
             for line in shown.splitlines()]  # fmt: skip
    return re.compile("".join(lines))


def patched(text: str, block: Block) -> str:
    """Return a file's text with the lines of a diff replaced; its lines must be in the file, once."""
    for hunk in block.text.removesuffix("\n").split("\n...\n"):
        starts = {line[:1] for line in hunk.split("\n")}
        assert starts <= {"-", "+", " ", ""}, f"{block}: each line of a diff begins with -, + or a space"
        old = "".join(line[1:] + "\n" for line in hunk.split("\n") if line[:1] != "+")
        new = "".join(line[1:] + "\n" for line in hunk.split("\n") if line[:1] != "-")
        assert text.count(old) == 1, f"{block}: these lines are in {block.title} {text.count(old)} times:\n{old}"
        text = text.replace(old, new)
    return text


def with_settings(text: str, snippet: str) -> str:
    """Return an ini with a snippet's settings in their sections; one that is commented out is replaced."""
    section = ""
    for line in snippet.splitlines():
        header = re.fullmatch(r"\[(.+)\]", line)
        option = re.match(r"([\w.-]+) *=", line)
        if header:
            section = header[1]
            if f"[{section}]" not in text.splitlines():
                text = f"{text.rstrip()}\n\n[{section}]\n"
        elif option:
            assert section, "an ini snippet begins with a section"
            before, start, rest = text.partition(f"[{section}]\n")
            body, end, after = re.match(r"(.*?)(^\[|\Z)(.*)", rest, re.MULTILINE | re.DOTALL).groups()
            own = rf"^{re.escape(option[1])} *=.*$"
            for present in (own, rf"^#{own[1:]}"):
                body, count = re.subn(present, lambda _, line=line: line, body, count=1, flags=re.MULTILINE)
                if count:
                    break
            else:
                body = f"{line}\n{body}"
            text = before + start + body + end + after
    return text
