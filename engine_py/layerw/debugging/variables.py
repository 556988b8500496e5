"""What values hold: items, fields, rows of arrays, entities as tables. By reference numbers, while the program stands.

Owns: which value each number means. Limits: SHOWN_MAX of one value at a time; the rest is asked for by `start`.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import BuiltinFunctionType, FrameType, FunctionType, ModuleType
from typing import Any

import numpy as np

from layerw.base.errors import LayerwError
from layerw.scene.component_view import ComponentView
from layerw.scene.components import BY_NAME
from layerw.scene.entity import Entities, Entity

from .breakpoints import Refused
from .summaries import summary, type_name

SHOWN_MAX = 100
_PLAIN = (int, float, complex, str, bytes, bool, type(None), range, FunctionType, BuiltinFunctionType, type)
_OF_ENTITY = ("position", "rotation", "scale", "color", "visible", "layer", "parent", "static")
_OF_GROUP = ("position", "rotation", "scale", "color", "alive_mask")
Pair = tuple[str, Any]


@dataclass(frozen=True)
class _Holder:
    """Something with variables in it."""

    named: Callable[[], Sequence[Pair]]
    indexed: Callable[[int, int], Iterator[Pair]]
    size: int  # how many are indexed
    put: Callable[[str, Any], None] | None  # assigns one by its name


def _none(_start: int, _count: int) -> Iterator[Pair]:
    return iter(())


class Variables:
    """Reference numbers, which end when the program goes on."""

    def __init__(self) -> None:
        self._holders: list[_Holder] = []

    def add_names(self, names: Callable[[], Mapping[str, Any]], put: Callable[[str, Any], None]) -> int:
        """A scope."""
        def pairs() -> list[Pair]:
            return [(name, value) for name, value in names().items() if _is_shown(name, value)]

        return self._add(_Holder(pairs, _none, 0, put))

    def described(self, name: str, value: object) -> dict[str, Any]:
        """A variable as DAP has it."""
        found = {"name": name, "value": summary(value), "type": type_name(value), "variablesReference": 0}
        try:
            holder = _holder(value)
        except Exception:  # an object that lies about itself
            return found
        if holder is not None:
            found["variablesReference"] = self._add(holder)
            if holder.size > SHOWN_MAX:
                found["indexedVariables"] = holder.size
        return found

    def list(self, reference: int, start: int = 0, count: int = 0, which: str = "") -> list[dict[str, Any]]:
        """Of one value. which: "indexed", "named" or both."""
        holder = self._holder(reference)
        pairs: list[Pair] = []
        if which != "indexed" and start == 0:
            pairs += holder.named()
        if which != "named":
            pairs += holder.indexed(start, min(count or SHOWN_MAX, SHOWN_MAX))
        return [self.described(name, value) for name, value in pairs[: 2 * SHOWN_MAX]]

    def put(self, reference: int, name: str, value: object) -> None:
        """Assigns one."""
        holder = self._holder(reference)
        if holder.put is None:
            raise Refused(f"{name} can't be assigned here.")
        holder.put(name, value)

    def _holder(self, reference: int) -> _Holder:
        if not 0 < reference <= len(self._holders):
            raise Refused("That value is of an earlier stop; the program has gone on since.")
        return self._holders[reference - 1]

    def _add(self, holder: _Holder) -> int:
        self._holders.append(holder)
        return len(self._holders)


def assign_local(frame: FrameType, name: str, value: object) -> None:
    """A variable of a running function (Python 3.13 writes through)."""
    frame.f_locals[name] = value


def _is_shown(name: str, value: object) -> bool:
    return not ((name.startswith("__") and name.endswith("__")) or isinstance(value, ModuleType))


def _holder(value: Any) -> _Holder | None:
    """None: it holds nothing that could be opened."""
    if isinstance(value, (*_PLAIN, np.generic)):
        return None
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, Entity):
        return _Holder(lambda: _fields(value, _OF_ENTITY) + _components(value), _none, 0, _set_field(value))
    if isinstance(value, Entities):
        return _Holder(lambda: _fields(value, _OF_GROUP) + _components(value),
                       lambda start, count: _rows(value, start, count), len(value), _set_field(value))  # fmt: skip
    if isinstance(value, ComponentView):
        return _Holder(lambda: _fields(value, dir(value)), _none, 0, _set_field(value))
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, (list, tuple, deque)):
        fields = [(name, getattr(value, name)) for name in getattr(value, "_fields", ())]
        return _Holder(lambda: fields, lambda start, count: _items(value, start, count), len(value), _set_item(value))
    if isinstance(value, (set, frozenset)):
        return _Holder(list, lambda start, count: _items(value, start, count), len(value), None)
    return _Holder(lambda: _attributes(value), _none, 0, _set_field(value)) if _attributes(value) else None


def _items(values: Any, start: int, count: int) -> Iterator[Pair]:
    return ((f"[{start + i}]", one) for i, one in enumerate(itertools.islice(values, start, start + count)))


def _mapping(value: Mapping[Any, Any]) -> _Holder | None:
    if not value:
        return None

    def items(start: int, count: int) -> Iterator[Pair]:
        return ((summary(key), one) for key, one in itertools.islice(value.items(), start, start + count))

    def put(name: str, new: Any) -> None:
        key = next((key for key in value if summary(key) == name), None)
        if key is None:
            raise Refused(f"{name} is not there any more.")
        value[key] = new  # type: ignore[index]

    return _Holder(list, items, len(value), put)


def _array(array: np.ndarray[Any, Any]) -> _Holder | None:
    if not array.ndim or not array.size:
        return None
    names = array.dtype.names or ()

    def rows(start: int, count: int) -> Iterator[Pair]:
        return ((f"[{i}]", array[i]) for i in range(start, min(start + count, len(array))))

    return _Holder(lambda: [(name, array[name]) for name in names], rows, len(array), _set_item(array))


def _rows(group: Entities, start: int, count: int) -> Iterator[Pair]:
    """As a table: each in one line, the entity behind it."""
    return ((f"[{i}]", group[i]) for i in range(start, min(start + count, len(group))))


def _fields(value: Any, names: Sequence[str]) -> list[Pair]:
    found = []
    for name in names:
        try:
            found.append((name, getattr(value, name)))
        except Exception as error:
            if not isinstance(error, AttributeError):
                found.append((name, error))
    return found


def _components(group: Entities) -> list[Pair]:
    """Those that all of them have."""
    found: list[Pair] = []
    for name, declared in BY_NAME.items():
        try:
            found += [] if declared.column else [(name, ComponentView(group, declared, isinstance(group, Entity)))]
        except LayerwError:  # they have none of it, or are gone
            continue
    return found


def _attributes(value: Any) -> list[Pair]:
    """Its own, without running code of it: properties are not asked."""
    names = dict.fromkeys(getattr(value, "__dict__", None) or ())
    for cls in type(value).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        names |= dict.fromkeys([slots] if isinstance(slots, str) else slots)
    found = []
    for name in names:
        if isinstance(name, str) and not name.startswith("__"):
            try:
                found.append((name, object.__getattribute__(value, name)))
            except AttributeError:
                continue
    return found


def _set_field(value: Any) -> Callable[[str, Any], None]:
    return lambda name, new: setattr(value, name, new)


def _set_item(value: Any) -> Callable[[str, Any], None]:
    def put(name: str, new: Any) -> None:
        value[int(name.strip("[]"))] = new

    return put
