"""JSON objects of a glTF file, read member by member: each read checks the kind and knows the JSON path.

Owns: what may stand where. Whatever a file holds, a read gives a value of the kind that was asked for or raises
GltfError with the path, the value and what it takes; no other exception comes out of a file.
Limits: numbers up to NUMBER_MAX (float32 holds them with room for products), values are shown SHOWN_CHARS long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from layerw.base.errors import LayerwError

NUMBER_MAX = 1.0e30
INTEGER_MAX = 1 << 53
SHOWN_CHARS = 80


class GltfError(LayerwError, ValueError):
    """The file breaks a rule of glTF 2.0, or needs something that layerw doesn't do."""


class Item:
    """One JSON object. `path`: where it stands, for example `meshes[0].primitives[1]`; "" is the document."""

    __slots__ = ("_members", "path")

    def __init__(self, members: Mapping[str, Any], path: str = "") -> None:
        self._members, self.path = members, path

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def at(self, name: str) -> str:
        """The path of a member."""
        return f"{self.path}.{name}" if self.path else name

    def error(self, text: str) -> GltfError:
        """What to raise about this object: "accessors[0] <text>"."""
        return GltfError(f"{self.path or 'The document'} {text}")

    def wrong(self, name: str, takes: str) -> GltfError:
        """What to raise about a member: its path, its value, and what it takes."""
        return GltfError(f"{self.at(name)} is {shown(self._members.get(name))}; it must be {takes}.")

    def integer(self, name: str, default: int | None = None, *, low: int = 0) -> int:
        """An integer from `low` on; no default = required."""
        value = self._members.get(name, default)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= INTEGER_MAX:
            raise self.wrong(name, f"an integer of {low} or more")
        return value

    def number(self, name: str, default: float, low: float = -NUMBER_MAX, high: float = NUMBER_MAX) -> float:
        """A number; one outside of [low, high] becomes the nearest inside."""
        value = self._members.get(name, default)
        if not _is_number(value):
            raise self.wrong(name, f"a number of at most {NUMBER_MAX:g}")
        return min(max(float(value), low), high)

    def numbers(self, name: str, default: Sequence[float]) -> tuple[float, ...]:
        """As many numbers as the default has."""
        value = self._members.get(name)
        if value is None and name not in self._members:
            return tuple(default)
        if not isinstance(value, list) or len(value) != len(default) or not all(_is_number(v) for v in value):
            raise self.wrong(name, f"{len(default)} finite numbers of at most {NUMBER_MAX:g}")
        return tuple(float(v) for v in value)

    def choice(self, name: str, default: str, options: Sequence[str]) -> str:
        """One of some words."""
        value = self._members.get(name, default)
        if not isinstance(value, str) or value not in options:
            raise self.wrong(name, f"one of {', '.join(options)}")
        return value

    def text(self, name: str, default: str = "") -> str:
        """A text."""
        value = self._members.get(name, default)
        if not isinstance(value, str):
            raise self.wrong(name, "a text")
        return _printable(value)

    def names(self) -> list[str]:
        """Of its members."""
        return [_printable(name) for name in self._members]

    def raw(self, name: str) -> Any:
        """Whatever stands there, as JSON; None where nothing does. For extras, which are the program's."""
        return self._members.get(name)

    def label(self, name: str = "name") -> str:
        """A name for people: "" where it is none, as no model fails for that."""
        value = self._members.get(name)
        return _printable(value) if isinstance(value, str) else ""

    def flag(self, name: str) -> bool:
        """True or False; absent = False."""
        value = self._members.get(name, False)
        if not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return value

    def array(self, name: str) -> list[Any]:
        """An array; absent = empty. Its elements are not checked."""
        value = self._members.get(name, [])
        if not isinstance(value, list):
            raise self.wrong(name, "an array")
        return value

    def texts(self, name: str) -> list[str]:
        """An array of texts; absent = empty."""
        value = self.array(name)
        if not all(isinstance(v, str) for v in value):
            raise self.wrong(name, "an array of texts")
        return [_printable(v) for v in value]

    def indices(self, name: str) -> list[int]:
        """An array of item numbers; absent = empty."""
        value = self.array(name)
        if not all(isinstance(v, int) and not isinstance(v, bool) for v in value):
            raise self.wrong(name, "an array of integers")
        return value

    def objects(self, name: str) -> list[Item]:
        """An array of objects; absent = empty."""
        return [self.element(name, number) for number in range(len(self.array(name)))]

    def element(self, name: str, index: int) -> Item:
        """One object of an array; `index` is inside."""
        value, path = self.array(name)[index], f"{self.at(name)}[{index}]"
        if not isinstance(value, dict):
            raise GltfError(f"{path} is {shown(value)}; it must be a JSON object.")
        return Item(value, path)

    def object(self, name: str) -> Item:
        """An object; absent = empty."""
        value = self._members.get(name, {})
        if not isinstance(value, dict):
            raise self.wrong(name, "a JSON object")
        return Item(value, self.at(name))

    def optional(self, name: str) -> Item | None:
        """An object, or None where it is absent."""
        return self.object(name) if name in self._members else None

    def extension(self, name: str) -> Item | None:
        """An extension's object, or None where it isn't used."""
        return self.object("extensions").optional(name)

    def holds_objects(self, *names: str) -> bool:
        """Whether a chain of members is there, each an object: for `extras`, where anything may stand."""
        value: object = self._members
        for name in names:
            value = value.get(name) if isinstance(value, Mapping) else None
        return isinstance(value, Mapping)


def shown(value: object) -> str:
    """A JSON value as messages show it: one line, cut."""
    text = _printable(repr(value))
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}..."


def _is_number(value: object) -> bool:
    """Finite, and small enough for float32 and products of some; JSON integers may have thousands of digits."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -NUMBER_MAX <= value <= NUMBER_MAX


def _printable(text: str) -> str:
    """Without halves of surrogate pairs, which JSON can spell and no encoding takes."""
    return text.encode("utf-8", "replace").decode()
