"""What the engine's classes stand on once they are compiled for a page: see server/layerw_server/runtime/expand.py.

Owns: the methods that all named tuples share, and what annotations name there. Nothing imports it but compiled modules.
Limits: annotations can't be evaluated there; programs' own classes are not compiled.
"""

from __future__ import annotations

from _collections import _tuplegetter as getter  # type: ignore[import-not-found]  # what namedtuple() makes its fields of
from collections.abc import Iterable
from typing import Any, Self

__all__ = ["UNSET", "Named", "getter", "npt"]

UNSET = object()  # where a default_factory makes the value


class Named(tuple[Any, ...]):
    """As typing.NamedTuple's classes; source: "collections.namedtuple" in Python's library reference."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()

    @classmethod
    def _make(cls, values: Iterable[Any]) -> Self:
        made = tuple.__new__(cls, values)
        if len(made) != len(cls._fields):
            raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
        return made

    def _replace(self, /, **values: Any) -> Self:
        made = self._make(map(values.pop, self._fields, self))
        if values:
            raise TypeError(f"Got unexpected field names: {list(values)!r}")
        return made

    __replace__ = _replace

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self._fields, self, strict=True))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
        return f"{type(self).__name__}({shown})"

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)


class _Arrays:
    """numpy.typing, which takes longer to import than it is of use there."""

    ArrayLike = DTypeLike = object

    class NDArray:
        """Any array."""

        def __class_getitem__(cls, kind: object) -> type:
            return cls


npt = _Arrays
