"""What is shown beside entities: probes, decals, particles, splats, points and lines."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from layerw.base import checks
from layerw.base.colors import Color
from layerw.face.part import Part
from layerw.scene.entity import Entity
from layerw.scene.material import Material
from layerw.scene.shapes import Lods, Mesh

if TYPE_CHECKING:  # imported where they are first used
    from layerw.drawing.debug import Debug
    from layerw.drawing.lines import Lines
    from layerw.drawing.points import Points
    from layerw.effects.decals import Decal
    from layerw.effects.mesh_particles import MeshParticles
    from layerw.effects.particles import Emitter
    from layerw.scene.lights import Lamp
    from layerw.scene.probes import LightProbes, ReflectionProbe
    from layerw.scene.textures import Texture
    from layerw.splats.splats import Splats


class Effects(Part):
    """What is shown beside entities: probes, decals, particles, splats, points and lines."""

    __slots__ = ()

    def light_probes(self, center: npt.ArrayLike, size: npt.ArrayLike, spacing: float = 2.0, *,
                     file: str | PathLike[str] | None = None) -> LightProbes:  # fmt: skip
        """Light that bounces: a grid of places that look around, and light what is near in place of the sky.

        They look over the next frames, a few sides of a cube each, and again when the sun or the sky changed; with
        `capture()` whenever you like.

        Args:
            center: (3,) metres, the middle of the box.
            size: (3,) metres; of a room: up to the middle of its walls.
            spacing: metres between probes, 0.05 or more; wider where 4,096 or the GPU budget say so, which is told.
            file: their light as `layerw bake --probes PROGRAM FILE` wrote it: it is there at once, and stays when the
                sun moves. Where there is no such file, or it is of another grid, they look around; that is told.

        Raises:
            ShapeError, ConfigError, KindError: an argument is not what it should be, or there are 4 grids.
            BudgetError: the GPU budget has no room for a single one.
        """
        from layerw.scene.probes import LightProbes

        probes = LightProbes(center, size, spacing)
        if file is not None:
            from layerw.frame.probe_light import take_file

            take_file(probes, file, self._engine.log)
        self._engine.probes.add(probes)
        self._engine.scenes.own(probes.close, lambda: probes.closed)
        return probes

    def reflection_probe(self, position: npt.ArrayLike, size: npt.ArrayLike) -> ReflectionProbe:
        """What smooth things mirror in a room, in place of the sky: what is seen from its middle.

        Args:
            position: (3,) metres: where it looks around from, the middle of a box.
            size: (3,) metres, of the box: the room's. What is mirrored is taken to lie on its walls.

        Raises:
            ShapeError, ConfigError: an argument is not what it should be, or there are 4 of them.
            BudgetError: the GPU budget has no room for it.
        """
        from layerw.scene.probes import ReflectionProbe

        probe = ReflectionProbe(position, size)
        self._engine.probes.add(probe)
        self._engine.scenes.own(probe.close, lambda: probe.closed)
        return probe

    def decal(self, look: Texture | Material, *, position: npt.ArrayLike | None = None,
              size: npt.ArrayLike = (1.0, 1.0, 1.0), rotation: npt.ArrayLike | None = None,
              direction: npt.ArrayLike | None = None, opacity: float = 1.0, color: Any = None, order: int = 0,
              parent: Entity | None = None) -> Decal:  # fmt: skip
        """A picture on what lies inside of a box, whatever it is made of, but not on what one sees through.

        Args:
            look: a texture, whose alpha cuts it out, or a material without a shader; all with one look are one draw.
            position: (3,) metres, of the box's middle.
            size: (3,) width and height of the picture, and how deep it reaches.
            rotation: quaternion xyzw; or direction: (3,) the way it is thrown. Neither: straight down.
            opacity: 0 to 1.
            color: sRGB, multiplies the picture's.
            order: of two that overlap the higher one is on top, -100 to 100.
            parent: the entity that it moves with.

        Raises:
            ShapeError, KindError, ConfigError, HandleError, BudgetError: nothing is left behind then.
        """
        return self._engine.effects.decals.make(look, size=size, opacity=opacity, order=order, position=position,
                                                rotation=rotation, direction=direction, color=color,
                                                parent=parent)  # fmt: skip

    def emitter(self, texture: Texture | None = None, *, rate: float = 20.0, burst: int = 0, count: int | None = None,
                lifetime: npt.ArrayLike = (1.0, 2.0), speed: npt.ArrayLike = (1.0, 2.0), spread: float = 0.4,
                shape: str = "point", radius: float = 0.5, box: npt.ArrayLike | None = None,
                size: npt.ArrayLike = 0.1, size_variation: float = 0.2, color: Any = "white", brightness: float = 1.0,
                additive: float = 0.0, lit: bool = False, gravity: float = 0.0, drag: float = 0.0, wind: float = 0.0,
                turbulence: float = 0.0, turbulence_m: float = 1.0, inherit: float = 0.0, spin: npt.ArrayLike = 0.0,
                stretch: float = 0.0, frames: tuple[int, int] = (1, 1), film: bool = False, fade: float = 0.1,
                bounce: float | None = None, seed: int = 0, position: npt.ArrayLike | None = None,
                rotation: npt.ArrayLike | None = None, direction: npt.ArrayLike | None = None,
                parent: Entity | None = None) -> Emitter:  # fmt: skip
        """Particles on the GPU: fire, smoke, sparks, dust. Two numbers are the least and the most, at random.

        Args:
            texture: of each, in `frames` columns and rows; None: a soft spot. film: over a life, else one at random.
            rate, burst: particles a second, and at once. count: at most at once; None: enough for rate and lifetime.
            lifetime, speed: seconds, metres a second. spread: radians about +Y, pi is all around.
            shape: where they begin: "point", "sphere" or "disc" (radius), "box" (box: three sides), metres.
            size, color: one, or several over a life: metres across, sRGB with alpha. size_variation: 0 to 1.
            brightness: multiplies colours. additive: 0 covers, 1 adds light. lit: whether light falls on them.
            gravity: m/s^2 down, below 0 up. drag: 1/s. wind: the share of app.wind that drag takes up.
            turbulence: m/s^2, in swirls of turbulence_m. inherit: the share of the emitter's own speed.
            spin: radians a second. stretch: seconds of way that they are long. fade: metres before what they touch.
            bounce: what one sees stops them, 0 to 1 of their speed stays; None: nothing does. seed: of all chance.
            position, rotation, parent: as for `spawn`; direction: (3,) instead of a rotation.

        Raises:
            ShapeError, KindError, ConfigError, HandleError: an argument is not what it should be.
            BudgetError: there are 262,144 particles, or the GPU or heap budget has no room.
        """
        given = {"burst": burst, "count": count, "lifetime": lifetime, "speed": speed, "spread": spread, "shape": shape,
                 "radius": radius, "box": box, "size": size, "size_variation": size_variation, "color": color,
                 "brightness": brightness, "additive": additive, "lit": lit, "gravity": gravity, "drag": drag,
                 "wind": wind, "turbulence": turbulence, "turbulence_m": turbulence_m, "inherit": inherit, "spin": spin,
                 "stretch": stretch, "frames": frames, "film": film, "fade": fade, "bounce": bounce, "seed": seed}
        return self._engine.effects.particles.make(texture, rate, given, position=position, rotation=rotation,
                                                   direction=direction, parent=parent)  # fmt: skip

    def mesh_particles(self, mesh: Mesh | Lods, material: Material | None = None, *, count: int = 256,
                       lifetime: npt.ArrayLike = (2.0, 4.0), gravity: float = 9.81, drag: float = 0.0,
                       spin: npt.ArrayLike = (-6.0, 6.0), size: npt.ArrayLike = (1.0, 1.0, 0.0),
                       size_variation: float = 0.3, seed: int = 0) -> MeshParticles:  # fmt: skip
        """Meshes that fly: chips, leaves, shells. numpy moves them, in columns that a program may write as well.

        Args:
            mesh, material: as for `spawn`.
            count: of all of them, 1 to 16,384; new ones take the place of the oldest.
            lifetime: seconds, one number, or the least and the most. gravity: m/s^2 down. drag: 1/s.
            spin: radians a second, each about a way of its own. seed: of all chance.
            size: one, or several over a life: multiplies the mesh; size_variation: 0 to 1.

        Raises:
            ShapeError, KindError, ConfigError: an argument is not what it should be.
            BudgetError: the GPU or heap budget has no room, or the entity table.
        """
        from layerw.effects.mesh_particles import COUNT_MAX, SEED_MAX, MeshParticles, flight

        chosen = flight({"lifetime": lifetime, "gravity": gravity, "drag": drag, "spin": spin, "size": size,
                         "size_variation": size_variation})  # fmt: skip
        count = checks.whole("mesh_particles count", count, 1, COUNT_MAX)
        seed = checks.whole("mesh_particles seed", seed, 0, SEED_MAX)
        made = MeshParticles(self._engine.spawner.many(mesh, count, material, static=False), chosen, seed)
        self._engine.effects.flying.append(made)
        return made

    def points(self, position: npt.ArrayLike, *, color: Any = "white", size: npt.ArrayLike = 3.0, unit: str = "px",
               fog: bool = True) -> Points:  # fmt: skip
        """Round points, hundreds of thousands in one call; writing to `.position`, `.color`, `.size` changes them.

        Args:
            position: (n, 3) metres.
            color: one colour, or (n, 3 or 4), sRGB; shown as given, whatever the light and the view's exposure are.
            size: diameters, one number or (n,), at least 0.
            unit: of sizes, "px" (pixels of the page) or "m" (metres: farther points are smaller).
            fog: whether distance hides them.

        Raises:
            ShapeError, KindError, ConfigError: an argument is not what it should be.
            BudgetError: the GPU or heap budget has no room, or the entity table.
        """
        return self._engine.drawings.points(position, color=color, size=size, unit=unit, fog=fog)

    def splats(self, source: npt.ArrayLike | str | PathLike[str], *, scale: npt.ArrayLike = 0.05,
               rotation: npt.ArrayLike | None = None, color: Any = "white", harmonics: npt.ArrayLike | None = None,
               degree: int = 3) -> Splats:  # fmt: skip
        """Gaussian splats, of a file or of arrays: soft ellipsoids that are drawn from the farthest to the nearest.

        Args:
            source: the URL of a .ply, .spz or .glb (KHR_gaussian_splatting), at most 256 MiB; or (n, 3) metres, n up to
                4,194,304. The other arguments belong to arrays.
            scale: standard deviations along each one's own axes, metres: one number, (3,) or (n, 3).
            rotation: of those axes, xyzw, (4,) or (n, 4).
            color: one colour, or (n, 3 or 4), sRGB; alpha is how much the middle covers. Shown as given, without light.
            harmonics: how their colours change with the direction: (n, 3, 3), (n, 8, 3) or (n, 15, 3) coefficients of
                spherical harmonics of degrees 1, 2 and 3, for red, green and blue, as training has them.
            degree: of the harmonics that are kept, also of a file: 0 to 3 take 32, 48, 64 and 80 bytes a splat.

        Raises:
            ShapeError, KindError, ConfigError: an argument is not what it should be.
            BudgetError: the GPU or heap budget has no room for the arrays, or the entity table. A file that can't be
                shown is its own: `state` and `error`.
        """
        from layerw.splats.clouds import Clouds

        return self._engine.subsystems.get("splats", Clouds).make(source, scale, rotation, color, harmonics, degree)

    def lines(self, position: Any, *, color: Any = "white", width: float = 1.0, unit: str = "px",
              closed: bool = False, dash: tuple[float, float] | None = None, fog: bool = True) -> Lines:  # fmt: skip
        """One polyline or several, with round ends and joins; writing to `.position` and `.color` changes them.

        Args:
            position: (n, 3) metres, or a list of such arrays: a polyline each.
            color: one colour, or one a point: (n, 3 or 4) of all points in order, sRGB; shown as given.
            width: at least 0.
            unit: of the width, "px" (pixels of the page) or "m" (metres).
            closed: whether each polyline returns to its first point.
            dash: metres along the line that are drawn, and that are left out.
            fog: whether distance hides them.

        Raises:
            ShapeError, KindError, ConfigError: an argument is not what it should be.
            BudgetError: the GPU or heap budget has no room, or the entity table.
        """
        return self._engine.drawings.lines(position, color=color, width=width, unit=unit, closed=closed, dash=dash,
                                           fog=fog)  # fmt: skip

    def grid(self, size: float = 20.0, step: float = 1.0, *, color: Color = "gray", width: float = 1.0) -> Lines:
        """Level lines `step` metres apart on a square of side `size` around the origin; `.entity` moves it.

        color: sRGB; width: pixels.
        """
        return self._engine.drawings.grid(size, step, color=color, width=width)

    def axes(self, length: float = 1.0, *, width: float = 2.0) -> Lines:
        """Red along x, green along y, blue along z, `length` metres; `.entity.parent` shows an entity's own."""
        return self._engine.drawings.axes(length, width=width)

    @property
    def debug(self) -> Debug:
        """Lines, boxes, spheres for one picture or some seconds: `app.debug.box(center)`."""
        return self._engine.drawings.debug

    def light(self, kind: str, *, position: npt.ArrayLike | None = None, rotation: npt.ArrayLike | None = None,
              direction: npt.ArrayLike | None = None, color: Any = None, intensity: float | None = None,
              range: float | None = None, inner_angle: float | None = None, outer_angle: float | None = None,
              parent: Entity | None = None) -> Lamp:  # fmt: skip
        """A light beside the sun; see lw.Lamp for what of it can be written later. `lamp.shadows = True`: things
        stop its light.

        Args:
            kind: "point", "spot" or "directional".
            position, rotation, parent: as for `spawn`. It shines along its -Z, or `direction`: (3,), of any length.
            color: sRGB.
            intensity: candela (directional: lux), 0 or more; None: 100 candela, 3 lux.
            range: metres where its light ends; None: where it gives 0.01 lux.
            inner_angle, outer_angle: of a spot, radians from its middle: where it begins to fade, and ends.
        """
        given = {"intensity": intensity, "range": range, "inner_angle": inner_angle, "outer_angle": outer_angle}
        placed = {"position": position, "rotation": rotation, "direction": direction, "color": color, "parent": parent}
        return self._engine.spawner.lamp(kind, given, **placed)
