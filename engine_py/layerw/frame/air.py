"""When the tables of the air are filled again: what they depend on changed, or the device was lost.

Owns: for what they were filled last. They are of the main view's camera; other views look at the same air.
Limits: the sun moves by STEP and the camera by a twelfth of its height before anything is seen of it.
"""

from __future__ import annotations

import math

from layerw.gpu.frame_block import FrameBlock
from layerw.gpu.passes import flag

STEP = math.radians(0.05)
SEEN = ("air", "surroundings", "air_sun", "air_sun_light", "air_moon", "air_moon_light", "overcast")
HEIGHTS = 8.0  # steps of the camera's height each time that it doubles


class Air:
    """`see` once a frame, then `flags` for the first view that is encoded."""

    def __init__(self) -> None:
        self._tables: tuple[float, ...] = ()
        self._view: tuple[float, ...] = ()
        self._seen = b""
        self._wanted = 0
        self._is_air = False

    def see(self, block: FrameBlock) -> None:
        """Finds out what is to be filled for the main view's uniforms."""
        parts = [block.read(name) for name in SEEN]
        seen = b"".join(part.tobytes() for part in parts)
        if seen == self._seen:
            return
        self._seen = seen
        air, around, sun, sun_light, moon, moon_light, overcast = (part.tolist() for part in parts)
        self._is_air = bool(air[0])
        if not self._is_air:
            return
        tables = tuple(air[1:3])
        turned = math.atan2(sun[0], sun[2]) - math.atan2(moon[0], moon[2]) if moon_light[1] > 0 else 0.0
        place = (math.asin(sun[1]), math.asin(moon[1]) if moon_light[1] > 0 else 0.0, turned)
        view = (*tables, air[3], *(round(angle / STEP) for angle in place), round(math.log2(sun[3]) * HEIGHTS),
                *(around if air[0] > 1 else ()), air[0],
                *(float(f"{light:.3g}") for light in (*sun_light[:3], *moon_light[:3], *overcast)))  # fmt: skip
        if tables != self._tables:
            self._wanted |= flag("air_tables") | flag("air_view")
        if view != self._view:
            self._wanted |= flag("air_view")
        self._tables, self._view = tables, view

    def all_flags(self) -> int:
        """Of all passes that fill tables, where the sky is the air: some frames draw them."""
        return flag("air_tables") | flag("air_view") if self._is_air else 0

    def flags(self) -> int:
        """Of the passes to run, once."""
        wanted, self._wanted = self._wanted, 0
        return wanted

    def device_lost(self) -> None:
        """Nothing is filled any more."""
        self._tables, self._view, self._seen = (), (), b""
