"""Entity and Entities: handles on rows of the table.

Own nothing but row numbers and the number of the spawn that made the rows; every access checks that they still live.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn, overload

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.distinct import distinct
from layerw.base.errors import AttributeMissing, ConfigError, HandleError, OutsideError
from layerw.base.names import missing
from layerw.scene import component_view, motion
from layerw.scene.hierarchy import world_matrix
from layerw.scene.row_values import check_alpha, check_owner, chosen_rows, packed_colors, raise_dead, unit_rotations
from layerw.scene.scattered import ColumnHome, Scattered
from layerw.scene.table import HIDDEN, NO_SHADOW, STATIC_FLAG, Table

if TYPE_CHECKING:  # physics is a layer above, for programs' editors
    from layerw.physics.entity_body import EntityBody

Rows = slice | npt.NDArray[np.intp]
Which = slice | npt.ArrayLike
FIXED = ("mesh", "material", "static")  # when an entity is spawned
OF_BODY = ("awake", "bounce", "enabled", "force", "friction", "gravity", "mass", "push", "spin", "torque", "twist",
           "velocity")  # what physics.EntityBody has
_put = object.__setattr__


class Entities:
    """Some entities: `.position`, `.rotation`, `.scale`, `.color` are arrays with a row for each; writing moves them.

    `group[3]` is an Entity, `group[2:5]`, `group[mask]` and `group[[4, 1]]` are groups. Of entities that were spawned
    together and follow each other, attributes are plain views. Of others they are copies that write back what is
    assigned to them or their items (scene/scattered.py). Static entities give read-only views, as their rows lie sorted
    in cells for culling: to assign to an attribute, `move`, `rotate` and `look_at` sort them anew.

    Every access raises HandleError once one of them was despawned: `group[group.alive_mask]` are those that are left.
    A plain view that outlives them writes to nobody: no other entity gets their rows before it is gone.
    """

    __slots__ = ("__weakref__", "_births", "_checked", "_count", "_first", "_index", "_table")
    _table: Table
    _first: int
    _count: int
    _index: npt.NDArray[np.intp] | None  # rows that do not follow each other
    _births: int | npt.NDArray[np.uint32]  # of all, or of each
    _checked: int

    def __init__(self, table: Table, first: int, count: int) -> None:
        """Of `count` rows from `first` that one spawn made."""
        _put(self, "_table", table)
        _put(self, "_first", first)
        _put(self, "_count", count)
        _put(self, "_index", None)
        _put(self, "_births", int(table.birth[first]) if count else 0)
        _put(self, "_checked", table.deaths)

    @staticmethod
    def of_rows(table: Table, rows: npt.NDArray[np.intp]) -> Entities:
        """A group of any living rows, in this order."""
        births = table.birth[rows]
        return _group(table, rows, int(births[0]) if len(rows) and (births == births[0]).all() else births)

    def __len__(self) -> int:
        return self._count

    def __bool__(self) -> bool:
        return self._count > 0

    def __repr__(self) -> str:
        rows = f"{self._first} to {self._first + self._count - 1}" if self._index is None else f"{self._count}, apart"
        return f"{type(self).__name__}(rows {rows if self._count else 'none'})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Entities):
            return NotImplemented
        return (self._table is other._table and self._count == other._count
                and bool(np.array_equal(self._numbers(), other._numbers()))
                and bool(np.all(self._births == other._births)))  # fmt: skip

    def __hash__(self) -> int:
        return hash((id(self._table), self._first, self._count))

    def __setattr__(self, name: str, value: Any) -> None:
        try:
            _put(self, name, value)
        except AttributeError:
            self._refuse(name)

    if not TYPE_CHECKING:  # which would believe that there is any

        def __getattr__(self, name: str) -> Any:
            return self._refuse(name) if name in FIXED or name in OF_BODY else missing(self, name)

    def _refuse(self, name: str) -> NoReturn:
        own = type(self)
        if name in FIXED:
            raise AttributeMissing(f"{own.__name__}.{name} is chosen when it is spawned and cannot be read or assigned "
                                   f"later; despawn it and spawn another.") from None  # fmt: skip
        if name in OF_BODY:
            raise AttributeMissing(f"{own.__name__} has no attribute {name!r}; its body has: `.body.{name}`.") from None
        if name in dir(own):
            raise AttributeMissing(f"{own.__name__}.{name} cannot be assigned.") from None
        raise checks.unknown_attribute(self, name, checks.settable(own)) from None

    # -- which -----------------------------------------------------------------------------------

    @overload
    def __getitem__(self, which: int) -> Entity: ...
    @overload
    def __getitem__(self, which: Which) -> Entities: ...
    @overload
    def __getitem__(self, which: type) -> Any: ...
    def __getitem__(self, which: Any) -> Any:
        """An Entity (a whole number), or a group: a slice, a mask of all, or an array of whole numbers.

        With a component (`crowd[Health]`): its fields, as attributes; with one of the engine's own, that array.

        Raises:
            OutsideError: there are fewer entities (it is an IndexError as well).
            ShapeError: a mask of another length, or something else.
            HandleError: one of them was despawned.
        """
        if isinstance(which, type):
            return component_view.component_of_group(self, which, isinstance(self, Entity))
        if isinstance(which, int | np.integer) and not isinstance(which, bool | np.bool_ | np.timedelta64):
            entity = self._at(int(which))
            entity._check()
            return entity
        rows, births = self._numbers(), self._births
        chosen = which if isinstance(which, slice) else chosen_rows(which, self._count)
        group = _group(self._table, rows[chosen], births if isinstance(births, int) else births[chosen])
        group._check()
        return group

    __setitem__ = component_view.set_component

    def __iter__(self) -> Iterator[Entity]:
        return map(self._at, range(self._count))

    def _at(self, number: int) -> Entity:
        if not -self._count <= number < self._count:
            raise OutsideError(f"Entity {number} was asked for; the group has {self._count}.")
        number %= self._count
        row = self._first + number if self._index is None else int(self._index[number])
        return _entity(self._table, row, self._births if isinstance(self._births, int) else int(self._births[number]))

    def _numbers(self) -> npt.NDArray[np.intp]:
        return np.arange(self._first, self._first + self._count) if self._index is None else self._index

    @property
    def _key(self) -> Rows:
        return slice(self._first, self._first + self._count) if self._index is None else self._index

    # -- components ------------------------------------------------------------------------------

    def add(self, component: type, **values: Any) -> Entities:
        """Gives them a component (a class with @lw.component): the fields named, defaults for the rest.

        Raises:
            KindError: it is no component. ConfigError: a value does not fit. AttributeMissing: there is no such field.
            BudgetError: the heap budget has no room for its columns.
        """
        component_view.add_component(self, component, values)
        return self

    def remove(self, component: type) -> None:
        """Takes a component away from those that have it."""
        component_view.remove_component(self, component)

    def has(self, component: type) -> bool:
        """Whether all of them have a component."""
        return component_view.has_component(self, component)

    # -- alive -----------------------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        """False once one of them was despawned."""
        return bool((self._table.birth[self._key] == self._births).all())

    @property
    def alive_mask(self) -> npt.NDArray[np.bool_]:
        """(n,) which of them were not despawned."""
        return np.atleast_1d(self._table.birth[self._key] == self._births)

    @property
    def first_row(self) -> int:
        """Number of the first row; raises HandleError when it was despawned."""
        self._check()
        return self._first

    def _check(self) -> None:
        if self._checked != self._table.deaths:
            if not self.alive:
                raise_dead(self._first, self.alive_mask)
            _put(self, "_checked", self._table.deaths)

    # -- attributes ------------------------------------------------------------------------------

    def _view(self, name: str) -> npt.NDArray[Any]:
        table = self._table
        if self._checked != table.deaths:
            self._check()
        column = table.columns[name]
        if not self._count:
            return column.array[:0].copy()  # `+=` of nothing is no mistake
        if self._is_static():
            view = column.array[self._key]
            view.flags.writeable = False
            return view
        if self._index is None:
            return column.user_view(self._first, self._count)
        return Scattered.of(ColumnHome(self, name))

    def _assign(self, name: str, value: npt.ArrayLike, width: int) -> None:
        self._check()
        array = motion.values_for(name, value, width, self._count, isinstance(self, Entity))
        self._write(name, unit_rotations(array) if name == "rotation" else array)

    def _write(self, name: str, values: npt.ArrayLike) -> None:
        if not self._count:
            return
        column = self._table.columns[name]
        column.array[self._key] = values
        if self._index is None:
            column.touch(self._first, self._count)
        else:
            column.touch_rows(self._index)
        if self._is_static():
            self._table.structure_revision += 1

    def _is_static(self) -> bool:
        flags = self._table.flags[self._first if self._index is None else self._index]
        return bool((flags & STATIC_FLAG).any())

    @property
    def position(self) -> npt.NDArray[np.float32]:
        """(n, 3) float32, metres from the scene's origin (or the parent's)."""
        return self._view("position")

    @position.setter
    def position(self, value: npt.ArrayLike) -> None:
        self._assign("position", value, 3)

    @property
    def rotation(self) -> npt.NDArray[np.float32]:
        """(n, 4) float32, unit quaternions xyzw; what is assigned is brought to length 1."""
        return self._view("rotation")

    @rotation.setter
    def rotation(self, value: npt.ArrayLike) -> None:
        self._assign("rotation", value, 4)

    @property
    def scale(self) -> npt.NDArray[np.float32]:
        """(n, 3) float32; assigning a number scales evenly."""
        return self._view("scale")

    @scale.setter
    def scale(self, value: npt.ArrayLike) -> None:
        self._assign("scale", value, 3)

    @property
    def color(self) -> npt.NDArray[np.uint8]:
        """(n, 4) uint8, sRGB; multiplies the material's colour. Assign a name, "#rrggbb" or an array; alpha below 1
        takes a material that lets through what is behind or has holes."""
        view = self._view("color")
        return view if view.ndim > 1 else view.view(np.uint8).reshape(-1, 4)

    @color.setter
    def color(self, value: Any) -> None:
        self._check()
        colors = packed_colors(value, self._table.color[self._key], self._count)
        check_alpha(colors, self._table.material[self._key], self._table)
        self._write("color", colors)

    @property
    def visible(self) -> bool:
        """Assign False to draw none of them; True where at least one is drawn."""
        self._check()
        return not (self._table.flags[self._key] & HIDDEN).all()

    @visible.setter
    def visible(self, value: bool) -> None:
        self._check()
        self._table.set_flag(self._key, HIDDEN, not checks.flag("visible", value))

    @property
    def casts_shadow(self) -> bool:
        """Assign False to leave them out of the shadow map."""
        self._check()
        return not (self._table.flags[self._key] & NO_SHADOW).all()

    @casts_shadow.setter
    def casts_shadow(self, value: bool) -> None:
        self._check()
        self._table.set_flag(self._key, NO_SHADOW, not checks.flag("casts_shadow", value))

    @property
    def interpolated(self) -> bool:
        """Assign True to draw what `@app.fixed` moves evenly at any rate of frames: between its last two steps, up to
        1/60 s late. Assigning it again after a jump draws them there at once. Programs see where they are."""
        self._check()
        return self._table.interpolation is not None and self._table.interpolation.has(self._key)

    @interpolated.setter
    def interpolated(self, value: bool) -> None:
        self._check()
        motion.interpolate(self._table, self._key, checks.flag("interpolated", value))

    @property
    def body(self) -> EntityBody:
        """What physics does with it: `crate.body.push((0, 5, 0))`; raises HandleError where one has no body."""
        self._check()
        found: EntityBody = motion.body_of(self._table, self)
        return found

    @property
    def layer(self) -> Any:
        """0 to 31, or (n,) of a group: `view.layers` says which are drawn. 0 with a parent: the parent's."""
        self._check()
        return self._table.layers.get(self._key, isinstance(self, Entity))

    @layer.setter
    def layer(self, value: int | npt.ArrayLike) -> None:
        self._check()
        self._table.layers.put(self._key, value, self._count)

    @property
    def parent(self) -> Entity | None:
        """The entity that they move with, None for none; raises HandleError where they differ."""
        self._check()
        parents = distinct(self._table.parent[self._key])
        if len(parents) > 1:
            raise HandleError(f"The {self._count} entities of this group have {len(parents)} parents; ask one of them.")
        return Entity(self._table, int(parents[0])) if len(parents) and parents[0] >= 0 else None

    @parent.setter
    def parent(self, value: Entity | None) -> None:
        self._check()
        if value is not None:
            check_owner("parent", checks.instance("parent", value, Entity, "an Entity or None"), self._table)
        if value is not None and any(moves(self._numbers()) for moves in self._table.moves):
            raise ConfigError("parent was given to an entity with a body, a character or an agent: those move by "
                              "themselves. End that before, `entity.body.remove()` or `agents.remove()`; what moves "
                              "with one has it as parent.")
        if self._count:
            self._table.set_parent(self._numbers(), value.first_row if value is not None else -1)

    def move(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> None:
        """Add metres to all positions."""
        self._check()
        self._write("position", motion.moved_all(self._table.position[self._key], x, y, z))

    def rotate(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> None:
        """Turn each about its own axes by radians (yaw y, then pitch x, then roll z)."""
        self._check()
        self._write("rotation", motion.turned_all(self._table.rotation[self._key], x, y, z))

    def despawn(self) -> None:
        """Remove them and all their children."""
        self._check()
        if self._index is not None:
            self._table.despawn_rows(distinct(self._index))
        elif self._count:
            self._table.despawn(self._first, self._count)


class Entity(Entities):
    """One entity: `.position` is a (3,) view, `.rotation` (4,), `.scale` (3,), `.color` (1, 4)."""

    __slots__ = ()

    def __init__(self, table: Table, row: int) -> None:
        super().__init__(table, row, 1)

    def _view(self, name: str) -> npt.NDArray[Any]:
        table, row = self._table, self._first
        if self._checked != table.deaths:
            self._check()
        still = table.flags[row] & STATIC_FLAG
        view: npt.NDArray[Any] = super()._view(name) if still else table.columns[name].user_view(row, 1)
        return view[0] if view.ndim > 1 else view

    def _write(self, name: str, values: npt.ArrayLike) -> None:
        table, row = self._table, self._first
        table.columns[name].array[row : row + 1] = values
        table.columns[name].touch(row, 1)
        if table.flags[row] & STATIC_FLAG:
            table.structure_revision += 1

    @property
    def alive(self) -> bool:
        """False once it was despawned."""
        return bool(self._table.birth[self._first] == self._births)

    @property
    def world_position(self) -> npt.NDArray[np.float64]:
        """(3,) float64: where it stands in the scene now, whatever it moves with; a copy."""
        self._check()
        table = self._table
        return world_matrix(table.parent, table.position, table.rotation, table.scale, self._first)[1]

    def move(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> None:
        """Add metres to its position."""
        self._write("position", motion.moved(self._table.position[self.first_row], x, y, z))

    def rotate(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> None:
        """Turn it about its own axes by radians (yaw y, then pitch x, then roll z)."""
        self._write("rotation", motion.turned(self._table.rotation[self.first_row], x, y, z))

    def look_at(self, target: npt.ArrayLike, front: str = "-Z") -> None:
        """Turn it so that its front points at `target`, with +Y up; straight up or down it keeps its heading.

        Args:
            target: (3,) metres in the world, whatever its parents are: they may move, turn, stretch and mirror it.
            front: "-Z", where cameras look and lamps shine, or "+Z", where models of glTF files look.

        Raises:
            ShapeError: the target is no point, or where it stands.
            ConfigError: there is no such front.
        """
        self._write("rotation", motion.towards(self._table, self.first_row, target, front))


def _entity(table: Table, row: int, birth: int) -> Entity:
    """A handle on a row of a spawn; it may be gone."""
    entity = Entity(table, row)
    if entity._births != birth:
        _put(entity, "_births", birth)
        _put(entity, "_checked", -1)
    return entity


def _group(table: Table, rows: npt.NDArray[np.intp], births: int | npt.NDArray[np.uint32]) -> Entities:
    """A group of rows in this order; contiguous where they follow each other."""
    count = len(rows)
    group = Entities(table, int(rows[0]) if count else 0, count)
    _put(group, "_births", births)
    _put(group, "_checked", table.deaths if not count else -1)
    if count > 1 and not (rows[-1] - rows[0] == count - 1 and (np.diff(rows) == 1).all()):
        _put(group, "_index", np.asarray(rows, np.intp))
    return group
