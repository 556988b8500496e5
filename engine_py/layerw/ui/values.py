"""What widgets take: checks of words, anchors and styles, by the names that errors say.

Owns: the anchors, and the CSS properties that a program may set. Does not: know kinds of widgets.
Limits: nothing that makes a browser fetch (url(...)), nothing that leaves the layer (position, z-index).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from layerw.base import checks
from layerw.base.errors import ConfigError, KindError

ANCHORS = ("top left", "top", "top right", "left", "center", "right", "bottom left", "bottom", "bottom right")
LOOKS = ("plain", "title", "heading", "small", "mono")
TEXT_MAX = 65_536
STYLES = (
    "align_items", "align_self", "background", "border", "border_radius", "box_shadow", "color", "flex", "font_family",
    "font_size", "font_style", "font_weight", "gap", "height", "justify_content", "justify_self", "letter_spacing",
    "line_height", "margin", "max_height", "max_width", "min_height", "min_width", "opacity", "padding", "text_align",
    "text_shadow", "text_transform", "white_space", "width",
)  # fmt: skip
THEME = ("accent", "on_accent", "text", "muted", "surface", "line", "font", "size", "radius", "gap", "blur")
_PLAIN = re.compile(r"[\w\s.,#%()'+*/-]{1,200}", re.ASCII)
Check = Callable[[Any, str, Any], Any]  # (the widget, its full name, what was given) -> what is kept


def words(_: object, name: str, value: Any) -> str:
    """A text, which may be empty."""
    if type(value) is str and len(value) <= TEXT_MAX:
        return value
    if not isinstance(value, str):
        raise KindError(f"{name} is {checks.shown(value)}; it takes a text (str), for example "
                        f'f"{{value}}".')  # fmt: skip
    if len(value) > TEXT_MAX:
        raise ConfigError(f"{name} has {len(value)} characters; it takes at most {TEXT_MAX}.")
    return str(value)


def flag(_: object, name: str, value: Any) -> bool:
    """True or False."""
    return checks.flag(name, value)


def anchor(_: object, name: str, value: Any) -> str:
    """A place in the picture; "left top" is "top left"."""
    if isinstance(value, str) and value not in ANCHORS:
        turned = " ".join(reversed(value.split()))
        value = turned if turned in ANCHORS else value
    return checks.one_of(name, value, ANCHORS)


def look(_: object, name: str, value: Any) -> str:
    """How words look."""
    return checks.one_of(name, value, LOOKS)


class Style(dict[str, str]):
    """What a widget's style is now; it is written as a whole."""

    def __setitem__(self, key: str, value: Any) -> None:
        raise KindError(f"A part of a style can't be written; write all of it: style = {{**style, {key!r}: …}}.")


def style(_: object, name: str, value: Any) -> Style:
    """CSS by names with underscores; numbers are pixels, but for those without a unit."""
    return Style((key, _css(f'{name}["{key}"]', key, given)) for key, given in _known(name, value, STYLES).items())


def theme(name: str, value: Any) -> dict[str, str]:
    """As `style`, of the names of THEME; None takes one back."""
    return {f"--ui-{key.replace('_', '-')}": "" if given is None else _css(f"{name} {key}", key, given)
            for key, given in _known(name, value, THEME).items()}  # fmt: skip


def _known(name: str, value: Any, names: tuple[str, ...]) -> Mapping[str, Any]:
    given = checks.mapping(name, value)
    for key in given:
        checks.one_of(f"{name}'s key", key, names)
    return given


def _css(name: str, key: str, value: Any) -> str:
    if isinstance(value, str):
        if not _PLAIN.fullmatch(value) or "url" in value.lower():
            raise ConfigError(f"{name} is {checks.shown(value)}; it takes a CSS value of plain characters, without "
                              "url(...).")  # fmt: skip
        return value
    plain = checks.number(name, value, -100_000, 100_000)
    unit = "" if key in ("flex", "font_weight", "line_height", "opacity") else "px"
    return f"{plain:g}{unit}"
