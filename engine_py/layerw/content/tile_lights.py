"""Lights of a world's tiles (KHR_lights_punctual): lamps that shine while their tile is drawn.

Owns: the lamps, by tile; they are not saved with a program's entities. Limits: assets/nodes.py TILE_LIGHTS_MAX a tile;
positions of entities are float32, so worlds on the globe take place="local".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerw.base.colors import hex_of_linear
from layerw.base.ports import Content, NodeDesc
from layerw.scene.table import Table
from layerw.stream.streamer import Streamer

if TYPE_CHECKING:
    from layerw.scene.lights import Lamp


class TileLights:
    """`step` once a frame, after the streamer's."""

    def __init__(self, streamer: Streamer, table: Table) -> None:
        self._streamer, self._table = streamer, table
        self._key = (-1, -1)  # of what is drawn
        self._lit: dict[int, tuple[list[Content], list[Lamp]]] = {}

    def step(self) -> None:
        """Those of the tiles that stay in the picture; what fades out is dark at once, else two levels would add up."""
        residency = self._streamer.residency
        key = residency.rows.revision, residency.revision
        if key == self._key:
            return
        self._key = key
        stays = residency.rows.staying.tolist()
        gone = self._lit.keys() - set(stays)
        for row in [row for row, (contents, _) in self._lit.items()
                    if row in gone or residency.contents_of(row) is not contents]:
            self._darken(row)
        for row in stays:
            contents = residency.contents_of(row)
            if contents is None or row in self._lit:
                continue
            nodes = [node for content in contents if content.rig is None for node in content.nodes]
            if nodes:
                self._lit[row] = contents, [self._lamp(row, node) for node in nodes]

    def _lamp(self, row: int, node: NodeDesc) -> Lamp:
        from layerw.scene.lights import add_lamp  # most worlds have none

        light = node.light
        assert light is not None  # a tile has no other nodes
        lamp = add_lamp(self._table, light.kind, {"intensity": light.intensity, "range": light.range,
                        "inner_angle": light.inner_angle, "outer_angle": light.outer_angle})  # fmt: skip
        lamp.color = hex_of_linear(light.color)
        lamp.position = self._streamer.tree.origin_of(row) + node.translation
        lamp.rotation = node.rotation
        return lamp

    def _darken(self, row: int) -> None:
        for lamp in self._lit.pop(row)[1]:
            if lamp.alive:  # a program that finds it in its world may have taken it away
                lamp.despawn()

    def close(self) -> None:
        """Takes all of them away."""
        for row in list(self._lit):
            self._darken(row)
