"""Which entities may have a body: what is asked before any is made."""

from __future__ import annotations

import numpy as np

from layerw.base.errors import ConfigError
from layerw.physics.bodies import Bodies, Rows
from layerw.physics.body import Body
from layerw.scene.table import STATIC_FLAG, Table


def check_rows(table: Table, bodies: Bodies, characters: list[int], rows: Rows, body: Body) -> None:
    """Raises ConfigError where one of these rows can't have a body."""
    if (table.parent[rows] >= 0).any():
        raise ConfigError("app.physics.add was given an entity that has a parent; a body moves by itself. Give the "
                          "parent one, or set its parent to None before.")  # fmt: skip
    if body.kind != "static" and (table.flags[rows] & STATIC_FLAG).any():
        raise ConfigError(f"app.physics.add was given an entity that was spawned with static=True, and a "
                          f"{body.kind} body; a static one hardly ever moves. Spawn it without.")  # fmt: skip
    if (bodies.slots(rows) >= 0).any():
        raise ConfigError("app.physics.add was given an entity that has a body; `entity.body.remove()` ends it.")
    if len(np.unique(rows)) < len(rows):
        raise ConfigError("app.physics.add was given an entity twice; it has one body.")
    if np.isin(rows, characters).any():
        raise ConfigError("app.physics.add was given the entity of a Character, which has no body; "
                          "`character.remove()` ends it.")
