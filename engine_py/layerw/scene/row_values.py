"""What a program gives for rows of the table, checked and brought to the columns' form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.colors import byte_colors, pack_rgba8
from layerw.base.distinct import distinct
from layerw.base.errors import ConfigError, HandleError, OutsideError, ShapeError

if TYPE_CHECKING:
    from layerw.scene.entity import Entities
    from layerw.scene.table import Table

OPAQUE = 0xFF000000  # from there on alpha, the highest byte, is 1


def chosen_rows(which: Any, count: int) -> npt.NDArray[Any]:
    """A mask or whole numbers, checked."""
    chosen = checks.as_array(which)
    if chosen.dtype == np.bool_ and chosen.shape == (count,):
        return chosen
    if chosen.ndim != 1 or chosen.dtype == np.bool_ or (chosen.size and chosen.dtype.kind not in "iu"):
        raise ShapeError(f"A group of {count} takes a whole number, a slice, a mask of shape ({count},) or an array of "
                         f"whole numbers; {chosen.dtype} of shape {chosen.shape} was given.")  # fmt: skip
    outside = chosen[(chosen < -count) | (chosen >= count)]
    if len(outside):
        raise OutsideError(f"Entity {int(outside[0])} was asked for; the group has {count}.")
    return chosen.astype(np.intp)


def raise_dead(first: int, alive: npt.NDArray[np.bool_]) -> NoReturn:
    """Some of the entities from row `first` on were despawned. Raises HandleError."""
    if len(alive) == 1:
        raise HandleError(f"Entity {first} was despawned; drop the reference when you despawn.")
    dead = int(np.count_nonzero(~alive))
    left = " group[group.alive_mask] are the others." if dead < len(alive) else ""
    raise HandleError(f"{dead} of the {len(alive)} entities of this group were despawned; drop the reference when you "
                      f"despawn.{left}")  # fmt: skip


def check_owner(name: str, entities: Entities, table: Table) -> None:
    """Refuses entities of another App: their rows are others here. Raises HandleError."""
    if entities._table is not table:
        raise HandleError(f"{name} is {entities!r} of another App; an App takes only its own entities.")


def check_alpha(colors: npt.NDArray[np.uint32], materials: npt.NDArray[np.uint32], table: Table) -> None:
    """Refuses alpha where the material draws everything whole. Raises ConfigError."""
    if colors.size and int(colors.min()) >= OPAQUE:
        return
    faint = distinct(materials[colors < OPAQUE]).tolist()
    if any(table.ignores_alpha(material) for material in faint):
        raise ConfigError("color has alpha below 1, but the material is opaque and shows all of it; give the material "
                          "an alpha below 1 as well (lw.Material(color=(1, 1, 1, 0.99))), or `masked` for holes.")


def unit_rotations(rotation: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    """Quaternions of length 1; those that are stay as they are."""
    square = (rotation * rotation).sum(axis=-1, keepdims=True)
    if (np.abs(square - 1) < 1e-5).all():
        return rotation
    if not (square > 1e-20).all():
        raise ShapeError("rotation takes quaternions xyzw of any length but 0; the given array has one of length 0.")
    turned: npt.NDArray[Any] = rotation / np.sqrt(square)
    return turned


def packed_colors(value: Any, now: npt.NDArray[np.uint32], count: int) -> npt.NDArray[np.uint32]:
    """(n,) uint32 rgba8 of one colour or of n; n with three channels leave alpha as it is now."""
    shape: tuple[int, ...] = () if isinstance(value, str) else checks.as_array(value).shape
    if shape == (count,) and getattr(value, "dtype", None) == np.uint32:
        return np.asarray(value)
    if len(shape) < 2:
        return np.full(count, pack_rgba8(value), np.uint32)
    found = byte_colors(value, count, "color")
    if shape[1] == 3:
        found[:, 3] = now.view(np.uint8).reshape(-1, 4)[:, 3]
    return found.view(np.uint32).reshape(-1)
