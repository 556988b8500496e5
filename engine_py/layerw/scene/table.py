"""The entity table: every entity is a row of numpy columns (structure of arrays).

Owns: the columns, row lifetimes and generations, the transform hierarchy, what changed since the last
frame. Does not draw, cull or load. The GPU's instance columns are copies of `FrameColumns`, so moving
things is writing to array views.
Limits: `capacity` entities, fixed when the table is made (views never go stale). Children may be nested to any depth;
their world transforms are exact, shear and mirror images included (docs/adr/0015).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.distinct import distinct
from layerw.base.errors import BudgetError, ConfigError, HandleError
from layerw.scene.columns import Column
from layerw.scene.component_store import ComponentStore
from layerw.scene.hierarchy import Hierarchy, ancestor_among, up_the_tree
from layerw.scene.layers import Layers
from layerw.scene.rows import BLOCK_ROWS, DYNAMIC, STATIC, TRANSIENT, RowAllocator, blocks_of, runs_of
from layerw.scene.uses import Uses

if TYPE_CHECKING:
    from layerw.scene.interpolation import Interpolation

ALIVE, HIDDEN, STATIC_FLAG, NO_SHADOW = 1, 2, 4, 8
TRANSFORM_COLUMNS = ("position", "rotation", "scale", "color")  # in spec.COLUMNS order
BYTES_PER_ROW = 128  # columns, and world-space copies once something has a parent
SHEAR_COLUMN = len(TRANSFORM_COLUMNS)  # the next of them; only children have any


class FrameColumns(NamedTuple):
    """World-space instance columns: float32 (n, 3), (n, 4), (n, 3), uint32 (n,), float32 (n, 3); n = capacity.

    A row's matrix is its rotation times the triangle of its scale and shear (engine_py/kernels/geometry/transform.h).
    """

    position: npt.NDArray[np.float32]
    rotation: npt.NDArray[np.float32]
    scale: npt.NDArray[np.float32]
    color: npt.NDArray[np.uint32]
    shear: npt.NDArray[np.float32]


class Table:
    """Columns of all entities. `spawn` and `despawn` change rows; `update` prepares a frame. `charge(bytes, what)`
    reserves what they take, or raises BudgetError."""

    def __init__(self, capacity: int = 262_144, charge: Callable[[int, str], None] = lambda *_: None) -> None:
        self.capacity = -(-capacity // BLOCK_ROWS) * BLOCK_ROWS
        charge(self.capacity * BYTES_PER_ROW, "The entity table")
        self.columns = {
            "position": Column(self.capacity, 3, np.float32, 0),
            "rotation": Column(self.capacity, 4, np.float32, 0),
            "scale": Column(self.capacity, 3, np.float32, 1),
            "color": Column(self.capacity, 1, np.uint32, 0xFFFFFFFF),
        }
        self._transforms = [self.columns[name] for name in ("position", "rotation", "scale")]
        self.rotation[:, 3] = 1
        self.parent = np.full(self.capacity, -1, np.int32)
        self.radius = np.zeros(self.capacity, np.float32)  # bounding sphere about the local origin, before scale
        self.mesh = np.zeros(self.capacity, np.uint32)
        self.material = np.zeros(self.capacity, np.uint32)
        self.lods = np.zeros(self.capacity, np.uint16)  # LOD set number, 0 = the mesh alone
        self.flags = np.zeros(self.capacity, np.uint8)
        self.layers = Layers(self.capacity)
        self.birth = np.zeros(self.capacity, np.uint32)  # number of the spawn that made a row, 0 = not alive
        self.births = 0
        self.serial = np.zeros(self.capacity, np.uint32)  # of what a program spawned: the how-manieth; 0: the engine's
        self.serials = 0
        self.deaths = 0  # of despawns: while it stays, all handles that were good still are
        self.uses = {"mesh": Uses(), "material": Uses(), "lods": Uses()}
        self.alive_count = 0
        self.structure_revision = 0
        viewed: list[Column] = list(self.columns.values())
        self.components = ComponentStore(self.capacity, charge, viewed.append)
        self.ignores_alpha: Callable[[int], bool] = lambda material: False
        self.interpolation: Interpolation | None = None  # of rows that fixed steps move
        self.moves: list[Callable[[npt.NDArray[np.intp]], bool]] = []  # whether something moves some of these
        self.restored: Callable[[], None] | None = None  # hears that a save was restored
        self.bodies: Callable[[Any], Any] | None = None  # physics' handle on entities' bodies, once there is physics
        self._rows = RowAllocator(self.capacity, viewed)
        self._hierarchy = Hierarchy()
        self._transient: dict[int, int] = {}  # counts of rows that belong to no entity, by their first
        self._children = 0  # rows that have a parent
        self._world: FrameColumns | None = None
        self._straight = np.broadcast_to(np.zeros(3, np.float32), (self.capacity, 3))
        self._shear_blocks = 0  # a set of blocks: whose shear must be uploaded
        self._local = FrameColumns(self.position, self.rotation, self.scale, self.color, self._straight)

    @property
    def sheared(self) -> bool:
        """Whether any row of the last `update` has shear."""
        return self._world is not None and self._hierarchy.sheared

    def shown(self) -> npt.NDArray[np.bool_]:
        """(rows_used,) which rows live and are hidden neither by themselves nor by an ancestor."""
        used = slice(0, self.rows_used)
        flags, parent = self.flags[used], self.parent[used]
        hidden = flags & HIDDEN != 0
        if self._children and hidden.any():
            hidden = up_the_tree(parent, hidden, np.logical_or)
        found: npt.NDArray[np.bool_] = (flags & ALIVE != 0) & ~hidden
        return found

    @property
    def position(self) -> npt.NDArray[np.float32]:
        """(capacity, 3) float32, metres from the scene's origin (or the parent's)."""
        return self.columns["position"].array

    @property
    def rotation(self) -> npt.NDArray[np.float32]:
        """(capacity, 4) float32 unit quaternions, xyzw."""
        return self.columns["rotation"].array

    @property
    def scale(self) -> npt.NDArray[np.float32]:
        """(capacity, 3) float32."""
        return self.columns["scale"].array

    @property
    def color(self) -> npt.NDArray[np.uint32]:
        """(capacity,) uint32, sRGB rgba8."""
        return self.columns["color"].array

    @property
    def rows_used(self) -> int:
        """Rows below this number may be alive; a multiple of 1024."""
        return self._rows.high_water

    def spawn(self, count: int, *, mesh: int, material: int, radius: float, lods: int = 0, static: bool = False,
              own: bool = False) -> int:  # fmt: skip
        """Take `count` consecutive rows with identity transforms; returns the first row. own: a program asked for
        them, so that saves hold them.

        Raises:
            ConfigError: count < 1.
            BudgetError: the table's capacity does not hold them.
        """
        if count < 1:
            raise ConfigError(f"spawn needs a count of at least 1, not {count}.")
        kind = STATIC if static else DYNAMIC
        first = self._rows.try_alloc(count, kind)
        if first is None:
            raise BudgetError(
                f"{count} more entities do not fit: {self.alive_count} of {self.capacity} rows are alive; "
                "raise App(entities_max=...) or despawn some."
            )
        rows = slice(first, first + count)
        self.position[rows] = 0
        self.rotation[rows] = (0, 0, 0, 1)
        self.scale[rows] = 1
        self.color[rows] = 0xFFFFFFFF
        self.parent[rows] = -1
        self.radius[rows], self.mesh[rows], self.material[rows], self.lods[rows] = radius, mesh, material, lods
        self.flags[rows] = ALIVE | (STATIC_FLAG if static else 0)
        for name, handle in (("mesh", mesh), ("material", material), ("lods", lods)):
            self.uses[name].add(handle, count)
        self.births += 1
        self.birth[rows] = self.births
        if own:
            self.serial[rows] = np.arange(self.serials + 1, self.serials + 1 + count)
            self.serials += count
        for column in self.columns.values():
            column.touch(first, count)
        self.alive_count += count
        self.structure_revision += 1
        return first

    def despawn(self, first: int, count: int) -> None:
        """Give rows back, and everything that has one of them as parent."""
        if not self.birth[first : first + count].all():
            raise HandleError(f"despawn of rows {first} to {first + count - 1}: some of them are not alive.")
        if self._children:
            self._free_rows(self._hierarchy.descendants(self.parent[: self.rows_used], np.arange(first, first + count)))
        self._free(first, count)
        self.deaths += 1
        self.structure_revision += 1

    def despawn_rows(self, rows: npt.NDArray[np.intp]) -> None:
        """As `despawn`, of any rows; each at most once."""
        if not self.birth[rows].all():
            raise HandleError(f"despawn of {len(rows)} rows: some of them are not alive.")
        if self._children:
            rows = np.concatenate([rows, self._hierarchy.descendants(self.parent[: self.rows_used], rows)])
        self._free_rows(rows)
        self.deaths += 1
        self.structure_revision += 1

    def despawn_all(self) -> None:
        """Give all rows of entities back."""
        self.despawn_rows(np.flatnonzero(self.birth))

    def _free_rows(self, rows: npt.NDArray[np.intp]) -> None:
        """Free rows in any order, as runs of one kind."""
        rows = distinct(rows)
        kind = self.flags[rows] & STATIC_FLAG
        cuts = np.flatnonzero((np.diff(rows) != 1) | (np.diff(kind) != 0)) + 1
        begins, ends = [0, *cuts.tolist()], [*cuts.tolist(), len(rows)]
        for begin, end in zip(begins, ends, strict=True) if len(rows) else ():
            self._free(int(rows[begin]), end - begin)

    def _free(self, first: int, count: int) -> None:
        rows = slice(first, first + count)
        kind = STATIC if self.flags[first] & STATIC_FLAG else DYNAMIC
        if self._children:
            self._count_children(self.parent[rows], -1)
        for name, handles in (("mesh", self.mesh), ("material", self.material), ("lods", self.lods)):
            self.uses[name].drop_rows(handles[rows])
        self.flags[rows], self.mesh[rows], self.lods[rows], self.parent[rows], self.birth[rows] = 0, 0, 0, -1, 0
        self.layers.own[rows] = self.serial[rows] = 0
        if len(self.components):
            self.components.forget(rows)
        self._rows.free(first, count, kind)
        self.alive_count -= count

    def _count_children(self, parents: npt.NDArray[np.int32], change: int) -> None:
        """Rows get (1) or lose (-1) these parents; -1 is none."""
        count = int(np.count_nonzero(parents >= 0))
        if count:
            self._children += change * count
            self._hierarchy.stale = True

    def set_parent(self, rows: npt.NDArray[np.intp], parent: int) -> None:
        """Make `rows` move with `parent` (-1 = with nothing).

        Raises:
            ConfigError: the parent would be its own ancestor.
        """
        above = ancestor_among(self.parent[: self.rows_used], rows, parent)
        if above >= 0:
            raise ConfigError(f"Entity {above} cannot have {parent} as its parent: that would be a cycle.")
        self._count_children(self.parent[rows], -1)
        self.parent[rows] = parent
        self._count_children(self.parent[rows], 1)
        self._hierarchy.stale = True
        for column in self._transforms:  # their world transforms change even where nothing else does
            column.touch_rows(rows)
        self.structure_revision += 1

    def set_parents(self, rows: npt.NDArray[np.intp], parents: npt.NDArray[np.intp]) -> None:
        """As `set_parent`, each row its own; rows that would hang on themselves then have none."""
        self._count_children(self.parent[rows], -1)
        self.parent[rows] = parents
        above = self.parent[: self.rows_used].copy()
        for _ in range(32):  # each step looks twice as far up: what has not ended by then never does
            children = np.flatnonzero(above >= 0)
            if not len(children):
                break
            above[children] = above[above[children]]
        self.parent[rows[above[rows] >= 0]] = -1
        self._count_children(self.parent[rows], 1)
        self._hierarchy.stale = True
        for column in self._transforms:
            column.touch_rows(rows)
        self.structure_revision += 1

    def set_material(self, row: int, material: int) -> None:
        """Give one row another material."""
        self.uses["material"].drop(int(self.material[row]), 1)
        self.uses["material"].add(material, 1)
        self.material[row] = material
        self.structure_revision += 1

    def set_mesh(self, row: int, mesh: int) -> None:
        """Give one row another mesh, of which its radius says how far it reaches."""
        self.uses["mesh"].drop(int(self.mesh[row]), 1)
        self.uses["mesh"].add(mesh, 1)
        self.mesh[row] = mesh
        self.structure_revision += 1

    def take_apart(self, name: str, handle: int) -> int:
        """Make the rows that use a mesh, material or LOD set draw nothing from now on; returns how many they are."""
        used = getattr(self, name)[: self.rows_used]
        rows = np.flatnonzero((used == handle) & (self.birth[: self.rows_used] != 0))
        if len(rows):
            for column, handles in (("mesh", self.mesh), ("material", self.material), ("lods", self.lods)):
                self.uses[column].drop_rows(handles[rows])
                handles[rows] = 0
            self.structure_revision += 1
        return len(rows)

    def set_flag(self, rows: slice | npt.NDArray[np.intp], flag: int, on: bool) -> None:
        """Set or clear HIDDEN or NO_SHADOW for rows; costs nothing where it is so already."""
        now = self.flags[rows]
        new = now | np.uint8(flag) if on else now & np.uint8(0xFF ^ flag)
        if not np.array_equal(now, new):
            self.flags[rows] = new
            self.structure_revision += 1

    def reserve_transient(self, rows: int) -> int:
        """A block of rows that belong to no entity (tiles): filled by the engine each frame; returns the first."""
        first = self._rows.try_alloc(-(-rows // BLOCK_ROWS) * BLOCK_ROWS, TRANSIENT)
        if first is None:
            raise BudgetError(f"{rows} tile rows do not fit in a table of {self.capacity} rows; raise entities_max.")
        self._transient[first] = rows
        for column in self.columns.values():
            column.touch(first, rows)  # colours as well: the GPU's own start as 0, which is black
        return first

    def free_transient(self, first: int, rows: int) -> None:
        """Give such a block back."""
        del self._transient[first]
        self._rows.free(first, -(-rows // BLOCK_ROWS) * BLOCK_ROWS, TRANSIENT)

    def is_transient(self, row: int) -> bool:
        """Whether it belongs to no entity."""
        return any(first <= row < first + count for first, count in self._transient.items())

    def touch(self, first: int, count: int) -> None:
        """Mark the transforms of rows as changed."""
        for name in ("position", "rotation", "scale"):
            self.columns[name].touch(first, count)

    def update(self) -> FrameColumns:
        """World-space columns of this frame: the columns themselves while nothing has a parent."""
        local, before = self._local, self._hierarchy.blocks
        rebuilt = self._hierarchy.stale and self._hierarchy.refresh(self.parent, self.flags)
        if not len(self._hierarchy.rows):
            self._world = None
            return local
        if self._world is None:
            self._world = FrameColumns(local[0].copy(), local[1].copy(), local[2].copy(), self.color,
                                       self._straight.copy())  # fmt: skip
            self._hierarchy.sheared = False
        moved = [column.settle() for column in self._transforms]
        if rebuilt or any(moved):
            sheared = self._hierarchy.sheared
            if rebuilt and sheared:
                self._world.shear[:] = 0
                self._shear_blocks |= before
            self._compose(local, self._world)
            self._note_shear(sheared)
        return self._world

    def _note_shear(self, before: bool) -> None:
        """The shear of children is uploaded as soon as any has some: the first time of all rows, as the GPU may still
        have that of rows which stood there earlier."""
        if self._hierarchy.sheared:
            self._shear_blocks |= self._hierarchy.blocks if before else blocks_of(0, max(self.rows_used, 1))

    def _compose(self, local: FrameColumns, world: FrameColumns) -> None:
        """Copy the blocks that changed, then place the children anew: they may follow any of them."""
        for column, target in zip(self._transforms, world[:3], strict=True):
            for first, count in runs_of(column.dirty):
                target[first : first + count] = column.array[first : first + count]
        self._hierarchy.compose(self.parent, local, world)
        for column in self._transforms:
            column.dirty |= self._hierarchy.blocks

    def moved(self) -> bool:
        """Whether any position or scale may differ from the last frame's; ask as `scale_changed`."""
        return self.columns["position"].settle() or self.columns["scale"].settle()

    def moved_blocks(self) -> int:
        """The blocks (a set) whose rows may stand, face or measure otherwise than in the last frame; ask as
        `scale_changed`."""
        blocks = 0
        for column in self._transforms:
            column.settle()
            blocks |= column.dirty
        return blocks

    def scale_changed(self) -> bool:
        """Whether any scale may differ from the last frame's; ask after `update`, before `dirty_runs`."""
        return self.columns["scale"].settle()

    def dirty_runs(self) -> list[tuple[int, int, int]]:
        """What to upload: (column number in spec.COLUMNS, first_row, rows), multiples of 1024. Clears it."""
        runs = []
        for number, name in enumerate(TRANSFORM_COLUMNS):
            if self.columns[name].may_be_dirty:
                for first, rows in self.columns[name].take_dirty(self.rows_used):
                    runs.append((number, first, rows))
        if self.sheared:
            runs.extend((SHEAR_COLUMN, first, rows) for first, rows in self._runs_below(self._shear_blocks))
            self._shear_blocks = 0
        return runs

    def _runs_below(self, blocks: int) -> list[tuple[int, int]]:
        return runs_of(blocks & ((1 << self.rows_used // BLOCK_ROWS) - 1))

    def touch_all(self) -> None:
        """Everything must be uploaded again (new device, larger GPU columns)."""
        for column in self.columns.values():
            column.touch(0, max(self.rows_used, 1))
        self._shear_blocks = blocks_of(0, max(self.rows_used, 1))

    def hashed_columns(self) -> list[npt.NDArray[Any]]:
        """Live rows of every column in row order: what the state hash is made of."""
        live = np.flatnonzero(self.flags & ALIVE)
        own = (self.position, self.rotation, self.scale, self.color, self.parent, self.radius, self.flags,
               self.layers.own)
        return [live.astype(np.uint32), *(column[live] for column in own), *self.components.hashed()]
