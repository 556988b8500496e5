"""Decals: pictures on whatever lies inside of a box.

Owns: the box that all of them are drawn with, and what a decal's material is made of. A decal is a row of the table:
visibility culls it, and all with one look are one draw. web/shaders/decal.wgsl does the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError, ShapeError
from layerw.base.lifetimes import Life
from layerw.base.material_desc import MaterialDesc
from layerw.base.mathx import facing, matrix_from_quat, quat_from_matrix
from layerw.base.ports import MeshData
from layerw.content.spawner import set_values
from layerw.frame.resources import Resources
from layerw.gpu import spec
from layerw.scene.entity import Entity
from layerw.scene.material import Material
from layerw.scene.material_values import Values
from layerw.scene.shaders import Shader
from layerw.scene.table import Table
from layerw.scene.textures import Texture

ORDER_MAX = 100
HALF_DIAGONAL = 0.75**0.5
DOWN = (0.0, -1.0, 0.0)
Look = Texture | Material


class DecalValues(Values):
    """A material's values as they are now, for what is drawn over other things."""

    def __init__(self, given: Values, order: int) -> None:
        self.given, self.drawn_in = given, ("decal", order)

    def listen(self, listener: Callable[[], None]) -> None:
        """See Values."""
        self.given.listen(listener)

    def changed(self) -> None:
        """See Values."""
        self.given.changed()

    @property
    def blend(self) -> bool:
        """They have a pass of their own."""
        return False

    @property
    def opaque(self) -> bool:
        """Alpha counts: it fades."""
        return False

    def desc(self, texture: Callable[[Texture], int] = lambda _: 0,
             shader: Callable[[Shader], int] = lambda _: 0) -> MaterialDesc:  # fmt: skip
        """See Values."""
        made = self.given.desc(texture, shader)
        made.kind, made.flags, made.shader = "decal", spec.MATERIAL_NO_SHADOW, 0
        made.params, made.shader_textures = (), ()
        made.lit = 0.0 if self.given.unlit else 1.0
        return made


class DecalLook:
    """A material, or a texture, as decals of one order show it."""

    def __init__(self, material: Material, order: int) -> None:
        self.life, self.values = Life(), DecalValues(material.values, order)


class Used(NamedTuple):
    """A look that decals have, and its GPU material."""

    look: DecalLook
    material: int


class Decal(Entity):
    """A picture on whatever lies inside of its box, as `app.decal` gives it: an entity without a mesh.

    `position`, `rotation`, `color`, `visible`, `parent`, `layer`, `despawn` are those of every entity; `scale` is its
    size. Its -Z is the way it is thrown, +Y the picture's upper edge.
    """

    __slots__ = ()

    @property
    def size(self) -> npt.NDArray[np.float32]:
        """(3,) width, height and depth in metres, a view; each above 0."""
        return self.scale

    @size.setter
    def size(self, value: npt.ArrayLike) -> None:
        self.scale = _checked_size(value)

    @property
    def opacity(self) -> float:
        """0 to 1, in steps of 1/255; `color` has it as its alpha."""
        return float(self.color[0, 3]) / 255

    @opacity.setter
    def opacity(self, value: float) -> None:
        self.color[0, 3] = round(255 * checks.number("Decal opacity", value, 0, 1))

    @property
    def direction(self) -> npt.NDArray[np.float64]:
        """(3,) the way it is thrown, of length 1, in the parent's axes where there is one; any length may be set."""
        return -matrix_from_quat(self.rotation)[:, 2]

    @direction.setter
    def direction(self, value: npt.ArrayLike) -> None:
        forward = checks.vector("Decal direction", value)
        if not forward.any():
            raise ShapeError("Decal direction is (0, 0, 0), which is no direction.")
        self.rotation = quat_from_matrix(facing(forward, np.array((0.0, 1.0, 0.0)), matrix_from_quat(self.rotation)))


class Decals:
    """`make` one; `close` ends what all of them share."""

    def __init__(self, table: Table, resources: Resources) -> None:
        self._table, self._resources = table, resources
        self._box = 0
        self._used: dict[tuple[int, int], Used] = {}  # by what it is made of, and the order
        self._deaths = table.deaths

    def make(self, look: Look, *, size: npt.ArrayLike, opacity: float, order: int, **values: Any) -> Decal:
        """See App.decal."""
        if values["rotation"] is not None and values["direction"] is not None:
            raise ConfigError("decal was given a direction and a rotation; it takes one of them.")
        if values["rotation"] is None and values["direction"] is None:
            values["direction"] = DOWN
        size = _checked_size(size)
        opacity = checks.number("decal opacity", opacity, 0, 1)
        order = checks.whole("decal order", order, -ORDER_MAX, ORDER_MAX)
        used = self._look(look, order)
        if not self._box:
            self._box = self._resources.store.create_mesh(_box())
        decal = Decal(self._table, self._table.spawn(1, mesh=self._box, material=used.material, radius=HALF_DIAGONAL))
        set_values(decal, size=size, **values)
        if opacity < 1:
            decal.opacity = opacity * decal.opacity
        return decal

    def _look(self, look: Look, order: int) -> Used:
        checks.instance("decal look", look, (Texture, Material), "a lw.Texture or a lw.Material")
        if look.life.destroyed:
            raise ConfigError(f"The {type(look).__name__} of a decal was destroyed; make a new one.")
        if isinstance(look, Material) and look.values.shader is not None:
            raise ConfigError("decal look is a material with a shader; it takes one without.")
        key = id(look.values if isinstance(look, Material) else look), order  # what is used is held, so this stays its
        found = self._used.get(key)
        if found is None:
            one = DecalLook(look if isinstance(look, Material) else Material(base_color_texture=look), order)
            found = self._used[key] = Used(one, self._resources.made_material(one))
        return found

    def step(self) -> None:
        """Lets go of looks that no decal has any more."""
        if self._table.deaths != self._deaths:
            self._deaths, rows = self._table.deaths, self._table.uses["material"].rows
            self._used = {key: one for key, one in self._used.items() if one.material in rows}

    def close(self) -> None:
        """Ends the box; no decal may be left."""
        if self._box:
            self._resources.store.destroy_mesh(self._box)
        self._box = 0
        self._used.clear()


def _checked_size(value: npt.ArrayLike) -> npt.NDArray[Any]:
    found = checks.vector("Decal size", value)
    if not (found > 0).all():
        raise ConfigError(f"Decal size is {tuple(found.tolist())}; it takes width, height and depth above 0, metres.")
    return found


def _box() -> MeshData:
    """A cube of side 1 that is seen from inside: where its back is, whether the camera is inside of it or not."""
    corners = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)], np.float32)
    quads = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    # Counter-clockwise from outside, so turned round.
    triangles = [(quad[a], quad[c], quad[b]) for quad in quads for a, b, c in ((0, 1, 2), (0, 2, 3))]
    return MeshData(corners, corners, np.array(triangles, np.uint32).ravel())
