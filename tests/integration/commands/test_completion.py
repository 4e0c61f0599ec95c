"""Shell completion: the line of docs/how-to/shell-completion.md in a real bash, zsh and fish."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.helpers import PROGRAM, REPOSITORY, TEST_TIMEOUT, unavailable

PAGE = (REPOSITORY / "docs" / "how-to" / "shell-completion.md").read_text()

ASKED = {
    "gearbox-lite s": ["scaffold", "serve", "session", "setup-app", "shell"],
    "gearbox-lite serve --workers": ["--workers"],
    "gearbox-lite shell --conf": ["--config"],
    "gearbox-lite session ro": ["rotate-key"],
    "gearbox-lite quickstart hello --session re": ["redis"],
    "gearbox-lite serve dev": ["development.ini"],
    "gearbox-lite nosuch --": ["--help", "--verbose", "--version"],
}
"""What is typed before Tab, and what is then offered."""

# Each shell's own machinery calls the function that click has defined; what is typed comes one line after another.
SCRIPTS = {
    "bash": """
compopt() { COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")); }
while IFS= read -r line; do
  IFS=' ' read -ra COMP_WORDS <<< "$line"
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
  $(complete -p gearbox-lite | sed -E 's/.*-F ([^ ]+) .*/\\1/') gearbox-lite
  echo "${COMPREPLY[@]}"
done
""",
    "zsh": """
_describe() { found+=(${completions_with_descriptions%%:*}) }
compadd() { found+=($completions) }
_path_files() { found+=(${words[CURRENT]}*(N)) }
while IFS= read -r line; do
  words=(${(s: :)line}) CURRENT=${#words} found=()
  $function
  print -r -- $found
done
""",
    "fish": """
while read line
  echo (complete -C $line | string replace -r '\\t.*' '')
end
""",
}
BEFORE = {"bash": "", "zsh": "compdef() { function=$1 }\n", "fish": ""}


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_line_of_the_page_makes_the_shell_complete_commands_options_and_files(tmp_path, shell):
    if shutil.which(shell) is None:
        unavailable(f"{shell} is not installed")
    line = re.search(rf"`([^`]*_GEARBOX_LITE_COMPLETE={shell}_source[^`]*)`", PAGE)[1]
    (tmp_path / "development.ini").touch()
    result = subprocess.run(
        [shell, "-c", BEFORE[shell] + line + SCRIPTS[shell]],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{Path(PROGRAM).parent}:{os.environ['PATH']}", "HOME": str(tmp_path)},
        input="".join(f"{typed}\n" for typed in ASKED),
        capture_output=True,
        text=True,
        timeout=TEST_TIMEOUT,
        check=False,
    )
    assert result.stderr == ""
    offered = [sorted(line.split()) for line in result.stdout.splitlines()]
    assert dict(zip(ASKED, offered, strict=True)) == ASKED
