"""What `model.play` and `model.stop` do: their arguments checked, cross-fades begun.

Owns: nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np

from layerw.animation.animator import Animator
from layerw.animation.character import Character
from layerw.animation.plays import NO_MASK, Play
from layerw.base import checks
from layerw.base.errors import ConfigError, KindError
from layerw.base.ports import F32
from layerw.scene.entity import Entity

LAYERS_MAX = 63


class Playable(Protocol):
    """A model."""

    state: str
    url: str

    @property
    def animations(self) -> list[str]: ...
    @property
    def nodes(self) -> dict[str, Entity]: ...


def play(model: Playable, animator: Animator, character: Character | None, name: str, *, fade: float, speed: float,
         loop: bool, weight: float, layer: int, mask: Iterable[str] | None, additive: bool) -> Play:  # fmt: skip
    """See Model.play."""
    checks.text("Model.play name", name)
    fade_s = checks.number("Model.play fade", fade, 0.0)
    speed = checks.number("Model.play speed", speed)
    checks.flag("Model.play loop", loop)
    weight = checks.number("Model.play weight", weight, 0.0, 1.0)
    layer = checks.whole("Model.play layer", layer, 0, LAYERS_MAX)
    checks.flag("Model.play additive", additive)
    if model.state != "ready":
        raise ConfigError(f"Model.play({name!r}): the model is {model.state}; play it from @model.on_ready.")
    clip = None if character is None else character.rig.clips.get(name)
    if character is None or clip is None:
        near = checks.did_you_mean(name, model.animations)
        raise ConfigError(f"Model.play({name!r}): {_those(model.animations)}{near}")
    number = NO_MASK if mask is None else animator.blending.mask(character, shares_of(model, character, mask))
    before = [row for row in animator.plays.of(character) if animator.plays.rows[row]["layer"] == layer]
    if not additive:
        for row in before:
            if not animator.plays.rows[row]["additive"]:
                animator.plays.fade_out(row, fade_s)
    at_once = layer == 0 and not before and not additive
    return animator.plays.add(character, clip, speed=speed, loop=loop, weight=weight, layer=layer, additive=additive,
                              fade_s=0.0 if at_once else fade_s, mask=number)  # fmt: skip


def stop(animator: Animator, character: Character, fade: float) -> None:
    """See Model.stop."""
    fade_s = checks.number("Model.stop fade", fade, 0.0)
    for row in animator.plays.of(character):
        animator.plays.fade_out(row, fade_s)


def _those(names: list[str]) -> str:
    if not names:
        return "it has no animations."
    shown = ", ".join(repr(name) for name in names[:20])
    return f"there is no such clip; there are {shown}{' and more' if len(names) > 20 else ''}."


def names_of(mask: Iterable[str]) -> tuple[str, ...]:
    """The nodes of a mask. Raises KindError."""
    try:
        return (mask,) if isinstance(mask, str) else tuple(mask)
    except TypeError:
        raise KindError(f"mask is {checks.shown(mask)}; it takes names of nodes.") from None


def shares_of(model: Playable, character: Character, mask: Iterable[str]) -> F32:
    """1 for each node of a mask and all below it. Raises ConfigError where there is no such node."""
    wanted = names_of(mask)
    shares = np.zeros(character.rig.count, np.float32)
    places = {int(row): node for node, row in enumerate(character.rows)}
    for name in wanted:
        checks.text("mask", name)
        entity = model.nodes.get(name)
        if entity is None:
            raise ConfigError(f"mask: there is no node {name!r}.{checks.did_you_mean(name, model.nodes)} "
                              f"model.nodes has all of them.")  # fmt: skip
        shares[places[entity.first_row]] = 1
    for node, parent in enumerate(character.rig.parents.tolist()):
        if parent >= 0 and shares[parent]:
            shares[node] = 1
    return shares
