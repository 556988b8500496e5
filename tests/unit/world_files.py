"""A small world as files, and an app over it on the headless host."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from tests.unit.gltf_support import triangle
from tests.unit.stream_fakes import quadtree
from tests.unit.test_transfers import glb

GROUND = f"ground.{hashlib.sha256(bytes(18)).hexdigest()[:16]}.bin"


def write_world(folder: Path, levels: int = 3, *, hashed: bool = False) -> None:
    """A quadtree whose tiles are one triangle each, with a ground grid. hashed: tiles state their hash and size."""
    document = quadtree(levels, size_m=256.0, error_m=32.0)
    document["extras"] = {"layerw": {"ground": {"uri": GROUND, "samples": 3, "scale_m": 1.0, "offset_m": 0.0,
                                                "spacing_x_m": 128.0, "spacing_z_m": 128.0, "west_m": -128.0,
                                                "north_m": -128.0}}}
    (folder / "t").mkdir(parents=True)
    (folder / GROUND).write_bytes(bytes(18))
    data = glb(triangle(), struct.pack("<9f4H", 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 2, 0))
    mark = f".{hashlib.sha256(data).hexdigest()[:16]}" if hashed else ""
    queue = [document["root"]]
    while queue:
        tile = queue.pop()
        queue += tile.get("children", [])
        content = tile["content"]
        content["uri"] = content["uri"].removesuffix(".glb") + f"{mark}.glb"
        if hashed:
            content["extras"] = {"byteLength": len(data)}
        (folder / content["uri"]).write_bytes(data)
    (folder / "tileset.json").write_text(json.dumps(document), encoding="utf-8")


def app_over(folder: Path, settings: dict[str, Any] | None = None, **network: Any) -> tuple[lw.App, HeadlessHost]:
    """An app that looks down on the world in `folder`; settings: of the App, network: of the host."""
    host = HeadlessHost(folder, **network)
    app = lw.App(host=host, screen_error_px=0.5, **(settings or {}))
    app.camera.position = (0.0, 120.0, 120.0)
    app.camera.look_at((0.0, 0.0, 0.0))
    return app, host
