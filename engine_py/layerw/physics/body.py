"""lw.Body: what a body is made of, as a description that any number of entities share.

Owns: the checks and the records that engine_py/kernels/rigid/rigid.h takes. Does not know worlds or entities.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError, KindError
from layerw.base.names import frozen
from layerw.base.ports import F32, U32

KINDS = ("static", "kinematic", "dynamic")
SHAPES = ("box", "sphere", "capsule", "cylinder", "hull", "mesh")
LOCKS = ("x", "y", "z", "turn x", "turn y", "turn z")
BODY_FLOATS, BODY_WORDS, SHAPE_FLOATS = 17, 5, 12  # rigid.h
BULLET, SENSOR, NO_SLEEP, ASLEEP, LOCK_X = 1, 2, 4, 8, 16
MASS_MAX, DENSITY_MAX, SIZE_MAX, DAMPING_MAX = 1e9, 1e6, 1e4, 1e6
LAYERS = 32
PARTS_MAX = 32


class Part(NamedTuple):
    """One shape of several: sizes as of Body, or a hull's points; position (3,) and rotation (4,)."""

    shape: str
    size: tuple[float, ...] | None
    points: F32 | None
    position: tuple[float, ...]
    rotation: tuple[float, ...]


@frozen
class Body:
    """A body's kind, shape and matter.

    Args:
        kind: "dynamic": moved by forces and contacts; "kinematic": goes where the program puts it, and pushes;
            "static": stays.
        shape: "box", "sphere", "capsule", "cylinder" (upright, y), "hull" (convex, around the mesh's corners) or "mesh"
            (its triangles; static only). It is fitted around the entity's mesh and scaled with the entity.
        size: metres, instead of fitting: (3,) full sides of a box, a sphere's radius, (radius, height) of a capsule
            (with its caps) or cylinder.
        parts: several shapes in one body instead of `shape`, up to 32: (shape, size, position) or with a rotation xyzw
            after it, metres about the entity's origin; ("hull", points, position) for a hull. They are scaled with it.
        points: (n, 3) metres, of a hull: instead of the mesh's. The 32 outermost count; they span 5 mm or more.
        mass: kilograms, above 0; None: from the density. Only dynamic ones have any.
        density: kg/m3, above 0: water 1000, wood 600.
        friction: 0 (ice) to 1 (rubber), at most 10.
        bounce: 0 to 1: how much of the speed comes back.
        rolling: resistance of spheres and capsules against rolling, 0 to 1.
        damping, turn_damping: the share of speed and spin that is lost a second, 0 to 1e6.
        gravity: times the world's; 0 floats.
        bullet: whether it never passes through other moving bodies, however fast; static ones nothing passes through.
        sensor: whether it only notices what is inside of it: `app.physics.entered`.
        sleeps: whether it may fall asleep when it rests. asleep: whether it begins so.
        locked: of "x", "y", "z", "turn x", "turn y", "turn z": what never changes.
        layer: 0 to 31: what it is. hits: layers that it meets; None: all. Two meet where both want to.

    Raises:
        ConfigError, KindError, ShapeError: a value is outside of its limits.
    """

    __slots__ = ("asleep", "bounce", "bullet", "damping", "density", "friction", "gravity", "hits", "kind", "layer",
                 "locked", "mass", "parts", "points", "rolling", "sensor", "shape", "size", "sleeps",
                 "turn_damping")  # fmt: skip

    def __init__(self, kind: str = "dynamic", *, shape: str = "box", size: npt.ArrayLike | None = None,
                 parts: Any = None, points: npt.ArrayLike | None = None, mass: float | None = None,
                 density: float = 1000.0,
                 friction: float = 0.6, bounce: float = 0.0, rolling: float = 0.0, damping: float = 0.0,
                 turn_damping: float = 0.0, gravity: float = 1.0, bullet: bool = False, sensor: bool = False,
                 sleeps: bool = True, asleep: bool = False, locked: Any = (), layer: int = 0,
                 hits: Any = None) -> None:  # fmt: skip
        self.kind = checks.one_of("Body kind", kind, KINDS)
        self.shape = checks.one_of("Body shape", shape, SHAPES)
        self.size: tuple[float, ...] | None = None if size is None else _size(self.shape, size)
        self.points: F32 | None = None if points is None else _points(self.shape, points)
        self.parts: tuple[Part, ...] | None = None if parts is None else _parts(parts)
        if self.parts is not None and not (shape == "box" and size is None and points is None):
            raise ConfigError("Body was given parts and a shape, size or points; the parts are its shape.")
        self.mass = None if mass is None else checks.number("Body mass", mass, 0, MASS_MAX, above=True)
        self.density = checks.number("Body density", density, 0, DENSITY_MAX, above=True)
        self.friction = checks.number("Body friction", friction, 0, 10)
        self.bounce = checks.number("Body bounce", bounce, 0, 1)
        self.rolling = checks.number("Body rolling", rolling, 0, 1)
        self.damping = checks.number("Body damping", damping, 0, DAMPING_MAX)
        self.turn_damping = checks.number("Body turn_damping", turn_damping, 0, DAMPING_MAX)
        self.gravity = checks.number("Body gravity", gravity, -100, 100)
        self.bullet, self.sensor = checks.flag("Body bullet", bullet), checks.flag("Body sensor", sensor)
        self.sleeps, self.asleep = checks.flag("Body sleeps", sleeps), checks.flag("Body asleep", asleep)
        self.locked = tuple(checks.one_of("Body locked", name, LOCKS) for name in _listed("Body locked", locked))
        self.layer = checks.whole("Body layer", layer, 0, LAYERS - 1)
        self.hits: tuple[int, ...] | None = None if hits is None else tuple(
            checks.whole("Body hits", one, 0, LAYERS - 1) for one in _listed("Body hits", hits))
        if self.shape == "mesh" and self.kind != "static":
            raise ConfigError(f"Body shape is 'mesh' and kind {self.kind!r}; triangles have no inside, so a body that "
                              f"moves takes another shape: 'hull' is the nearest.")

    def records(self, count: int) -> tuple[F32, U32]:
        """(count, 17) and (count, 5): rigid.h's body records, at rest and unscaled."""
        floats, words = np.zeros((count, BODY_FLOATS), np.float32), np.zeros((count, BODY_WORDS), np.uint32)
        floats[:, :8] = (self.mass or 0.0, self.density, self.friction, self.bounce, self.damping, self.turn_damping,
                         self.gravity, self.rolling)
        floats[:, 14:] = 1
        flags = BULLET * self.bullet | SENSOR * self.sensor | NO_SLEEP * (not self.sleeps) | ASLEEP * self.asleep
        flags |= sum(LOCK_X << LOCKS.index(name) for name in set(self.locked))
        words[:] = (KINDS.index(self.kind), flags, 1 << self.layer, mask_of(self.hits), 0)
        return floats, words


def _parts(parts: Any) -> tuple[Part, ...]:
    found = tuple(_part(f"Body parts[{number}]", one) for number, one in enumerate(_listed("Body parts", parts)))
    if not 1 <= len(found) <= PARTS_MAX:
        raise ConfigError(f"Body parts has {len(found)}; a body has 1 to {PARTS_MAX} shapes.")
    return found


def _part(name: str, given: Any) -> Part:
    if not isinstance(given, tuple | list) or len(given) not in (3, 4):
        raise ConfigError(f"{name} is {checks.shown(given)}; it takes (shape, size, position) or (shape, size, "
                          "position, rotation).")
    shape = checks.one_of(f"{name} shape", given[0], [one for one in SHAPES if one != "mesh"])
    is_hull = shape == "hull"
    place = tuple(checks.number(f"{name} position", float(one), -SIZE_MAX, SIZE_MAX)
                  for one in checks.vector(f"{name} position", given[2]))
    turn = checks.quaternion(f"{name} rotation", given[3] if len(given) == 4 else (0, 0, 0, 1))
    size, points = (None, _points(shape, given[1])) if is_hull else (_size(shape, given[1]), None)
    return Part(shape, size, points, place, tuple(float(one) for one in turn))


def mask_of(layers: tuple[int, ...] | None) -> int:
    """A set of layers as bits; None: all."""
    return 0xFFFFFFFF if layers is None else sum(1 << layer for layer in set(layers))


def _listed(name: str, value: Any) -> list[Any]:
    if isinstance(value, str | int):
        return [value]
    try:
        return list(value)
    except TypeError:
        raise KindError(f"{name} is {checks.shown(value)}; it takes a list.") from None


def _size(shape: str, size: npt.ArrayLike) -> tuple[float, ...]:
    if shape in ("hull", "mesh"):
        raise ConfigError(f"Body size was given for the shape {shape!r}, which has the mesh's; it is for the others.")
    if shape == "sphere":
        return (checks.number("Body size (a sphere's radius)", size, 0, SIZE_MAX, above=True),)
    width, what = (3, "a box's sides") if shape == "box" else (2, f"a {shape}'s radius and height")
    found = [checks.number(f"Body size ({what})", float(one), 0, SIZE_MAX, above=True)
             for one in checks.vector(f"Body size ({what})", size, width)]
    if shape == "capsule" and found[1] < 2 * found[0]:
        raise ConfigError(f"Body size ({what}) is {checks.shown(size)}; with its caps a capsule is at least two radii "
                          f"high, {2 * found[0]:g}.")
    return tuple(found)


def _points(shape: str, points: npt.ArrayLike) -> F32:
    if shape != "hull":
        raise ConfigError(f"Body points were given for the shape {shape!r}; they are a hull's.")
    found: F32 = checks.array("Body points", points, np.float32, (3,))
    if len(found) < 4:
        raise ConfigError(f"Body points has {len(found)} rows; a hull spans a volume between 4 points or more.")
    return found
