"""What programs give to a graph of animations, checked: clips, mixtures, models, nodes.

Owns: the words of those errors.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Protocol

import numpy as np

from layerw.animation.character import Character
from layerw.animation.rig import Clip, RigColumns
from layerw.base import checks
from layerw.base.errors import ConfigError
from layerw.base.ports import F32
from layerw.scene.entity import Entity

CLIPS_MAX = 64  # of one state


class Actor(Protocol):
    """A model."""

    state: str
    url: str
    root: Entity
    _character: Character | None

    @property
    def animations(self) -> list[str]: ...
    @property
    def nodes(self) -> dict[str, Entity]: ...


def clip_of(rig: RigColumns, name: object) -> Clip:
    """By its name."""
    known = rig.clips
    if not isinstance(name, str) or name not in known:
        shown = ", ".join(map(repr, known)) or "none"
        raise ConfigError(f"clip is {checks.shown(name)}; the clips are {shown}."
                          f"{checks.did_you_mean(str(name), known)}")  # fmt: skip
    return known[name]


def mixture(rig: RigColumns, given: object, width: int) -> tuple[list[Clip], F32]:
    """The clips in the order of their places, and those."""
    if not isinstance(given, Mapping) or not 2 <= len(given) <= CLIPS_MAX:
        raise ConfigError(f"state clip is {checks.shown(given)}; it takes a clip's name, or 2 to {CLIPS_MAX} of them "
                          f"by where they lie: {{0.0: 'Idle', 1.2: 'Walk'}}.")  # fmt: skip
    places = [checks.vector("state clip at", np.atleast_1d(checks.as_array(key)), width) for key in given]
    order = sorted(range(len(places)), key=lambda number: tuple(places[number]))
    points = np.array([places[number] for number in order], np.float32)
    if len(np.unique(points, axis=0)) < len(points):
        raise ConfigError("state clip: two clips of a mixture lie at one place.")
    names = list(given.values())
    return [clip_of(rig, names[number]) for number in order], points


def parameters_of(by: object, flags: Mapping[str, bool]) -> tuple[str, ...]:
    """One or two; flags: of all there are, whether they are True or False."""
    names = (by,) if isinstance(by, str) else by
    if not isinstance(names, tuple | list) or not 1 <= len(names) <= 2:
        raise ConfigError(f"state by is {checks.shown(by)}; a mixture of clips lies along one parameter or around two: "
                          f"by='speed', by=('x', 'y').")  # fmt: skip
    for name in names:
        if flags[checks.one_of("state by", name, flags)]:
            raise ConfigError(f"state by: the parameter {name!r} is True or False; a mixture lies along numbers.")
    return tuple(names)


def rig_of(models: Sequence[Actor], moved: Container[int]) -> RigColumns:
    """What they have in common. moved: `id` of those that other graphs move. Raises ConfigError."""
    found: RigColumns | None = None
    if len(set(map(id, models))) < len(models):
        raise ConfigError("app.animator was given a model twice; it is moved once.")
    for model in models:
        if id(model) in moved:
            raise ConfigError(f"app.animator: {model.url[:60]!r} is moved by a graph already; give that one more "
                              "states and layers, or close() it before.")
        if model.state != "ready":
            raise ConfigError(f"app.animator: {model.url[:60]!r} is {model.state}; ask from @model.on_ready.")
        if model._character is None:
            raise ConfigError(f"app.animator: {model.url[:60]!r} has no animations.")
        if found is not None and model._character.rig is not found:
            raise ConfigError("app.animator takes models of one file; give each file an animator of its own.")
        found = model._character.rig
    if found is None:
        raise ConfigError("app.animator takes at least one model.")
    return found


def node_of(model: Actor, character: Character, what: str, name: object) -> int:
    """The number of a node, by its name; what: of the argument."""
    entity = model.nodes.get(checks.text(what, name))
    if entity is None:
        raise ConfigError(f"{what}: there is no node {name!r}.{checks.did_you_mean(str(name), model.nodes)} "
                          f"model.nodes has all of them.")  # fmt: skip
    return int(np.flatnonzero(character.rows == entity.first_row)[0])
