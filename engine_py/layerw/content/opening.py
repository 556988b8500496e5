"""From an address to a model or a world on its way: what `app.load` and `app.stream` do.

Owns: the glTF loader, made when the first file is asked for. Does not step what it opens (contents.py).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy.typing as npt

from layerw.base import checks
from layerw.base.addresses import checked_address
from layerw.base.config import Config
from layerw.base.errors import ConfigError, KindError
from layerw.base.ports import F64, Content, GpuContent, MakeSplats
from layerw.base.user_code import UserCode
from layerw.content.models import Model
from layerw.content.shared import GpuRoom, SharedLoader
from layerw.content.spawner import set_values
from layerw.gpu.store import Store
from layerw.memory.backups import Backups
from layerw.memory.ledger import HardLedger
from layerw.scene.entity import Entity
from layerw.scene.table import Table
from layerw.transfer.transfers import FrameTransfers
from layerw.visibility.cull import Visibility

if TYPE_CHECKING:  # imported where they are first used: a program without models and worlds starts without them
    from layerw.animation.animator import Animator
    from layerw.assets.loader import GltfLoader
    from layerw.content.worlds import World


TEXTURE_SIDE_MAX = 16_384
AUTO_SIDE_MIN, AUTO_SIDE_MAX = 512, 4096


def checked_side(call: str, given: object, picture: tuple[int, int]) -> int:
    """The largest side of images that is meant. "auto": no texture needs more texels than the picture has pixels, up to
    the next power of two. picture: its width and height."""
    if given == "auto":
        return min(max(1 << (max(picture) - 1).bit_length(), AUTO_SIDE_MIN), AUTO_SIDE_MAX)
    if isinstance(given, str):
        raise ConfigError(f'{call} max_texture_side is {given!r}; it takes a whole number of pixels, or "auto".')
    return checks.whole(f"{call} max_texture_side", given, 1, TEXTURE_SIDE_MAX)


class Opening:
    """What every open file shares: transfers, GPU resources, backups and their ledgers."""

    def __init__(self, config: Config, transfers: FrameTransfers, store: Store, backups: Backups,
                 ledgers: tuple[HardLedger, HardLedger], table: Table, visibility: Visibility, user: UserCode,
                 now: Callable[[], tuple[int, float]], turn: Callable[[], int], animator: Callable[[], Animator],
                 size: Callable[[], tuple[int, int]], make_splats: MakeSplats,
                 fade_s: float = 0.0) -> None:  # fmt: skip
        """fade_s: what `app.stream` does where it is not told."""
        self._config, self._transfers, self._store, self._backups = config, transfers, store, backups
        self._layer_ledger, self._gpu_ledger = ledgers
        self._table, self._visibility, self.user, self._now = table, visibility, user, now
        self._turn, self._animator, self._size, self._fade_s = turn, animator, size, fade_s
        self._make_splats = make_splats

    @cached_property
    def loader(self) -> GltfLoader:
        """Of glTF, for models and tiles."""
        from layerw.assets.loader import GltfLoader

        return GltfLoader(self._transfers, self._layer_ledger, self._store, self._backups, self._make_splats)

    @cached_property
    def models(self) -> SharedLoader:
        """Of files that models share."""
        store = self._store

        def claim(size_bytes: int) -> None:
            store.ledger.claimed_bytes += size_bytes

        from layerw.content.retries import Retries
        from layerw.stream.retry import Pauses

        pauses, now = Pauses(self._config.network, "images"), self._now
        room = GpuRoom(store.ledger.budget_bytes, lambda: store.left_bytes, claim)
        return SharedLoader(self.loader, room, self._turn, lambda: now()[0], lambda: Retries(pauses, lambda: now()[1]))

    def went(self, content: GpuContent, is_lost: Callable[[Content], bool]) -> bool:
        """Whether what is ready of a file, a model or an image, went with the device."""
        if content.state == "ready" and not content.primitives and content.facts is None:
            return self._store.textures[content.picture[0]].lost
        return is_lost(content)

    def online(self) -> None:
        """The network is back."""
        if "models" in vars(self):
            self.models.online()

    def model(self, given: object, *, position: npt.ArrayLike | None, rotation: npt.ArrayLike | None,
              scale: npt.ArrayLike | None, parent: Entity | None, max_texture_side: int | str,
              scene: str | int | None = None) -> Model:  # fmt: skip
        """See App.load."""
        url = checked_address(given, "app.load")
        side = checked_side("app.load", max_texture_side, self._size())
        if isinstance(scene, bool) or not isinstance(scene, str | int | None):
            raise KindError(f"app.load scene is {checks.shown(scene)}; it takes a name or a number.")
        loader = self.models
        root = Entity(self._table, self._table.spawn(1, mesh=0, material=0, radius=0.0, own=True))
        set_values(root, position=position, rotation=rotation, scale=scale, parent=parent)
        return Model(url, loader, self._table, self._visibility, self.user, root=root,
                     max_texture_side=side, animator=self._animator, scene=scene,
                     store=self._store)  # fmt: skip

    def world(self, given: object, *, place: str, transform: F64 | None, max_texture_side: int | str,
              fade: float | None) -> World:  # fmt: skip
        """See App.stream."""
        url = checked_address(given, "app.stream")
        side = checked_side("app.stream", max_texture_side, self._size())
        fade_s = self._fade_s if fade is None else checks.number("app.stream fade", fade, 0, 10)
        if transform is not None:
            transform = checks.vector("app.stream transform", checks.as_array(transform).reshape(-1), 16).reshape(4, 4)
        from layerw.content.tile_actors import Scenery
        from layerw.content.worlds import World
        from layerw.stream.config import StreamConfig
        from layerw.stream.streamer import Streamer

        settings = StreamConfig(screen_error_px=self._config.screen_error_px, lanes=self._config.lanes, place=place,
                                transform=transform, max_texture_side=side, fade_s=fade_s,
                                network=self._config.network)  # fmt: skip
        scenery = Scenery(self._table, self._visibility, self.user, self._animator, self._store)
        return World(Streamer(url, transfers=self._transfers, loader=self.loader, layer_ledger=self._layer_ledger,
                              gpu_ledger=self._gpu_ledger, config=settings), self.user, self.loader, self._store,
                     scenery, lambda: self.models)  # fmt: skip
