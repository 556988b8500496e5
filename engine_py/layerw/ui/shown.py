"""Widgets that only show: a bar, a picture, a text with structure."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError, KindError, ShapeError
from layerw.base.user_code import UserCode
from layerw.transfer.addresses import address
from layerw.ui.markdown import blocks
from layerw.ui.tree import Tree
from layerw.ui.values import words
from layerw.ui.widgets import COMMON, Widget

SIDE_MAX = 4096  # pixels
_SCHEME = re.compile(r"(?!https?:|data:image/)[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def _high(_: object, name: str, value: Any) -> float:
    return checks.number(name, value, 0, above=True)


def _share(bar: Bar, name: str, value: Any) -> float:
    return checks.number(name, value, 0, bar.high)


class Bar(Widget):
    """How much there is of something.

    Attributes:
        text: its name.
        high: what a full one is, above 0. value: 0 to high.
    """

    KIND = "bar"
    CHECKS = COMMON | {"text": words, "high": _high, "value": _share}

    text: str
    high: float
    value: float


def _source(_: object, name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise KindError(f"{name} is {checks.shown(value)}; it takes an address or pixels.")
    if _SCHEME.match(value):
        raise ConfigError(f"{name} is {checks.shown(value)}; it takes a file of the program's folder or http(s).")
    return address(value)


class Image(Widget):
    """A picture.

    Attributes:
        text: what it shows, for those who don't see it.
        source: its address, "" where it has pixels.
    """

    KIND = "image"
    CHECKS = COMMON | {"text": words, "source": _source}

    text: str
    source: str

    def __init__(self, tree: Tree, user: UserCode, values: dict[str, Any]) -> None:
        given = values["source"]
        pixels = None if isinstance(given, str) else _pixels("Image source", given)
        super().__init__(tree, user, values | ({} if pixels is None else {"source": ""}))
        if pixels is not None:
            tree.pixels[self._id] = pixels

    def update(self, pixels: npt.ArrayLike) -> None:
        """Shows other pixels: (height, width, 3 or 4) uint8, sRGB; copied now."""
        self._tree.pixels[self._id] = _pixels("Image.update pixels", pixels)


def _pixels(name: str, value: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    found = checks.as_array(value)
    if found.ndim != 3 or found.shape[2] not in (3, 4) or found.dtype != np.uint8 or 0 in found.shape:
        raise ShapeError(f"{name} has shape {found.shape} and dtype {found.dtype}; it takes an address, or (height, "
                         "width, 3 or 4) uint8.")
    if max(found.shape) > SIDE_MAX:
        raise ShapeError(f"{name} has shape {found.shape}; a side takes at most {SIDE_MAX} pixels.")
    whole = np.full((*found.shape[:2], 4), 255, np.uint8)
    whole[..., : found.shape[2]] = found
    return whole


class Markdown(Widget):
    """A text with headings, lists, emphasis, code and links, as in Markdown; markup of HTML is shown as it is.

    Attributes:
        text: the source.
    """

    KIND = "markdown"
    CHECKS = COMMON | {"text": words}

    text: str

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "text":
            self._tree.changed(self._id, name, blocks(self.text))

    def _sent(self) -> dict[str, object]:
        return super()._sent() | {"text": blocks(self.text)}
