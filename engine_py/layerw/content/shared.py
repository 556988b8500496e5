"""Files that several models show: fetched, decoded and held once, while any of them does.

Owns: which content belongs to which address and texture size, who shares it, and when a model's upload is given up
because the GPU budget has no room. Does not load (assets/) nor make entities (models.py).

Another address is fetched; where its bytes, and the addresses of the files beside it, are those of a content that is
held or on its way, that one is shared and nothing is built from the second file.
Limits: another max_texture_side is another content; equal images in different files are held for each.
"""

from __future__ import annotations

from collections.abc import Callable

from layerw.base.healing import Failure
from layerw.base.ports import ContentLoader, GpuContent, ImageFile, NodeDesc, Primitive

PATIENCE_FRAMES = 120  # for tiles and others to make room on the GPU
Key = tuple[str, int, int, ImageFile | None]  # address (or identity), texture size, flags


class GpuRoom:
    """What an upload that waits may ask: `left_bytes()`, and `claim(bytes)` for streamed tiles to make room."""

    def __init__(self, budget_bytes: int, left_bytes: Callable[[], int], claim: Callable[[int], None]) -> None:
        self.budget_bytes, self.left_bytes, self.claim = budget_bytes, left_bytes, claim


class SharedLoader:
    """`try_open` gives a Lease on what is open already, on its way or ready; else it opens the file."""

    def __init__(self, loader: ContentLoader, room: GpuRoom) -> None:
        self._loader, self._room = loader, room
        self._open: dict[Key, Shared] = {}  # by address
        self._equal: dict[Key, Shared] = {}  # by what the file says of itself, see GpuContent.identity

    def try_open(self, url: str, *, priority: float, max_texture_side: int, flags: int = 0,
                 image: ImageFile | None = None) -> Lease | None:  # fmt: skip
        """None where there is no room to begin now. image: where the file is one."""
        key = (url, max_texture_side, flags, image)
        shared = self._open.get(key)
        if shared is None or shared.content.state == "failed":
            content = self._loader.try_open(url, priority=priority, max_texture_side=max_texture_side, flags=flags,
                                            image=image)  # fmt: skip
            if content is None:
                return None
            shared = self._open[key] = Shared(content, key, self._room, self._joins)
        return Lease(shared, key, self._left)

    def _joins(self, shared: Shared) -> bool:
        """Whether another one is the same file: then that one has all who shared this. Called whenever its identity is
        another one than before."""
        self._forget(self._equal, shared)
        if not shared.content.identity:
            return False
        key = (shared.content.identity, *shared.key[1:])
        other = self._equal.get(key)
        if other is None or other is shared or other.content.state == "failed":
            self._equal[key] = shared
            return False
        for lease in shared.leases:
            lease.move(other)
        shared.leases.clear()
        shared.content.release()
        self._open.update({address: other for address, held in self._open.items() if held is shared})
        return True

    def _left(self, shared: Shared, key: Key) -> None:
        """A lease ended: without another one of the same address, what lies there is asked for anew next time."""
        if self._open.get(key) is shared and all(lease.key != key for lease in shared.leases):
            del self._open[key]
        if not shared.leases:
            shared.content.release()
            self._forget(self._open, shared)
            self._forget(self._equal, shared)

    def _forget(self, names: dict[Key, Shared], shared: Shared) -> None:
        for key in [key for key, held in names.items() if held is shared]:
            del names[key]


class Shared:
    """One content and those who share it; the first of them steps it."""

    def __init__(self, content: GpuContent, key: Key, room: GpuRoom, joins: Callable[[Shared], bool]) -> None:
        self.content, self.key, self.leases = content, key, list[Lease]()
        self._room, self._joins, self._identity = room, joins, ""
        self._waited_frames = self._uploaded_bytes = 0

    def step(self) -> None:
        """Once a frame: load on, or give up an upload that nobody makes room for."""
        content = self.content
        content.step()
        if content.identity != self._identity:
            self._identity = content.identity
            if self._joins(self):
                return
            if self._identity:
                content.step()
        missing = content.waits_for_gpu - self._room.left_bytes()
        if not content.waits_for_gpu or missing <= 0 or content.gpu_bytes != self._uploaded_bytes:
            self._waited_frames, self._uploaded_bytes = 0, content.gpu_bytes
            return
        self._room.claim(missing)
        self._waited_frames += 1
        if self._waited_frames >= PATIENCE_FRAMES:
            content.fail(
                f"The GPU budget of {self._room.budget_bytes} bytes has no room for {self.key[0][:200]}: it needs "
                f"{content.waits_for_gpu} bytes besides the {content.gpu_bytes} that it has, {self._room.left_bytes()} "
                f"are left and nothing makes room; despawn or close something, or raise it with "
                f"lw.App(budgets=lw.Budgets(gpu_mib=...)).", Failure.FINAL)  # fmt: skip


class Lease:
    """A share in a content. `release` gives it back, once; the last one frees everything."""

    def __init__(self, shared: Shared, key: Key, left: Callable[[Shared, Key], None]) -> None:
        self.key, self._shared, self._left = key, shared, left
        shared.leases.append(self)

    @property
    def content(self) -> GpuContent:
        """What is shared; another one once it has joined that."""
        return self._shared.content

    def move(self, shared: Shared) -> None:
        """Into another one, of the same file; the one that it leaves is the caller's to end."""
        self._shared = shared
        shared.leases.append(self)

    def step(self) -> None:
        """As Content.step, once a frame for all who share it."""
        if self._shared.leases[0] is self:
            self._shared.step()

    def release(self) -> None:
        """See Lease."""
        leases = self._shared.leases
        if self in leases:
            leases.remove(self)
            self._left(self._shared, self.key)

    @property
    def state(self) -> str:
        """As Content's."""
        return self.content.state

    @property
    def error(self) -> str:
        """As Content's."""
        return self.content.error

    @property
    def warnings(self) -> list[str]:
        """As Content's."""
        return self.content.warnings

    @property
    def primitives(self) -> list[Primitive]:
        """As Content's."""
        return self.content.primitives

    @property
    def nodes(self) -> list[NodeDesc]:
        """As Content's."""
        return self.content.nodes
