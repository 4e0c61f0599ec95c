"""The frames of an exception, in which ``mistakes`` finds what TurboGears was doing."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from gearbox_lite.errors import CodeError, Location

Frames = Sequence[traceback.FrameSummary]


def stack_of(error: BaseException) -> Iterator[FrameType]:
    """Yield the frames of an exception's traceback, the outermost first."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        yield frame


def frame_of(error: BaseException, file: str, function: str) -> FrameType | None:
    """Return the innermost frame of a library's function in an exception's traceback."""
    found = [
        frame
        for frame in stack_of(error)
        if frame.f_code.co_name == function and frame.f_code.co_filename.replace("\\", "/").endswith(file)
    ]
    return found[-1] if found else None


def action_of(error: BaseException) -> Any:
    """Return the controller's method that TurboGears was calling, or rendering the answer of; None for others."""
    call = frame_of(error, "tg/controllers/decoratedcontroller.py", "_call")
    return None if call is None else call.f_locals.get("action")


def at_frame(frame: traceback.FrameSummary, problem: str, remedy: str) -> CodeError:
    """Return the error for a line of the user's code."""
    shown = f"{frame.line}: {problem}" if frame.line else problem
    return CodeError(shown, at=Location(Path(frame.filename), frame.lineno), remedy=remedy)
