"""Probes, as programs hold them: what is known of the light around places, in place of the sky's.

Owns: where they are, and their settings. frame/probes.py looks around from them, a little in each frame; what they saw
lies in a texture (gpu/air.py). Limits: VOLUMES_MAX grids and MIRRORS_MAX reflection probes an App; PROBES_MAX a grid.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ShapeError
from layerw.base.names import named
from layerw.base.ports import F64
from layerw.gpu.air import MIRROR_PROBES, PROBE_VOLUMES

Half = npt.NDArray[np.float16]

VOLUMES_MAX, MIRRORS_MAX = PROBE_VOLUMES, MIRROR_PROBES
PROBES_MAX = 4096
AXIS_MAX = 128
SIDE_MAX_M = 1.0e5
BOUNCES = 2  # how often light is passed on between surfaces


class Grid(NamedTuple):
    """Probes at the middles of equal cells. counts: along each axis; step: (3,) metres between them."""

    counts: tuple[int, int, int]
    step: F64

    @property
    def total(self) -> int:
        """All of them."""
        return math.prod(self.counts)


def grid_of(size: F64, spacing: float) -> Grid:
    """The grid whose cells are at most `spacing` metres wide; wider ones where those would be too many."""
    counts = np.clip(np.ceil(size / spacing - 1e-9), 1, AXIS_MAX)
    while counts.prod() > PROBES_MAX:
        spacing *= 1.05
        counts = np.clip(np.ceil(size / spacing - 1e-9), 1, AXIS_MAX)
    x, y, z = (int(one) for one in counts)
    return Grid((x, y, z), size / counts)


class Probe:
    """What light probes and reflection probes have in common for the frame; no program sees it."""

    __slots__ = ("closed", "renew_with_sun", "round", "strength", "wanted")

    def __init__(self) -> None:
        self.strength, self.renew_with_sun, self.closed = 1.0, True, False
        self.round = 0  # how often all of it was drawn
        self.wanted = BOUNCES  # and how often it shall be

    def again(self) -> None:
        """Once more, with what it has meanwhile."""
        self.wanted = max(self.round + 1, BOUNCES)

    def lost(self) -> None:
        """What was drawn is no more."""
        self.round, self.wanted = 0, BOUNCES


@named
class LightProbes:
    """A grid of light probes; see `app.light_probes`."""

    __slots__ = ("_baked", "_center", "_grid", "_next", "_size", "_spacing", "_state")

    def __init__(self, center: npt.ArrayLike, size: npt.ArrayLike, spacing: float) -> None:
        self._state = Probe()
        self._center = checks.vector("light_probes center", center)
        self._size = _sides("light_probes size", size)
        self._spacing = checks.number("light_probes spacing", spacing, 0.05, SIDE_MAX_M)
        self._grid = grid_of(self._size, self._spacing)
        self._next = 0  # the probe that is drawn next
        self._baked: Half | None = None  # what it knows from a file

    def __setattr__(self, name: str, value: object) -> None:
        _set(self, name, value)

    @property
    def center(self) -> F64:
        """(3,) metres, the middle of its box."""
        return self._center.copy()

    @property
    def size(self) -> F64:
        """(3,) metres."""
        return self._size.copy()

    @property
    def counts(self) -> tuple[int, int, int]:
        """Probes along x, y and z."""
        return self._grid.counts

    @property
    def spacing(self) -> F64:
        """(3,) metres between probes: what was asked, or wider where that would be too many or have no room."""
        return self._grid.step.copy()

    @property
    def strength(self) -> float:
        """How much of the sky's light it takes the place of, 0 (none) to 1."""
        return self._state.strength

    @strength.setter
    def strength(self, value: float) -> None:
        self._state.strength = checks.number("LightProbes strength", value, 0.0, 1.0)

    @property
    def renew_with_sun(self) -> bool:
        """Whether it is captured again when the sun or the sky changed; True at first."""
        return self._state.renew_with_sun

    @renew_with_sun.setter
    def renew_with_sun(self, value: bool) -> None:
        self._state.renew_with_sun = checks.flag("LightProbes renew_with_sun", value)

    @property
    def ready(self) -> bool:
        """Whether all of it was captured once: from then on it is seen."""
        return self._state.round > 0

    @property
    def baked(self) -> bool:
        """Whether its light came from a file, and was not captured again since."""
        return self._baked is not None

    @property
    def progress(self) -> float:
        """How much is captured of what shall be, 0 to 1."""
        state = self._state
        done = state.round + self._next / self._grid.total
        return 1.0 if state.round >= state.wanted else min(done / state.wanted, 1.0)

    def capture(self) -> None:
        """Looks around again, over the next frames: after something large has moved."""
        self._baked = None
        self._state.again()

    def _take(self, baked: Half) -> None:
        """It knows this from the start, whatever the sun does."""
        self._baked = baked
        self._state.renew_with_sun = False

    @property
    def closed(self) -> bool:
        """Whether it is over."""
        return self._state.closed

    def close(self) -> None:
        """Ends it; the sky lights its place again."""
        self._state.closed = True


@named
class ReflectionProbe:
    """What smooth things mirror in a box; see `app.reflection_probe`."""

    __slots__ = ("_position", "_size", "_state")

    def __init__(self, position: npt.ArrayLike, size: npt.ArrayLike) -> None:
        self._state = Probe()
        self._state.wanted = 1
        self._position = checks.vector("reflection_probe position", position)
        self._size = _sides("reflection_probe size", size)

    def __setattr__(self, name: str, value: object) -> None:
        _set(self, name, value)

    @property
    def position(self) -> F64:
        """(3,) metres: where it looks around from, the middle of its box."""
        return self._position.copy()

    @property
    def size(self) -> F64:
        """(3,) metres."""
        return self._size.copy()

    @property
    def strength(self) -> float:
        """How much of what is mirrored it says, 0 (none) to 1."""
        return self._state.strength

    @strength.setter
    def strength(self, value: float) -> None:
        self._state.strength = checks.number("ReflectionProbe strength", value, 0.0, 1.0)

    @property
    def renew_with_sun(self) -> bool:
        """Whether it is captured again when the sun or the sky changed; True at first."""
        return self._state.renew_with_sun

    @renew_with_sun.setter
    def renew_with_sun(self, value: bool) -> None:
        self._state.renew_with_sun = checks.flag("ReflectionProbe renew_with_sun", value)

    @property
    def ready(self) -> bool:
        """Whether it was captured: from then on it is seen."""
        return self._state.round > 0

    def capture(self) -> None:
        """Looks around again, in the next frames."""
        self._state.wanted = self._state.round + 1

    @property
    def closed(self) -> bool:
        """Whether it is over."""
        return self._state.closed

    def close(self) -> None:
        """Ends it."""
        self._state.closed = True


def _sides(name: str, value: npt.ArrayLike) -> F64:
    size = checks.vector(name, value)
    if (size <= 0).any() or (size > SIDE_MAX_M).any():
        raise ShapeError(f"{name} is {checks.shown(value)}; it takes three numbers of metres above 0, up to "
                         f"{SIDE_MAX_M:g}.")  # fmt: skip
    return size


def _set(owner: object, name: str, value: object) -> None:
    try:
        object.__setattr__(owner, name, value)
    except AttributeError:
        raise checks.unknown_attribute(owner, name, checks.settable(type(owner))) from None
