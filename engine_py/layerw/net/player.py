"""lw.Player: who is connected."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError
from layerw.base.settings import fixed_attributes
from layerw.scene.components import PLAYER, FieldType

NAME_MAX = 32  # characters


@fixed_attributes
class Player:
    """One who plays, from joining until 30 s after the connection was lost; `player.number` is the same on all sides.

    A field annotated with it (`owner: lw.Player = None`) holds the number, 0 for nobody: `ship[Ship].owner == player`.
    """

    FIELD_TYPE: ClassVar[FieldType] = PLAYER

    def __init__(self, number: int) -> None:
        self._number = checks.whole("Player number", number, 1, 65_535)
        self._connected = True
        self._name, self._ping_s = "", 0.0
        self._position: npt.NDArray[np.float64] | None = None

    @property
    def number(self) -> int:
        """1 to 65,535; a room gives one again when all were given and its player has left."""
        return self._number

    @property
    def name(self) -> str:
        """How the player is called, 1 to 32 characters: as he calls himself (`app.net.name`), or as the server's
        program says here; "Player 3" before."""
        return self._name or f"Player {self._number}"

    @name.setter
    def name(self, name: str) -> None:
        if len(checks.text("Player.name", name)) > NAME_MAX:
            raise ConfigError(f"Player.name has {len(name)} characters; it takes up to {NAME_MAX}.")
        self._name = name

    @property
    def ping_s(self) -> float:
        """Seconds that a message takes to the player and back, as the server measures it; 0: not known yet."""
        return self._ping_s

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._connected

    @property
    def position(self) -> Any:
        """(3,) metres: around there the player is told of things. None: around the player's first entity."""
        return self._position

    @position.setter
    def position(self, position: npt.ArrayLike | None) -> None:
        self._position = None if position is None else checks.vector("Player.position", position)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self._number, dtype or np.uint16)

    def __int__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Player | int | np.integer) and int(other) == self._number

    def __hash__(self) -> int:
        return hash(self._number)

    def __repr__(self) -> str:
        return f"Player({self._number})"
