"""What a room is like: `app.net`'s attributes that the server sets."""

from __future__ import annotations

from dataclasses import dataclass

FRAMES_A_SECOND = 60
TICK_RATES = (5, 10, 12, 15, 20, 30, 60)


@dataclass(slots=True)
class Settings:
    """tick_rate: snapshots a second. cell_m: metres of a cell. radius: cells each way that a player is told of."""

    tick_rate: int = 20
    cell_m: float = 32.0
    radius: int = 2
    players_max: int = 64

    @property
    def frames_a_tick(self) -> int:
        """Frames from one snapshot to the next."""
        return FRAMES_A_SECOND // self.tick_rate
