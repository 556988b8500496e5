"""The file that a texture comes from, and who waits for it.

Owns: its address and its state, as a program reads it. Does not fetch (content/pictures.py): a file is fetched when a
material that something shows first needs it.
"""

from __future__ import annotations

import weakref
from typing import Protocol

from layerw.base.outcomes import Outcomes


class Waits(Protocol):
    """Who is told when the file is there, or has to be fetched again: a material's values."""

    def changed(self) -> None: ...


class TextureFile:
    """state: "waiting" (nothing shows it yet), "loading", "ready" or "failed" (see `error`)."""

    __slots__ = ("error", "max_side", "outcomes", "state", "url", "users")

    def __init__(self, url: str, max_side: int) -> None:
        self.url, self.max_side = url, max_side
        self.state, self.error = "waiting", ""
        self.outcomes = Outcomes()  # content/pictures.py tells them
        self.users: weakref.WeakSet[Waits] = weakref.WeakSet()

    def tell(self, state: str, error: str = "") -> None:
        """It is in another state."""
        self.state, self.error = state, error
        for user in list(self.users):
            user.changed()
