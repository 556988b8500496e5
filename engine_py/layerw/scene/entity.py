"""Entity and Entities: handles on rows of the table, with generations.

Own nothing but row numbers; every access checks that the entity still lives.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.colors import pack_rgba8
from layerw.base.errors import ShapeError
from layerw.base.mathx import Array, facing, matrix_from_quat, quat_from_euler, quat_from_matrix, quat_multiply
from layerw.scene.hierarchy import world_matrix
from layerw.scene.table import HIDDEN, NO_SHADOW, STATIC_FLAG, Table


class Entities:
    """`count` consecutive rows: `.position`, `.rotation`, `.scale`, `.color` are views; writing moves the entities.

    Static entities give read-only views: their rows are sorted into cells for culling when they are spawned.
    """

    def __init__(self, table: Table, first: int, count: int) -> None:
        self._table = table
        self._first = first
        self._count = count
        self._generation = int(table.generation[first])

    def __len__(self) -> int:
        return self._count

    def __repr__(self) -> str:
        return f"{type(self).__name__}(rows {self._first} to {self._first + self._count - 1})"

    @property
    def alive(self) -> bool:
        """False once it was despawned."""
        table = self._table
        return bool(table.generation[self._first] == self._generation and table.flags[self._first] & 1)

    @property
    def first_row(self) -> int:
        """Number of the first row; raises HandleError when it was despawned."""
        self._table.check(self._first, self._generation)
        return self._first

    def _view(self, name: str) -> npt.NDArray[Any]:
        first = self.first_row
        if self._table.flags[first] & STATIC_FLAG:
            view = self._table.columns[name].array[first : first + self._count]
            view.flags.writeable = False
            return view
        return self._table.columns[name].user_view(first, self._count)

    def _assign(self, name: str, value: npt.ArrayLike, width: int) -> None:
        first = self.first_row
        array = np.asarray(value, np.float32)
        if array.shape not in ((), (width,), (self._count, width), (self._count, 1)):
            raise ShapeError(
                f"{name} takes shape ({width},) or ({self._count}, {width}); the given array has {array.shape}."
            )
        if not np.isfinite(array).all():
            raise ShapeError(f"{name} takes finite numbers; the given array has NaN or infinity.")
        column = self._table.columns[name]
        column.array[first : first + self._count] = array
        column.touch(first, self._count)
        if self._table.flags[first] & STATIC_FLAG:
            self._table.structure_revision += 1

    @property
    def position(self) -> npt.NDArray[np.float32]:
        """(n, 3) float32 view, metres."""
        return self._view("position")

    @position.setter
    def position(self, value: npt.ArrayLike) -> None:
        self._assign("position", value, 3)

    @property
    def rotation(self) -> npt.NDArray[np.float32]:
        """(n, 4) float32 view, unit quaternions xyzw."""
        return self._view("rotation")

    @rotation.setter
    def rotation(self, value: npt.ArrayLike) -> None:
        self._assign("rotation", value, 4)

    @property
    def scale(self) -> npt.NDArray[np.float32]:
        """(n, 3) float32 view; assigning a number scales evenly."""
        return self._view("scale")

    @scale.setter
    def scale(self, value: npt.ArrayLike) -> None:
        self._assign("scale", value, 3)

    @property
    def color(self) -> npt.NDArray[np.uint8]:
        """(n, 4) uint8 view, sRGB; multiplies the material's colour. Assign a name, "#rrggbb" or an array."""
        return self._view("color").view(np.uint8).reshape(-1, 4)

    @color.setter
    def color(self, value: Any) -> None:
        first = self.first_row
        array = np.asarray(value) if not isinstance(value, str | tuple) else None
        column = self._table.columns["color"]
        target = column.array[first : first + self._count]
        if array is not None and array.dtype == np.uint8 and array.shape[-1:] in ((3,), (4,)):
            rgba = target.view(np.uint8).reshape(-1, 4)
            rgba[:, : array.shape[-1]] = array
        elif array is not None and array.dtype == np.uint32 and array.shape == (self._count,):
            target[:] = array
        elif array is not None and array.ndim == 2:
            if array.shape[0] != self._count or array.shape[1] not in (3, 4):
                raise ShapeError(f"color takes shape ({self._count}, 3) or ({self._count}, 4), not {array.shape}.")
            target.view(np.uint8).reshape(-1, 4)[:, : array.shape[1]] = np.clip(array * 255 + 0.5, 0, 255)
        else:
            target[:] = pack_rgba8(value)
        column.touch(first, self._count)

    @property
    def visible(self) -> bool:
        """Assign False to draw none of them."""
        return not self._table.flags[self.first_row] & HIDDEN

    @visible.setter
    def visible(self, value: bool) -> None:
        if value != self.visible:
            self._table.set_flag(self.first_row, self._count, HIDDEN, not value)

    @property
    def casts_shadow(self) -> bool:
        """Assign False to leave them out of the shadow map."""
        return not self._table.flags[self.first_row] & NO_SHADOW

    @casts_shadow.setter
    def casts_shadow(self, value: bool) -> None:
        self._table.set_flag(self.first_row, self._count, NO_SHADOW, not value)

    def despawn(self) -> None:
        """Remove them and all their children."""
        self._table.despawn(self.first_row, self._count)


class Entity(Entities):
    """One entity: `.position` is a (3,) view, `.rotation` (4,), `.scale` (3,)."""

    def __init__(self, table: Table, row: int) -> None:
        super().__init__(table, row, 1)

    def _view(self, name: str) -> npt.NDArray[Any]:
        view: npt.NDArray[Any] = super()._view(name)
        return view[0] if view.ndim > 1 else view

    @property
    def parent(self) -> Entity | None:
        """The entity that it moves with."""
        row = int(self._table.parent[self.first_row])
        return Entity(self._table, row) if row >= 0 else None

    @parent.setter
    def parent(self, value: Entity | None) -> None:
        self._table.set_parent(self.first_row, value.first_row if value else -1)

    def move(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> None:
        """Add metres to its position."""
        self.position[:] += (x, y, z)

    def rotate(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> None:
        """Turn it about its own axes by radians (yaw y, then pitch x, then roll z)."""
        rotation = self.rotation
        turned = quat_multiply(rotation.astype(np.float64), quat_from_euler(x, y, z))
        rotation[:] = turned / np.linalg.norm(turned)

    def look_at(self, target: npt.ArrayLike) -> None:
        """Turn it so that -Z points at `target`, with +Y up; straight up or down it keeps its heading.

        Args:
            target: (3,) metres in the world, whatever its parents are: they may move, turn, stretch and mirror it.

        Raises:
            ValueError: the target is where it stands.
        """
        table, row = self._table, self.first_row
        columns = (table.parent, table.position, table.rotation, table.scale)
        matrix, place = world_matrix(*columns, int(table.parent[row]))
        inward = np.linalg.pinv(matrix)  # a parent that is flat has no inverse
        forward: Array = inward @ (np.asarray(target, np.float64) - place) - table.position[row]
        if not forward.any():
            raise ValueError(f"Entity {row} cannot look at its own position; move it or choose another target.")
        heading = matrix_from_quat(table.rotation[row])
        self.rotation[:] = quat_from_matrix(facing(forward, inward @ (0.0, 1.0, 0.0), heading))
