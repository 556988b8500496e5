"""Puts glTF documents of one file beside each other: one document, whose numbers name the right items.

Owns: the places where glTF 2.0 and its extensions name items by number. Buffers without a uri are parts of the file's
one binary chunk. What points outside of its own document then names nothing (NOWHERE), so that no part reaches into
another. Does not: check what stands there (gltf.py and its kin do, when they use it).
Limits: cameras are left out, as tiles don't show them, and so is what KHR_animation_pointer moves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from layerw.assets.items import GltfError, Item

NOWHERE = 1 << 50
_ARRAYS = ("bufferViews", "accessors", "images", "samplers", "textures", "materials", "meshes", "nodes", "skins",
           "animations")
LIGHTS = "KHR_lights_punctual"
Json = dict[str, Any]


class Joined:
    """`add` documents and own items, `show` nodes, then take the `document`. bin_bytes: of the file's binary chunk."""

    def __init__(self, bin_bytes: int) -> None:
        self._arrays: dict[str, list[Any]] = {name: [] for name in _ARRAYS}
        self._buffers: list[Any] = [{"byteLength": bin_bytes}] if bin_bytes else []
        self._bin_bytes = bin_bytes
        self._used: set[str] = set()
        self._required: set[str] = set()
        self._roots: list[int] = []
        self._tables: Json = {}
        self._lights: list[Any] = []

    # -- own items -----------------------------------------------------------------------------------
    def view(self, start: int, size: int) -> int:
        """A view of bytes of the binary chunk."""
        return self._append("bufferViews", {"buffer": 0, "byteOffset": start, "byteLength": size})

    def accessor(self, item: Json) -> int:
        """See glTF."""
        return self._append("accessors", item)

    def material(self, item: Json) -> int:
        """See glTF."""
        return self._append("materials", item)

    def mesh(self, item: Json) -> int:
        """See glTF."""
        return self._append("meshes", item)

    def node(self, item: Json) -> int:
        """See glTF."""
        return self._append("nodes", item)

    def show(self, roots: list[int]) -> None:
        """These nodes stand in the scene."""
        self._roots += roots

    def _append(self, name: str, item: Json) -> int:
        self._arrays[name].append(item)
        return len(self._arrays[name]) - 1

    # -- documents -----------------------------------------------------------------------------------
    def add(self, doc: Item, span: tuple[int, int] | None) -> list[int]:
        """A document whose binary chunk lies at `span`; returns its root nodes, which are not shown yet."""
        version = doc.object("asset").text("version", "2.0")
        if not version.startswith("2."):
            raise GltfError(f"A part of the tile is glTF {version[:16]}; only 2.0 is read.")
        self._used |= set(doc.texts("extensionsUsed"))
        self._required |= set(doc.texts("extensionsRequired"))
        counts = {name: len(doc.array(name)) for name in _ARRAYS}
        base = {name: len(items) for name, items in self._arrays.items()}
        lights = _lights_of(doc)
        moved = _Moved(base | {"lights": len(self._lights)}, counts | {"lights": len(lights)})
        self._lights += lights
        roots = [moved.number("nodes", number) for number in _roots(doc)]
        buffers = self._buffers_of(doc, span)
        for name in _ARRAYS:
            items = doc.array(name)
            for item in items:
                if isinstance(item, dict):
                    mover = _MOVERS.get(name)
                    if mover is not None:
                        mover(moved, item)
                    if name == "bufferViews":
                        self._place(item, buffers)
            self._arrays[name] += items
        self._take_tables(doc, moved)
        return roots

    def _buffers_of(self, doc: Item, span: tuple[int, int] | None) -> dict[int, tuple[int, int, int]]:
        """By the document's number of a buffer: its number here, where it begins there, and how many bytes it has."""
        found = {}
        for number, buffer in enumerate(doc.objects("buffers")):
            if "uri" not in buffer and number == 0 and span is not None:
                if buffer.integer("byteLength", low=1) > span[1]:
                    raise buffer.error(f"declares {buffer.integer('byteLength')} bytes, but the binary chunk has "
                                       f"{span[1]}.")  # fmt: skip
                found[number] = (0, *span)
                continue
            found[number] = (len(self._buffers) if self._buffers else 1, 0, buffer.integer("byteLength", low=1))
            if not self._buffers:
                self._buffers.append({"byteLength": 1, "uri": ""})  # number 0 is the binary chunk's
            self._buffers.append(doc.array("buffers")[number])
        return found

    def _place(self, view: Json, buffers: dict[int, tuple[int, int, int]]) -> None:
        held = view.get("extensions")
        packed = [held[name] for name in ("EXT_meshopt_compression", "KHR_meshopt_compression")
                  if isinstance(held, dict) and isinstance(held.get(name), dict)]  # fmt: skip
        for item in (view, *packed):
            number, start, size = buffers.get(_integer(item.get("buffer"), -1), (NOWHERE, 0, 0))
            offset, length = _integer(item.get("byteOffset", 0), NOWHERE), _integer(item.get("byteLength"), 0)
            if number != NOWHERE and (offset < 0 or length < 0 or offset + length > size):
                raise GltfError(f"A buffer view ends at byte {offset + length}, outside of its buffer of {size} bytes.")
            item["buffer"], item["byteOffset"] = number, offset + start

    def _take_tables(self, doc: Item, moved: _Moved) -> None:
        held = doc.extension("EXT_structural_metadata")
        if held is None:
            return
        raw = doc.raw("extensions")["EXT_structural_metadata"]
        for table in raw.get("propertyTables", []):
            for item in (table.get("properties") or {}).values() if isinstance(table, dict) else ():
                for name in ("values", "arrayOffsets", "stringOffsets"):
                    moved.in_place(item, name, "bufferViews")
        self._tables = self._tables or raw  # of several, the first part's

    def document(self) -> Json:
        """All of it."""
        found: Json = {"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": self._roots}],
                       "extensionsUsed": sorted(self._used), "extensionsRequired": sorted(self._required)}  # fmt: skip
        held = {"EXT_structural_metadata": self._tables, LIGHTS: {"lights": self._lights} if self._lights else {}}
        if any(held.values()):
            found["extensions"] = {name: item for name, item in held.items() if item}
        return {**found, **{name: items for name, items in self._arrays.items() if items}, "buffers": self._buffers}


class _Moved:
    """Numbers of one document as numbers of all."""

    def __init__(self, base: dict[str, int], counts: dict[str, int]) -> None:
        self._base, self._counts = base, counts

    def number(self, kind: str, value: Any) -> int:
        return value + self._base[kind] if 0 <= _integer(value, -1) < self._counts[kind] else NOWHERE

    def in_place(self, item: Any, member: str, kind: str) -> None:
        if isinstance(item, dict) and member in item:
            item[member] = self.number(kind, item[member])

    def all_of(self, item: Any, member: str, kind: str) -> None:
        """A list of numbers, or an object whose members are."""
        held = item.get(member) if isinstance(item, dict) else None
        if isinstance(held, list):
            item[member] = [self.number(kind, value) for value in held]
        elif isinstance(held, dict):
            item[member] = {name: self.number(kind, value) for name, value in held.items()}


def _integer(value: Any, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _roots(doc: Item) -> list[int]:
    if len(doc.array("scenes")):
        number = doc.integer("scene", 0)
        if number >= len(doc.array("scenes")):
            raise doc.wrong("scene", "one of its scenes")
        return doc.element("scenes", number).indices("nodes")
    children = {child for node in doc.objects("nodes") for child in node.indices("children")}
    return [number for number in range(len(doc.array("nodes"))) if number not in children]


def _held(item: Any, *names: str) -> Any:
    for name in names:
        item = item.get(name) if isinstance(item, dict) else None
    return item


def _accessor(moved: _Moved, item: Json) -> None:
    moved.in_place(item, "bufferView", "bufferViews")
    for part in ("indices", "values"):
        moved.in_place(_held(item, "sparse", part), "bufferView", "bufferViews")


def _texture(moved: _Moved, item: Json) -> None:
    moved.in_place(item, "sampler", "samplers")
    for holder in (item, *(_held(item, "extensions", name) for name in (
            "KHR_texture_basisu", "EXT_texture_webp", "EXT_texture_avif"))):  # fmt: skip
        moved.in_place(holder, "source", "images")


def _material(moved: _Moved, item: Any) -> None:
    for name, value in item.items() if isinstance(item, dict) else ():
        if name.endswith("Texture"):
            moved.in_place(value, "index", "textures")
        elif isinstance(value, dict) and name != "extras":
            _material(moved, value)


def _mesh(moved: _Moved, item: Json) -> None:
    held = item.get("primitives")
    for primitive in held if isinstance(held, list) else ():
        if not isinstance(primitive, dict):
            continue
        moved.all_of(primitive, "attributes", "accessors")
        moved.in_place(primitive, "indices", "accessors")
        moved.in_place(primitive, "material", "materials")
        moved.in_place(_held(primitive, "extensions", "KHR_draco_mesh_compression"), "bufferView", "bufferViews")


def _node(moved: _Moved, item: Json) -> None:
    for member, kind in (("mesh", "meshes"), ("skin", "skins")):
        moved.in_place(item, member, kind)
    moved.all_of(item, "children", "nodes")
    moved.all_of(_held(item, "extensions", "EXT_mesh_gpu_instancing"), "attributes", "accessors")
    item.pop("camera", None)
    moved.in_place(_held(item, "extensions", LIGHTS), "light", "lights")


def _skin(moved: _Moved, item: Json) -> None:
    moved.in_place(item, "inverseBindMatrices", "accessors")
    moved.in_place(item, "skeleton", "nodes")
    moved.all_of(item, "joints", "nodes")


def _animation(moved: _Moved, item: Json) -> None:
    samplers, channels = item.get("samplers"), item.get("channels")
    for sampler in samplers if isinstance(samplers, list) else ():
        moved.in_place(sampler, "input", "accessors")
        moved.in_place(sampler, "output", "accessors")
    if isinstance(channels, list):
        item["channels"] = [one for one in channels if _held(one, "target", "path") != "pointer"]
        for channel in item["channels"]:
            moved.in_place(_held(channel, "target"), "node", "nodes")


def _lights_of(doc: Item) -> list[Any]:
    """Of KHR_lights_punctual."""
    held = doc.extension(LIGHTS)
    return held.array("lights") if held is not None else []


def _image(moved: _Moved, item: Json) -> None:
    moved.in_place(item, "bufferView", "bufferViews")


_MOVERS: dict[str, Callable[[_Moved, Json], None]] = {
    "accessors": _accessor, "textures": _texture, "materials": _material, "meshes": _mesh, "nodes": _node,
    "skins": _skin, "images": _image, "animations": _animation}  # fmt: skip
