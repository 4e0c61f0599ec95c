"""Answers to a template's questions: the values from the command line, and the defaults."""

from __future__ import annotations

from collections.abc import Iterable

from gearbox_lite.errors import Setting, UserError, at_setting, nearest
from gearbox_lite.generate.manifest import Answer, Question, Template


def given_answers(template: Template, given: Iterable[Setting]) -> dict[str, Answer]:
    """Return the answers given on the command line, converted to their questions' types.

    Raises UserError for an unknown question, one that is answered twice, and a value of the wrong type.
    """
    questions = {question.name: question for question in template.questions}
    answers: dict[str, Answer] = {}
    for setting in given:
        if setting.name not in questions:
            raise at_setting(
                setting,
                f"template {template.name} has no such question",
                _question_hint(setting.name, list(questions)),
            )
        if setting.name in answers:
            raise at_setting(setting, "this question is answered twice", "keep one of the answers")
        if not is_encodable(setting.value):
            raise at_setting(setting, "this answer is not valid UTF-8", "type it in UTF-8")
        try:
            answers[setting.name] = questions[setting.name].convert(setting.value)
        except ValueError as error:
            raise at_setting(setting, "invalid answer", str(error)) from None
    return answers


def is_encodable(value: str) -> bool:
    """Whether the text can be written to a file: Python passes arguments that are not UTF-8 on as surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def default_answer(template: Template, question: Question) -> Answer:
    """Return a question's default answer. Raises UserError if it has none."""
    if question.default is None:
        example = f"--set {question.name}={question.choices[0] if question.choices else 'VALUE'}"
        raise UserError(f"template {template.name} needs an answer to {question.name}", remedy=f"add {example}")
    return question.default


def _question_hint(name: str, questions: list[str]) -> str:
    if name in ("project", "package"):
        return "the first argument sets the project's name, --package the package's"
    guess = nearest(name, questions)
    if guess:
        return f"did you mean {guess}?"
    return f"its questions are: {', '.join(questions)}" if questions else "it has no questions"
