"""What a template's questions are answered with: values that are given, else the defaults."""

from __future__ import annotations

from collections.abc import Iterable

from gearbox_lite.errors import Setting, UserError, at_setting, nearest
from gearbox_lite.generate.manifest import Answer, Question, Template


def given_answers(template: Template, given: Iterable[Setting]) -> dict[str, Answer]:
    """Return the answers that the command line gives.

    Raises UserError for a question that the template does not have, one that is answered twice, and a value of the
    wrong type.
    """
    questions = {question.name: question for question in template.questions}
    answers: dict[str, Answer] = {}
    for setting in given:
        if setting.name not in questions:
            raise at_setting(
                setting, f"template {template.name} has no such question", _known(setting.name, list(questions))
            )
        if setting.name in answers:
            raise at_setting(setting, "this question is answered twice", "give one answer")
        if not is_text(setting.value):
            raise at_setting(setting, "this answer is not UTF-8", "write it in UTF-8")
        try:
            answers[setting.name] = questions[setting.name].convert(setting.value)
        except ValueError as error:
            raise at_setting(setting, "this answer cannot be used", str(error)) from None
    return answers


def is_text(value: str) -> bool:
    """Whether this can be written to a file: what is typed and is not UTF-8 reaches Python as surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def default_answer(template: Template, question: Question) -> Answer:
    """Return a question's default. Raises UserError where it has none."""
    if question.default is None:
        example = f"--set {question.name}={question.choices[0] if question.choices else 'VALUE'}"
        raise UserError(f"template {template.name} asks for {question.name}", remedy=f"answer with {example}")
    return question.default


def _known(name: str, questions: list[str]) -> str:
    if name in ("project", "package"):
        return "the name is the first argument, and --package sets the package's"
    guess = nearest(name, questions)
    if guess:
        return f"did you mean {guess}?"
    return f"it asks for {', '.join(questions)}" if questions else "it asks nothing"
