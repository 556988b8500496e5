"""Inputs: what a predicted function is given each step, as bytes of one length, the same on both sides.

Owns: the arguments, their bytes, and the bounds that both sides hold them to. Limits: ARGUMENTS_MAX arguments, numbers
only: texts are calls' (calls.py).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from layerw.base import checks
from layerw.base.errors import ConfigError, KindError
from layerw.net.calls import ARGUMENTS_MAX, argument_kind
from layerw.net.packing import Damaged
from layerw.scene.components import FieldType, row_value

BYTES_MAX = 255
KNOWN_MAX = 256


class Argument(NamedTuple):
    """One of them. low, high: it is held within."""

    name: str
    kind: FieldType
    low: float | None
    high: float | None

    @property
    def size_bytes(self) -> int:
        return self.kind.width * int(np.dtype(self.kind.dtype).itemsize)


class Inputs:
    """Of one function: `def walk(hero, dt, move: lw.f32x2, jump: bool)`."""

    def __init__(self, function: Callable[..., Any], bounds: Mapping[str, Any]) -> None:
        """Raises KindError, ConfigError."""
        self.name = checks.function("app.predict's function", function).__name__
        parameters = list(inspect.signature(function).parameters.values())
        plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        if not 2 <= len(parameters) <= ARGUMENTS_MAX or any(one.kind not in plain for one in parameters):
            raise ConfigError(f"{self.name} takes ({', '.join(map(str, parameters))}); a function for app.predict "
                              "takes what is moved, dt, and then its inputs, as plain arguments.")  # fmt: skip
        try:
            found = inspect.get_annotations(function, eval_str=True)
        except Exception as error:
            raise KindError(f"The annotations of {self.name} can't be read: {error}.") from error
        names = [one.name for one in parameters[2:]]
        unknown = [name for name in bounds if name not in names]
        if unknown:
            raise ConfigError(f"app.predict bounds names {unknown[0]!r}{checks.did_you_mean(unknown[0], names)}; "
                              f"{self.name} has the inputs {', '.join(names) or 'none'}.")  # fmt: skip
        self.arguments = [self._argument(name, found.get(name), bounds.get(name)) for name in names]
        self.size_bytes = sum(one.size_bytes for one in self.arguments)
        if self.size_bytes > BYTES_MAX:
            raise ConfigError(f"The inputs of {self.name} take {self.size_bytes} bytes; at most {BYTES_MAX} are sent.")
        self.nothing = bytes(self.size_bytes)
        self._flags: list[int] = []  # where the bytes of what is true or false are
        at = 0
        for one in self.arguments:
            self._flags += range(at, at + one.size_bytes) if one.kind.dtype is np.bool_ else ()
            at += one.size_bytes
        self._read: dict[bytes, list[Any]] = {}  # who holds a key says the same for many steps

    def _argument(self, name: str, annotation: Any, bounds: Any) -> Argument:
        kind = argument_kind(self.name, name, annotation)
        if not isinstance(kind, FieldType):
            raise KindError(f"{self.name}'s input {name} is a text; inputs are numbers, texts go by app.rpc.")
        if bounds is None:
            return Argument(name, kind, None, None)
        low, high = (float(one) for one in checks.vector(f"app.predict bounds of {name}", bounds, 2))
        if low > high:
            raise ConfigError(f"app.predict bounds of {name} are {low:g} to {high:g}; the lower one is first.")
        return Argument(name, kind, low, high)

    def pack(self, values: Any) -> bytes:
        """What a program gave, within its bounds. Raises KindError, ConfigError."""
        given = values if isinstance(values, tuple | list) and len(self.arguments) != 1 else (values,)
        if len(given) != len(self.arguments):
            raise ConfigError(f"The input of {self.name} has {len(given)} values; it takes {len(self.arguments)}: "
                              f"{', '.join(one.name for one in self.arguments)}.")  # fmt: skip
        return b"".join(self._bytes(one, value) for one, value in zip(self.arguments, given, strict=True))

    def _bytes(self, one: Argument, value: Any) -> bytes:
        row = row_value(f"{self.name}'s input {one.name}", one.kind, value, 1)  # a tuple of one input is that input
        found = np.broadcast_to(row.reshape(-1), (one.kind.width,))
        return bytes(_within(one, found).tobytes())

    def joined(self, before: bytes, data: bytes) -> bytes:
        """The later of two, with what was true in the one before: what was pressed then counts."""
        found = bytearray(data)
        for at in self._flags:
            found[at] |= before[at]
        return bytes(found)

    def unpack(self, data: bytes) -> list[Any]:
        """As the function gets them, within their bounds, read-only. Raises Damaged."""
        known = self._read.get(data)
        if known is None:
            if len(self._read) >= KNOWN_MAX:
                self._read.clear()
            known = self._read[data] = self._unpack(data)
        return known

    def _unpack(self, data: bytes) -> list[Any]:
        if len(data) != self.size_bytes:
            raise Damaged(f"An input has {len(data)} bytes; those of {self.name} have {self.size_bytes}.")
        values, at = [], 0
        for one in self.arguments:
            part = data[at : at + one.size_bytes]
            if one.kind.dtype is np.bool_:
                part = bytes(byte != 0 for byte in part)
            found = np.frombuffer(part, one.kind.dtype)
            if found.dtype.kind == "f" and not np.isfinite(found).all():
                raise Damaged(f"The input {one.name} is not finite.")
            found = _within(one, found)
            found.flags.writeable = False
            values.append(found.item() if one.kind.width == 1 else found)
            at += one.size_bytes
        return values


def _within(one: Argument, values: Any) -> Any:
    return values if one.low is None else np.clip(values, one.low, one.high).astype(one.kind.dtype)
