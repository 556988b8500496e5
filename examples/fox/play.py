"""The game plays itself: `?play=1` in the address, `layerw shot examples/fox --query play=4` four times as fast.

The tests see its end so; `fireflies=1` leaves as many in the woods."""

from __future__ import annotations

import hashlib

import numpy as np
from toys import PLATE

import layerw as lw


class Trail:
    """`app.watch`: reports carry a hash of how levels ended, and of how the one that is on stands."""

    def __init__(self, app: lw.App) -> None:
        self.app, self.hash = app, hashlib.blake2s(digest_size=8)
        self.add = self.hash.update
        app.watch("game", self)

    def state(self, level) -> bytes:
        """What must be the same wherever it is played."""
        return (level.fox.place.tobytes() + level.fireflies.left.tobytes() + level.rabbits.group.position.tobytes()
                + self.app.physics.state_hash().encode())  # fmt: skip

    def state_hash(self) -> str:
        found = self.hash.copy()
        found.update(self.state(self.app.scene) if hasattr(self.app.scene, "fox") else b"")
        return found.hexdigest()


class Player:
    """Says where to go, as thumbs would: `step(level)` gives where to on the ground, and whether to jump and to use."""

    def __init__(self, app: lw.App) -> None:
        self.app, self.steps, self.stuck, self.before = app, 0, 0, np.zeros(3)
        app.every(0.5, self._go_on)

    def _go_on(self) -> None:
        """Through menus, to the end of the last level."""
        if hasattr(self.app.scene, "onward") and getattr(self.app.scene, "number", 0) < 2:
            self.app.scene.onward.click()

    def step(self, level) -> tuple[np.ndarray, bool, bool]:
        self.steps += 1
        fox, flies = level.fox, level.fireflies
        place, jump = fox.place, False
        if self.steps % 60 == 0:
            self.stuck = 0 if np.linalg.norm(place - self.before) > 1.0 else self.stuck + 1
            self.before = place
        wanted = flies.left & (flies.kind == flies.kind[np.argmax(flies.left)])  # woods, then pen, then sea
        which = np.argmin(np.where(wanted, np.linalg.norm(flies.place - place, axis=1), np.inf))
        aim, kind = flies.place[which], flies.kind[which]
        if kind == "pen" and not level.pen.open:
            return np.zeros(2) if level.pen.pressed else self._push(level, place), False, False
        if kind == "sea" and fox.boat is None:
            if fox.near(level.boat):
                return np.zeros(2), False, True
            aim = level.boat.seat
        if fox.boat is None:
            jump = aim[1] - place[1] > 1.5 and np.hypot(*(aim - place)[[0, 2]]) < 1.5
        return self._towards(level, place, aim), bool(jump or (self.stuck and self.steps % 20 == 0)), False

    def _towards(self, level, place, aim) -> np.ndarray:
        """Along the way of the navigation, where there is one; (2,) of length 1."""
        if level.fox.boat is None:
            way = level.app.navigation.path(place, aim, reach=(2, 4, 2)).points
            aim = next((point for point in way if np.hypot(*(point - place)[[0, 2]]) > 0.8), aim)
        flat = (aim - place)[[0, 2]]
        if self.stuck:  # round what it stands before
            flat = np.array((flat[1], -flat[0])) * (1 if self.stuck % 2 else -1)
        return flat / max(np.hypot(*flat), 1e-6)

    def _push(self, level, place) -> np.ndarray:
        """Behind the crate, then straight on."""
        crate = level.pen.crate.position.astype(np.float64)
        along = (PLATE - crate)[[0, 2]]
        along /= max(np.hypot(*along), 1e-6)
        side = np.array((along[1], -along[0]))
        off = (place - crate)[[0, 2]]
        ahead, beside = off @ along, off @ side
        if ahead < -0.9 and abs(beside) < 0.45:
            return along
        near = side * (2.0 if beside > 0 else -2.0) if ahead > -1.0 else 0.0
        goal = crate + np.array((1.0, 0.0, 1.0)) * np.insert(near - along * 2.0, 1, 0.0)
        return self._towards(level, place, goal)
