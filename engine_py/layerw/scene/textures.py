"""Textures of programs: pixels that they give, that a view draws, or that come from a file or the page.

Owns: CPU data and settings, and which pixels changed; frame/looks.py turns each into one GPU texture when it is first
used, and uploads what was written.
"""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.addresses import checked_address, shown
from layerw.base.errors import ConfigError, HandleError, KindError, ShapeError
from layerw.base.lifetimes import Life
from layerw.base.names import named
from layerw.base.outcomes import FAILED, READY, Callback, Outcomes
from layerw.gpu import spec
from layerw.scene.texture_origin import Origin, TextureFeed, TextureFile

SIDE_MAX = 8192
NAME_CHARS_MAX = 256
ANISOTROPY_MAX = 16
FILTERS = ("linear", "nearest")
WRAPS = {"repeat": 0, "clamp": spec.SAMPLER_CLAMP_S | spec.SAMPLER_CLAMP_T,
         "mirror": spec.SAMPLER_MIRROR_S | spec.SAMPLER_MIRROR_T}  # fmt: skip
HALF_MAX = 65_504.0
Pixels = npt.NDArray[np.uint8] | npt.NDArray[np.float16]
Rectangle = tuple[int, int, int, int]  # x, y, width, height


class Image:
    """A texture's pixels, and who hears which of them were written: every App that shows it."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels
        self._listeners: list[Callable[[Rectangle], None]] = []

    def listen(self, listener: Callable[[Rectangle], None]) -> None:
        """Have a function called after each write, with what was written. It must be quick."""
        self._listeners.append(listener)

    def write(self, left: int, top: int, rgba: Pixels) -> None:
        """A rectangle that lies inside."""
        height, width = rgba.shape[:2]
        self.pixels[top : top + height, left : left + width] = rgba
        for listener in self._listeners:
            listener((left, top, width, height))


@named
class Texture:
    """An image for materials.

    Args:
        pixels: (height, width) or (height, width, 1 to 4), upper row first; copied. 1: grey, 2: grey and alpha, 3: RGB,
            4: RGBA. uint8, or floats: with `srgb` from 0 to 1, without it any number that half a float holds (HDR).
        filter: "linear" or "nearest".
        wrap: beyond its edges: "repeat", "clamp" or "mirror".
        srgb: whether the numbers are sRGB (colours) or linear (everything else).
        mips: smaller copies for what is far away, made on the GPU.
        anisotropy: 1 to 16, samples along what is seen at a flat angle; with "linear" only.

    Raises:
        ShapeError: pixels of another shape or type, or more than 8192 on a side.
        ConfigError, KindError: a setting that is none of the above.

    `texture.pixels = array` and `texture.update(x, y, array)` write to it. A texture that views draw is made by
    `Texture.target(width, height)`, one from a file by `Texture.load(url)`, one that shows a canvas or a video of the
    page by `Texture.live(name)`, one that plays a file by `Texture.video(url)`.
    """

    __slots__ = ("__weakref__", "height", "image", "is_target", "life", "mips", "origin", "sampler", "srgb", "width")
    height: int
    image: Image
    is_target: bool
    life: Life
    mips: bool
    origin: Origin | None
    sampler: int
    srgb: bool
    width: int

    def __init__(self, pixels: npt.ArrayLike, *, filter: str = "linear", wrap: str = "repeat", srgb: bool = True,
                 mips: bool = True, anisotropy: int = 8) -> None:  # fmt: skip
        if isinstance(pixels, str | PathLike):
            raise KindError(f"Texture pixels is {checks.shown(pixels)}; it takes an array. A file is loaded by "
                            f"lw.Texture.load({checks.shown(pixels)}).")  # fmt: skip
        srgb = checks.flag("Texture srgb", srgb)
        rgba = _rgba(pixels, "Texture pixels", srgb)
        if max(rgba.shape[:2]) > SIDE_MAX:
            raise ShapeError(f"Texture pixels has {rgba.shape[1]} x {rgba.shape[0]} pixels; a side takes at most "
                             f"{SIDE_MAX}.")
        self._set(rgba, filter, wrap, srgb, is_target=False, anisotropy=anisotropy)
        object.__setattr__(self, "mips", checks.flag("Texture mips", mips))

    @classmethod
    def target(cls, width: int, height: int, *, filter: str = "linear", wrap: str = "clamp") -> Texture:
        """A texture that a view draws (`app.add_view(camera, target=...)`): black until then, sRGB pixels after the
        tone map of that view; what shows it is tone-mapped again.

        Args:
            width, height: pixels, 1 to 8192.
        """
        size = (checks.whole("Texture height", height, 1, SIDE_MAX), checks.whole("Texture width", width, 1, SIDE_MAX))
        made = cls.__new__(cls)
        black = np.broadcast_to(np.array((0, 0, 0, 255), np.uint8), (*size, 4))
        made._set(black, filter, wrap, True, is_target=True, anisotropy=8)
        object.__setattr__(made, "mips", False)
        return made

    @classmethod
    def load(cls, url: str | PathLike[str], *, filter: str = "linear", wrap: str = "repeat", srgb: bool = True,
             anisotropy: int = 8, max_side: int = 4096) -> Texture:  # fmt: skip
        """A PNG, JPEG, WebP or AVIF file; fetched once something shows it, and materials do without it until then.

        Args:
            url: relative to the program, absolute, a data URI, or a pathlib.Path. What goes wrong later is the
                texture's own: `state` ("waiting", "loading", "ready", "failed") and `error`. Where the network failed,
                it is asked for again, and "failed" turns to "ready".
            filter, wrap, srgb, anisotropy: as for Texture; it has mips.
            max_side: pixels; larger images are scaled down.

        Its pixels stay on the GPU: they can be neither read nor written. `width` and `height` are 0 until it is ready.
        Textures of one file with the same settings share what they hold.
        """
        address = checked_address(url, "Texture.load")
        side = checks.whole("Texture.load max_side", max_side, 1, SIDE_MAX)
        return cls._from(TextureFile(address, shown(address), side), filter, wrap, srgb, True, anisotropy)

    @classmethod
    def live(cls, name: str, *, filter: str = "linear", wrap: str = "clamp", srgb: bool = True, mips: bool = True,
             anisotropy: int = 8, max_side: int = 2048) -> Texture:  # fmt: skip
        """What the page shows it: a canvas, a video, an image that changes. In JavaScript:
        `element.textures.set(name, canvas)`.

        Args:
            name: as in `element.textures.set(name, source)`, which may come before or after; 1 to 256 characters.
            filter, wrap, srgb, mips, anisotropy: as for Texture.
            max_side: pixels; larger pictures are scaled down.

        A canvas or a video is taken again whenever the last picture of it was drawn, from when something first shows
        this texture until nothing has it any more. Materials do without it until the first picture, which makes `state`
        "ready"; without a page (on CPython) that never comes, and `state` stays "waiting". `width` and `height` follow
        the picture; its pixels stay on the GPU. Where no picture comes, `error` says why.
        """
        label = checks.text("Texture.live name", name)
        if not 1 <= len(label) <= NAME_CHARS_MAX:
            raise ConfigError(f"Texture.live name has {len(label)} characters; it takes 1 to {NAME_CHARS_MAX}.")
        side = checks.whole("Texture.live max_side", max_side, 1, SIDE_MAX)
        feed = TextureFeed(repr(label), {"name": label, "max_side": side})
        return cls._from(feed, filter, wrap, srgb, mips, anisotropy)

    @classmethod
    def video(cls, url: str | PathLike[str], *, loop: bool = True, muted: bool = True, autoplay: bool = True,
              filter: str = "linear", wrap: str = "clamp", srgb: bool = True, mips: bool = True, anisotropy: int = 8,
              max_side: int = 2048) -> Texture:  # fmt: skip
        """A video file that the page plays, as far as its browser can (MP4 and WebM mostly).

        Args:
            url: as for Texture.load; another server has to send Access-Control-Allow-Origin.
            loop: whether it begins again at its end.
            muted: browsers play sound only after a click or a key; without it a video starts with the first of these.
            autoplay: whether it starts by itself, once something shows it; else `play()` starts it.
            filter, wrap, srgb, mips, anisotropy, max_side: as for Texture.live.

        `play()` and `pause()` steer it. A page that wants more of it (its time, its sound) makes the video itself and
        gives it to a Texture.live.
        """
        address = checked_address(url, "Texture.video")
        side = checks.whole("Texture.video max_side", max_side, 1, SIDE_MAX)
        asked = {name: checks.flag(f"Texture.video {name}", value)
                 for name, value in (("loop", loop), ("muted", muted), ("autoplay", autoplay))}  # fmt: skip
        request = {"url": address, "loop": asked["loop"], "muted": asked["muted"], "playing": asked["autoplay"],
                   "max_side": side}  # fmt: skip
        return cls._from(TextureFeed(shown(address), request), filter, wrap, srgb, mips, anisotropy)

    @classmethod
    def _from(cls, origin: Origin, filter: str, wrap: str, srgb: bool, mips: bool, anisotropy: int) -> Texture:
        made = cls.__new__(cls)
        nothing = np.zeros((0, 0, 4), np.uint8)
        made._set(nothing, filter, wrap, checks.flag("Texture srgb", srgb), is_target=False, anisotropy=anisotropy,
                  origin=origin)  # fmt: skip
        object.__setattr__(made, "mips", checks.flag("Texture mips", mips))
        return made

    def play(self) -> None:
        """Plays a video from where it is, or from the start where it has ended. Raises ConfigError: it is none."""
        self._feed("play").play(True)

    def pause(self) -> None:
        """Holds a video where it is. Raises ConfigError: it is none."""
        self._feed("pause").play(False)

    def _feed(self, call: str) -> TextureFeed:
        self.check_live()
        if not isinstance(self.origin, TextureFeed) or not self.origin.is_video:
            raise ConfigError(f"Texture.{call}() is for one made by lw.Texture.video(url).")
        return self.origin

    def destroy(self) -> None:
        """Free what it takes on the GPU now; what still shows it is drawn without it, giving it anew is an error.

        Nobody needs to: it is freed when neither the program nor a material that is drawn has it any more.
        """
        self.life.destroy()

    def check_live(self) -> Texture:
        """Itself. Raises HandleError where it was destroyed."""
        if self.life.destroyed:
            raise HandleError("The Texture was destroyed by Texture.destroy(); make a new one.")
        return self

    def came(self, width: int, height: int) -> None:
        """For the engine: its pixels are there."""
        self._turn("ready", width, height)

    def gone(self) -> None:
        """For the engine: what came is no longer there; whatever shows it asks for it again."""
        self._turn("waiting", 0, 0)

    def _turn(self, state: str, width: int, height: int) -> None:
        assert self.origin is not None
        object.__setattr__(self, "width", width)
        object.__setattr__(self, "height", height)
        self.origin.tell(state)

    @property
    def state(self) -> str:
        """Of one from a file or the page: "waiting" (nothing shows it yet), "loading", "ready", "failed"; of others
        "ready"; "destroyed" after destroy()."""
        if self.life.destroyed:
            return "destroyed"
        return self.origin.state if self.origin is not None else "ready"

    @property
    def error(self) -> str:
        """Why it has failed, or what it waits for."""
        return self.origin.error if self.origin is not None else ""

    def on_ready(self, callback: Callback) -> Callback:
        """Decorator: calls the function once the file, or a first picture of the page, is here (now, when it is, and
        for textures of other kinds)."""
        return self._outcomes.add("Texture", READY, self.state, callback)

    def on_failed(self, callback: Callback) -> Callback:
        """Decorator: calls the function once it is clear that nothing can be shown (now, when it is); `error` says
        why."""
        return self._outcomes.add("Texture", FAILED, self.state, callback)

    @property
    def _outcomes(self) -> Outcomes:
        return self.origin.outcomes if self.origin is not None else Outcomes()

    def _set(self, rgba: Pixels, filter: str, wrap: str, srgb: bool, *, is_target: bool, anisotropy: int,
             origin: Origin | None = None) -> None:  # fmt: skip
        nearest = checks.one_of("Texture filter", filter, FILTERS) == "nearest"
        wraps = WRAPS[checks.one_of("Texture wrap", wrap, WRAPS)]
        samples = checks.whole("Texture anisotropy", anisotropy, 1, ANISOTROPY_MAX)
        bits = wraps | (spec.SAMPLER_NEAREST if nearest else 0) | samples * spec.SAMPLER_ANISOTROPY
        values = {"origin": origin, "image": Image(rgba), "srgb": srgb, "is_target": is_target, "height": rgba.shape[0],
                  "width": rgba.shape[1], "sampler": bits, "life": Life()}  # fmt: skip
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        if name != "pixels":
            raise checks.unknown_attribute(self, name, ["pixels"])
        object.__setattr__(self, name, value)

    @property
    def pixels(self) -> Pixels:
        """(height, width, 4), read only: uint8, or float16 of an HDR texture. Writing another array uploads it."""
        self._check_ours()
        if self.is_target:
            raise ConfigError("The pixels of a texture that a view draws stay on the GPU; app.screenshot() reads the "
                              "picture.")
        shown = self.image.pixels.view()
        shown.flags.writeable = False
        return shown

    @pixels.setter
    def pixels(self, value: npt.ArrayLike) -> None:
        self._check_ours()
        rgba = _rgba(value, "Texture pixels", self.srgb, self.image.pixels.dtype)
        if rgba.shape != self.image.pixels.shape:
            raise ShapeError(f"Texture pixels has {rgba.shape[1]} x {rgba.shape[0]} pixels; this texture has "
                             f"{self.width} x {self.height}. Make a new one for another size.")  # fmt: skip
        self._write(0, 0, rgba)

    def update(self, x: int, y: int, pixels: npt.ArrayLike) -> None:
        """Writes a rectangle of pixels whose upper left one is at column x, row y.

        Raises:
            ShapeError: as for new pixels, or the rectangle passes an edge.
        """
        self._check_ours()
        left, top = checks.whole("Texture.update x", x, 0), checks.whole("Texture.update y", y, 0)
        rgba = _rgba(pixels, "Texture.update pixels", self.srgb, self.image.pixels.dtype)
        height, width = rgba.shape[:2]
        if left + width > self.width or top + height > self.height:
            raise ShapeError(f"Texture.update writes {width} x {height} pixels at ({left}, {top}), past the edge of "
                             f"the texture's {self.width} x {self.height}.")  # fmt: skip
        self._write(left, top, rgba)

    def _check_ours(self) -> None:
        self.check_live()
        if self.origin is not None:
            raise ConfigError("The pixels of a texture from a file or the page stay on the GPU; make one with "
                              "lw.Texture(pixels) to read or write them.")  # fmt: skip

    def _write(self, left: int, top: int, rgba: Pixels) -> None:
        if self.is_target:
            raise ConfigError("A texture that a view draws can't be written; make one with lw.Texture(pixels).")
        self.image.write(left, top, rgba)


def _rgba(pixels: npt.ArrayLike, name: str, srgb: bool, dtype: npt.DTypeLike | None = None) -> Pixels:
    """A new (height, width, 4) array: uint8, or float16 where the numbers are floats and linear."""
    takes = "it takes (height, width) or (height, width, 1 to 4), uint8 or floats"
    given = checks.as_array(pixels)
    if given.ndim == 2:
        given = given[..., None]
    if given.ndim != 3 or not 1 <= given.shape[2] <= 4 or 0 in given.shape or not (
            given.dtype == np.uint8 or given.dtype.kind == "f"):  # fmt: skip
        shape = np.shape(pixels) if given.size else checks.shown(pixels)
        raise ShapeError(f"{name} has shape {shape} and dtype {given.dtype}; {takes}.")
    if given.dtype.kind == "f":
        given = _of_floats(given, name, srgb)
    elif dtype == np.float16:
        given = (given / np.float32(255)).astype(np.float16)
    if dtype == np.uint8 and given.dtype == np.float16:
        given = _codes(given, name)
    opaque = 255 if given.dtype == np.uint8 else 1
    rgba: Pixels = np.full((*given.shape[:2], 4), opaque, given.dtype)
    channels = given.shape[2]
    if channels <= 2:
        rgba[..., :3] = given[..., :1]
        rgba[..., 3:] = given[..., 1:] if channels == 2 else opaque
    else:
        rgba[..., :channels] = given
    return rgba


def _of_floats(given: npt.NDArray[np.floating], name: str, srgb: bool) -> Pixels:
    if not np.isfinite(given).all():
        raise ShapeError(f"{name} holds NaN or infinity; every number must be finite.")
    if srgb:
        return _codes(given, name)
    if np.abs(given).max() > HALF_MAX:
        raise ShapeError(f"{name} holds {float(np.abs(given).max()):g}; linear floats reach to {HALF_MAX:g}.")
    return given.astype(np.float16)


def _codes(given: npt.NDArray[np.floating], name: str) -> npt.NDArray[np.uint8]:
    low, high = float(given.min()), float(given.max())
    if low < 0 or high > 1:
        raise ShapeError(f"{name} holds numbers from {low:g} to {high:g}; sRGB floats take 0 to 1; light beyond 1 "
                         f"takes srgb=False.")  # fmt: skip
    return (given * np.float32(255) + np.float32(0.5)).astype(np.uint8)
