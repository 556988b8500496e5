"""Where a texture's pixels come from when the program does not give them: a file, or pictures of the page.

Owns: what was asked for, its state as a program reads it, and who waits for it. Does not fetch or show anything
(content/pictures.py, content/feeds.py): that begins when something first shows the texture.
"""

from __future__ import annotations

import weakref
from typing import Any, Protocol

from layerw.base.outcomes import Outcomes


class Waits(Protocol):
    """Who is told when the pixels are there, or have to come again: a material's values."""

    def changed(self) -> None: ...


class Origin:
    """state: "waiting" (nothing shows it yet), "loading", "ready" or "failed"; error: why, or what it waits for.

    `called`: what messages call it; `outcomes`: who is told, by content/.
    """

    __slots__ = ("called", "error", "outcomes", "state", "users")

    def __init__(self, called: str) -> None:
        self.called, self.state, self.error = called, "waiting", ""
        self.outcomes = Outcomes()
        self.users: weakref.WeakSet[Waits] = weakref.WeakSet()

    def tell(self, state: str, error: str = "") -> None:
        """It is in another state."""
        self.state, self.error = state, error
        for user in list(self.users):
            user.changed()


class TextureFile(Origin):
    """An image file."""

    __slots__ = ("max_side", "url")

    def __init__(self, url: str, called: str, max_side: int) -> None:
        super().__init__(called)
        self.url, self.max_side = url, max_side


class TextureFeed(Origin):
    """Pictures that the page sends: of its own, or of a video that it plays.

    `request`: as the command feed_open sends it. `orders` counts what `play` was called for.
    """

    __slots__ = ("is_video", "orders", "playing", "request")

    def __init__(self, called: str, request: dict[str, Any]) -> None:
        super().__init__(called)
        self.request, self.is_video = request, "url" in request
        self.playing = bool(request.get("playing"))
        self.orders = 0

    def play(self, playing: bool) -> None:
        """Plays the video, or holds it."""
        self.playing = playing
        self.orders += 1
