"""Feature tables of tiles: columns of numbers, each as a glTF accessor. Does not: read bytes.

Source: 3D Tiles 1.0 (OGC 18-053r2), "Feature Table".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerw.assets.items import GltfError, Item

if TYPE_CHECKING:
    from layerw.assets.joining import Joined

COMPONENT_TYPES = {"BYTE": 5120, "UNSIGNED_BYTE": 5121, "SHORT": 5122, "UNSIGNED_SHORT": 5123, "UNSIGNED_INT": 5125,
                   "FLOAT": 5126}  # fmt: skip
_SIZES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
_TYPES = ("", "SCALAR", "VEC2", "VEC3", "VEC4")


def span_of(part: Item, name: str) -> tuple[int, int]:
    """Where bytes of a part begin in the file's binary chunk, and how many they are."""
    place = part.indices(name)
    if len(place) != 2 or min(place) < 0:
        raise part.wrong(name, "a first byte and a number of bytes")
    return place[0], place[1]


class FeatureTable:
    """Of one part. `item`: its JSON; `span`: first byte and size of its binary part."""

    def __init__(self, item: Item, span: tuple[int, int], joined: Joined) -> None:
        self.item, self._span, self._joined = item, span, joined

    def component(self, name: str, default: str) -> str:
        """The component type that a column names."""
        return self.item.object(name).choice("componentType", default, tuple(COMPONENT_TYPES))

    def place(self, name: str, size_bytes: int) -> int:
        """Where a column of this size begins in the file's binary chunk."""
        offset = self.item.object(name).integer("byteOffset")
        if offset + size_bytes > self._span[1]:
            raise GltfError(f"{self.item.at(name)} takes {size_bytes} bytes from byte {offset} on, but its table has "
                            f"{self._span[1]}.")  # fmt: skip
        return self._span[0] + offset

    def accessor(self, name: str, component: str, components: int, count: int, *, normalized: bool = False) -> int:
        """The number of an accessor of the whole column."""
        kind = COMPONENT_TYPES[component]
        size = max(count, 1) * components * _SIZES[kind]
        view = self._joined.view(self.place(name, size), size)
        return self._joined.accessor({"bufferView": view, "componentType": kind, "type": _TYPES[components],
                                      "count": count, "normalized": normalized})  # fmt: skip
