"""Containers: what is made in `with` one lies in it.

Owns: rows, columns, grids, panels, dialogs, and places that follow things of the scene.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeVar

import numpy as np

from layerw.base import checks
from layerw.base.errors import LayerwError
from layerw.base.ports import F64
from layerw.base.user_code import UserCode
from layerw.scene.camera import CameraFrame
from layerw.scene.entity import Entity
from layerw.ui.tree import Tree
from layerw.ui.values import words
from layerw.ui.widgets import COMMON, Call, Widget

Self = TypeVar("Self", bound="Container")
NEAR_M = 1e-3
OUTSIDE = 0.25  # of the picture's sides: what is farther out is not there


class Container(Widget):
    """What others lie in: `with app.ui.column(anchor="left"):` takes what is made in the block."""

    def __enter__(self: Self) -> Self:
        if self.closed:
            raise LayerwError(f"This {type(self).__name__} was closed; make a new one.")
        self._tree.inside.append(self._id)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self._tree.inside.pop()


class Row(Container):
    """Beside each other."""

    KIND = "row"


class Column(Container):
    """Below each other."""

    KIND = "column"


def _columns(_: object, name: str, value: Any) -> int:
    return checks.whole(name, value, 1, 64)


class Grid(Container):
    """In columns of equal width.

    Attributes:
        columns: how many, 1 to 64.
    """

    KIND = "grid"
    CHECKS = COMMON | {"columns": _columns}

    columns: int


class Panel(Container):
    """A surface with a title.

    Attributes:
        title: above what lies in it; "" is none.
    """

    KIND = "panel"
    CHECKS = COMMON | {"title": words}

    title: str


class Dialog(Container):
    """A panel before everything else: nothing behind it can be used, and it keeps the keyboard.

    Attributes:
        title: above what lies in it.
    """

    KIND = "dialog"
    CHECKS = COMMON | {"title": words}

    title: str
    _dismissed: Callable[[], Any] | None

    def __init__(self, tree: Tree, user: UserCode, values: dict[str, Any]) -> None:
        self.__dict__["_dismissed"] = None
        super().__init__(tree, user, values)

    def on_dismiss(self, function: Call) -> Call:
        """Decorator: Escape, or a pad's B, hides the dialog and calls the function. Without one they do nothing."""
        self.__dict__["_dismissed"] = checks.callback("Dialog.on_dismiss's function", function)
        return function

    def dismiss(self) -> None:
        """Does what a person's Escape does."""
        self._heard("dismiss", None)

    def _heard(self, event: str, value: object) -> None:
        if event == "dismiss" and self._dismissed is not None and self.visible:
            self.visible = False
            self._user.call(self._dismissed)


def _offset(_: object, name: str, value: Any) -> tuple[float, ...]:
    return tuple(float(one) for one in checks.vector(name, value))


def _entity(_: object, name: str, value: Any) -> Entity:
    found = checks.instance(name, value, Entity, "an Entity")
    _ = found.first_row  # raises where it is gone
    return found


class At(Container):
    """A place in the picture that follows an entity. It ends with the entity.

    Attributes:
        entity: what it follows.
        offset: (3,) world metres from it.
    """

    KIND = "at"
    CHECKS = COMMON | {"entity": _entity, "offset": _offset}
    UNSENT = frozenset({"anchor", "entity", "offset"})

    entity: Entity
    offset: tuple[float, ...]
    place: tuple[float, float] | None = None  # CSS pixels, None where it is not in the picture

    def __init__(self, tree: Tree, user: UserCode, values: dict[str, Any]) -> None:
        self.__dict__["place"] = None
        super().__init__(tree, user, values)

    def _sent(self) -> dict[str, object]:
        return super()._sent() | {"place": self.place}


def follow(ats: list[At], positions: Any, camera: CameraFrame, size: tuple[int, int]) -> None:
    """Places all of them for this picture; positions: (rows, 3) of the scene; size: CSS pixels."""
    for at in ats:
        if not at.entity.alive:
            at.close()
    alive = [at for at in ats if not at.closed]
    if not alive:
        return
    points: F64 = positions[[at.entity.first_row for at in alive]] + np.array([at.offset for at in alive])
    ahead = np.concatenate([points - camera.position, np.ones((len(alive), 1))], 1)
    clip = ahead @ camera.view_projection.astype(np.float64).T
    depth = clip[:, 3]
    near = depth > NEAR_M
    across = clip[:, :2] / np.where(near, depth, 1.0)[:, None]
    seen = near & (np.abs(across) <= 1 + 2 * OUTSIDE).all(1)
    pixels = np.round((across * (0.5, -0.5) + 0.5) * size * 4) / 4
    for at, is_seen, (x, y) in zip(alive, seen.tolist(), pixels.tolist(), strict=True):
        place = (x, y) if is_seen else None
        own = at.__dict__
        if place != own["place"]:
            own["place"] = place
            own["_tree"].changed(own["_id"], "place", place)
