"""Beaker's classes that ours extend, imported without redis-py.

Beaker imports redis-py when it is installed, used or not, which takes longer than Beaker and the rest of this package
together. Here Beaker gets a stand-in that imports redis-py when one of Beaker's own Redis backends uses it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_NAME = "redis"


class _LateRedis(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(_NAME) is self:  # Beaker is still being imported
            raise AttributeError(name)
        return getattr(import_module(_NAME), name)


@contextmanager
def _late_redis() -> Iterator[None]:
    """Let ``import redis`` return the stand-in in this block, unless the module is already loaded or not installed."""
    if _NAME in sys.modules or find_spec(_NAME) is None:
        yield
        return
    late = sys.modules[_NAME] = _LateRedis(_NAME)
    try:
        yield
    finally:
        if sys.modules.get(_NAME) is late:
            del sys.modules[_NAME]


with _late_redis():
    from beaker.middleware import SessionMiddleware as BeakerSessionMiddleware
    from beaker.session import CookieSession as BeakerCookieSession
    from beaker.session import Session as BeakerSession
    from beaker.session import SessionObject as BeakerSessionObject

__all__ = ["BeakerCookieSession", "BeakerSession", "BeakerSessionMiddleware", "BeakerSessionObject"]
