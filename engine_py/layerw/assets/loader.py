"""Opens content and keeps several of them from waiting for each other forever. Implements ports.ContentLoader.

The rule. Contents hold Layer bytes (and GPU bytes) while they wait for more; two of them could hold what the other
needs. Rank is (priority, who came first). Where a content was refused bytes, nothing is on its way anywhere and
nothing moved for STUCK_STEPS frames, the lowest-ranked holder gives everything back and starts again later. A content
that holds nothing does not begin while one of higher rank is refused. So the highest rank always gets on in the end.
When it is the only holder and still refused, it starts again one job at a time; when even that does not fit, it fails
with a sentence that says by how much.

Owns: that rule, and who is loading. Does not: load (content.py).
"""

from __future__ import annotations

from layerw.assets.content import GltfContent
from layerw.assets.jobs import BUSY, ImageJob
from layerw.assets.materials import TextureDesc
from layerw.base.errors import ConfigError
from layerw.base.healing import Failure
from layerw.base.ports import F64, I64, Flags, GpuStore, ImageFile, Ledger, MadeSplats, MakeSplats, OpenImage, Transfers
from layerw.base.tile_style import TileStyle
from layerw.memory.backups import NO_ASSET, Backups

STUCK_STEPS = 8


def _no_splats(parts: object, values: object) -> MadeSplats:
    raise ConfigError("Nothing draws Gaussian splats here.")


class GltfLoader:
    """`try_open` as in ports.ContentLoader."""

    def __init__(self, transfers: Transfers, ledger: Ledger, gpu: GpuStore, backups: Backups | None = None,
                 make_splats: MakeSplats = _no_splats) -> None:  # fmt: skip
        self.make_splats = make_splats
        self.transfers, self.ledger, self.gpu, self.backups = transfers, ledger, gpu, backups
        self.loading: list[GltfContent] = []
        self._tickets = 0
        self._large: ImageJob | None = None  # the decode that held an image at full size last
        self._moved = 0  # counts everything that moved
        self._starved: dict[GltfContent, tuple[int, int]] = {}  # -> (_moved then, steps since)

    def try_open(self, url: str, *, priority: float, flatten: F64 | None = None, size_bytes: int = 0,
                 max_texture_side: int = 1024, sha256: str = "", flags: int = 0,
                 image: ImageFile | None = None,
                 open_image: OpenImage | None = None,
                 scene: str | int | None = None, style: TileStyle | None = None,
                 only_surfaces: bool = False) -> GltfContent | None:  # fmt: skip
        """Start loading, or None when there is no room now. A file larger than the budget opens as failed."""
        self._tickets += 1
        content = GltfContent(self, url, priority=priority, flatten=flatten, size_bytes=size_bytes,
                              max_texture_side=max_texture_side, sha256=sha256, flags=flags, ticket=self._tickets,
                              image=TextureDesc(0, *image) if image else None, open_image=open_image,
                              scene=scene, style=style, only_surfaces=only_surfaces)  # fmt: skip
        if not self.may_begin(content) or not (content.try_start_file() or content.state == "failed"):
            return None
        if content.state == "loading":
            self.loading.append(content)
        return content

    def place(self, assets: I64, distance_radii: F64, seen: Flags) -> None:
        """Where the camera has them now, see Backups.place; NO_ASSET rows are passed over."""
        if self.backups is not None:
            real = assets != NO_ASSET
            self.backups.place(assets[real], distance_radii[real], seen[real])

    # -- for contents ----------------------------------------------------------------------------

    def left_bytes(self) -> int:
        """Layer bytes that nobody has reserved."""
        return self.ledger.left_bytes

    def try_block(self, size_bytes: int) -> int:
        """A block of Layer memory for a mesh, 0 for none: then its bytes are reserved like all others."""
        return self.backups.try_block(size_bytes) if self.backups is not None else 0

    def progressed(self) -> None:
        """Something moved: an answer came, an upload went, bytes were given back."""
        self._moved += 1

    def forget(self, content: GltfContent) -> None:
        """It is ready, failed or released."""
        if content in self.loading:
            self.loading.remove(content)
        self._starved.pop(content, None)

    def may_begin(self, content: GltfContent) -> bool:
        """Whether no content of higher rank waits for bytes."""
        return all(other is content or not other.waits_for_bytes or other.rank < content.rank for other in self.loading)

    def may_decode_large(self, job: ImageJob) -> bool:
        """Images that are scaled are decoded one at a time: each is held at full size as well meanwhile."""
        if self._large is not None and self._large.state == BUSY:
            return False
        self._large = job
        return True

    def starved(self, content: GltfContent) -> None:
        """Called in each step in which `content` was refused bytes."""
        moved, steps = self._starved.get(content, (self._moved, 0))
        decoding = self._large is not None and self._large.state == BUSY
        if moved != self._moved or decoding or any(other.in_flight for other in self.loading):
            self._starved[content] = (self._moved, 0)
            return
        self._starved[content] = (moved, steps + 1)
        if steps + 1 >= STUCK_STEPS:
            self._starved.clear()
            self._resolve(content)

    def _resolve(self, content: GltfContent) -> None:
        holders = [other for other in self.loading if (other.layer_bytes or other.gpu_bytes) and not other.rests]
        others = [other for other in holders if other is not content]
        if others:
            victim = min(holders, key=lambda other: other.rank)
            if victim is not content or any(_is_in_the_way_of(content, other) for other in others):
                victim.back_off(serial=victim.serial)
        elif content.layer_bytes and not content.serial:
            content.back_off(serial=True)
        elif content.serial and self._alone(content):
            content.fail(f"{content.url} needs {content.waits_for_bytes} bytes besides the {content.layer_bytes} that "
                         f"it holds, but the layer budget is {self.ledger.budget_bytes} bytes; raise it with "
                         f"lw.Budgets(layer_mib=...).", Failure.FINAL)  # fmt: skip

    def _alone(self, content: GltfContent) -> bool:
        return self.ledger.used_bytes == content.layer_bytes


def _is_in_the_way_of(holder: GltfContent, other: GltfContent) -> bool:
    """Whether what one content holds could be what the other waits for."""
    return bool(holder.layer_bytes and other.waits_for_bytes) or bool(holder.gpu_bytes and other.waits_for_gpu)
