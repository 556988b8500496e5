"""Model: a glTF file on its way into the scene.

Owns: the content that it opened and the entities made of it. The root entity exists at once, so that a program
may place it before the file is here. Limits: a lost device may load the file again and keeps the root; other
references to the model's entities end then. A model is closed once its root is despawned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

import numpy.typing as npt

from layerw.base.addresses import shown
from layerw.base.colors import hex_of_linear
from layerw.base.errors import LayerwError
from layerw.base.outcomes import FAILED, READY, Callback, Outcomes
from layerw.base.ports import F32, Content, FeatureIds, FileFacts, GpuContent, LightDesc, NodeDesc, Primitive, Rig
from layerw.base.settings import fixed_attributes
from layerw.base.user_code import UserCode
from layerw.gpu import spec
from layerw.scene.entity import Entity
from layerw.scene.table import Table
from layerw.visibility.cull import Visibility

if TYPE_CHECKING:
    from layerw.animation.animator import Animator
    from layerw.animation.character import Character
    from layerw.animation.plays import Play
    from layerw.content.faces import ModelMaterial
    from layerw.content.staged import Stage
    from layerw.gpu.store import Store
    from layerw.scene.camera import Camera
    from layerw.scene.lights import Lamp

PRIORITY = 1.0e6  # models come before tiles
NOTES_MAX = 32  # of its warnings


class OpenFile(Protocol):
    """A file that is open: a share in one (content/shared.py), or a tile's own."""

    @property
    def state(self) -> str: ...
    @property
    def error(self) -> str: ...
    @property
    def warnings(self) -> list[str]: ...
    @property
    def content(self) -> GpuContent: ...
    @property
    def nodes(self) -> list[NodeDesc]: ...
    @property
    def primitives(self) -> list[Primitive]: ...
    @property
    def rig(self) -> Rig | None: ...
    @property
    def heals_soon(self) -> bool: ...
    def step(self) -> None: ...
    def release(self) -> None: ...


class Opener(Protocol):
    """Opens files; None where there is no room now."""

    def try_open(self, url: str, *, priority: float, max_texture_side: int, flags: int = 0,
                 scene: str | int | None = None) -> OpenFile | None: ...  # fmt: skip


class Wearer(Protocol):
    """What shows a file many times, a crowd; `notes`: what it leaves out."""

    notes: list[str]

    def _wear(self, content: OpenFile) -> None: ...
    def _take_off(self) -> None: ...


@fixed_attributes
class Model:
    """state: "loading", "ready", "failed" (see `error`) or "closed". `warnings`: what it is shown without, and why."""

    def __init__(self, url: str, loader: Opener, table: Table, visibility: Visibility, user: UserCode, *,
                 root: Entity, max_texture_side: int, animator: Callable[[], Animator], store: Store,
                 scene: str | int | None = None) -> None:  # fmt: skip
        self.url = url
        self.state = "loading"
        self.error = ""
        self.warnings: list[str] = []
        self.root = root
        self.entities: dict[str, Entity] = {}  # by node name, the first of each
        self.weights: dict[str, F32] = {}  # of morph targets, by node name: write them, where no clip does
        self.lights: list[Lamp] = []  # of the file (KHR_lights_punctual): this model's own, to write as any lamp
        self._loader, self._table, self._visibility = loader, table, visibility
        self._outcomes = Outcomes(user.call)
        self._max_texture_side = max_texture_side
        self._content: OpenFile | None = None
        self._is_whole = True  # whether it is not shown without images that may come
        self._animator = animator
        self._character: Character | None = None
        self._stage: Stage | None = None  # of what clips change beside nodes
        self._store, self._scene = store, scene
        self._variant: str | None = None
        self._varied: list[tuple[int, int, Primitive]] = []  # first row, rows, and what of
        self._nodes: list[Entity] = []  # by number
        self._rows: list[Entity] = []
        self._blends: list[int] = []
        self._stand_in: Entity | None = None  # until it is here
        self._crowd: Wearer | None = None  # what shows the file in its place
        self._notes: list[str] = []  # what is told of it by who uses it

    def __repr__(self) -> str:
        return f"Model({shown(self.url)!r}, {self.state})"

    @property
    def radius(self) -> float:
        """Of a sphere around the root's origin that holds the model in its rest pose; 0 until it is ready."""
        return max((self._reach(entity) for entity in self._rows), default=0.0)

    @property
    def nodes(self) -> dict[str, Entity]:
        """Its nodes by name, the first of each; none until it is ready."""
        return self.entities

    def __getitem__(self, name: str) -> Entity:
        """A node by name, as in `nodes`. Raises KeyMissing (a KeyError) with the nearest name."""
        from layerw.content.faces import entity_named

        return entity_named(self.entities, name, "Model")

    @property
    def extras(self) -> dict[str, object]:
        """What the file's extras say, as JSON: by node name, and of the file itself by ""."""
        nodes = self._content.nodes if self._content is not None and self.state == "ready" else []
        found = {node.name or f"node {number}": node.extras for number, node in enumerate(nodes)
                 if node.extras is not None}  # fmt: skip
        facts = self._facts
        return found if facts is None or facts.extras is None else {"": facts.extras, **found}

    @property
    def scenes(self) -> list[str]:
        """Names of the file's scenes; `app.load(url, scene=...)` shows one."""
        return list(self._facts.scenes) if self._facts is not None else []

    @property
    def xmp(self) -> list[object]:
        """Packets of metadata (KHR_xmp_json_ld), as JSON."""
        return list(self._facts.xmp) if self._facts is not None else []

    @property
    def tables(self) -> dict[str, dict[str, npt.NDArray[Any]]]:
        """Property tables (EXT_structural_metadata): columns by table and property, a row a feature."""
        rig = self._content.rig if self._content is not None and self.state == "ready" else None
        return rig.tables if rig is not None else {}

    @property
    def features(self) -> list[FeatureIds]:
        """Which feature each vertex belongs to (EXT_mesh_features): sets of `ids`, rows of `tables[set.table]`."""
        rig = self._content.rig if self._content is not None and self.state == "ready" else None
        return rig.features if rig is not None else []

    @property
    def variants(self) -> list[str]:
        """Names of the looks that the file has (KHR_materials_variants); none until it is ready."""
        return list(self._facts.variants) if self._facts is not None else []

    @property
    def variant(self) -> str | None:
        """Which of `variants` it wears; None: what it wears without one. May be chosen before it is ready."""
        return self._variant

    @variant.setter
    def variant(self, value: str | None) -> None:
        from layerw.content.faces import checked_variant, choose

        self._variant = checked_variant(value, self.variants, self.state == "ready")
        if self.state == "ready":
            choose(self._table, self._varied, self.variants.index(self._variant) if self._variant else -1)

    @property
    def cameras(self) -> dict[str, Camera]:
        """The file's cameras by name, where they stand now; they do not follow: `app.camera = model.cameras["Eye"]`."""
        from layerw.content.faces import camera_at

        nodes = self._content.nodes if self._content is not None and self.state == "ready" else []
        found: dict[str, Camera] = {}
        lenses = self._stage.lenses if self._stage is not None else {}
        for number, (entity, node) in enumerate(zip(self._nodes, nodes, strict=False)):
            if node.camera is not None and entity.alive:
                name = node.camera.name or node.name or f"camera {len(found)}"
                found.setdefault(name, camera_at(self._table, entity.first_row, lenses.get(number, node.camera)))
        return found

    @property
    def materials(self) -> dict[str, ModelMaterial]:
        """The file's materials by name, to read and write; all models of the file share them."""
        from layerw.content.faces import ModelMaterial

        found = self._content.content.materials if self._content is not None and self.state == "ready" else {}
        return {name: ModelMaterial(self._store, handle, name) for name, handle in found.items()}

    @property
    def _facts(self) -> FileFacts | None:
        return self._content.content.facts if self._content is not None and self.state == "ready" else None

    @property
    def animations(self) -> list[str]:
        """The names of its clips; none until it is ready."""
        rig = self._content.rig if self._content is not None and self.state == "ready" else None
        return [clip.name for clip in rig.clips] if rig is not None else []

    def play(self, name: str, fade: float = 0.3, speed: float = 1.0, loop: bool = True, weight: float = 1.0,
             layer: int = 0, mask: Iterable[str] | None = None, additive: bool = False) -> Play:  # fmt: skip
        """Plays a clip from its begin, in place of what plays in the same layer.

        Args:
            name: of `animations`.
            fade: seconds in which it takes over; what plays in its layer leaves meanwhile. The first in layer 0 is
                there at once.
            speed: seconds of the clip in a second of the program (`app.time_scale` counts); below 0: backwards.
            loop: begins anew at its end; else it stands there until it is stopped.
            weight: its share of the layer, 0 to 1; the rest is what lies below.
            layer: higher ones lie on lower ones.
            mask: names of nodes that it moves, with all below them; None = all.
            additive: what it moves since its first key is added to the layers below; nothing else leaves its layer.

        Raises:
            ConfigError: the model is not ready, or there is no such clip or node; the message names those that are.
        """
        from layerw.animation.playing import play

        return play(self, self._animator(), self._character, name, fade=fade, speed=speed, loop=loop, weight=weight,
                    layer=layer, mask=mask, additive=additive)  # fmt: skip

    def stop(self, fade: float = 0.3) -> None:
        """Ends all that plays, over `fade` seconds; the model goes back to its rest pose."""
        if self._character is not None:
            from layerw.animation.playing import stop

            stop(self._animator(), self._character, fade)

    @property
    def primitives(self) -> list[Primitive]:
        """The parts that it draws; none until it is ready."""
        return self._content.primitives if self._content is not None else []

    def on_ready(self, callback: Callback) -> Callback:
        """Decorator: calls the function once the model is here (now, when it is)."""
        return self._outcomes.add("Model", READY, self.state, callback)

    def on_failed(self, callback: Callback) -> Callback:
        """Decorator: calls the function once it is clear that the model can't be loaded (now, when it is); `error` says
        why."""
        return self._outcomes.add("Model", FAILED, self.state, callback)

    def close(self) -> None:
        """Takes the model out of the scene and frees what it took."""
        self._unload()
        if self.root.alive:
            self.root.despawn()
        self.state = "closed"
        self._outcomes.clear()

    # -- for the engine --------------------------------------------------------------------------

    def _step(self) -> None:
        """One frame of loading. Whatever goes wrong in it is this model's own: it has failed then."""
        if self.state != "loading":
            return
        if not self.root.alive:
            self.close()
            return
        try:
            self._load()
        except Exception as error:
            self._fail(f"{type(error).__name__}: {error}")
            raise

    def _go_on(self) -> None:
        """Between frames: the file comes on."""
        if self.state == "loading" and self._content is not None and self._content.state not in ("ready", "failed"):
            self._content.step()

    @property
    def _over(self) -> bool:
        """Whether the engine may forget it: closed, or failed and its root is gone."""
        return self.state == "closed" or (self.state == "failed" and not self.root.alive)

    def _close_if_gone(self) -> None:
        """Give everything back once the root is gone, and every part that a program gave another parent."""
        if self.state == "ready" and not self.root.alive:
            self._rows = [entity for entity in self._rows if entity.alive]
            if not self._rows:
                self.close()

    def _load(self) -> None:
        if self._content is None:
            self._content = self._loader.try_open(self.url, priority=PRIORITY, scene=self._scene,
                                                  max_texture_side=self._max_texture_side,
                                                  flags=spec.FETCH_PATIENT | spec.FETCH_DIGEST)  # fmt: skip
            return
        self._content.step()
        if self._content.state == "ready":
            self._build(self._content)
            if self._stand_in is not None and self._stand_in.alive:
                self._stand_in.despawn()
            self._stand_in = None
            self.state, self.warnings = "ready", self._all_warnings(self._content)
            self._dress()
            self._is_whole = not self._content.content.missing
            self._outcomes.tell(READY)
        elif self._content.state == "failed":
            self._fail(self._content.error)

    def _heal(self) -> list[str]:
        """Goes on asking for images that it is shown without; the warnings that are over."""
        if self._content is None:
            return []
        self._content.step()
        self._is_whole = not self._content.content.missing
        before, self.warnings = self.warnings, self._all_warnings(self._content)
        return [text for text in before if text not in self.warnings]

    def _all_warnings(self, content: OpenFile) -> list[str]:
        return [*content.warnings, *(self._crowd.notes if self._crowd is not None else ()), *self._notes]

    @property
    def _heals_soon(self) -> bool:
        """Whether something that it is shown without is on its way."""
        return not self._is_whole and self._content is not None and self._content.heals_soon

    def _fail(self, error: str) -> None:
        """Gives everything back but the root, which belongs to the program as well."""
        named = error if self.url[:16] in error else f"{shown(self.url)}: {error}"
        self.state, self.error = "failed", named
        self._unload()
        self._outcomes.tell(FAILED)
        self._outcomes.clear()

    def _about(self) -> dict[str, object]:
        """For the report."""
        return {"url": shown(self.url), "state": self.state, "error": self.error, "warnings": self.warnings}

    def _device_lost(self, is_lost: Callable[[Content], bool]) -> None:
        """Load the file again where something that came from it is gone."""
        if self.state in ("ready", "loading") and self._content is not None and is_lost(self._content.content):
            self._unload()
            self.state = "loading"

    def _unload(self) -> None:
        if self._crowd is not None:
            self._crowd._take_off()
        if self._character is not None:
            self._animator().remove(self._character)
            self._character = None
        self._stage = None
        self.weights.clear()
        for entity in self._rows:
            if entity.alive:
                entity.despawn()
        self._rows.clear()
        self._varied.clear()
        self._nodes.clear()
        self._notes.clear()
        self.entities.clear()
        self.lights.clear()
        for material in self._blends:
            self._visibility.set_blend(material, False)
        self._blends.clear()
        self._is_whole = True
        if self._content is not None:
            self._content.release()
            self._content = None

    def _build(self, content: OpenFile) -> None:
        """One entity a node, and one more for each further primitive of it."""
        by_node: dict[int, list[Primitive]] = {}
        for primitive in content.primitives:
            by_node.setdefault(primitive.node, []).append(primitive)
            if primitive.blend:
                self._blend(primitive.material)
            for material, blends in primitive.variants.values():
                if blends:
                    self._blend(material)
        if self._crowd is not None:
            self._crowd._wear(content)
            return
        nodes, instances = self._nodes, content.rig.instances if content.rig is not None else {}
        posed: list[tuple[int, Primitive]] = []
        for number, node in enumerate(content.nodes):
            own = by_node.get(number, [])
            many = instances.get(number)
            if many is not None:
                own, shown_many = [], own
            entity = self._spawn(own[0] if own else None, nodes[node.parent] if node.parent >= 0 else self.root)
            entity.position, entity.rotation, entity.scale = node.translation, node.rotation, node.scale
            nodes.append(entity)
            if many is not None:
                self._many(shown_many, many, entity)
            self.entities.setdefault(node.name or f"node {number}", entity)
            if node.light is not None:
                self.lights.append(self._shine(node.light, entity))
            rows = [entity, *(self._spawn(primitive, entity) for primitive in own[1:])]
            self._varied.extend((row.first_row, 1, primitive) for row, primitive in zip(rows, own, strict=False)
                                if primitive.variants)  # fmt: skip
            posed.extend((row.first_row, primitive) for row, primitive in zip(rows, own, strict=False)
                         if primitive.skin >= 0 or primitive.morph >= 0)  # fmt: skip
        for primitive in by_node.get(-1, []):
            self._spawn(primitive, self.root)
        if any(not node.visible for node in content.nodes) or (content.rig is not None and content.rig.clips):
            from layerw.content.staged import stage_of  # most models hide nothing

            self._stage = stage_of(nodes, content.nodes, content.rig, self.lights)
        if content.rig is not None and (content.rig.clips or content.rig.skins or content.rig.morphs):
            self._rig(content, content.rig, nodes, posed)

    def _rig(self, content: OpenFile, rig: Rig, nodes: list[Entity], posed: list[tuple[int, Primitive]]) -> None:
        """Its nodes and parts may be moved by clips, joints and morphs from now on."""
        self._character = self._animator().add(rig, content.nodes, [entity.first_row for entity in nodes], posed)
        self._character.materials, self._character.stage = content.content.material_numbers, self._stage
        for node, weights in self._character.weights.items():
            self.weights.setdefault(content.nodes[node].name or f"node {node}", weights)

    def _spawn(self, primitive: Primitive | None, parent: Entity) -> Entity:
        if primitive is None:
            row = self._table.spawn(1, mesh=0, material=0, radius=0.0)
        else:
            row = self._table.spawn(1, mesh=primitive.mesh, material=primitive.material, radius=radius_of(primitive))
        entity = Entity(self._table, row)
        entity.parent = parent
        self._rows.append(entity)
        return entity

    def _note(self, text: str) -> None:
        """One more of its warnings."""
        if text not in self._notes and len(self._notes) < NOTES_MAX:
            self._notes.append(text)
            self.warnings = [*self.warnings, text]

    def _described(self) -> tuple[list[Entity], list[NodeDesc], Rig | None]:
        """Its nodes, what the file says of each, and what moves them; for who gives them more than a picture."""
        if self._content is None or self.state != "ready":
            return [], [], None
        return self._nodes, self._content.nodes, self._content.rig

    def _many(self, primitives: list[Primitive], instances: F32, parent: Entity) -> None:
        """A node's mesh, shown many times."""
        from layerw.content.faces import spawn_instances

        for primitive in primitives:
            first = spawn_instances(self._table, primitive, instances, parent, radius_of(primitive))
            self._rows.extend(Entity(self._table, first + number) for number in range(len(instances)))
            if primitive.variants:
                self._varied.append((first, len(instances), primitive))

    def _blend(self, material: int) -> None:
        self._visibility.set_blend(material, True)
        self._blends.append(material)

    def _dress(self) -> None:
        """Puts on the variant that was chosen before; one that the file has not is told."""
        if self._variant is None:
            return
        try:
            self.variant = self._variant
        except LayerwError as error:
            self.warnings.append(str(error))
            self._variant = None

    def _shine(self, light: LightDesc, parent: Entity) -> Lamp:
        """A light, as an entity of its own: its colour is not the mesh's."""
        from layerw.scene.lights import add_lamp  # most models have none

        lamp = add_lamp(self._table, light.kind, {"intensity": light.intensity, "range": light.range,
                        "inner_angle": light.inner_angle, "outer_angle": light.outer_angle})  # fmt: skip
        lamp.parent, lamp.color = parent, hex_of_linear(light.color)
        self._rows.append(lamp)
        return lamp

    def _reach(self, entity: Entity) -> float:
        """Distance from the root's origin to the far side of an entity, with the scales between them."""
        reach = float(self._table.radius[entity.first_row])
        while True:
            above = entity.parent
            if above is None or entity.first_row == self.root.first_row:
                return reach
            reach = reach * float(abs(entity.scale).max()) + float((entity.position**2).sum()) ** 0.5
            entity = above


def radius_of(primitive: Primitive) -> float:
    """The table's spheres stand around the local origin, so the centre's distance is added."""
    x, y, z = primitive.center
    return float((x * x + y * y + z * z) ** 0.5 + primitive.radius)
