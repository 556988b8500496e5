"""Names that a public object does not have: reading or writing one raises, with the nearest that it has.

Owns: the decorators. They act where Python has looked everywhere else, so that reading what is there costs no more, and
type checkers, which don't see them, go on finding the same mistakes.
"""

from __future__ import annotations

from typing import Any, TypeVar

from layerw.base.checks import settable, unknown_attribute
from layerw.base.errors import AttributeMissing

T = TypeVar("T")


def named(kind: type[T]) -> type[T]:
    """Decorator: reading a name that there is not raises AttributeMissing; setting one does, too, where slots leave no
    room for it (settings.fixed_attributes is for the others)."""
    setattr(kind, "__getattr__", missing)  # noqa: B010  mypy has no word for it
    if kind.__setattr__ is object.__setattr__:
        setattr(kind, "__setattr__", _set_there)  # noqa: B010
    return kind


def frozen(kind: type[T]) -> type[T]:
    """Decorator: as `named`, and what is set once, as it is made, stays."""
    setattr(kind, "__setattr__", _set_once)  # noqa: B010
    return named(kind)


def missing(owner: object, name: str) -> Any:
    """What `__getattr__` does; Python calls it as well where a property raised AttributeError, which it repeats."""
    if hasattr(type(owner), name):
        return object.__getattribute__(owner, name)
    if name.startswith("_"):  # Python and numpy ask for some, and want no more than this
        raise AttributeError(f"{type(owner).__name__!r} object has no attribute {name!r}")
    raise unknown_attribute(owner, name, dir(owner), "")


def _set_there(owner: object, name: str, value: object) -> None:
    try:
        object.__setattr__(owner, name, value)
    except AttributeError:
        if hasattr(type(owner), name):
            raise
        raise unknown_attribute(owner, name, settable(type(owner))) from None


def _set_once(owner: object, name: str, value: object) -> None:
    if not hasattr(type(owner), name):
        raise unknown_attribute(owner, name, ())
    try:
        object.__getattribute__(owner, name)
    except AttributeError:  # a slot that is empty yet
        return object.__setattr__(owner, name, value)
    raise AttributeMissing(f"{type(owner).__name__}.{name} cannot be assigned; make a new one.")
