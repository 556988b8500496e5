"""The scene as a value, and back: what app.save packs.

    {"made": how many entities the program has spawned, "looks": [...], "meshes": [...],
     "entities": {"id", "look", "flags", "layer", "parent", "position", "rotation", "scale", "color"},
     "components": {"Health": {"ids": column, "fields": {"hp": column}}}}

An entity's id says that it was the how-manieth that the program spawned: a program that begins as it did before has the
same, so that its handles are good after a restore. "parent" is an id, 0 for none. Columns: planes.py; looks: looks.py.
Owns: what is in it, and the change of the table: everything is read and checked before anything is changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base.errors import LayerwError, SaveError
from layerw.saves.looks import MATERIAL_KEYS, Looks
from layerw.saves.planes import decode_column, encode_column
from layerw.scene.components import BY_NAME, Declaration, row_value
from layerw.scene.table import ALIVE, HIDDEN, NO_SHADOW, STATIC_FLAG, Table

COLUMNS = ("position", "rotation", "scale", "color")
KEPT_FLAGS = HIDDEN | NO_SHADOW
NOT_OURS = 0xFFFFFFFF
OWN_MODULES = {"Light": "layerw.scene.lights"}  # the engine's components, declared where they are first used
COLUMN_KINDS = {"id": "uint32", "look": "uint16", "flags": "uint8", "layer": "uint8", "parent": "uint32",
                "position": "float32", "rotation": "float32", "scale": "float32", "color": "uint32"}  # fmt: skip
Rows = npt.NDArray[np.intp]
Values = dict[str, npt.NDArray[Any]]


@dataclass(slots=True)
class Checked:
    """A scene that was read and fits."""

    made: int
    looks: list[dict[str, Any]]
    meshes: list[dict[str, Any]]
    entities: Values
    components: list[tuple[Declaration, npt.NDArray[np.uint32], Values]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)  # what of it is not taken

    def tell(self, what: str) -> None:
        """Once."""
        if what not in self.told:
            self.told.append(what)


def take(table: Table, looks: Looks) -> dict[str, Any]:
    """The program's entities as they are now."""
    rows = np.flatnonzero(table.serial[: table.rows_used])
    rows = rows[np.argsort(table.serial[rows], kind="stable")]
    serial = table.serial[rows]
    described, meshes, which = looks.describe(rows)
    parent = table.parent[rows]
    entities = {"id": np.diff(serial, prepend=np.uint32(0)),  # of those that follow each other all are 1
                "look": which, "flags": table.flags[rows] & np.uint8(KEPT_FLAGS), "layer": table.layers.own[rows],
                "parent": _parents(table, parent), **{name: table.columns[name].array[rows] for name in COLUMNS}}
    components: dict[str, Any] = {}
    for attached in table.components.all():
        own = rows[attached.present[rows]]
        if len(own):
            fields = {name: encode_column(column.array[own]) for name, column in attached.columns.items()}
            ids = np.diff(table.serial[own], prepend=np.uint32(0))
            components[attached.declared.name] = {"ids": encode_column(ids), "fields": fields}
    return {"made": table.serials, "looks": described, "meshes": meshes, "components": components,
            "entities": {name: encode_column(values) for name, values in entities.items()}}  # fmt: skip


def _parents(table: Table, parent: npt.NDArray[np.int32]) -> npt.NDArray[np.uint32]:
    """Ids; 0: none. Of what hangs on a part of a model NOT_OURS: it stays where it is."""
    ids = table.serial[parent]
    return np.where(parent < 0, 0, np.where(ids == 0, NOT_OURS, ids)).astype(np.uint32)


def check(table: Table, scene: object) -> Checked:
    """Reads a scene for a table, which stays as it is. Raises SaveError, and nothing was changed."""
    try:
        assert isinstance(scene, dict)
        made, looks, meshes = scene["made"], scene["looks"], scene["meshes"]
        assert type(made) is int and isinstance(looks, list) and isinstance(meshes, list)
        count = scene["entities"]["id"]["count"]
        given = scene["entities"]
        entities = {name: decode_column(given[name], f"The entities' {name}", count) for name in COLUMN_KINDS}
        assert all(entities[name].dtype.name == kind for name, kind in COLUMN_KINDS.items())
        widths = {"position": (3,), "rotation": (4,), "scale": (3,)}
        assert all(values.shape[1:] == widths.get(name, ()) for name, values in entities.items())
        found = Checked(made, looks, meshes, entities)
        ids = entities["id"] = np.cumsum(entities["id"], dtype=np.uint64).astype(np.uint32)
        assert not count or (ids[0] > 0 and (np.diff(ids.astype(np.int64)) > 0).all() and ids[-1] <= made < 1 << 32)
        assert not count or int(entities["look"].max()) < len(looks)
        assert int(entities["layer"].max(initial=0)) < 32 and not (entities["flags"] & ~np.uint8(KEPT_FLAGS)).any()
        assert _are_among(entities["parent"], ids, (0, NOT_OURS)) and _is_tree(ids, entities["parent"])
        assert all(isinstance(mesh["sum"], str) for mesh in meshes) and all(map(_is_look, looks))
        for name, one in scene["components"].items():
            _check_component(_declared(table, name), name, one, ids, found)
    except SaveError:
        raise
    except (AssertionError, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise SaveError("The scene of the save is damaged.") from error
    return found


def _is_look(look: dict[str, Any]) -> bool:
    material, lods = look["material"], look["lods"]
    return (isinstance(look["static"], bool) and isinstance(look["mesh"], str | None)
            and (material is None or material.keys() == MATERIAL_KEYS)
            and (lods is None or all(isinstance(total, str) and until > 0 for total, until in lods)))  # fmt: skip


def _are_among(some: npt.NDArray[np.uint32], ids: npt.NDArray[np.uint32], more: tuple[int, ...]) -> bool:
    """Whether all are ids, which rise, or one of some more."""
    at = np.minimum(np.searchsorted(ids, some), max(len(ids) - 1, 0))
    good = ids[at] == some if len(ids) else np.zeros(len(some), np.bool_)
    for one in more:
        good |= some == one
    return bool(good.all())


def _is_tree(ids: npt.NDArray[np.uint32], parent: npt.NDArray[np.uint32]) -> bool:
    """Whether nobody is its own ancestor."""
    ours = (parent > 0) & (parent != NOT_OURS)
    above = np.where(ours, np.searchsorted(ids, np.where(ours, parent, 0)), -1)
    for _ in range(33):
        if (above < 0).all():
            return True
        above = np.where(above >= 0, above[above], -1)
    return False


def _declared(table: Table, name: str) -> Declaration | None:
    """The component of that name: the one that was declared last, or that entities have."""
    if name in OWN_MODULES:
        __import__(OWN_MODULES[name])
    newest = BY_NAME.get(name)
    attached = [one.declared for one in table.components.all() if one.declared.name == name]
    return newest if not attached or any(newest is one for one in attached) else attached[-1]


def _check_component(declared: Declaration | None, name: str, one: dict[str, Any], ids: npt.NDArray[np.uint32],
                     found: Checked) -> None:  # fmt: skip
    own = np.cumsum(decode_column(one["ids"], f"The component {name}"), dtype=np.uint64).astype(np.uint32)
    assert _are_among(own, ids, ()) and (np.diff(own.astype(np.int64)) > 0).all()
    if declared is None:
        found.tell(f"the component {name}, which this program does not declare, of {len(own)} entities")
        return
    values: Values = {}
    for field_name, column in one["fields"].items():
        array = decode_column(column, f"{name}.{field_name}", len(own))
        known = declared.fields.get(field_name)
        if known is None:
            found.tell(f"{name}.{field_name}, which this program does not have")
            continue
        try:
            values[field_name] = row_value(f"{name}.{field_name}", known.type, array, len(own))
        except LayerwError as error:
            raise SaveError(f"The save does not fit: {error} A migration can change it (app.saves.migrate).") from error
    found.components.append((declared, own, values))


def apply(table: Table, looks: Looks, scene: Checked) -> None:
    """Makes the table as the scene says. Raises BudgetError, and nothing is changed then."""
    ids, now = scene.entities["id"], np.flatnonzero(table.serial[: table.rows_used])
    rows = np.full(len(ids), -1, np.intp)
    order = now[np.argsort(table.serial[now], kind="stable")]
    there = np.isin(ids, table.serial[order])
    rows[there] = order[np.searchsorted(table.serial[order], ids[there])]
    if there.any():
        _forget_others(table, looks, scene, rows)
    spawned = _spawn(table, looks, scene, rows)
    try:
        for declared, _, _ in scene.components:
            table.components._ensure(declared)
    except Exception:
        if len(spawned):
            table.despawn_rows(spawned)
        raise
    _write(table, scene, rows, rows >= 0)
    surplus = np.setdiff1d(now, rows, assume_unique=True)
    if len(surplus):  # what stays hangs on none of them by now
        table.despawn_rows(surplus)
    table.serials = scene.made
    if table.restored is not None:
        table.restored()


def _forget_others(table: Table, looks: Looks, scene: Checked, rows: Rows) -> None:
    """Rows that look otherwise now are others."""
    known = rows[rows >= 0]
    described, _, which = looks.describe(known)
    shape = [(look["mesh"], look["static"], _levels(look)) for look in described]
    wanted = [(look["mesh"], look["static"], _levels(look)) for look in scene.looks]
    same = np.array([[one == other for other in wanted] for one in shape], np.bool_)
    there = np.flatnonzero(rows >= 0)
    rows[there[~same[which, scene.entities["look"][there]]]] = -1


def _levels(look: dict[str, Any]) -> list[Any] | None:
    return [list(level) for level in look["lods"]] if look["lods"] else None


def _spawn(table: Table, looks: Looks, scene: Checked, rows: Rows) -> Rows:
    """Makes the entities that have no row yet, look by look; what can't be made stays without one."""
    find, made = looks.finder(scene.meshes, scene.tell), []
    lamps = [own for declared, own, _ in scene.components if declared.name == "Light"]
    lamp = np.isin(scene.entities["id"], lamps[0]) if lamps else np.zeros(len(rows), np.bool_)
    try:
        for number, look in enumerate(scene.looks):
            which = np.flatnonzero((rows < 0) & (scene.entities["look"] == number))
            bare = look["mesh"] is None and not look["lods"]
            if bare:
                if not lamp[which].all():
                    scene.tell(f"{(~lamp[which]).sum()} models that are gone, which app.load makes")
                which = which[lamp[which]]
            if not len(which):
                continue
            handles = (0, 0, 0, 0.0) if bare else find(look)
            if handles is None:
                scene.tell(f"{len(which)} entities, whose mesh is not in the save and not in the program")
                continue
            mesh, material, lods, radius = handles
            first = table.spawn(len(which), mesh=mesh, material=material, radius=radius, lods=lods,
                                static=look["static"])  # fmt: skip
            rows[which] = np.arange(first, first + len(which))
            made.append(rows[which])
    except Exception:
        if made:
            table.despawn_rows(np.concatenate(made))
        raise
    return np.concatenate(made) if made else np.zeros(0, np.intp)


def _write(table: Table, scene: Checked, rows: Rows, kept: npt.NDArray[np.bool_]) -> None:
    """Every value of the scene into its row."""
    own, entities = rows[kept], scene.entities
    if not len(own):
        return
    table.serial[own] = entities["id"][kept]
    for name in COLUMNS:
        table.columns[name].array[own] = entities[name][kept]
        table.columns[name].touch_rows(own)
    table.flags[own] = table.flags[own] & np.uint8(ALIVE | STATIC_FLAG) | entities["flags"][kept]
    table.layers.own[own] = entities["layer"][kept]
    table.layers.revision += 1
    parent = entities["parent"][kept]
    ours = (parent > 0) & (parent != NOT_OURS)
    before = table.parent[own]
    stays = (parent == NOT_OURS) & (before >= 0) & (table.serial[before] == 0)
    above = _rows_of(scene, rows, np.where(ours, parent, 0))
    table.set_parents(own, np.where(ours, above, np.where(stays, before, -1)))
    table.structure_revision += 1
    known = {id(declared): (ids, values) for declared, ids, values in scene.components}
    for attached in table.components.all():
        ids = known.get(id(attached.declared), (np.zeros(0, np.uint32), {}))[0]
        has = own[attached.present[own]]
        without = np.setdiff1d(has, _rows_of(scene, rows, ids), assume_unique=True)
        if len(without):
            table.components.remove(without, attached.declared)
    for declared, ids, values in scene.components:
        into = _rows_of(scene, rows, ids)
        there = into >= 0
        if there.any():
            table.components.add(into[there], declared, {name: array[there] for name, array in values.items()},
                                 int(there.sum()))  # fmt: skip
    if table.interpolation is not None:
        table.interpolation.remember()


def _rows_of(scene: Checked, rows: Rows, ids: npt.NDArray[np.uint32]) -> Rows:
    """Where the entities of some ids are now; -1: they have no row."""
    known = scene.entities["id"]
    at = np.minimum(np.searchsorted(known, ids), len(known) - 1)
    return np.where(known[at] == ids, rows[at], -1)
