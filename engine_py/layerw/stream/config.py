"""Settings of one streamed world, and what the selection asks of a camera. Plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from layerw.base.config import Network
from layerw.base.errors import ConfigError
from layerw.base.ports import F64

PLACES = ("as_is", "local")


class StreamCamera(Protocol):
    """Where the picture is taken from; scene.CameraFrame satisfies it."""

    @property
    def position(self) -> F64: ...  # (3,) world metres
    @property
    def forward(self) -> F64: ...  # (3,) unit
    @property
    def planes(self) -> F64: ...  # (k, 4) inward unit normal and offset, relative to the position
    @property
    def focal_px(self) -> float: ...  # viewport height / (2 tan(fov_y / 2))


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """Settings of one world; the defaults suit an open landscape."""

    screen_error_px: float = 16.0  # largest error of a tile on screen
    lanes: int = 6  # fetches at a time
    loads_per_lane: int = 4  # begun at a time: a lane that gets free in the middle of a frame takes the next one
    place: str = "as_is"  # "local": a geocentric world's middle comes to the origin, its up becomes +Y
    transform: F64 | None = None  # 4x4, applied to the tileset (in its Z-up axes) first
    prefetch: bool = True  # load what the camera flies to and siblings outside of the view when nothing visible misses
    ahead_s: float = 1.0  # where a moving camera will be then is looked at
    ahead_share: float = 0.3  # of what may be begun at a time, for that, while visible tiles are on their way
    ahead_error: float = 1.0  # times screen_error_px; twice the error finds little that is not there already
    max_texture_side: int = 1024
    grace_frames: int = 20  # a load that is no longer wanted is cancelled after these
    keep_refined: float = 1.25  # hysteresis: a tile that shows its children counts this much larger
    skip: float = 4.0  # factor in geometric error between the levels on the way that are loaded first; 1: all are
    gpu_share: float = 0.95  # part of what the GPU ledger has for us that a view plans with
    prefetch_share: float = 0.7  # part of it above which nothing is prefetched
    stuck_frames: int = 45  # an upload without progress for these counts as larger than thought
    network: Network = field(default_factory=Network)  # when to ask again for what failed
    fade_s: float = 0.0  # seconds in which a level takes the place of another
    metadata_bytes_max: int = 64 << 20  # of one tileset.json, subtree or ground file

    def __post_init__(self) -> None:
        if not isinstance(self.place, str) or self.place not in PLACES:
            raise ConfigError(f"place is {self.place!r}; it must be one of {PLACES}.")
        if not 0.1 <= self.screen_error_px <= 4096:
            raise ConfigError(f"screen_error_px is {self.screen_error_px!r}; it must be from 0.1 to 4096.")
        if not 1 <= self.lanes <= 64:
            raise ConfigError(f"lanes is {self.lanes!r}; it must be from 1 to 64.")
