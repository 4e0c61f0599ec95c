"""``gearbox-lite templates``."""

from __future__ import annotations

import click

from gearbox_lite.generate import manifest
from gearbox_lite.output import show


@click.command(name="templates")
def command() -> None:
    """List the templates that come with gearbox-lite.

    Each template is shown with its questions and their default answers, in the form that quickstart takes:

    gearbox-lite quickstart PROJECT --template NAME --set ...
    """
    for folder in manifest.bundled_templates().values():
        template = manifest.load_template(folder)
        show(f"{template.name}: {template.description}")
        answers = [f"--set {question.name}={_default(question)}" for question in template.questions]
        width = max(map(len, answers), default=0)
        for question, answer in zip(template.questions, answers, strict=True):
            values = f": {', '.join(question.choices)}" if question.choices else ""
            show(f"  {answer:{width}}  {question.help or question.name}{values}")


def _default(question: manifest.Question) -> str:
    if isinstance(question.default, bool):
        return str(question.default).lower()
    return "..." if question.default is None else question.default
