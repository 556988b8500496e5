"""Labels: words that stand in the world.

Owns: the glyphs of a text as elements, and where they hang. Limits: what font.py says; a label is one draw, whatever
its length; it is hidden by what is in front, and lets through what is behind.
"""

from __future__ import annotations

from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError, KindError, LayerwError
from layerw.base.host_port import Running
from layerw.base.names import named
from layerw.drawing.colors import mark_colors
from layerw.drawing.elements import Elements, Style, layout_dtype
from layerw.drawing.font import ALIGNS, lay_out
from layerw.drawing.labelling import Labelling
from layerw.scene.entity import Entity

GLYPH = layout_dtype("glyphs")
TEXT_MAX = 10_000
FACINGS = ("camera", "fixed")


class _HasLabels(Protocol):
    def _labels(self) -> Labelling: ...


@named
class Label:
    """Words in the world, sharp from near and far: `tag = lw.Label("fox", at=fox.root, size=0.3)`.

    Args:
        text: up to 10,000 characters; "\\n" begins a line. Letters of Latin, Greek, Cyrillic and Hebrew scripts.
        at: an entity that it moves with; None: it stands in the scene.
        position: (3,) metres from there, of the text's middle.
        size: of the letters (an em), metres, or pixels of the page.
        unit: of the size, "m" or "px".
        color: sRGB, shown as given, whatever the light is.
        facing: "camera", or "fixed": it lies in the XY plane of its entity.
        align: of several lines, "left", "center" or "right".
        fog: whether distance hides it.

    Raises:
        KindError, ConfigError, ShapeError: an argument is not what it should be. LayerwError: there is no lw.App yet.
        BudgetError: the GPU or heap budget has no room, or the entity table.
    """

    __slots__ = ("__weakref__", "_align", "_color", "_elements", "_labels", "_size", "_text", "facing")

    facing: str
    _text: str
    _align: str
    _size: float
    _color: npt.NDArray[np.uint8]
    _elements: Elements
    _labels: Labelling

    def __init__(self, text: str, at: Entity | None = None, *, position: npt.ArrayLike = (0.0, 0.0, 0.0),
                 size: float = 0.3, unit: str = "m", color: Any = "white", facing: str = "camera",
                 align: str = "center", fog: bool = True) -> None:  # fmt: skip
        put = object.__setattr__
        put(self, "_text", _words("Label text", text))
        checks.instance("Label at", at, (Entity, type(None)), "an Entity or None")
        place = checks.vector("Label position", position)
        put(self, "_size", checks.number("Label size", size, 0, above=True))
        put(self, "facing", checks.one_of("Label facing", facing, FACINGS))
        put(self, "_align", checks.one_of("Label align", align, ALIGNS))
        put(self, "_color", mark_colors("Label.color", color, 1).reshape(4).reshape(4))
        style = Style("glyphs", checks.one_of("Label unit", unit, ("m", "px")), checks.flag("Label fog", fog), True)
        if Running.app is None:
            raise LayerwError("There is no lw.App() yet for this lw.Label; make the App first.")
        put(self, "_labels", cast(_HasLabels, Running.app)._labels())
        data, radius = self._fill()
        put(self, "_elements", self._labels.elements(data, style, radius))
        self.entity.position = place
        if at is not None:
            self.entity.parent = at
        self._labels.keep(self)

    def __setattr__(self, name: str, value: object) -> None:
        if name not in checks.settable(type(self)) or name == "facing":
            raise checks.unknown_attribute(self, name, set(checks.settable(type(self))) - {"facing"})
        object.__setattr__(self, name, value)

    @property
    def text(self) -> str:
        """What it says."""
        return self._text

    @text.setter
    def text(self, text: str) -> None:
        kept = _words("Label.text", text)
        self._check()
        if kept != self._text:
            object.__setattr__(self, "_text", kept)
            self._renew()

    @property
    def color(self) -> tuple[int, ...]:
        """(4,) sRGB bytes; assign a colour."""
        return tuple(int(one) for one in self._color)

    @color.setter
    def color(self, color: Any) -> None:
        object.__setattr__(self, "_color", mark_colors("Label.color", color, 1).reshape(4))
        self._check()
        self._renew()

    @property
    def size(self) -> float:
        """Of its letters, metres or pixels."""
        return self._size

    @size.setter
    def size(self, size: float) -> None:
        object.__setattr__(self, "_size", checks.number("Label.size", size, 0, above=True))
        self._check()
        self._renew()

    @property
    def entity(self) -> Entity:
        """Where it is: move it, turn it, give it another parent."""
        return self._elements.entity

    @property
    def visible(self) -> bool:
        """Assign False to draw nothing of it."""
        return self.entity.visible

    @visible.setter
    def visible(self, value: bool) -> None:
        self.entity.visible = value

    @property
    def alive(self) -> bool:
        """False once it was destroyed, or what it moves with was despawned."""
        return self._elements.alive

    def destroy(self) -> None:
        """Ends it; its memory comes back with the next frame."""
        if self.alive:
            self.entity.despawn()

    def _check(self) -> None:
        self._elements.check_live("This label's glyphs")

    def _renew(self) -> None:
        """Other glyphs in the place of those that were."""
        self._elements.replace(*self._fill())

    def _fill(self) -> tuple[npt.NDArray[Any], float]:
        """Its glyphs, and a radius around its middle that holds them."""
        line, missing = lay_out(self._text, self._align)
        if missing:
            self._labels.tell_missing(missing)
        data = np.zeros(max(len(line.glyphs), 1), GLYPH)  # a mesh has an element; one without size is not drawn
        if not len(line.glyphs):
            return data, 0.0
        found = self._labels.glyphs.find(line.glyphs)
        data["offset"], data["color"], data["size"] = line.places, self._color, self._size
        data["low"], data["high"] = [one.low for one in found], [one.high for one in found]
        data["place"], data["fixed"] = [one.place for one in found], self.facing == "fixed"
        reach = np.abs(line.places).max(0) + 1.0
        return data, float(self._size * np.hypot(*reach))

    def _update(self) -> bool:
        return True

    def _end(self) -> None:
        self._elements.end()


def _words(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise KindError(f"{name} is {checks.shown(value)}; it takes a text (str).")
    if len(value) > TEXT_MAX:
        raise ConfigError(f"{name} has {len(value)} characters; it takes at most {TEXT_MAX}.")
    return value
