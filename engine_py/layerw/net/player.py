"""lw.Player: who is connected."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.settings import fixed_attributes
from layerw.scene.components import PLAYER, FieldType


@fixed_attributes
class Player:
    """One who plays, from joining until 30 s after the connection was lost; `player.number` is the same on all sides.

    A field annotated with it (`owner: lw.Player = None`) holds the number, 0 for nobody: `ship[Ship].owner == player`.
    """

    FIELD_TYPE: ClassVar[FieldType] = PLAYER

    def __init__(self, number: int) -> None:
        self._number = checks.whole("Player number", number, 1, 65_535)
        self._connected = True
        self._position: npt.NDArray[np.float64] | None = None

    @property
    def number(self) -> int:
        """1 to 65,535; a room gives one again when all were given and its player has left."""
        return self._number

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
