"""Views: what is drawn from where, into what, and how light becomes a picture there.

Owns: the settings of a view, each checked where it is set, and what they mean for the passes: flags and uniforms. Does
not: draw; engine.py runs visibility for each view on the same columns, and web/backends/common/graph.js its passes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError, HandleError
from layerw.base.names import named
from layerw.frame.camera_effects import CameraEffects
from layerw.gpu.passes import TONE_MAPS, flag
from layerw.gpu.target_bytes import SizedView
from layerw.scene.camera import Camera, CameraFrame
from layerw.scene.layers import ALL_LAYERS, LAYERS_MAX, layer_mask
from layerw.visibility.draws import VisibleSet, only

if TYPE_CHECKING:
    from layerw.scene.table import Table
    from layerw.scene.textures import Texture

_SAMPLES = {"msaa": 0, "temporal": flag("single") | flag("temporal"), "none": flag("single")}
ANTIALIAS = tuple(_SAMPLES)
TRANSPARENCY = ("sorted", "weighted")
EXPOSURE_MAX = 1024.0
SCALE_MIN = 0.25
ADAPT_UP, ADAPT_DOWN = 3.0, 1.0  # EV per second, into the dark and into the light


WHOLE = (0.0, 0.0, 1.0, 1.0)
EDGE = 1e-6  # of rounding: 0.7 + 0.3
VIEWS_MAX = 16
Area = tuple[int, int, int, int]


@named
class View(CameraEffects):
    """A camera's picture. `app.view` is the main one."""

    __slots__ = ("__weakref__", "_adapted", "_antialias", "_area_last", "_bloom", "_camera", "_closed", "_dither",
                 "_exposure", "_has_particles", "_is_main", "_layer_mask", "_layers", "_lut", "_revision", "_scale",
                 "_target", "_tier_scale", "_tone_map", "_transparency", "_viewport")  # fmt: skip

    def __init__(self, camera: Camera, viewport: npt.ArrayLike | None = None, target: Texture | None = None) -> None:
        self._revision = 0  # rises when a setting is set
        self._closed = self._is_main = False
        self._area_last: tuple[tuple[int, int], Area] | None = None  # of a picture of this size
        self.camera = camera
        self._target = None if target is None else _checked_target(target)
        self._viewport = WHOLE
        if viewport is not None:
            self.viewport = viewport
        self._exposure: float | str = 1.0
        self._bloom = 0.0
        self._effects = {}
        self._tone_map = TONE_MAPS[0]
        self._lut: Texture | None = None
        self._dither = 1.0
        self._antialias: str | None = None
        self._scale: float | None = None
        self._tier_scale = 1.0  # of the quality, where neither of them was set
        self._transparency = TRANSPARENCY[0]
        self._layers: frozenset[int] | None = None
        self._layer_mask = ALL_LAYERS
        self._has_particles = False  # whether it is the one that moves them
        self._adapted = False  # whether the last frame has left an exposure to start from

    def __setattr__(self, name: str, value: object) -> None:
        if not hasattr(type(self), name):
            raise checks.unknown_attribute(self, name, checks.settable(type(self)))
        if not name.startswith("_") and self._closed:
            raise HandleError(f"View {name} is set, but the view was closed; app.add_view(...) makes another.")
        try:
            object.__setattr__(self, name, value)
        except AttributeError:
            raise checks.unknown_attribute(self, name, checks.settable(type(self))) from None
        if not name.startswith("_"):
            object.__setattr__(self, "_revision", self._revision + 1)

    @property
    def camera(self) -> Camera:
        """Where it is taken from."""
        return self._camera

    @camera.setter
    def camera(self, value: Camera) -> None:
        self._camera = checks.instance("View camera", value, Camera, "a Camera")

    @property
    def viewport(self) -> tuple[float, float, float, float]:
        """The part of the picture that it fills: x, y, width, height, 0 to 1 from the upper left. None: all of it."""
        return self._viewport

    @viewport.setter
    def viewport(self, value: npt.ArrayLike | None) -> None:
        if value is None:
            value = WHOLE
        elif self._target is not None:
            raise ConfigError("View viewport is of the picture, but this view draws into a texture, all of it.")
        x, y, width, height = (float(part) for part in checks.vector("View viewport", value, 4))
        if min(x, y) < 0 or min(width, height) <= 0 or max(x + width, y + height) > 1 + EDGE:
            raise ConfigError(f"View viewport is {(x, y, width, height)}; it takes x, y, width, height within the "
                              f"picture, 0 to 1, with a width and height above 0.")
        self._viewport = (x, y, width, height)
        self._area_last = None

    @property
    def layers(self) -> frozenset[int] | None:
        """The layers that it draws, 0 to 31; None: all. Assign a number or several; see Entity.layer."""
        return self._layers

    @layers.setter
    def layers(self, value: int | Iterable[int] | None) -> None:
        self._layer_mask = mask = layer_mask("View layers", value)
        self._layers = None if value is None else frozenset(n for n in range(LAYERS_MAX) if mask >> n & 1)

    @property
    def target(self) -> Texture | None:
        """The texture that it draws into; None: the picture."""
        return self._target

    @property
    def closed(self) -> bool:
        """Whether it is drawn no more."""
        return self._closed

    def close(self) -> None:
        """Ends the view; what it drew into a texture stays there. Raises ConfigError: it is `app.view`."""
        if self._is_main:
            raise ConfigError("The main view can't be closed; give it another camera, viewport or layers.")
        self._closed = True

    @property
    def exposure(self) -> float | str:
        """What light is multiplied by, above 0 to 1024, or an exposure value, lw.ev(14); or "auto": what makes the
        view's mean a middle grey."""
        return self._exposure

    @exposure.setter
    def exposure(self, value: float | str) -> None:
        if isinstance(value, str):
            self._exposure = checks.one_of("View exposure", value, ("auto",))
        else:
            self._exposure = checks.number("View exposure", value, 0.0, EXPOSURE_MAX, above=True)
            self._adapted = False

    @property
    def bloom(self) -> float:
        """The share of light that lenses scatter, 0 (none, no cost) to 1; 0.04 is what glass does."""
        return self._bloom

    @bloom.setter
    def bloom(self, value: float) -> None:
        self._bloom = checks.number("View bloom", value, 0.0, 1.0)

    @property
    def tone_map(self) -> str:
        """From light to the screen: "filmic", "agx" (very bright light loses its colour), "neutral" (keeps colours).

        Of all that is drawn, what is unlit too; points and lines are shown as given.
        """
        return self._tone_map

    @tone_map.setter
    def tone_map(self, value: str) -> None:
        self._tone_map = checks.one_of("View tone_map", value, TONE_MAPS)

    @property
    def dither(self) -> float:
        """Width of the noise that hides bands, in steps of 8 bits, 0 to 4."""
        return self._dither

    @dither.setter
    def dither(self, value: float) -> None:
        self._dither = checks.number("View dither", value, 0.0, 4.0)

    @property
    def antialias(self) -> str:
        """ "msaa": four samples a pixel. "temporal": one, elsewhere in each frame, and what the last frames saw: finer
        where the picture stands still, also inside of textures and reflections, and once nothing moves at all (no
        camera, entity, swaying plant or wave) the mean of 40 frames. "none": one."""
        return self._antialias or ANTIALIAS[0]

    @antialias.setter
    def antialias(self, value: str) -> None:
        value = checks.one_of("View antialias", value, ANTIALIAS)
        self._antialias = value

    @property
    def scale(self) -> float | None:
        """The share of each side that is drawn, 0.25 to 1; the rest is worked out. With "temporal" antialiasing from
        what the last frames saw: 0.67 costs the GPU less than half, and a picture that stands still is as fine as a
        whole one. With the others it is only stretched. None (at first): 1; but while app.quality is "low", and nobody
        has set `antialias` either, app.view is drawn at 0.67 with "temporal"."""
        return self._scale

    @scale.setter
    def scale(self, value: float | None) -> None:
        self._scale = None if value is None else checks.number("View scale", value, SCALE_MIN, 1.0)

    @property
    def transparency(self) -> str:
        """How what one sees through is put together. "sorted": entities back to front by their middles, exact where
        they don't cross. "weighted": a mean of all layers by opacity and nearness, in any order: nothing pops where
        things cross or the camera turns, but a nearly opaque layer hides less of those behind it than it should
        (McGuire and Bavoil, "Weighted Blended Order-Independent Transparency", JCGT 2013). 20 bytes a pixel."""
        return self._transparency

    @transparency.setter
    def transparency(self, value: str) -> None:
        self._transparency = checks.one_of("View transparency", value, TRANSPARENCY)

    @property
    def lut(self) -> Texture | None:
        """A colour grade, or None: where each of 32 x 32 x 32 sRGB colours goes. Set a (32, 32, 32, 3) array, uint8 or
        floats from 0 to 1, [red, green, blue]; or a lw.Texture of 1024 x 32 pixels (red along a block of 32, green
        down, blue by blocks). None again once that texture was destroyed."""
        if self._lut is not None and self._lut.life.destroyed:
            self._lut = None
        return self._lut

    @lut.setter
    def lut(self, value: Texture | npt.ArrayLike | None) -> None:
        from layerw.frame.lut import lut_texture  # most programs grade nothing

        self._lut = None if value is None else lut_texture(value)

    # -- what the frame asks -----------------------------------------------------------------------

    def _area_px(self, picture: tuple[int, int]) -> Area:
        """x, y, width, height in pixels of a picture of this size, or of its texture; at least one pixel."""
        if self._area_last is None or self._area_last[0] != picture:
            self._area_last = (picture, self._area_in(picture))
        return self._area_last[1]

    def _area_in(self, picture: tuple[int, int]) -> Area:
        if self._target is not None:
            return 0, 0, self._target.width, self._target.height
        left, top, width, height = self._viewport
        x, y = (min(int(at * side), side - 1) for at, side in zip((left, top), picture, strict=True))
        right, bottom = (round(end * side) for end, side in zip((left + width, top + height), picture, strict=True))
        return x, y, max(min(right, picture[0]) - x, 1), max(min(bottom, picture[1]) - y, 1)

    def _frame(self, picture: tuple[int, int]) -> CameraFrame:
        """What its camera sees in its part of a picture of this size."""
        *_, width, height = self._area_px(picture)
        return self.camera.frame(width, height)

    def _inside(self, across: float, down: float) -> tuple[float, float]:
        """A point of the picture, 0 to 1 from its upper left, as one of this view's part of it."""
        left, top, width, height = self._viewport
        return (across - left) / width, (down - top) / height

    def _flags(self) -> int:
        """The passes that these settings need (gpu.passes.VIEW_FLAGS)."""
        return (flag("bloom") if self._bloom > 0 else 0) | (flag("auto_exposure") if self._exposure == "auto" else 0) \
            | self._sample_flags() | (flag("weighted") if self._transparency == "weighted" else 0) \
            | self._effect_flags() | (flag("particles") if self._has_particles else 0)

    def _sample_flags(self) -> int:
        """How many samples a pixel has, and whether a sample is for more than one."""
        antialias = "temporal" if self._follows_tier and self._tier_scale < 1 else self.antialias
        return _SAMPLES[antialias] | (flag("upscaled") if self._share < 1 else 0)

    @property
    def _follows_tier(self) -> bool:
        return self._scale is None and self._antialias is None

    @property
    def _share(self) -> float:
        """Of each side, that is drawn now."""
        return self._tier_scale if self._follows_tier else self._scale or 1.0

    def _set_tier(self, scale: float) -> None:
        """What the quality has: the share of each side where a program has set nothing."""
        if scale != self._tier_scale:
            self._tier_scale = scale
            object.__setattr__(self, "_revision", self._revision + 1)

    def _sized(self, picture: tuple[int, int], standing: int) -> SizedView:
        """What its targets depend on. standing: flags that all views have."""
        width, height = self._area_px(picture)[2:]
        drawn = (max(round(width * self._share), 1), max(round(height * self._share), 1))
        return SizedView(standing | self._flags(), width, height, drawn if self._share < 1 else None)

    def _move_particles(self, has_particles: bool) -> None:
        """Whether there are particles, which this view then moves before it draws them."""
        if has_particles is not self._has_particles:
            self._has_particles = has_particles
            object.__setattr__(self, "_revision", self._revision + 1)

    def _factor(self) -> float:
        """What exposure multiplies light by before automatic exposure."""
        return 1.0 if isinstance(self._exposure, str) else self._exposure

    def _look(self, paid: int) -> tuple[float, ...]:
        """The frame block's view_look; paid: flags of the passes whose targets are reserved."""
        bloom = self._bloom if paid & flag("bloom") else 0.0
        return bloom, float(TONE_MAPS.index(self._tone_map)), float(self.lut is not None), self._dither

    def _adaptation(self, dt_s: float, paid: int) -> tuple[float, ...]:
        """The frame block's view_exposure, new in each frame."""
        adapts = float(not self._adapted) if self._exposure == "auto" and paid & flag("auto_exposure") else -1.0
        return dt_s, ADAPT_UP, ADAPT_DOWN, adapts

    def _without_other_layers(self, found: VisibleSet, table: Table) -> VisibleSet:
        """What of a frame's draws is in the layers of this view."""
        bits = table.layers.bits(table) if self._layer_mask != ALL_LAYERS else None
        if bits is None:
            return found if self._layer_mask & 1 else only(found, lambda rows: np.zeros(len(rows), np.bool_))
        shown, mask = bits, np.uint32(self._layer_mask)
        return only(found, lambda rows: shown[rows] & mask != 0)

    def _submitted(self, flags: int) -> None:
        """The frame was submitted, with the passes of these flags."""
        adapted = bool(flags & flag("auto_exposure"))
        if adapted != self._adapted:
            self._adapted = adapted


def _checked_target(target: object) -> Texture:
    from layerw.scene.textures import Texture

    texture = checks.instance("View target", target, Texture, "a lw.Texture.target(width, height)")
    texture.check_live()
    if not texture.is_target:
        raise ConfigError("View target is a texture with pixels of its own; it takes a lw.Texture.target(w, h).")
    return texture
