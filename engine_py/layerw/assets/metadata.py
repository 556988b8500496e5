"""Property tables and feature ids of a glTF file: what each of its houses, trees or rooms is, as columns.

Owns: the plan (which bytes are read) and the numpy arrays made of them. What breaks a rule is left out with a warning.
Limits: property tables with a schema inside of the file; feature ids as vertex attributes or implicit, no textures.
Source: EXT_structural_metadata, EXT_mesh_features; 3D Metadata Specification, "Binary Table Format".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.assets.accessors import Accessor, resolve_accessor, resolve_view
from layerw.assets.gltf import Document
from layerw.assets.items import GltfError, Item
from layerw.assets.numbers import Numbers
from layerw.base.ports import FeatureIds

TABLES, FEATURES = "EXT_structural_metadata", "EXT_mesh_features"
_COMPONENTS = {"INT8": "<i1", "UINT8": "<u1", "INT16": "<i2", "UINT16": "<u2", "INT32": "<i4", "UINT32": "<u4",
               "INT64": "<i8", "UINT64": "<u8", "FLOAT32": "<f4", "FLOAT64": "<f8"}  # fmt: skip
_SHAPES = {"SCALAR": (), "VEC2": (2,), "VEC3": (3,), "VEC4": (4,), "MAT2": (2, 2), "MAT3": (3, 3), "MAT4": (4, 4)}
_OFFSETS = ("UINT8", "UINT16", "UINT32", "UINT64")
ROWS_MAX = 1 << 24
Array = npt.NDArray[Any]


@dataclass(slots=True)
class Column:
    """One property of a table."""

    item: Item
    kind: str
    component: str
    is_array: bool
    fixed: int  # elements of each array; 0 = by its offsets
    values: Accessor
    arrays: Accessor | None
    array_type: str
    strings: Accessor | None
    string_type: str
    names: dict[int, str]  # of an enumeration


@dataclass(slots=True)
class Table:
    """A property table."""

    name: str
    count: int
    columns: dict[str, Column] = field(default_factory=dict)


def plan_tables(doc: Document, numbers: Numbers, only: str | None = None) -> list[Table]:
    """The tables of a file. only: a single column of them."""
    held = doc.root.extension(TABLES)
    if held is None:
        return []
    if "schema" not in held:
        doc.warn(f"{held.path} has its schema in another file, which is not read; its tables are left out.")
        return []
    found = []
    for number, item in enumerate(held.objects("propertyTables")):
        try:
            found.append(_table(doc, held.object("schema"), item, number, numbers, only))
        except GltfError as error:
            doc.warn(f"A property table is left out: {error}")
    return found


def _table(doc: Document, schema: Item, item: Item, number: int, numbers: Numbers, only: str | None) -> Table:
    class_name = item.text("class")
    described = schema.object("classes").optional(class_name)
    if described is None:
        raise item.wrong("class", "a class of its schema")
    count = item.integer("count", low=1)
    if count > ROWS_MAX:
        raise item.error(f"has {count} rows; at most {ROWS_MAX} are read.")
    table = Table(item.label() or class_name or f"table {number}", count)
    properties, kinds = item.object("properties"), described.object("properties")
    for name in properties.names():
        if only is not None and name != only:
            continue
        try:
            table.columns[name] = _column(doc, schema, kinds.object(name), properties.object(name), count, numbers)
        except GltfError as error:
            doc.warn(f"The property {name!r} of {item.path} is left out: {error}")
    return table


def _column(doc: Document, schema: Item, kind: Item, item: Item, count: int, numbers: Numbers) -> Column:
    type_ = kind.choice("type", "", (*_SHAPES, "STRING", "BOOLEAN", "ENUM"))
    names: dict[int, str] = {}
    component = kind.text("componentType")
    if type_ == "ENUM":
        enum = schema.object("enums").object(kind.text("enumType"))
        component = enum.text("valueType", "UINT16")
        names = {value.integer("value", low=-(1 << 63)): value.label() for value in enum.objects("values")}
    if type_ not in ("STRING", "BOOLEAN") and component not in _COMPONENTS:
        raise kind.wrong("componentType", f"one of {', '.join(_COMPONENTS)}")
    is_array, fixed = kind.flag("array"), kind.integer("count", 0)

    def part(name: str) -> Accessor | None:
        if name not in item:
            return None
        holder = Item({"bufferView": item.integer(name)}, item.at(name))
        buffer, offset, length, _ = resolve_view(doc, holder)
        return numbers.add(Accessor(buffer, offset, 0, 5121, 1, False, length, (), ()))

    values = part("values")
    if values is None:
        raise item.error("has no values.")
    arrays = part("arrayOffsets") if is_array and not fixed else None
    strings = part("stringOffsets") if type_ == "STRING" else None
    if (is_array and not fixed and arrays is None) or (type_ == "STRING" and strings is None):
        raise item.error("has no offsets for what is of different lengths.")
    return Column(kind, type_, component, is_array, fixed, values, arrays,
                  item.choice("arrayOffsetType", "UINT32", _OFFSETS), strings,
                  item.choice("stringOffsetType", "UINT32", _OFFSETS), names)  # fmt: skip


def read_tables(tables: list[Table], numbers: Numbers, payload: bytes,
                warnings: list[str]) -> dict[str, dict[str, Array]]:  # fmt: skip
    """Columns by table and property: (n,) or (n, components); texts and arrays of different lengths are objects."""
    found: dict[str, dict[str, Array]] = {}
    for table in tables:
        columns = found.setdefault(table.name, {})
        for name, column in table.columns.items():
            try:
                columns[name] = _read(column, table.count, numbers, payload)
            except (GltfError, ValueError, IndexError, UnicodeDecodeError) as error:
                warnings.append(f"The property {name!r} of {table.name!r} is left out: {error}")
    return found


def _read(column: Column, count: int, numbers: Numbers, payload: bytes) -> Array:
    ends = np.arange(count + 1, dtype=np.int64) * (column.fixed if column.is_array and column.fixed else 1)
    if column.arrays is not None:
        ends = _offsets(numbers.raw(column.arrays, payload), column.array_type, count)
    flat = _elements(column, int(ends[-1]), numbers, payload)
    if not column.is_array:
        return flat
    if column.fixed:
        return flat.reshape(count, column.fixed, *flat.shape[1:])
    found = np.empty(count, object)
    for row in range(count):
        found[row] = flat[ends[row] : ends[row + 1]]
    return found


def _elements(column: Column, count: int, numbers: Numbers, payload: bytes) -> Array:
    data = numbers.raw(column.values, payload)
    if column.kind == "STRING":
        assert column.strings is not None
        ends = _offsets(numbers.raw(column.strings, payload), column.string_type, count)
        found = np.empty(count, object)
        for row in range(count):
            found[row] = data[ends[row] : ends[row + 1]].decode("utf-8")
        return found
    if column.kind == "BOOLEAN":
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[:count].astype(np.bool_)
        _check_count(len(bits), count)
        return bits
    shape = _SHAPES.get(column.kind, ())
    width = int(np.prod(shape, dtype=np.int64))
    values: Array = np.frombuffer(data, _COMPONENTS[column.component], min(count * width, len(data) // _size(column)))
    _check_count(len(values), count * width)
    values = values.reshape(count, *shape)
    if len(shape) == 2:
        values = values.swapaxes(1, 2)  # glTF stores columns
    if column.names:
        return np.array([column.names.get(int(value), str(value)) for value in values], object)
    return _scaled(column, values, shape)


def _scaled(column: Column, values: Array, shape: tuple[int, ...]) -> Array:
    item = column.item
    if not (item.flag("normalized") or "offset" in item or "scale" in item):
        return values.copy()
    found = values.astype(np.float64)
    if item.flag("normalized") and values.dtype.kind in "iu":
        found = np.maximum(found / np.iinfo(values.dtype).max, -1.0)

    def numbers(name: str, default: float) -> Array:
        raw = np.asarray(item.raw(name) if name in item else default, np.float64)
        return raw if raw.ndim == 0 else raw.reshape(shape)

    scaled: Array = found * numbers("scale", 1.0) + numbers("offset", 0.0)
    return scaled


def _size(column: Column) -> int:
    return int(np.dtype(_COMPONENTS[column.component]).itemsize)


def _offsets(data: bytes, kind: str, count: int) -> npt.NDArray[np.int64]:
    found = np.frombuffer(data, _COMPONENTS[kind])[: count + 1].astype(np.int64)
    _check_count(len(found), count + 1)
    if found[0] < 0 or (np.diff(found) < 0).any() or int(found[-1]) > ROWS_MAX:
        raise GltfError("Its offsets do not rise.")
    return found


def _check_count(found: int, needed: int) -> None:
    if found < needed:
        raise GltfError(f"It has {found} values; {needed} are needed.")


# -- features ----------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class FeaturePlan:
    """Ids of a primitive's vertices: `ids` None = each vertex is a feature."""

    node: int
    primitive: int
    item: Item
    vertices: int
    ids: Accessor | None


def plan_features(doc: Document, primitive: Item, node: int, number: int, numbers: Numbers) -> list[FeaturePlan]:
    """The sets of feature ids of a primitive."""
    held, found = primitive.extension(FEATURES), []
    for item in held.objects("featureIds") if held is not None else ():
        try:
            attributes = primitive.object("attributes")
            if "texture" in item:
                raise item.error("are in a texture; of tiles, World.feature reads it.")
            vertices = doc.item("accessors", attributes.integer("POSITION"), attributes.at("POSITION")).integer("count")
            ids = None
            if "attribute" in item:
                name = f"_FEATURE_ID_{item.integer('attribute')}"
                ids = numbers.add(resolve_accessor(doc, attributes.integer(name), "feature_id", attributes.at(name)))
            found.append(FeaturePlan(node, number, item, vertices, ids))
        except GltfError as error:
            doc.warn(f"Feature ids are left out: {error}")
    return found


def read_features(plans: list[FeaturePlan], tables: list[Table], numbers: Numbers, payload: bytes) -> list[FeatureIds]:
    """One for each set of ids."""
    found = []
    for plan in plans:
        ids = (np.arange(plan.vertices, dtype=np.int64) if plan.ids is None
               else numbers.read(plan.ids, payload)[:, 0].astype(np.int64))  # fmt: skip
        table = plan.item.integer("propertyTable", 0) if "propertyTable" in plan.item else -1
        found.append(FeatureIds(plan.node, plan.primitive, plan.item.label("label"),
                                tables[table].name if 0 <= table < len(tables) else "",
                                plan.item.integer("featureCount", 0), ids))  # fmt: skip
    return found
