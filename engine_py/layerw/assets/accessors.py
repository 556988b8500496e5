"""Accessors: every number checked against its buffer view and buffer before anything is asked for.

Owns: bounds and type checks (Python integers, so nothing wraps), and the buffers' addresses.
Does not: read bytes; indices and NaN are checked where they are read (web/decode/).
Limits: ELEMENTS_MAX elements.
Source: glTF 2.0, 3.6.2 (accessors), KHR_mesh_quantization, EXT_meshopt_compression.
"""

from __future__ import annotations

from dataclasses import dataclass

from layerw.assets.gltf import Document
from layerw.assets.items import NUMBER_MAX, Item, shown
from layerw.assets.packed import ZEROS as ZEROS
from layerw.assets.packed import Packed
from layerw.gpu import spec

ELEMENTS_MAX = 1 << 24
BUFFER_BYTES_MAX = 1 << 30
STRIDE_MAX = 252
COMPONENT_BYTES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
COMPONENTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_LARGEST = {5120: 127, 5121: 255, 5122: 32767, 5123: 65535, 5125: 1, 5126: 1}
_INTEGERS = frozenset({5120, 5121, 5122, 5123})
_ALLOWED = {  # semantic -> (accessor types, component types)
    "index": (("SCALAR",), frozenset({5121, 5123, 5125})),
    "position": (("VEC3",), _INTEGERS | {5126}),
    "normal": (("VEC3",), _INTEGERS | {5126}),
    "tangent": (("VEC4",), _INTEGERS | {5126}),
    "uv": (("VEC2",), _INTEGERS | {5126}),
    "uv1": (("VEC2",), _INTEGERS | {5126}),
    "color": (("VEC3", "VEC4"), frozenset({5121, 5123, 5126})),
    "joints": (("VEC4",), frozenset({5121, 5123})), "joints1": (("VEC4",), frozenset({5121, 5123})),
    "weights": (("VEC4",), frozenset({5121, 5123, 5126})), "weights1": (("VEC4",), frozenset({5121, 5123, 5126})),
    "inverse_bind": (("MAT4",), frozenset({5126})),
    "keys": (("SCALAR",), frozenset({5126})),  # of an animation: seconds
    "translation": (("VEC3",), _INTEGERS | {5126}),
    "rotation": (("VEC4",), _INTEGERS | {5126}),
    "scale": (("VEC3",), _INTEGERS | {5126}),
    "morph_weights": (("SCALAR",), _INTEGERS | {5126}),
    "pair": (("VEC2",), _INTEGERS | {5126}),
    "morph": (("VEC3",), _INTEGERS | {5126}),
    "feature_id": (("SCALAR",), _INTEGERS | {5125, 5126}),
    "octahedral": (("VEC2",), frozenset({5123})),  # of an i3dm
    "number": (("SCALAR",), frozenset({5126})),
    "rgb565": (("SCALAR",), frozenset({5123})),  # of a pnts
}
MESHOPT = ("KHR_meshopt_compression", "EXT_meshopt_compression")
_READ_HERE = frozenset({"inverse_bind", "keys", "translation", "rotation", "scale", "morph_weights", "pair", "morph",
                        "feature_id", "octahedral", "number"})


@dataclass(frozen=True, slots=True)
class Accessor:
    """A checked accessor; offsets are from the start of its buffer, which may be ZEROS."""

    buffer: int
    byte_offset: int
    byte_stride: int  # 0 = tightly packed
    component_type: int
    components: int
    normalized: bool
    count: int
    low: tuple[float, ...]  # min and max as real numbers; empty where the file has none
    high: tuple[float, ...]
    sparse: tuple[Accessor, Accessor] | None = None  # numbers of the elements that differ, and what they are

    def placed(self, buffer: int, byte_offset: int, component_type: int = 0) -> Accessor:
        """The same, tightly packed elsewhere. component_type: 0 = as it is."""
        return Accessor(buffer, byte_offset, 0, component_type or self.component_type, self.components, self.normalized,
                        self.count, self.low, self.high)  # fmt: skip


def resolve_accessor(doc: Document, index: int, semantic: str, user: str, *, unpacked: bool = False) -> Accessor:
    """Check accessor `index` for a use (spec.SEMANTICS); raises GltfError. unpacked: its place is not in the file, and
    is said later."""
    item = doc.item("accessors", index, user)
    component_type, components = _types(item, semantic)
    count = item.integer("count", low=1)
    if count > ELEMENTS_MAX:
        raise item.error(f"has {count} elements; at most {ELEMENTS_MAX} are read.")
    if "bufferView" not in item and "sparse" not in item and semantic == "index" and not unpacked:
        raise item.error("has no bufferView; indices that are all zero show nothing.")
    buffer, offset, stride = ZEROS, 0, 0
    if "bufferView" in item and not unpacked:
        buffer, offset, stride = _place(doc, item, semantic, component_type, components, count)
    normalized = item.flag("normalized")
    if semantic in ("color", "weights", "weights1") and component_type != 5126:
        normalized = True  # the only integers that these may be
    scale = 1.0 / _LARGEST[component_type] if normalized else 1.0
    sparse = None
    if "sparse" in item and not unpacked:
        sparse = _sparse(doc, item, component_type, components, normalized, count)
        if semantic not in _READ_HERE:
            buffer, offset, stride = _replaced(doc, (buffer, offset, stride), sparse, count), 0, 0
            sparse = None
    return Accessor(buffer, offset, stride, component_type, components, normalized, count,
                    _bounds(item, "min", components, scale), _bounds(item, "max", components, scale), sparse)


def _sparse(doc: Document, item: Item, component_type: int, components: int, normalized: bool,
            count: int) -> tuple[Accessor, Accessor]:  # fmt: skip
    """What replaces some of an accessor's elements."""
    sparse = item.object("sparse")
    changed = sparse.integer("count", low=1)
    if changed > count:
        raise sparse.error(f"changes {changed} elements of {count}.")
    indices, values = sparse.object("indices"), sparse.object("values")
    kind = indices.integer("componentType")
    if kind not in (5121, 5123, 5125):
        raise indices.wrong("componentType", "5121, 5123 or 5125")
    return (Accessor(*_place(doc, indices, "index", kind, 1, changed), kind, 1, False, changed, (), ()),
            Accessor(*_place(doc, values, "sparse values", component_type, components, changed), component_type,
                     components, normalized, changed, (), ()))  # fmt: skip


def _replaced(doc: Document, place: tuple[int, int, int], sparse: tuple[Accessor, Accessor], count: int) -> int:
    """A buffer with an accessor's elements, some of which others replace."""
    index, value = sparse
    size = COMPONENT_BYTES[value.component_type] * value.components
    buffer, offset, stride = place
    source = (buffer, offset, (count - 1) * (stride or size) + size)
    return doc.unpacked(Packed(
        "sparse", source if buffer != ZEROS else (ZEROS, 0, 0), count * size, (size, stride or size, index.count),
        index=_part(index), index_bytes=COMPONENT_BYTES[index.component_type], value=_part(value)))  # fmt: skip


def _part(accessor: Accessor) -> tuple[int, int, int]:
    size = COMPONENT_BYTES[accessor.component_type] * accessor.components
    return accessor.buffer, accessor.byte_offset, (accessor.count - 1) * (accessor.byte_stride or size) + size


def _types(item: Item, semantic: str) -> tuple[int, int]:
    kinds, types = _ALLOWED[semantic]
    kind, component_type = item.text("type"), item.integer("componentType")
    if kind not in kinds or component_type not in types:
        raise item.error(f"is {shown(kind)} of component type {component_type}; as {semantic} it must be "
                         f"{' or '.join(kinds)} of {', '.join(str(t) for t in sorted(types))}.")
    return component_type, COMPONENTS[kind]


def _place(doc: Document, item: Item, semantic: str, component_type: int, components: int,
           count: int) -> tuple[int, int, int]:
    buffer, start, length, stride = resolve_view(doc, item)
    offset = item.integer("byteOffset", 0)
    size = COMPONENT_BYTES[component_type]
    step = stride or size * components
    if semantic == "index" and stride not in (0, size):
        raise item.error(f"holds indices with a stride of {stride} bytes; indices are tightly packed.")
    if step < size * components or step % size or (start + offset) % size:
        raise item.error(f"starts at byte {start + offset} with a stride of {step}; both must be multiples of "
                         f"{size}, and the stride at least {size * components}.")
    needed = offset + (count - 1) * step + size * components
    if needed > length:
        raise item.error(f"needs {needed} bytes of its buffer view, which has {length}.")
    return buffer, start + offset, stride


def resolve_view(doc: Document, user: Item) -> tuple[int, int, int, int]:
    """Buffer, offset, length and stride (0 = none) of the buffer view that `user` names; it lies in its buffer."""
    _, view = doc.named(user, "bufferView", "bufferViews")
    packed = next((found for name in MESHOPT if (found := view.extension(name)) is not None), None)
    if packed is not None:
        return _meshopt(doc, view, packed)
    buffer, holder = doc.named(view, "buffer", "buffers")
    offset, length = view.integer("byteOffset", 0), view.integer("byteLength", low=1)
    stride = view.integer("byteStride", 0)
    if stride > STRIDE_MAX:
        raise view.error(f"has a stride of {stride} bytes; at most {STRIDE_MAX} are allowed.")
    size = buffer_bytes(doc, buffer, holder)
    if offset + length > size:
        raise view.error(f"ends at byte {offset + length}, outside of buffers[{buffer}], which has {size} bytes.")
    return buffer, offset, length, stride


def _meshopt(doc: Document, view: Item, packed: Item) -> tuple[int, int, int, int]:
    """The buffer that a compressed view becomes, and the place in it: all."""
    buffer, holder = doc.named(packed, "buffer", "buffers")
    offset, length = packed.integer("byteOffset", 0), packed.integer("byteLength", low=1)
    stride, count = packed.integer("byteStride", low=1), packed.integer("count", low=1)
    size = buffer_bytes(doc, buffer, holder)
    if offset + length > size:
        raise packed.error(f"ends at byte {offset + length}, outside of buffers[{buffer}], which has {size} bytes.")
    mode = packed.choice("mode", "", spec.MESHOPT_MODES)
    filter_ = packed.choice("filter", "NONE", spec.MESHOPT_FILTERS)
    strides = {"ATTRIBUTES": range(4, 257, 4), "TRIANGLES": (2, 4), "INDICES": (2, 4)}[mode]
    if stride not in strides or (mode == "TRIANGLES" and count % 3) or count > ELEMENTS_MAX * 3:
        raise packed.error(f"packs {count} elements of {stride} bytes as {mode}; their stride must be "
                           f"{'a multiple of 4 up to 256' if mode == 'ATTRIBUTES' else '2 or 4'}, and triangles have "
                           f"three.")  # fmt: skip
    declared = view.integer("byteLength", low=1)
    if declared != stride * count or declared > BUFFER_BYTES_MAX:
        raise view.error(f"has {declared} bytes, but packs {count} elements of {stride} bytes.")
    numbers = (spec.MESHOPT_MODES.index(mode), spec.MESHOPT_FILTERS.index(filter_), stride)
    made = doc.unpacked(Packed("meshopt", (buffer, offset, length), declared, numbers))
    return made, 0, declared, view.integer("byteStride", 0)


def buffer_bytes(doc: Document, index: int, item: Item) -> int:
    """The declared size of a buffer; checked against the BIN chunk where it is the glb's own."""
    size = item.integer("byteLength", low=1)
    if size > BUFFER_BYTES_MAX:
        raise item.error(f"has {size} bytes; at most {BUFFER_BYTES_MAX} are read.")
    if "uri" not in item:
        if index != 0 or doc.bin_bytes < 0:
            raise item.error("has no uri and the file has no binary chunk for it.")
        if size > doc.bin_bytes:
            raise item.error(f"declares {size} bytes, but the binary chunk has {doc.bin_bytes}.")
    return size


def _bounds(item: Item, key: str, components: int, scale: float) -> tuple[float, ...]:
    values = item.array(key)
    good = len(values) == components and all(
        isinstance(v, (int, float)) and -NUMBER_MAX < v < NUMBER_MAX for v in values)  # fmt: skip
    return tuple(float(v) * scale for v in values) if good else ()
