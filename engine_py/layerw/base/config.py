"""What a program may set once, at the start: budgets and stream settings. Plain data, checked when made."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from layerw.base.errors import ConfigError

MIB = 1 << 20
MESH_BYTES_MIN = 8 * MIB  # the kernels themselves take 2 MiB of it


def _require(name: str, value: float, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ConfigError(f"{name} is {value!r}; it must be a number from {low:g} to {high:g}.")


@dataclass(frozen=True, slots=True)
class Budgets:
    """Hard limits in MiB. They hold at every frame; when the view needs more, coarser tiles show."""

    heap_mib: float = 512  # what the engine allocates in the Python heap
    layer_mib: float = 256  # fetched bytes, built meshes and decoded images that JavaScript holds
    gpu_mib: float = 512  # buffers, textures, instance columns and render targets
    upload_mib_per_frame: float = 4
    memory_mib: float = 64  # of layer_mib: what app.memory takes once a program uses it
    mesh_mib: float = 64  # of layer_mib, a quarter at most: built meshes in Layer memory, where they stay as backups

    def __post_init__(self) -> None:
        _require("heap_mib", self.heap_mib, 1, 4096)
        _require("layer_mib", self.layer_mib, 1, 4096)
        _require("gpu_mib", self.gpu_mib, 1, 65536)
        _require("memory_mib", self.memory_mib, 2, 4095.9375)
        _require("mesh_mib", self.mesh_mib, 0, 2048)
        _require("upload_mib_per_frame", self.upload_mib_per_frame, 0.0625, 1024)

    @property
    def heap_bytes(self) -> int:
        return int(self.heap_mib * MIB)

    @property
    def layer_bytes(self) -> int:
        return int(self.layer_mib * MIB)

    @property
    def gpu_bytes(self) -> int:
        return int(self.gpu_mib * MIB)

    @property
    def memory_bytes(self) -> int:
        return int(self.memory_mib * MIB)

    @property
    def mesh_bytes(self) -> int:
        """0 where the layer budget is too small to have a part of its own for meshes."""
        share = min(int(self.mesh_mib * MIB), self.layer_bytes // 4)
        return share if share >= MESH_BYTES_MIN else 0

    @property
    def upload_bytes_per_frame(self) -> int:
        return int(self.upload_mib_per_frame * MIB)

    def replaced(self, overrides: dict[str, float]) -> Budgets:
        """The same budgets with some of them replaced, by name (boot options, `?budgets=`)."""
        known = {item.name for item in fields(self)}
        for name in overrides:
            if name not in known:
                raise ConfigError(f"There is no budget named {name!r}; the budgets are {', '.join(sorted(known))}.")
        return Budgets(**{name: overrides.get(name, getattr(self, name)) for name in known})


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one App."""

    title: str = ""
    budgets: Budgets = field(default_factory=Budgets)
    lanes: int = 6  # fetches at a time
    overlay: bool = False  # the stats overlay
    screen_error_px: float = 16.0  # largest error of a streamed tile on screen
    pointer_lock: bool = False

    def __post_init__(self) -> None:
        _require("lanes", self.lanes, 1, 64)
        _require("screen_error_px", self.screen_error_px, 0.5, 1024)
