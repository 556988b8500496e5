"""Prediction: the function that moves a player's things, on the player's side at once and on the server's after.

Owns: what the program says of it. Does not: run it (predictor.py does for who plays here, driving.py on the server).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from layerw.base import checks
from layerw.base.settings import fixed_attributes
from layerw.base.user_code import UserCode
from layerw.net.inputs import Inputs
from layerw.scene.components import Declaration

Made = TypeVar("Made", bound=Callable[..., Any])


@fixed_attributes
class Prediction:
    """What `@app.predict(Ship)` makes of a function."""

    FIXED = ("replays", "corrections", "largest_m")

    def __init__(self, function: Callable[..., Any], inputs: Inputs, declared: Declaration, user: UserCode) -> None:
        self._function, self._inputs, self._declared, self._user = function, inputs, declared, user
        self._begin: Callable[..., Any] | None = None
        self._input: Callable[[], Any] | None = None
        self._last = inputs.nothing
        self._found = _Found()

    @property
    def replays(self) -> bool:
        """Whether steps run again that were run before: their sounds and sparks were there already."""
        return self._found.replays

    @property
    def corrections(self) -> int:
        """How often the server came to another place."""
        return self._found.corrections

    @property
    def largest_m(self) -> float:
        """Metres of the largest correction."""
        return self._found.largest_m

    def begin(self, function: Made) -> Made:
        """Decorator: calls the function, on both sides, with each Entity that a player is going to move; what it gives
        is what is moved: `@walk.begin def begin(entity): return lw.Character(app, entity)`. Without it: the Entity."""
        self._begin = checks.callback("Prediction.begin's function", function, "entity")
        return function

    def input(self, function: Made) -> Made:
        """Decorator: the function says what is wished for now, where somebody plays: a value for each input, in their
        order. It is called before each step."""
        self._input = checks.callback("Prediction.input's function", function)
        return function

    def _read(self) -> bytes:
        """What is wished for; where that can't be said, what was wished for last."""
        if self._input is None:
            return self._last
        came, values = self._user.ask(self._input)
        if came:
            try:
                self._last = self._inputs.pack(values)
            except Exception as error:
                self._user.show_exception(error)
        return self._last


class _Found:
    """What the predictor notes."""

    def __init__(self) -> None:
        self.replays, self.corrections, self.largest_m = False, 0, 0.0
