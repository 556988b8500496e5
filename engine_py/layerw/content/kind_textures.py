"""The kinds of ground of a streamed world: two textures with a layer for each, which all its tiles share.

Owns: the two on the GPU, from when the world is open, and the pictures that fill them (extras.layerw.kinds of its
tileset), one after the other, a few layers a frame. Until then, and where a picture can't be had, ground looks as
that of worlds without kinds.
Limits: they are left out where they would take more than a quarter of the GPU budget.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layerw.base.errors import BudgetError
from layerw.base.ground_kinds import LAYERS_MAX, SIDE
from layerw.base.healing import Failure
from layerw.base.ports import ImageFile
from layerw.gpu.spec import SAMPLER_ANISOTROPY
from layerw.stream.errors import TilesetError
from layerw.stream.streamer import Streamer
from layerw.stream.tree import resolve

if TYPE_CHECKING:
    from layerw.content.shared import Lease, SharedLoader
    from layerw.gpu.store import Store

PARTS = ("color", "relief")
PRIORITY = 1.5e6  # after tiles that are seen
LAYERS_A_FRAME = 16
BUDGET_SHARE = 4
_SAMPLER = 4 * SAMPLER_ANISOTROPY


class KindTextures:
    """`step` once a frame, after the streamer's."""

    def __init__(self, streamer: Streamer, store: Store, images: Callable[[], SharedLoader]) -> None:
        self._streamer, self._store, self._images = streamer, store, images
        self._textures: list[int] = []
        self._spec: dict[str, Any] = {}
        self._lease: Lease | None = None
        self._part = self._filled = 0  # of PARTS, and layers of it
        self._layers = self._grid = 0
        self._begun = False
        self._restores = store.restores

    @property
    def settled(self) -> bool:
        """Whether nothing of them is on its way."""
        return not self._textures or self._part == len(PARTS)

    def step(self) -> list[str]:
        """Go on; returns what went wrong, in words."""
        if not self._begun:
            if self._streamer.state != "ready":
                return []
            self._begun = True
            return self._begin()
        if self._textures and self._restores != self._store.restores:  # a lost device: they are zero again
            self._restores, self._part, self._filled = self._store.restores, 0, 0
            self._let_go()
        return [] if self.settled else self._fill()

    def _begin(self) -> list[str]:
        given = self._streamer.extras.get("kinds")
        if given is None:
            return []
        try:
            self._spec, self._layers, self._grid = checked(given, self._streamer.url)
        except TilesetError as error:
            return [f"{self._streamer.url}: {error} Its ground is shown without kinds."]
        size = len(PARTS) * self._layers * self._store.texture_bytes(SIDE, SIDE)
        if BUDGET_SHARE * size > self._store.ledger.budget_bytes:
            return []
        try:
            for part in PARTS:
                self._textures.append(self._store.create_array(SIDE, self._layers, srgb=part == "color",
                                                               sampler=_SAMPLER))  # fmt: skip
        except BudgetError as error:
            self.close()
            return [f"The ground is shown without kinds: {error}"]
        color, relief = self._textures
        self._streamer.show_kinds((color, relief))
        return []

    def _fill(self) -> list[str]:
        part = PARTS[self._part]
        url = resolve(self._streamer.url, self._spec[part]["uri"])
        if self._lease is None:
            self._lease = self._images().try_open(url, priority=PRIORITY, max_texture_side=self._grid * SIDE,
                                                  image=ImageFile(part == "color", 0))  # fmt: skip
            return []
        self._lease.step()
        if self._lease.state == "ready":
            return self._copy(url)
        if self._lease.state == "failed" and self._lease.failure != Failure.NONE:
            error = self._lease.error
            self._let_go()
            self._part = len(PARTS)
            return [f"The ground is shown without kinds: {error}"]
        return []

    def _copy(self, url: str) -> list[str]:
        assert self._lease is not None
        source = self._lease.picture[0]
        if source in self._store.spreads:  # its large levels are still on their way
            return []
        record, side = self._store.textures[source], self._grid * SIDE
        if (record.width, record.height) != (side, side):
            self._let_go()
            self._part = len(PARTS)
            return [f"{url} has {record.width} x {record.height} texels, but {side} x {side} are expected; the ground "
                    "is shown without kinds."]
        for layer in range(self._filled, min(self._filled + LAYERS_A_FRAME, self._layers)):
            row, column = divmod(layer, self._grid)
            self._store.fill_layer(self._textures[self._part], layer, source, column * SIDE, row * SIDE)
        self._filled += LAYERS_A_FRAME
        if self._filled >= self._layers:
            self._let_go()
            self._part, self._filled = self._part + 1, 0
        return []

    def _let_go(self) -> None:
        if self._lease is not None:
            self._lease.release()
            self._lease = None

    def close(self) -> None:
        """After the tiles that show them."""
        self._let_go()
        for texture in self._textures:
            self._store.destroy_texture(texture)
        self._textures = []


def checked(given: object, base: str) -> tuple[dict[str, Any], int, int]:
    """extras.layerw.kinds, how many layers its pictures have, and along a side. Raises TilesetError."""
    if not isinstance(given, dict):
        raise TilesetError("extras.layerw.kinds is no object.")
    names, grid = given.get("names"), given.get("grid")
    if not isinstance(names, list) or not 1 <= len(names) <= LAYERS_MAX:
        raise TilesetError(f"extras.layerw.kinds.names is no list of 1 to {LAYERS_MAX} names.")
    if given.get("side") != SIDE:
        raise TilesetError(f"extras.layerw.kinds.side is {given.get('side')!r}; {SIDE} is expected.")
    if not isinstance(grid, int) or isinstance(grid, bool) or not 1 <= grid <= 8 or grid * grid < len(names):
        raise TilesetError(f"extras.layerw.kinds.grid is {grid!r}; 1 to 8 is expected, with room for {len(names)} "
                           "kinds.")
    for part in PARTS:
        uri = given[part].get("uri") if isinstance(given.get(part), dict) else None
        if not isinstance(uri, str):
            raise TilesetError(f"extras.layerw.kinds.{part}.uri is {uri!r}; a text is expected.")
        resolve(base, uri)
    return given, len(names), grid
