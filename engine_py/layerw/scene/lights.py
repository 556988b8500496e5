"""Lights of a scene: a component of entities, and the handle that `app.light` gives.

Owns: the component's fields and their checks. Place, rotation, colour, parent and visibility are the entity's own.
A light shines along its -Z, as in glTF. Does not: sort lights into clusters (frame/lights.py), or draw their
shadows (frame/lamp_shadows.py).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError, ShapeError
from layerw.base.mathx import facing, matrix_from_quat, quat_from_matrix, quat_rotate
from layerw.scene.components import component, f32, u8
from layerw.scene.entity import Entity
from layerw.scene.light_kinds import KIND_NAMES, LIGHT_KINDS, LightKind
from layerw.scene.table import Table

RIGHT_ANGLE = math.pi / 2


@component
class Light:
    """What makes an entity shine: `app.light` gives it, and `crowd.add(lw.Light, intensity=20.0)` to what is there.

    Of lights in a group, `app.each(lw.Light)` has arrays. kind: 0 point, 1 spot, 2 directional. intensity: candela, or
    lux of a directional one; times the entity's colour. range: metres; 0: as far as it gives 0.01 lux. inner_angle,
    outer_angle: of a spot's cone, radians from its middle. shadows: 1 where it casts some.
    """

    kind: u8 = 0
    intensity: f32 = 100.0
    range: f32 = 0.0
    inner_angle: f32 = 0.0
    outer_angle: f32 = math.pi / 4
    shadows: u8 = 0


class Lamp(Entity):
    """A light, as `app.light` gives it: an entity that shines. It moves with its parent and is hidden with it.

    `position`, `rotation`, `color`, `visible`, `parent`, `look_at`, `despawn` are those of every entity.
    """

    __slots__ = ()

    @property
    def kind(self) -> str:
        """ "point", "spot" or "directional"; chosen when it is made."""
        return self._kind.name

    @property
    def _kind(self) -> LightKind:
        return LIGHT_KINDS[self[Light].kind]

    @property
    def intensity(self) -> float:
        """Candela; of a directional light lux. 0 or more."""
        return float(self[Light].intensity)

    @intensity.setter
    def intensity(self, value: float) -> None:
        self[Light].intensity = checks.number("Lamp intensity", value, 0)

    @property
    def range(self) -> float | None:
        """Metres where its light ends, above 0; None: where it gives 0.01 lux."""
        return float(self[Light].range) or None

    @range.setter
    def range(self, value: float | None) -> None:
        _check_takes(self._kind, "range")
        self[Light].range = _checked_range(value)

    @property
    def inner_angle(self) -> float:
        """Of a spot: radians from the cone's middle to where its light begins to fade; less than outer_angle."""
        return float(self[Light].inner_angle)

    @inner_angle.setter
    def inner_angle(self, value: float) -> None:
        self._set_cone("inner_angle", value, min(self.outer_angle, RIGHT_ANGLE))

    @property
    def outer_angle(self) -> float:
        """Of a spot: radians from the cone's middle to where its light ends; at most a right angle."""
        return float(self[Light].outer_angle)

    @outer_angle.setter
    def outer_angle(self, value: float) -> None:
        self._set_cone("outer_angle", self.inner_angle, value)

    def _set_cone(self, name: str, inner: float, outer: float) -> None:
        _check_takes(self._kind, name)
        self[Light].inner_angle, self[Light].outer_angle = _checked_cone(inner, outer)

    @property
    def shadows(self) -> bool:
        """Whether things stop its light: of point and spot lights, the 32 whose light is largest on the screen."""
        return bool(self[Light].shadows)

    @shadows.setter
    def shadows(self, value: bool) -> None:
        value = checks.flag("Lamp shadows", value)
        if value and self._kind.name == "directional":
            raise ConfigError("Lamp shadows is True, but directional lights cast none; the sun does, see app.shadows.")
        self[Light].shadows = int(value)

    @property
    def casts_shadow(self) -> bool:
        """As `shadows`."""
        return self.shadows

    @casts_shadow.setter
    def casts_shadow(self, value: bool) -> None:
        self.shadows = checks.flag("Lamp casts_shadow", value)

    @property
    def direction(self) -> npt.NDArray[np.float64]:
        """(3,) where it shines to, of length 1, from the parent's axes where there is one; a copy. Any length may be
        assigned."""
        return quat_rotate(self.rotation.astype(np.float64), np.array((0.0, 0.0, -1.0)))

    @direction.setter
    def direction(self, value: npt.ArrayLike) -> None:
        forward = checks.vector("Lamp direction", value)
        if not forward.any():
            raise ShapeError("Lamp direction is (0, 0, 0), which is no direction.")
        self.rotation = quat_from_matrix(facing(forward, np.array((0.0, 1.0, 0.0)), matrix_from_quat(self.rotation)))


def add_lamp(table: Table, kind: str, given: dict[str, float | None], own: bool = False) -> Lamp:
    """A new row of the table that shines; what is None in `given` is as its kind has it.

    Raises:
        ConfigError, KindError: a value is not what it should be, or the kind has no such thing; no row is taken then.
    """
    number = KIND_NAMES.index(checks.one_of("light kind", kind, KIND_NAMES))
    chosen = LIGHT_KINDS[number]
    for name, value in given.items():
        if value is not None and name != "intensity":
            _check_takes(chosen, name)
    values: dict[str, Any] = {"kind": number, "intensity": chosen.intensity}
    if given["intensity"] is not None:
        values["intensity"] = checks.number("Lamp intensity", given["intensity"], 0)
    values["range"] = _checked_range(given["range"])
    inner, outer = given["inner_angle"], given["outer_angle"]
    values["inner_angle"], values["outer_angle"] = _checked_cone(
        0.0 if inner is None else inner, Light.outer_angle if outer is None else outer)  # fmt: skip
    row = table.spawn(1, mesh=0, material=0, radius=0.0, own=own)
    lamp = Lamp(table, row)
    try:
        lamp.add(Light, **values)
    except Exception:
        lamp.despawn()
        raise
    return lamp


def _check_takes(kind: LightKind, name: str) -> None:
    if name not in kind.takes:
        others = [other.name for other in LIGHT_KINDS if name in other.takes]
        raise ConfigError(f"A {kind.name} light has no {name}; {' and '.join(others)} lights do.")


def _checked_range(value: float | None) -> float:
    return 0.0 if value is None else checks.number("Lamp range", value, 0, above=True)


def _angle(name: str, value: float) -> float:
    return checks.number(f"Lamp {name}", value, 0, RIGHT_ANGLE)


def _checked_cone(inner: float, outer: float) -> tuple[float, float]:
    inner, outer = _angle("inner_angle", inner), _angle("outer_angle", outer)
    if inner >= outer:
        raise ConfigError(f"Lamp inner_angle is {inner:g} and outer_angle {outer:g} radians; the inner one takes less "
                          f"than the outer one.")  # fmt: skip
    return inner, outer
