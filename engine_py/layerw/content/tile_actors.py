"""What clips move in a world's tiles: drawn as a model is, while its tile is.

Owns: those models, by tile; they are not saved with a program's entities. All clips of a tile play, for ever and each
on top of those before it, as in CesiumJS. Their time is the program's, the same for all tiles: where levels of a world
follow each other, what moves goes on. What is far is posed less often (animation/rates.py).
Limits: a clip in each of a model's layers; NODES_MAX nodes of all tiles, beyond which tiles stand still. What moves
takes no part in cross-fades; positions of entities are float32, so worlds on the globe take place="local".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from layerw.assets.content import GltfContent
from layerw.base.addresses import shown
from layerw.base.errors import LayerwError
from layerw.base.ports import F64, Content, NodeDesc, Primitive, Rig
from layerw.base.user_code import UserCode
from layerw.content.models import Model
from layerw.scene.entity import Entity
from layerw.scene.table import Table
from layerw.stream.residency import Residency
from layerw.visibility.cull import Visibility

if TYPE_CHECKING:
    from layerw.animation.animator import Animator
    from layerw.gpu.store import Store

NODES_MAX = 4096


class Scenery(NamedTuple):
    """What models are made with."""

    table: Table
    visibility: Visibility
    user: UserCode
    animator: Callable[[], Animator]
    store: Store


class _Here:
    """A tile's file as a model opens it: it is here already, and the tile's to give back."""

    state, error, heals_soon = "ready", "", False

    def __init__(self, content: GltfContent) -> None:
        self.content, self.warnings = content, content.warnings

    @property
    def nodes(self) -> list[NodeDesc]:
        return self.content.nodes

    @property
    def primitives(self) -> list[Primitive]:
        return self.content.primitives

    @property
    def rig(self) -> Rig | None:
        return self.content.rig

    def try_open(self, url: str, *, priority: float, max_texture_side: int, flags: int = 0,
                 scene: str | int | None = None) -> _Here:  # fmt: skip
        return self

    def step(self) -> None:
        pass

    def release(self) -> None:
        pass


class _Shown(NamedTuple):
    """Of a tile. nodes: of them those that play."""

    contents: list[Content]
    models: list[Model]
    nodes: int


class TileActors:
    """`step` once a frame, after the streamer's."""

    def __init__(self, residency: Callable[[], Residency], scenery: Scenery) -> None:
        """residency: what the world has on the GPU; another one once its tileset is read anew."""
        self._residency, self._scenery = residency, scenery
        self._key = (-1, -1, -1)
        self._shown: dict[int, _Shown] = {}
        self._nodes = 0
        self._told: set[str] = set()

    @property
    def parts(self) -> list[Primitive]:
        """What they draw."""
        return [part for one in self._shown.values() for model in one.models for part in model.primitives]

    def step(self) -> list[str]:
        """Those of the tiles that stay in the picture; what went wrong, each once."""
        residency, table = self._residency(), self._scenery.table
        key = residency.rows.revision, residency.revision, table.deaths
        if key == self._key:
            return []
        told: list[str] = []
        stays = residency.rows.staying.tolist()
        gone = self._shown.keys() - set(stays)
        for tile in [tile for tile, one in self._shown.items() if tile in gone or _is_over(one, residency, tile)]:
            self._hide(tile)
        for tile in stays:
            contents = residency.contents_of(tile)
            if contents is not None and tile not in self._shown:
                moving = [one for one in contents if isinstance(one, GltfContent) and one.rig is not None]
                if moving:
                    self._show(tile, contents, moving, residency.tree.origin_of(tile), told)
        self._key = residency.rows.revision, residency.revision, table.deaths
        return told

    def _show(self, tile: int, contents: list[Content], moving: list[GltfContent], origin: F64,
              told: list[str]) -> None:  # fmt: skip
        models: list[Model] = []
        nodes = 0
        for content in moving:
            try:
                model = self._model(content, origin)
                models.append(model)
                nodes += self._play(model, len(content.nodes), told)
            except LayerwError as error:
                self._tell(f"{shown(content.url)}: what moves in it is not shown: {error}", told)
        self._nodes += nodes
        self._shown[tile] = _Shown(contents, models, nodes)

    def _model(self, content: GltfContent, origin: F64) -> Model:
        table, visibility, user, animator, store = self._scenery
        root = Entity(table, table.spawn(1, mesh=0, material=0, radius=0.0))
        root.position = origin
        model = Model(content.url, _Here(content), table, visibility, user, root=root, max_texture_side=0,
                      animator=animator, store=store)  # fmt: skip
        try:
            for _ in range(2):  # it opens, then it builds
                model._step()
        except LayerwError:
            model.close()
            raise
        return model

    def _play(self, model: Model, nodes: int, told: list[str]) -> int:
        """How many nodes play then."""
        if self._nodes + nodes > NODES_MAX:
            self._tell(f"{shown(model.url)} stands still: its {nodes} nodes and those of other tiles are more than the "
                       f"{NODES_MAX} of a world that clips move.", told)  # fmt: skip
            return 0
        from layerw.animation.playing import LAYERS_MAX  # most worlds have nothing that moves

        animator = self._scenery.animator()
        if model._character is not None:
            model._character.by_distance = True
        for layer, name in enumerate(model.animations[: LAYERS_MAX + 1]):
            model.play(name, fade=0.0, layer=layer).time = animator.time_s
        return nodes

    def _tell(self, text: str, told: list[str]) -> None:
        if text not in self._told:
            self._told.add(text)
            told.append(text)

    def _hide(self, tile: int) -> None:
        one = self._shown.pop(tile)
        self._nodes -= one.nodes
        for model in one.models:
            model.close()

    def close(self) -> None:
        """Takes all of them away."""
        for tile in list(self._shown):
            self._hide(tile)


def _is_over(one: _Shown, residency: Residency, tile: int) -> bool:
    """Whether the tile was loaded anew, or its models ended with something else of the program's."""
    return residency.contents_of(tile) is not one.contents or any(not model.root.alive for model in one.models)
