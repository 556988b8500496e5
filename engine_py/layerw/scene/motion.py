"""Moving and turning entities: what `move`, `rotate` and `look_at` work out, with their arguments checked.

Owns: nothing. Angles are radians and never guessed: one that is many turns is told once, because degrees were meant.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks, mathx
from layerw.base.errors import HandleError, ShapeError
from layerw.base.mathx import Array, facing, matrix_from_quat, quat_from_matrix, turned_by
from layerw.scene.hierarchy import world_matrix
from layerw.scene.table import Table

FRONTS = ("-Z", "+Z")  # where cameras look and lamps shine; where models of glTF files look
FLOAT32_MAX = float(np.finfo(np.float32).max)
MANY_TURNS = 10.0  # radians in one call: 30 degrees are 0.5, half a turn is 3.1


def moved(position: npt.NDArray[np.float32], x: float, y: float, z: float) -> tuple[float, float, float]:
    """The position after a step. Raises ShapeError where float32 does not reach so far."""
    _check_finite("Entity.move", x, y, z)
    here = position.tolist()
    there = here[0] + x, here[1] + y, here[2] + z
    if not (abs(there[0]) <= FLOAT32_MAX and abs(there[1]) <= FLOAT32_MAX and abs(there[2]) <= FLOAT32_MAX):
        raise ShapeError(f"Entity.move({x:g}, {y:g}, {z:g}) leads from {checks.shown(here)} to no finite numbers of at "
                         f"most {FLOAT32_MAX:g}; assign its position.")  # fmt: skip
    return there


def turned(rotation: npt.NDArray[np.float32], x: float, y: float, z: float) -> tuple[float, float, float, float]:
    """The rotation after a turn about its own axes."""
    _check_finite("Entity.rotate", x, y, z)
    if abs(x) + abs(y) + abs(z) > MANY_TURNS:
        checks.tell_degrees(f"Entity.rotate({_given(x, y, z)})")
    found = turned_by(rotation.tolist(), x, y, z)
    if not math.isfinite(found[0] + found[1] + found[2] + found[3]):
        raise ShapeError(f"Entity.rotate turns a rotation of {checks.shown(rotation.tolist())}, which is none; assign "
                         f"its rotation.")  # fmt: skip
    return found


def moved_all(position: npt.NDArray[np.float32], x: float, y: float, z: float) -> npt.NDArray[np.float64]:
    """As `moved`, of (n, 3)."""
    _check_finite("Entities.move", x, y, z)
    there: npt.NDArray[np.float64] = position + np.array((x, y, z))
    if not (np.abs(there) <= FLOAT32_MAX).all():
        raise ShapeError(f"Entities.move({x:g}, {y:g}, {z:g}) leads to no finite numbers of at most {FLOAT32_MAX:g}; "
                         f"assign their positions.")  # fmt: skip
    return there


def turned_all(rotation: npt.NDArray[np.float32], x: float, y: float, z: float) -> Array:
    """As `turned`, of (n, 4)."""
    _check_finite("Entities.rotate", x, y, z)
    if abs(x) + abs(y) + abs(z) > MANY_TURNS:
        checks.tell_degrees(f"Entities.rotate({_given(x, y, z)})")
    found = mathx.quat_multiply(rotation.astype(np.float64), mathx.quat_from_euler(x, y, z))
    length = np.linalg.norm(found, axis=1, keepdims=True)
    if not np.isfinite(length).all():
        raise ShapeError("Entities.rotate turns rotations of which some are none; assign their rotations.")
    turned: Array = found / np.where(length > 0, length, 1)
    return turned


def towards(table: Table, row: int, target: npt.ArrayLike, front: str) -> Array:
    """The rotation of a row whose front, one of FRONTS, looks at a point of the world.

    Raises:
        ShapeError: the target is no point, or where the row stands; or it or a parent stands nowhere (NaN, infinity).
    """
    point = checks.vector("Entity.look_at target", target)
    sign = 1.0 if checks.one_of("Entity.look_at front", front, FRONTS) == "-Z" else -1.0
    with np.errstate(all="ignore"):
        matrix, place = world_matrix(table.parent, table.position, table.rotation, table.scale, int(table.parent[row]))
    if not (np.isfinite(matrix).all() and np.isfinite(place).all() and np.isfinite(table.position[row]).all()):
        raise ShapeError(f"Entity {row} cannot look at a point: it or what it moves with has a position, rotation or "
                         f"scale that is not finite; assign that.")  # fmt: skip
    inward = np.linalg.pinv(matrix)  # a parent that is flat has no inverse
    forward: Array = inward @ (point - place) - table.position[row]
    if not forward.any():
        raise ShapeError(f"Entity {row} cannot look at its own position; move it or choose another target.")
    return quat_from_matrix(facing(sign * forward, inward @ (0.0, 1.0, 0.0), matrix_from_quat(table.rotation[row])))


def values_for(name: str, value: npt.ArrayLike, width: int, count: int, one: bool) -> npt.NDArray[np.float32]:
    """What is assigned to an attribute: for all rows, or one for each. Raises ShapeError."""
    try:
        array = np.asarray(value, np.float32)
    except checks.NO_NUMBERS:
        raise ShapeError(f"{name} is {checks.shown(value)}; it takes {width} finite numbers.") from None
    even = name == "scale" and array.shape in ((), (count, 1))
    if array.shape != (width,) and (one or array.shape != (count, width)) and not even:
        shapes = f"({width},)" if one else f"({width},) or ({count}, {width})"
        raise ShapeError(f"{name} takes shape {shapes}; the given array has {array.shape}.")
    if not np.isfinite(array).all():
        raise ShapeError(f"{name} takes finite numbers; the given array has NaN or infinity.")
    return array


def _given(x: float, y: float, z: float) -> str:
    return ", ".join(f"{name}={value:g}" for name, value in (("x", x), ("y", y), ("z", z)) if value)


def _check_finite(name: str, *values: Any) -> None:
    """Three numbers: one test on the way that every frame takes, the words only where it fails."""
    try:
        if math.isfinite(values[0] + values[1] + values[2]):
            return
    except checks.NO_NUMBERS:
        pass
    for axis, value in zip("xyz", values, strict=True):
        checks.number(f"{name} {axis}", value)


def interpolate(table: Table, rows: slice | npt.NDArray[np.intp], on: bool) -> None:
    """Rows are drawn between fixed steps, or no more. Raises ConfigError where one is static."""
    if table.interpolation is None:
        if not on:
            return
        from layerw.scene.interpolation import Interpolation  # most programs have none

        table.interpolation = Interpolation(table)
    table.interpolation.choose(rows, on)


def body_of(table: Table, entities: object) -> Any:
    """Physics' handle on the bodies of entities. Raises HandleError where there is no physics yet."""
    if table.bodies is None:
        raise HandleError('It has no body; give it one: app.physics.add(entity, "dynamic"), or '
                          "spawn(..., body=lw.Body()).")
    return table.bodies(entities)
