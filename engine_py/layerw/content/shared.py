"""Files that several models show: fetched, decoded and held once, while any of them does.

Owns: which content belongs to which address and texture size, who shares it, and when a model's upload is given up
because the GPU budget has no room. Does not load (assets/) nor make entities (models.py).

Another address is fetched; where its bytes, and the addresses of the files beside it, are those of a content that is
held or on its way, that one is shared and nothing is built from the second file. An image beside a model (or of a
lw.Texture) is a content of its own, shared by address, size and use; it is asked for again where it was not reached
(retries.py), and by whoever shares it, or a model that is shown without it, next.
Limits: another max_texture_side is another content; equal images inside of different files are held for each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from layerw.base.healing import Failure
from layerw.base.ports import ContentLoader, GpuContent, ImageFile, NodeDesc, Primitive, Rig, SharedImage
from layerw.gpu import spec

if TYPE_CHECKING:
    from layerw.content.retries import Retries

PATIENCE_FRAMES = 120  # for tiles and others to make room on the GPU
Key = tuple[str, int, int, ImageFile | None, str | int | None]  # address (or identity), texture size, flags, scene


class GpuRoom:
    """What an upload that waits may ask: `left_bytes()`, and `claim(bytes)` for streamed tiles to make room."""

    def __init__(self, budget_bytes: int, left_bytes: Callable[[], int], claim: Callable[[int], None]) -> None:
        self.budget_bytes, self.left_bytes, self.claim = budget_bytes, left_bytes, claim


class SharedLoader:
    """`try_open` gives a Lease on what is open already, on its way or ready; else it opens the file.

    turn: counts frames, and what goes on between them; frame: its number; retries: for a new image.
    """

    def __init__(self, loader: ContentLoader, room: GpuRoom, turn: Callable[[], int], frame: Callable[[], int],
                 retries: Callable[[], Retries]) -> None:  # fmt: skip
        self.room, self.turn, self.frame, self.retries = room, turn, frame, retries
        self._loader = loader
        self._open: dict[Key, Shared] = {}  # by address
        self._equal: dict[Key, Shared] = {}  # by what the file says of itself, see GpuContent.identity

    def try_open(self, url: str, *, priority: float, max_texture_side: int, flags: int = 0,
                 image: ImageFile | None = None, scene: str | int | None = None) -> Lease | None:  # fmt: skip
        """None where there is no room to begin now. image: where the file is one. scene: None = the file's own."""
        key = (url, max_texture_side, flags, image, scene)
        shared = self._open.get(key)
        if shared is None or (shared.content.state == "failed" and not shared.retries):
            content = self.fetch(key, priority)
            if content is None:
                return None
            shared = self._open[key] = Shared(content, key, priority, self)
        return Lease(shared, key, self._left, priority)

    def online(self) -> None:
        """What waits for its next try need not wait: the network is back, or one that had failed came."""
        for shared in self._open.values():
            if shared.retries is not None and shared.retries.may_heal:
                shared.retries.ask_now()

    # -- for what is shared ----------------------------------------------------------------------

    def fetch(self, key: Key, priority: float, flags: int = 0) -> GpuContent | None:
        """Another content of what is named so; flags: besides its own."""
        url, side, own_flags, image, scene = key
        return self._loader.try_open(url, priority=priority, max_texture_side=side, flags=own_flags | flags,
                                     image=image, open_image=self._open_image, scene=scene)  # fmt: skip

    def _open_image(self, url: str, image: ImageFile, side: int, priority: float) -> Lease | None:
        return self.try_open(url, priority=priority, max_texture_side=side, flags=spec.FETCH_PATIENT, image=image)

    def joins(self, shared: Shared) -> bool:
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
    """One content and those who share it. retries: of an image, whose content is another one after each."""

    def __init__(self, content: GpuContent, key: Key, priority: float, loader: SharedLoader) -> None:
        self.content, self.key, self.leases = content, key, list[Lease]()
        self.retries = loader.retries() if key[3] is not None else None
        self._loader, self._room, self._priority, self._identity = loader, loader.room, priority, ""
        self._waited_frames = self._uploaded_bytes = 0
        self._stepped = self._waited_in = -1  # the last turn, and the last frame in which it waited for room
        self._noted: GpuContent | None = None  # that failed

    @property
    def state(self) -> str:
        """As a Content's; an image that fails is loading until it is given up."""
        if self.content.state == "failed" and self.retries is not None and self.content is not self._noted:
            return "loading"
        if self.content.state == "ready" or self.retries is None:
            return self.content.state
        return "failed" if self.retries.given_up else "loading"

    @property
    def asks(self) -> bool:
        """Whether it, or something that it is shown without, is on its way or about to be."""
        if self.content.state == "ready":
            return any(share.asks for share in self.content.missing)
        return self.content.state != "failed" or (self.retries is not None and self.retries.is_due)

    def rank(self) -> None:
        """It comes as early as the first of those who share it wants it."""
        if self.leases:
            self._priority = max(lease.priority for lease in self.leases)
            self.content.set_priority(self._priority)

    def ask_again(self) -> None:
        """Somebody wants it anew: what failed of it is asked for now, but for an image that is known to be wrong."""
        if self.retries is not None and self.content.state == "failed":
            self.retries.ask_now()
        for share in self.content.missing:
            if share.failure != Failure.WRONG:
                share.ask_again()

    def step(self) -> None:
        """Once a turn, whoever calls it: load on, or give up an upload that nobody makes room for."""
        turn = self._loader.turn()
        if turn == self._stepped:
            return
        self._stepped = turn
        if self.content.state == "failed":
            self._try_again()
            return
        self._load_on()
        if self.content.state == "ready" and self._noted is not None:
            self._noted = None
            self._loader.online()

    def _try_again(self) -> None:
        if self.retries is None:
            return
        if self.content is not self._noted:
            self._noted = self.content
            self.retries.note(self.content)
        if self.retries.is_due:
            fresh = self._loader.fetch(self.key, self._priority, spec.FETCH_RELOAD)
            if fresh is not None:
                self.content.release()
                self.content = fresh

    def _load_on(self) -> None:
        content = self.content
        content.step()
        if content.identity != self._identity:
            self._identity = content.identity
            if self._loader.joins(self):
                return
            if self._identity:
                content.step()
        missing = content.waits_for_gpu - self._room.left_bytes()
        if not content.waits_for_gpu or missing <= 0 or content.gpu_bytes != self._uploaded_bytes:
            self._waited_frames, self._uploaded_bytes = 0, content.gpu_bytes
            return
        frame = self._loader.frame()
        if frame == self._waited_in:
            return
        self._waited_in = frame
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

    def __init__(self, shared: Shared, key: Key, left: Callable[[Shared, Key], None], priority: float) -> None:
        self.key, self._left, self.priority = key, left, priority
        self.move(shared)

    @property
    def content(self) -> GpuContent:
        """What is shared; another one once it has joined that."""
        return self._shared.content

    def move(self, shared: Shared) -> None:
        """Into another one, of the same file; the one that it leaves is the caller's to end."""
        self._shared = shared
        shared.leases.append(self)
        shared.rank()
        shared.ask_again()
        self._waits = True  # for what others do without

    def set_priority(self, priority: float) -> None:
        """As Content.set_priority; of those who share it, the highest counts."""
        self.priority = priority
        self._shared.rank()

    def step(self) -> None:
        """As Content.step, once a frame for all who share it."""
        self._shared.step()

    @property
    def progress(self) -> float:
        """How much of it is here, 0 to 1."""
        return 1.0 if self.state in ("ready", "failed") else self.content.progress

    def release(self) -> None:
        """See Lease."""
        leases = self._shared.leases
        if self in leases:
            leases.remove(self)
            self._left(self._shared, self.key)

    @property
    def state(self) -> str:
        """As Content's; a new share waits for what others do without while that is asked for."""
        self._waits = self._waits and self._shared.asks
        return "loading" if self._waits else self._shared.state

    @property
    def error(self) -> str:
        """As Content's, of the last try."""
        retries = self._shared.retries
        return self.content.error if retries is None else retries.error

    @property
    def failure(self) -> Failure:
        """As Content's, of the last try."""
        retries = self._shared.retries
        return self.content.failure if retries is None else retries.failure

    @property
    def asks(self) -> bool:
        """See SharedImage."""
        return self._shared.asks

    @property
    def may_heal(self) -> bool:
        """Whether it, or something that it is shown without, failed and is asked for again."""
        return self._of_failed(lambda failed: failed.may_heal)

    @property
    def heals_soon(self) -> bool:
        """Whether that is worth waiting for."""
        return self._of_failed(lambda failed: failed.heals_soon)

    def _of_failed(self, asked: Callable[[Retries | SharedImage], bool]) -> bool:
        if self.content.state == "ready":
            return any(asked(share) for share in self.content.missing)
        return self._shared.retries is not None and asked(self._shared.retries)

    @property
    def picture(self) -> tuple[int, int, int]:
        """As GpuContent's."""
        return self.content.picture

    @property
    def gpu_bytes(self) -> int:
        """As Content's."""
        return self.content.gpu_bytes

    def ask_again(self) -> None:
        """See SharedImage."""
        self._shared.ask_again()

    @property
    def warnings(self) -> list[str]:
        """As Content's."""
        return self.content.warnings

    @property
    def primitives(self) -> list[Primitive]:
        """As Content's."""
        return self.content.primitives

    @property
    def rig(self) -> Rig | None:
        """As Content's."""
        return self.content.rig

    @property
    def nodes(self) -> list[NodeDesc]:
        """As Content's."""
        return self.content.nodes
