"""What a program may set once, at the start: budgets and stream settings. Plain data, checked when made."""

from __future__ import annotations

from dataclasses import dataclass, field

from layerw.base import checks
from layerw.base.errors import ConfigError
from layerw.base.names import frozen

MIB = 1 << 20
MESH_BYTES_MIN = 8 * MIB  # the kernels themselves take 2 MiB of it


@frozen
@dataclass(frozen=True, slots=True)
class Budgets:
    """Hard limits, in MiB but for `upload_ms`. They hold at every frame: when the view needs more, coarser tiles
    show."""

    heap_mib: float = 512  # what the engine allocates in the Python heap
    layer_mib: float = 256  # fetched bytes, built meshes and decoded images that JavaScript holds
    gpu_mib: float = 512  # buffers, textures, instance columns and render targets
    upload_mib_per_frame: float = 4  # at most, however quick they are
    upload_ms: float = 2.0  # milliseconds of a frame that they may take: bytes follow what is measured
    memory_mib: float = 64  # of layer_mib: what app.memory takes once a program uses it
    mesh_mib: float = 64  # of layer_mib, a quarter at most: built meshes in Layer memory, where they stay as backups

    def __post_init__(self) -> None:
        checks.number("heap_mib", self.heap_mib, 1, 4096)
        checks.number("layer_mib", self.layer_mib, 1, 4096)
        checks.number("gpu_mib", self.gpu_mib, 1, 65536)
        checks.number("memory_mib", self.memory_mib, 2, 4095.9375)
        checks.number("mesh_mib", self.mesh_mib, 0, 2048)
        checks.number("upload_mib_per_frame", self.upload_mib_per_frame, 0.0625, 1024)
        checks.number("upload_ms", self.upload_ms, 0.01, 1000)

    @property
    def heap_bytes(self) -> int:
        """heap_mib in bytes."""
        return int(self.heap_mib * MIB)

    @property
    def layer_bytes(self) -> int:
        """layer_mib in bytes."""
        return int(self.layer_mib * MIB)

    @property
    def gpu_bytes(self) -> int:
        """gpu_mib in bytes."""
        return int(self.gpu_mib * MIB)

    @property
    def memory_bytes(self) -> int:
        """memory_mib in bytes."""
        return int(self.memory_mib * MIB)

    @property
    def mesh_bytes(self) -> int:
        """0 where the layer budget is too small to have a part of its own for meshes."""
        share = min(int(self.mesh_mib * MIB), self.layer_bytes // 4)
        return share if share >= MESH_BYTES_MIN else 0

    @property
    def upload_bytes_per_frame(self) -> int:
        """upload_mib_per_frame in bytes."""
        return int(self.upload_mib_per_frame * MIB)

    def replaced(self, overrides: dict[str, float]) -> Budgets:
        """The same budgets with some of them replaced, by name (boot options, `?budgets=`)."""
        known = self.__match_args__
        for name in overrides:
            if name not in known:
                raise ConfigError(f"There is no budget named {name!r}; the budgets are {', '.join(sorted(known))}.")
        return Budgets(**{name: overrides.get(name, getattr(self, name)) for name in known})


@frozen
@dataclass(frozen=True, slots=True)
class Network:
    """How long files are waited for, and when a world asks again for those that failed.

    A fetch that passes a limit is aborted and its lane is free at once. Whatever may heal is asked for again: after
    `retry_first_s`, then twice as long each time up to `retry_max_s`; what still answers wrongly (a wrong hash, a page
    of HTML, HTTP 404) after `retry_close_s` ever later, up to `retry_slow_max_s`. Pauses are up to a quarter shorter,
    by chance. When one file gets through, and when the browser is online again, all others are asked for at once.

    Images (beside models, and of lw.Texture.load) that could not be reached are asked for again in the same pauses;
    things are shown without them meanwhile, once a second try failed. A missing image (HTTP 404) or a wrong one is not,
    until something else that shows it is loaded.

    `settled` waits for a tile or an image that failed until it has done so for `settle_s`, for a tile until
    `retry_close_s` where as many failed as there are lanes and none came, or where other tiles come from it.
    """

    first_byte_s: float = 5.0  # from the request to the answer's head; models: four times as long
    stall_s: float = 5.0  # without a byte; models: four times as long
    bytes_per_s_min: float = 256.0  # a body that arrives slower than this counts as stalled
    retry_first_s: float = 0.5
    retry_max_s: float = 5.0
    retry_close_s: float = 60.0
    settle_s: float = 8.0
    retry_slow_max_s: float = 300.0

    def __post_init__(self) -> None:
        checks.number("first_byte_s", self.first_byte_s, 0.05, 600)
        checks.number("stall_s", self.stall_s, 0.05, 600)
        checks.number("bytes_per_s_min", self.bytes_per_s_min, 0.001, 1e9)
        checks.number("retry_first_s", self.retry_first_s, 0.01, 600)
        checks.number("retry_max_s", self.retry_max_s, self.retry_first_s, 3600)
        checks.number("retry_close_s", self.retry_close_s, 0, 86_400)
        checks.number("settle_s", self.settle_s, 0, 86_400)
        checks.number("retry_slow_max_s", self.retry_slow_max_s, self.retry_max_s, 86_400)


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one App."""

    title: str = ""
    budgets: Budgets = field(default_factory=Budgets)
    lanes: int = 6  # fetches at a time
    overlay: bool = False  # the stats overlay
    screen_error_px: float = 16.0  # largest error of a streamed tile on screen
    pointer_lock: bool = False
    network: Network = field(default_factory=Network)

    def __post_init__(self) -> None:
        checks.whole("lanes", self.lanes, 1, 64)
        checks.flag("overlay", self.overlay)
        checks.flag("pointer_lock", self.pointer_lock)
        checks.number("screen_error_px", self.screen_error_px, 0.5, 1024)
