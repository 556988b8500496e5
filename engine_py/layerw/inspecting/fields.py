"""What one entity holds, as fields that the page can edit, and the edits.

Owns: how values travel: numbers as they are, rotations as degrees of yaw, pitch and roll, colours as 0 to 255.
Does not: check values; the attributes do, and their errors are what the page shows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from layerw.base.mathx import matrix_from_quat, quat_from_euler
from layerw.scene.component_view import ComponentView
from layerw.scene.components import FieldType
from layerw.scene.entity import Entity

SPAWNED = ("position", "rotation", "scale", "color", "visible", "casts_shadow", "layer")


def described(entity: Entity) -> list[dict[str, Any]]:
    """Its components with their fields: {name, fields: [{name, type, width, value}]}."""
    table = entity._table
    row = entity.first_row
    color = int(table.color[row])
    own = [
        _field("position", "f32", table.position[row].tolist(), unit="m"),
        _field("rotation", "degrees", degrees(table.rotation[row]), unit="°", names=["pitch x", "yaw y", "roll z"],
               quaternion=[round(one, 4) for one in table.rotation[row].tolist()]),
        _field("scale", "f32", table.scale[row].tolist()),
        _field("color", "color", [color >> shift & 255 for shift in (0, 8, 16, 24)]),
        _field("visible", "flag", [entity.visible]),
        _field("casts_shadow", "flag", [entity.casts_shadow]),
        _field("layer", "u8", [int(entity.layer)], most=31),
    ]
    found = [{"name": "", "fields": own}]
    for one in table.components.all():
        if one.present[row]:
            fields = [_column(name, one.declared.fields[name].type, column.array[row])
                      for name, column in one.columns.items()]
            found.append({"name": one.declared.name, "fields": fields})
    return found


def put(entity: Entity, component: str, name: str, value: list[Any]) -> None:
    """Sets a field to what `described` would give. Raises what the attribute raises, or LookupError."""
    if component:
        for one in entity._table.components.all():
            if one.declared.name == component and one.present[entity.first_row]:
                given = value if one.declared.fields[name].type.width > 1 else value[0]
                setattr(ComponentView(entity, one.declared, True), name, given)
                return
        raise LookupError(f"The entity has no {component} any more.")
    if name not in SPAWNED:
        raise LookupError(f"There is no field {name!r}.")
    if name == "rotation":
        pitch, yaw, roll = (math.radians(one) for one in value)
        entity.rotation = quat_from_euler(pitch, yaw, roll)
    elif name == "color":
        entity.color = np.array([value], np.uint8)
    else:
        setattr(entity, name, value if name in ("position", "scale") else value[0])


def degrees(rotation: Any) -> list[float]:
    """Pitch, yaw and roll of a quaternion, as quat_from_euler takes them, in degrees."""
    m = matrix_from_quat(np.asarray(rotation, np.float64))
    pitch = math.asin(max(-1.0, min(1.0, -float(m[1, 2]))))
    if abs(m[1, 2]) < 0.999999:
        yaw, roll = math.atan2(m[0, 2], m[2, 2]), math.atan2(m[1, 0], m[1, 1])
    else:  # straight up or down: yaw and roll are one turn
        yaw, roll = math.atan2(-m[2, 0], m[0, 0]), 0.0
    return [round(math.degrees(one), 3) + 0.0 for one in (pitch, yaw, roll)]


def _column(name: str, kind: FieldType, value: Any) -> dict[str, Any]:
    whole = np.issubdtype(kind.dtype, np.integer)
    most = int(np.iinfo(kind.dtype).max) if whole else None  # type: ignore[type-var]
    least = int(np.iinfo(kind.dtype).min) if whole else None  # type: ignore[type-var]
    return _field(name, kind.name, np.atleast_1d(value).tolist(), most=most, least=least)


def _field(name: str, kind: str, value: list[Any], **more: Any) -> dict[str, Any]:
    """`most`, `least`: of whole numbers; `unit`; `names` of the parts; `quaternion` of a rotation."""
    return {"name": name, "type": kind, "value": [_shown(one) for one in value],
            **{key: one for key, one in more.items() if one is not None}}


def _shown(value: Any) -> Any:
    """As JSON can have it, without digits that float32 does not hold."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.6g}") if math.isfinite(value) else None
