"""What a program puts into the scene and finds there: entities, models, worlds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.errors import ConfigError
from layerw.content.models import Model
from layerw.face.part import Part
from layerw.scene.component_view import Query, select
from layerw.scene.components import Declaration, declaration
from layerw.scene.entity import Entities, Entity
from layerw.scene.material import Material
from layerw.scene.shapes import Lods, Mesh

if TYPE_CHECKING:  # imported where they are first used
    from layerw.animation.graph import AnimationGraph
    from layerw.content.worlds import World
    from layerw.net.player import Player
    from layerw.physics.body import Body

Learn = Callable[[Declaration, Callable[[Any], Any]], Callable[[], None]]
AnyCallback = TypeVar("AnyCallback", bound=Callable[[Any], Any])
Spawned = TypeVar("Spawned", bound=Entities)


class Spawning(Part):
    """What a program puts into the scene and finds there: entities, models, worlds."""

    __slots__ = ()

    def spawn(self, mesh: Mesh | Lods, material: Material | None = None, *, position: npt.ArrayLike | None = None,
              rotation: npt.ArrayLike | None = None, scale: npt.ArrayLike | None = None, color: Any = None,
              parent: Entity | None = None, static: bool = False, body: Body | None = None,
              owner: Player | None = None) -> Entity:  # fmt: skip
        """One entity.

        Args:
            mesh: what it looks like, or Lods: one mesh for each distance.
            material: None: white, roughness 0.7.
            position: (3,) metres, from the parent where there is one.
            rotation: quaternion xyzw.
            scale: (3,) or one number.
            color: sRGB, multiplies the material's.
            parent: the entity that it moves with.
            static: it hardly ever moves, which makes it cheaper to draw. Its views are read-only; assigning, `move`,
                `rotate` and `look_at` work, and the static ones are sorted anew then.
            body: a lw.Body: it is moved by physics, or in its way; see app.physics.
            owner: a lw.Player whose it is: on the server; it goes when the player leaves.

        Raises:
            ShapeError, KindError, HandleError, BudgetError: nothing is left behind then.
        """
        if owner is not None:
            self._net()._check_owner(owner)
        entity = self._engine.spawner.one(mesh, material, static, position=position, rotation=rotation, scale=scale,
                                          color=color, parent=parent)  # fmt: skip
        if owner is not None:
            self._net()._own(entity, owner)
        return entity if body is None else self._embody(entity, body)

    def spawn_many(self, mesh: Mesh | Lods, count: int, material: Material | None = None, *,
                   position: npt.ArrayLike | None = None, rotation: npt.ArrayLike | None = None,
                   scale: npt.ArrayLike | None = None, color: Any = None,
                   static: bool = False, body: Body | None = None) -> Entities:  # fmt: skip
        """`count` entities in one call; write to their array views to move them.

        Args:
            mesh, material, static, body: as for `spawn`.
            count: how many, 0 or more.
            position, scale: (3,) for all, or (count, 3), metres; rotation: (4,) or (count, 4) quaternions xyzw.
            color: one colour, or (count, 3 or 4), sRGB.
        """
        entities = self._engine.spawner.many(mesh, count, material, static, position=position, rotation=rotation,
                                             scale=scale, color=color)  # fmt: skip
        return entities if body is None else self._embody(entities, body)

    def _embody(self, entities: Spawned, body: Body) -> Spawned:
        from layerw.physics.physics import Physics

        try:
            self._engine.subsystems.get("physics", Physics).add(entities, body)
        except Exception:
            entities.despawn()
            raise
        return entities

    def each(self, *components: type, changed: bool = False) -> Query:
        """The entities that have all of these components: `rows.entities`, and `rows[Health].hp` as arrays over them.

        Args:
            components: classes with @lw.component, and the engine's own: lw.Position, Rotation, Scale, Color.
            changed: only those where something may have been written since the frame before (by blocks of 1,024 rows).
        """
        if not components:
            raise ConfigError("app.each takes at least one component.")
        declared = [declaration(kind) for kind in components]
        table = self._engine.table
        return Query(Entities.of_rows(table, select(table, declared, checks.flag("app.each changed", changed))))

    def on_added(self, component: type) -> Callable[[AnyCallback], AnyCallback]:
        """Decorator: calls the function, before the frame's own, with the group that got a component since."""
        return self._component_event(component, self._engine.component_events.on_added)

    def on_removed(self, component: type) -> Callable[[AnyCallback], AnyCallback]:
        """Decorator: calls the function with the row numbers that lost a component since, by despawning too."""
        return self._component_event(component, self._engine.component_events.on_removed)

    def _component_event(self, component: type, learn: Learn) -> Callable[[AnyCallback], AnyCallback]:
        declared = declaration(component)

        def keep(callback: AnyCallback) -> AnyCallback:
            checks.callback("The component's callback", callback, "entities")
            self._engine.scenes.own(learn(declared, callback))
            return callback

        return keep

    def despawn(self, entity: Entities) -> None:
        """Ends an entity (or many) and its children; using it later is an error."""
        self._own("app.despawn entity", entity).despawn()

    def load(self, url: str | PathLike[str], *, position: npt.ArrayLike | None = None,
             rotation: npt.ArrayLike | None = None, scale: npt.ArrayLike | None = None, parent: Entity | None = None,
             max_texture_side: int | str = 1024, scene: str | int | None = None,
             placeholder: Mesh | Lods | None = None) -> Model:  # fmt: skip
        """A glTF or glb model, on its way from now on. `model.root` is there at once; see `model.on_ready`.

        Args:
            url: relative to the program, absolute, a data URI, or a pathlib.Path. What goes wrong later is the
                model's own: `model.state`, `model.error`, `model.warnings`.
            position, rotation, scale, parent: of its root, as for `spawn`.
            max_texture_side: pixels; larger images are scaled down. "auto": to what the picture has, 512 to 4096.
            scene: of a file with several, by name or number; None = the file's own.
            placeholder: a mesh that stands at its root until it is here, and where it fails.
        """
        checks.instance("app.load placeholder", placeholder, (Mesh, Lods, NoneType), "a lw.Mesh, a lw.Lods or None")
        model = self._engine.opening.model(url, position=position, rotation=rotation, scale=scale, parent=parent,
                                           max_texture_side=max_texture_side, scene=scene)  # fmt: skip
        if placeholder is not None:
            model._stand_in = self._engine.spawner.one(placeholder, None, False, parent=model.root)
        self._engine.contents.add(model)
        self._engine.scenes.own(model.close, lambda: model._over)
        return model

    def stream(self, url: str | PathLike[str], *, place: str = "as_is",
               transform: npt.NDArray[np.float64] | None = None, max_texture_side: int | str = 1024,
               fade: float | None = None) -> World:  # fmt: skip
        """An open world (3D Tiles): tiles come and go with the camera, under the budgets.

        Args:
            url: the folder with its tileset.json, or that file.
            place: "as_is", or "local": a geocentric world's middle comes to the origin, its up becomes +Y.
            transform: 4x4, applied to the tileset (in its Z-up axes) first.
            max_texture_side: as for `load`.
            fade: seconds in which a level takes the place of another, each in its own pixels; None is 0.25 s, and 0 on
                a virtual clock, where pictures of a frame must be equal.
        """
        world = self._engine.opening.world(url, place=place, transform=transform, max_texture_side=max_texture_side,
                                           fade=fade)  # fmt: skip
        self._engine.contents.worlds.append(world)
        self._engine.scenes.own(world.close)
        return world

    def animator(self, models: Model | Sequence[Model], /, **parameters: float | bool) -> AnimationGraph:
        """States and transitions that play a model's clips: `app.animator(fox, speed=0.0)`; see AnimationGraph.

        Args:
            models: one that is ready, or some of one file, which all are moved in one go.
            parameters: what mixtures and transitions ask for, with their first values.
        """
        from layerw.animation.graph import AnimationGraph

        given = [models] if isinstance(models, (Model, str)) else models
        found = [checks.instance("app.animator models", model, Model, "a lw.Model or some")
                 for model in checks.instance("app.animator models", given, Sequence, "a lw.Model or some")]
        graph = AnimationGraph(self._engine._animations(), self._engine.failures, found, parameters)
        self._engine.scenes.own(graph.close)
        return graph
