"""Calls back to an owner that do not keep it: without cycles, an App goes with its last reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar
from weakref import WeakMethod

from layerw.base.errors import HandleError

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


def weakly(method: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """A bound method, held weakly; calling it once its object is gone raises HandleError."""
    seen = WeakMethod(method)

    def call(*given: Given.args, **named: Given.kwargs) -> Answer:
        target = seen()
        if target is None:
            raise HandleError("What this calls is gone: its App was dropped.")
        return target(*given, **named)

    return call
