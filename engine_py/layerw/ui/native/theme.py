"""The theme: the colours and sizes of `app.ui.theme`, as web/page/subsystems/ui/style.js has them."""

from __future__ import annotations

from dataclasses import dataclass

from layerw.ui.native import css
from layerw.ui.native.css import Rgba


@dataclass(slots=True)
class Theme:
    """Pixels of the page, sRGB."""

    accent: Rgba = (0x7C, 0xC4, 0xFF, 255)
    on_accent: Rgba = (0x08, 0x13, 0x1D, 255)
    text: Rgba = (0xF3, 0xF6, 0xF9, 255)
    muted: Rgba = (0xC3, 0xCC, 0xD6, 255)
    surface: Rgba = (15, 19, 25, 214)  # less glass than in a page: nothing blurs what is behind
    line: Rgba = (255, 255, 255, 36)
    size: float = 14.0
    radius: float = 10.0
    gap: float = 8.0


def themed(values: dict[str, str]) -> Theme:
    """A theme with what a program set of it: names as in a page's CSS, "--ui-accent"."""
    theme = Theme()
    for name, value in values.items():
        key = name.removeprefix("--ui-").replace("-", "_")
        if key in ("size", "radius", "gap"):
            found = css.length(value, 14.0, 14.0)
            if found is not None and (found.px > 0 or key != "size"):
                setattr(theme, key, found.px)
        elif key in Theme.__slots__:
            shade = css.color(value)
            if shade is not None:
                setattr(theme, key, shade)
    return theme
