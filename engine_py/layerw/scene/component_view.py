"""A component of some entities, as a program reads and writes it: `crowd[Health].hp`, `rows[lw.Position]`.

Owns: nothing; every access checks that the entities live and have the component. Of rows that follow each other a
field is a plain view; of others a copy that writes back (scattered.py); of one entity a number is a Python number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import AttributeMissing, ConfigError
from layerw.base.names import frozen
from layerw.scene.component_store import Attached, touch
from layerw.scene.components import Declaration, declaration, row_value
from layerw.scene.rows import BLOCK_ROWS
from layerw.scene.scattered import Scattered

if TYPE_CHECKING:
    from layerw.scene.entity import Entities
    from layerw.scene.table import Table

_put = object.__setattr__


class ComponentView:
    """The fields of one component, for one group."""

    __slots__ = ("_declared", "_group", "_one")
    _declared: Declaration
    _group: Entities
    _one: bool

    def __init__(self, group: Entities, declared: Declaration, one: bool) -> None:
        _put(self, "_group", group)
        _put(self, "_declared", declared)
        _put(self, "_one", one)
        self._check()

    def __repr__(self) -> str:
        return f"{self._declared.name} of {self._group!r}"

    def __dir__(self) -> list[str]:
        return list(self._declared.fields)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Python asks for some, and wants no more than this
            raise AttributeError(name)
        attached = self._check()
        column = attached.columns.get(name)
        if column is None:
            raise checks.unknown_attribute(self, name, self._declared.fields, "")
        rows = self._group._key
        if isinstance(rows, slice):
            count = rows.stop - rows.start
            view = column.user_view(rows.start, count) if count else column.array[rows]
            if not self._one:
                return view
            return view[0] if view.ndim > 1 else view[0].item()
        return Scattered.of(_FieldHome(self, name))

    def __setattr__(self, name: str, value: Any) -> None:
        field = self._declared.fields.get(name)
        if field is None:
            self._refuse(name)
        attached, rows = self._check(), self._group._key
        attached.columns[name].array[rows] = row_value(f"{self._declared.name}.{name}", field.type, value,
                                                       len(self._group))  # fmt: skip
        touch(attached.columns[name], rows)

    def _check(self) -> Attached:
        group = self._group
        group._check()
        return group._table.components.check(group._key, self._declared)

    def _refuse(self, name: str) -> NoReturn:
        raise checks.unknown_attribute(self, name, self._declared.fields)


class _FieldHome:
    """Where one field of a group lives, see scattered.Home."""

    def __init__(self, view: ComponentView, name: str) -> None:
        self._view, self._name = view, name

    def gather(self) -> npt.NDArray[Any]:
        values: npt.NDArray[Any] = self._view._check().columns[self._name].array[self._view._group._key]
        return values

    def scatter(self, values: npt.NDArray[Any]) -> None:
        column, rows = self._view._check().columns[self._name], self._view._group._key
        column.array[rows] = values
        touch(column, rows)


@frozen
class Query:
    """The entities that have all of some components: what `app.each` gives.

    `query.entities` is the group of them, in row order; `query[Health].hp` and `query[lw.Position]` are arrays over it.
    """

    __slots__ = ("entities",)

    def __init__(self, entities: Entities) -> None:
        self.entities = entities

    def __len__(self) -> int:
        return len(self.entities)

    def __getitem__(self, component: type) -> Any:
        """A component's fields, or the array of one of the engine's own columns (lw.Position)."""
        return self.entities[component]

    def __setitem__(self, component: type, value: Any) -> None:
        set_component(self.entities, component, value)


def component_of_group(group: Entities, component: type, one: bool) -> Any:
    """What `group[component]` is."""
    declared = declaration(component)
    return getattr(group, declared.column) if declared.column else ComponentView(group, declared, one)


def set_component(group: Entities, component: type, value: Any) -> None:
    """`group[lw.Position] = value`: only the engine's own columns have one value."""
    declared = declaration(component)
    if not declared.column:
        raise ConfigError(f"{declared.name} has the fields {', '.join(declared.fields)}; assign to one of them.")
    setattr(group, declared.column, value)


def add_component(group: Entities, component: type, values: dict[str, Any]) -> None:
    """See Entities.add."""
    declared = _added(component)
    for name in values:
        if name not in declared.fields:
            raise AttributeMissing(f"{declared.name} has no field {name!r}."
                                   f"{checks.did_you_mean(name, declared.fields)}")  # fmt: skip
    group._check()
    if len(group):
        group._table.components.add(group._key, declared, values, len(group))


def remove_component(group: Entities, component: type) -> None:
    """See Entities.remove."""
    declared = _added(component)
    group._check()
    if len(group):
        group._table.components.remove(group._key, declared)


def has_component(group: Entities, component: type) -> bool:
    """See Entities.has."""
    declared = declaration(component)
    group._check()
    attached = group._table.components.find(declared)
    return bool(declared.column) or (attached is not None and bool(attached.present[group._key].all()))


def _added(component: type) -> Declaration:
    declared = declaration(component)
    if declared.column:
        raise ConfigError(f"Every entity has {declared.name}; it is neither added nor removed.")
    return declared


def select(table: Table, declared: list[Declaration], changed: bool) -> npt.NDArray[np.intp]:
    """Rows that have every component; `changed`: of those, what may differ from the frame before, by blocks."""
    own = [one for one in declared if not one.column]
    attached = [found for one in own if (found := table.components.find(one)) is not None]
    if len(attached) < len(own):
        return np.zeros(0, np.intp)
    if not attached:
        rows: npt.NDArray[np.intp] = np.flatnonzero(table.birth[: table.rows_used])
    else:
        rows = min((one.rows() for one in attached), key=len)
        for one in attached:
            rows = rows[one.present[rows]]
    if changed:
        blocks = 0
        for one in attached:
            blocks |= one.changed
        rows = rows[[bool(blocks >> int(block) & 1) for block in rows // BLOCK_ROWS]] if len(rows) else rows
    return rows
