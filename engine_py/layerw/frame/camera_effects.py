"""What a camera does to its picture: focus, flare, colours; each part off and free of cost at first.

Owns: these settings of a view, their checks, and their uniforms. `frame/views.py` has the others; the light itself is
in web/shaders (lens.wgsl, focus.wgsl, motion.wgsl).
Source: Kolb, Mitchell and Hanrahan, "A realistic camera model for computer graphics" (1995): the circle of confusion.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.names import frozen
from layerw.gpu.frame_block import FrameBlock
from layerw.gpu.passes import flag
from layerw.scene.camera import CameraFrame

SENSOR_M = 0.024  # height of the film that angles of view are told for
CALIBRATION = 1.2  # of reflected-light meters, ISO 2720: exposure = 1 / (1.2 * 2^EV) a candela per square metre
LUX_A_UNIT = 10_000.0  # of the engine's light: the sun's intensity of 10 is a sun of 100,000 lux
EV_MIN, EV_MAX = -16.0, 32.0
BLUR_TEXELS_MAX = 16.0  # radius in a picture of half the size: of web/shaders/bokeh.wgsl
Rgb = tuple[float, float, float]


def ev(value: float, *, lux: float = LUX_A_UNIT) -> float:
    """Exposure from an exposure value at ISO 100, as cameras and light meters tell it: `app.view.exposure = lw.ev(14)`.

    15 is a sunny day, 12 an overcast one, 8 a bright street at night, 5 a living room; one less is twice as bright.

    Args:
        value: -16 to 32.
        lux: what one unit of light is. 10,000 where the sun's intensity is the 10 it has at first; 1 where lights and
            sun are given in candela and lux.
    """
    value = checks.number("ev value", value, EV_MIN, EV_MAX)
    return checks.number("ev lux", lux, 0, above=True) / (CALIBRATION * math.exp2(value))


@frozen
class DepthOfField:
    """What a lens is focused on; nearer and farther things are blurred.

    Args:
        distance_m: metres along the line of sight, > 0, that are sharp.
        aperture: the lens's f-number, 0.01 to 64: less is more blur. Real lenses have 1.4 to 22 and blur little in a
            wide view; below 1, everything looks as small as in a close-up.
        blur_max: the largest radius of a blurred point, of the picture's height, 0 to 0.05. At most 32 pixels.
    """

    __slots__ = ("aperture", "blur_max", "distance_m")

    def __init__(self, distance_m: float, aperture: float = 1.4, *, blur_max: float = 0.02) -> None:
        self.distance_m = checks.number("DepthOfField distance_m", distance_m, 0, above=True)
        self.aperture = checks.number("DepthOfField aperture", aperture, 0.01, 64.0)
        self.blur_max = checks.number("DepthOfField blur_max", blur_max, 0.0, 0.05)

    def __repr__(self) -> str:
        return f"DepthOfField({self.distance_m:g}, {self.aperture:g}, blur_max={self.blur_max:g})"

    def _texels(self, half_height: float, height: int) -> tuple[float, float]:
        """The radius of what is infinitely far, and the largest one, in texels of a picture of half this height.

        half_height: of the picture, one metre away.
        """
        focal_m = SENSOR_M / 2 / half_height
        # A thing nearer than the lens can focus on is blurred as if it could: scenes may be a millimetre large.
        focal_m = min(focal_m, self.distance_m / 2)
        radius_m = focal_m * focal_m / (self.aperture * (self.distance_m - focal_m)) / 2
        return radius_m / SENSOR_M * height / 2, min(self.blur_max * height / 2, BLUR_TEXELS_MAX)


class CameraEffects:
    """The settings; View has them. All are values of one slot, `_effects`: most views have none."""

    __slots__ = ("_effects",)
    _effects: dict[str, object]

    @property
    def vignette(self) -> float:
        """How much darker light is in the corners, 0 (not) to 1 (black)."""
        return self._number("vignette", 0.0)

    @vignette.setter
    def vignette(self, value: float) -> None:
        self._keep("vignette", checks.number("View vignette", value, 0.0, 1.0))

    @property
    def chromatic_aberration(self) -> float:
        """How far the colours part towards the corners, 0 to 1: 1 is 2 % of the picture."""
        return self._number("chromatic_aberration", 0.0)

    @chromatic_aberration.setter
    def chromatic_aberration(self, value: float) -> None:
        self._keep("chromatic_aberration", checks.number("View chromatic_aberration", value, 0.0, 1.0))

    @property
    def lens_flare(self) -> float:
        """What the sun draws inside of the lens while it is seen, 0 (nothing, no cost) to 1. What hides the sun hides
        it."""
        return self._number("lens_flare", 0.0)

    @lens_flare.setter
    def lens_flare(self, value: float) -> None:
        self._keep("lens_flare", checks.number("View lens_flare", value, 0.0, 1.0))

    @property
    def saturation(self) -> float:
        """Of the picture's colours, 0 (grey) to 4; 1: as they are."""
        return self._number("saturation", 1.0)

    @saturation.setter
    def saturation(self, value: float) -> None:
        self._keep("saturation", checks.number("View saturation", value, 0.0, 4.0))

    @property
    def contrast(self) -> float:
        """Around a middle grey, 0 (all of it) to 4; 1: as it is."""
        return self._number("contrast", 1.0)

    @contrast.setter
    def contrast(self, value: float) -> None:
        self._keep("contrast", checks.number("View contrast", value, 0.0, 4.0))

    @property
    def lift(self) -> Rgb:
        """What is added to dark colours, -1 to 1: a number, or one each for red, green and blue; 0: nothing."""
        return self._three("lift", 0.0)

    @lift.setter
    def lift(self, value: float | npt.ArrayLike) -> None:
        self._keep("lift", _checked_three("View lift", value, -1.0, 1.0))

    @property
    def gamma(self) -> Rgb:
        """How bright middle colours are, 0.1 to 10, as `lift`; 1: as they are."""
        return self._three("gamma", 1.0)

    @gamma.setter
    def gamma(self, value: float | npt.ArrayLike) -> None:
        self._keep("gamma", _checked_three("View gamma", value, 0.1, 10.0))

    @property
    def gain(self) -> Rgb:
        """What bright colours are multiplied by, 0 to 10, as `lift`; 1: as they are."""
        return self._three("gain", 1.0)

    @gain.setter
    def gain(self, value: float | npt.ArrayLike) -> None:
        self._keep("gain", _checked_three("View gain", value, 0.0, 10.0))

    @property
    def depth_of_field(self) -> DepthOfField | None:
        """What is sharp (lw.DepthOfField), or None: everything. In a perspective; 24 bytes a pixel of half the size."""
        value = self._effects.get("depth_of_field")
        return value if isinstance(value, DepthOfField) else None

    @depth_of_field.setter
    def depth_of_field(self, value: DepthOfField | None) -> None:
        if value is not None:
            checks.instance("View depth_of_field", value, DepthOfField, "a lw.DepthOfField(distance_m) or None")
        self._keep("depth_of_field", value)

    @property
    def motion_blur(self) -> float:
        """The share of a frame that the shutter is open, 0 (off, no cost) to 1; 0.5 is what films do. Of the camera's
        own motion: things that move past a camera at rest stay sharp. 8 bytes a pixel."""
        return self._number("motion_blur", 0.0)

    @motion_blur.setter
    def motion_blur(self, value: float) -> None:
        self._keep("motion_blur", checks.number("View motion_blur", value, 0.0, 1.0))

    @property
    def eye_dome(self) -> float:
        """Eye-dome lighting, 0 (off, no cost) to 4; 1 is usual: what lies behind its neighbours in the picture is
        darker, which shows the shape of point clouds without normals. Of all that is opaque."""
        return self._number("eye_dome", 0.0)

    @eye_dome.setter
    def eye_dome(self, value: float) -> None:
        self._keep("eye_dome", checks.number("View eye_dome", value, 0.0, 4.0))

    # -- what the frame asks -----------------------------------------------------------------------

    def _keep(self, name: str, value: object) -> None:
        self._effects = self._effects | {name: value}

    def _number(self, name: str, default: float) -> float:
        value = self._effects.get(name, default)
        return value if isinstance(value, float) else default

    def _three(self, name: str, default: float) -> Rgb:
        value = self._effects.get(name)
        return (value[0], value[1], value[2]) if isinstance(value, tuple) else (default, default, default)

    def _effect_flags(self) -> int:
        """The passes that these settings need."""
        if not self._effects:
            return 0
        wanted = {"flare": self.lens_flare > 0, "focus": self.depth_of_field is not None,
                  "motion": self.motion_blur > 0, "eye_dome": self.eye_dome > 0}
        return sum(flag(name) for name, on in wanted.items() if on)

    def _write_effects(self, block: FrameBlock, camera: CameraFrame, paid: int) -> None:
        """The frame block's view_lens, grade_* and focus; paid: flags of the passes whose targets are reserved."""
        flare = self.lens_flare if paid & flag("flare") else 0.0
        grade = (self.lift, self.gamma, self.gain, self.saturation, self.contrast)
        graded = grade != ((0.0,) * 3, (1.0,) * 3, (1.0,) * 3, 1.0, 1.0)
        block.write("view_lens", (self.vignette, self.chromatic_aberration, flare, float(graded)))
        block.write("grade_lift", (*self.lift, self.saturation))
        block.write("grade_gamma", (*self.gamma, self.contrast))
        block.write("grade_gain", (*self.gain, self.eye_dome))
        focus = self.depth_of_field
        if focus is None or camera.is_parallel:
            block.write("focus", (1.0, 0.0, 0.0, self.motion_blur))
        else:
            radius, largest = focus._texels(camera.tan_y, camera.viewport[1])
            block.write("focus", (focus.distance_m, radius, largest, self.motion_blur))


def _checked_three(name: str, value: float | npt.ArrayLike, low: float, high: float) -> Rgb:
    """A number for all channels, or one for each."""
    given: list[object] = [value] * 3
    if (isinstance(value, Sequence) and not isinstance(value, str)) or np.ndim(value) > 0:
        given = checks.vector(name, value).tolist()
    r, g, b = (checks.number(name, part, low, high) for part in given)
    return r, g, b
