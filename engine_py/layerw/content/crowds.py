"""Crowds: one glTF file shown many times, each member at its own place, clip and time.

Owns: what programs say to a crowd, and the model that loads its file. Does not: hold its rows (members.py), choose or
draw poses (animation/crowds.py). Limits: saves don't hold crowds.
"""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layerw.animation.crowds import listed
from layerw.animation.rig import RATE_MAX, SPEED_MAX
from layerw.base import checks
from layerw.base.addresses import shown
from layerw.base.errors import ConfigError, KindError
from layerw.base.outcomes import Callback
from layerw.base.ports import F32
from layerw.base.settings import fixed_attributes
from layerw.content.members import Members
from layerw.content.models import Model
from layerw.content.spawner import set_values
from layerw.scene.entity import Entities
from layerw.scene.row_values import chosen_rows

if TYPE_CHECKING:
    from layerw.app import App

MEMBERS_MAX = 1 << 20


def crowd(app: App, url: str | PathLike[str], count: int, *, position: npt.ArrayLike | None = None,
          rotation: npt.ArrayLike | None = None, scale: npt.ArrayLike | None = None, color: Any = None,
          max_texture_side: int | str = 1024) -> Crowd:  # fmt: skip
    """`count` members of a crowd, there from now on, and the glTF or glb file that they show, on its way.

    Args:
        app: lw.App().
        url: as for `app.load`. What goes wrong later is the crowd's own: `crowd.state`, `.error`, `.warnings`.
        count: 1 to 1,048,576.
        position, rotation, scale, color: of one or each, as for `app.spawn_many`.
        max_texture_side: as for `app.load`.

    Raises:
        KindError, ConfigError, ShapeError, BudgetError: nothing is left behind then.
    """
    from layerw.app import App

    engine = checks.instance("crowd app", app, App, "an App")._engine
    number = checks.whole("crowd count", count, 1, MEMBERS_MAX)
    first = engine.table.spawn(number, mesh=0, material=0, radius=0.0)
    entities = Entities(engine.table, first, number)
    set_values(entities, position=position, rotation=rotation, scale=scale, color=color)
    try:
        model = app.load(url, max_texture_side=max_texture_side)
    except Exception:
        entities.despawn()
        raise
    return Crowd(model, Members(model, entities, engine._animations()))


@fixed_attributes
class Crowd:
    """A file shown many times: `lw.crowd(app, "fox.glb", 1000)`. Its columns are numpy views with a row for each
    member, good from the begin on: writing moves, turns and animates them.

    `clip` is a number of `animations`, `time` its seconds and `speed` how fast they pass; `blend` is the share of
    `clip`, what is left is `previous` at `previous_time`; `loop` 0 stands at the end. `entities`: all as a group.
    """

    FIXED = ("entities", "model")

    def __init__(self, model: Model, members: Members) -> None:
        self.entities = members.entities
        self.model = model  # what loads the file: its materials, variants and warnings
        self._own = members

    def __len__(self) -> int:
        return len(self.entities)

    def __repr__(self) -> str:
        return f"Crowd({len(self)} of {shown(self.model.url)!r}, {self.state})"

    def __getitem__(self, which: Any) -> Any:
        """A member as an Entity, or some as a group, as of `app.spawn_many`."""
        return self.entities[which]

    # -- how far it is ----------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """"loading", "ready", "failed" (see `error`) or "closed"."""
        return self.model.state

    @property
    def error(self) -> str:
        """Why it failed."""
        return self.model.error

    @property
    def warnings(self) -> list[str]:
        """What it is shown without, and why."""
        return self.model.warnings

    @property
    def animations(self) -> list[str]:
        """The names of its clips, by the numbers in `clip`; none until it is ready."""
        return self.model.animations

    def on_ready(self, callback: Callback) -> Callback:
        """Decorator: calls the function once the file is here (now, when it is)."""
        return self.model.on_ready(callback)

    def on_failed(self, callback: Callback) -> Callback:
        """Decorator: calls the function once it is clear that the file can't be shown; `error` says why."""
        return self.model.on_failed(callback)

    def close(self) -> None:
        """Takes all members out of the scene and frees what they took."""
        self._own.close()

    # -- columns ----------------------------------------------------------------------------------

    @property
    def position(self) -> npt.NDArray[np.float32]:
        """(n, 3) float32, metres."""
        return self.entities.position

    @position.setter
    def position(self, value: npt.ArrayLike) -> None:
        self.entities.position = value

    @property
    def rotation(self) -> npt.NDArray[np.float32]:
        """(n, 4) float32, unit quaternions xyzw."""
        return self.entities.rotation

    @rotation.setter
    def rotation(self, value: npt.ArrayLike) -> None:
        self.entities.rotation = value

    @property
    def scale(self) -> npt.NDArray[np.float32]:
        """(n, 3) float32; assigning a number scales evenly."""
        return self.entities.scale

    @scale.setter
    def scale(self, value: npt.ArrayLike) -> None:
        self.entities.scale = value

    @property
    def color(self) -> npt.NDArray[np.uint8]:
        """(n, 4) uint8, sRGB; multiplies the materials'."""
        return self.entities.color

    @color.setter
    def color(self, value: Any) -> None:
        self.entities.color = value

    @property
    def clip(self) -> npt.NDArray[np.int32]:
        """(n,) int32, which of `animations` each shows. A name can be assigned, too, before it is ready as well."""
        return self._column("clip")

    @clip.setter
    def clip(self, value: str | npt.ArrayLike) -> None:
        if isinstance(value, str):
            if self.state == "loading":
                self._own.named = checks.text("Crowd.clip", value)
                return
            value = self._number("Crowd.clip", value)
        self._own.columns["clip"], self._own.named = self._numbers("clip", value, self._last), None

    @property
    def time(self) -> npt.NDArray[np.float32]:
        """(n,) float32, seconds into the clip; it passes by itself, at `speed`."""
        return self._column("time")

    @time.setter
    def time(self, value: npt.ArrayLike) -> None:
        self._own.columns["time"] = self._values("time", value)

    @property
    def speed(self) -> npt.NDArray[np.float32]:
        """(n,) float32, seconds of the clip in a second of the program; below 0: backwards."""
        return self._column("speed")

    @speed.setter
    def speed(self, value: npt.ArrayLike) -> None:
        self._own.columns["speed"] = self._values("speed", value)

    @property
    def blend(self) -> npt.NDArray[np.float32]:
        """(n,) float32, the share of `clip`, 0 to 1; the rest is `previous`. `play` moves it to 1."""
        return self._column("blend")

    @blend.setter
    def blend(self, value: npt.ArrayLike) -> None:
        self._own.columns["blend"] = self._values("blend", value, 0.0, 1.0)
        self._own.columns["gain"] = 0

    @property
    def previous(self) -> npt.NDArray[np.int32]:
        """(n,) int32, the clip that is shown as far as `blend` is below 1."""
        return self._column("previous")

    @previous.setter
    def previous(self, value: npt.ArrayLike) -> None:
        self._own.columns["previous"] = self._numbers("previous", value, self._last)

    @property
    def previous_time(self) -> npt.NDArray[np.float32]:
        """(n,) float32, seconds into `previous`."""
        return self._column("previous_time")

    @previous_time.setter
    def previous_time(self, value: npt.ArrayLike) -> None:
        self._own.columns["previous_time"] = self._values("previous_time", value)

    @property
    def loop(self) -> npt.NDArray[np.uint32]:
        """(n,) uint32, 1: clips begin anew at their end, 0: they stand there."""
        return self._column("loop")

    @loop.setter
    def loop(self, value: npt.ArrayLike) -> None:
        given = checks.as_array(value)
        self._own.columns["loop"] = self._numbers("loop", given.astype(int) if given.dtype == np.bool_ else given, 1)

    def play(self, name: str | int, fade: float = 0.3, which: Any = None, speed: float | None = None,
             loop: bool = True) -> None:  # fmt: skip
        """Some members or all begin a clip, in place of what they show now.

        Args:
            name: of `animations`, or its number.
            fade: seconds in which it takes over.
            which: a number, a slice, a mask of all, or an array of whole numbers; None = all. Those that were
                despawned are passed over.
            speed: as the column; None = as it is.
            loop: begins anew at its end; else it stands there.

        Raises:
            ConfigError: the file is not ready, or there is no such clip; the message names those that are.
            ShapeError, OutsideError: `which` is something else, or of more members than there are.
        """
        fade_s = checks.number("Crowd.play fade", fade, 0.0)
        checks.flag("Crowd.play loop", loop)
        if speed is not None:
            speed = checks.number("Crowd.play speed", speed, -SPEED_MAX, SPEED_MAX)
        if self.state != "ready":
            what = "lw.crowd(...) makes another" if self.state == "closed" else "play it from @crowd.on_ready"
            raise ConfigError(f"Crowd.play({name!r}): the crowd is {self.state}; {what}.")
        number = self._number("Crowd.play name", name)
        at, members = self._which(which), self._own.columns
        members["previous"][at], members["previous_time"][at] = members["clip"][at], members["time"][at]
        members["clip"][at], members["time"][at], members["loop"][at] = number, 0.0, loop
        members["blend"][at], members["gain"][at] = (0.0, min(1 / fade_s, RATE_MAX)) if fade_s > 0 else (1.0, 0.0)
        if speed is not None:
            members["speed"][at] = speed

    def _which(self, which: Any) -> npt.NDArray[np.intp]:
        """Numbers of members, those that are gone too: their columns are there, and nothing shows them."""
        everyone: npt.NDArray[np.intp] = np.arange(len(self))
        if which is None or isinstance(which, slice):
            return everyone if which is None else everyone[which]
        single = isinstance(which, int | np.integer) and not isinstance(which, bool | np.bool_)
        chosen: npt.NDArray[np.intp] = everyone[chosen_rows([which] if single else which, len(self))]
        return chosen

    @property
    def _last(self) -> int | None:
        """Number of the last clip; None: not known."""
        return max(len(self.animations) - 1, 0) if self.state == "ready" else None

    def _column(self, name: str) -> npt.NDArray[Any]:
        return self._own.columns[name]

    def _number(self, name: str, clip: object) -> int:
        """Of a clip, by name or number."""
        known = self.animations
        if isinstance(clip, str):
            if clip not in known:
                raise ConfigError(f"{name} is {clip!r}; the clips are {listed(known) or 'none'}."
                                  f"{checks.did_you_mean(clip, known)}")
            return known.index(clip)
        return checks.whole(name, clip, 0, max(len(known) - 1, 0))

    def _numbers(self, name: str, value: npt.ArrayLike, most: int | None) -> npt.NDArray[Any]:
        """Whole numbers of at least 0, one or one for each."""
        given = checks.as_array(value)
        if given.dtype.kind not in "iu" or given.shape not in ((), (len(self),)):
            raise KindError(f"Crowd.{name} is {checks.shown(value)}; it takes whole numbers, one or {len(self)}.")
        if len(self) and (given.min() < 0 or (most is not None and given.max() > most)):
            worst = int(given.min() if given.min() < 0 else given.max())
            raise ConfigError(f"Crowd.{name} has {worst}; it takes 0 to {'the last clip' if most is None else most}.")
        return given

    def _values(self, name: str, value: npt.ArrayLike, low: float = -np.inf, high: float = np.inf) -> F32:
        """Finite numbers, one or one for each."""
        given = checks.as_array(value)
        with np.errstate(over="ignore"):
            found = given.astype(np.float32) if given.dtype.kind in "iuf" else np.full(1, np.nan, np.float32)
        if given.shape not in ((), (len(self),)) or not np.isfinite(found).all():
            raise KindError(f"Crowd.{name} is {checks.shown(value)}; it takes finite numbers, one or {len(self)}.")
        if (given < low).any() or (given > high).any():
            raise ConfigError(f"Crowd.{name} is {checks.shown(value)}; it takes numbers from {low:g} to {high:g}.")
        return found
