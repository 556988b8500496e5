"""What a program frees or makes between the loss of the GPU and the next frame does not reach the new device."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from test_app_contents import glb, make, tileset

import layerw as lw
from layerw.hosts.headless import HeadlessHost


class Scene:
    """A bit of everything that the GPU holds."""

    def __init__(self, folder: Path) -> None:
        tileset(folder, children=3, triangles=50)
        (folder / "a.glb").write_bytes(glb(triangles=200))
        self.app, self.host = make(folder)
        self.model, self.world = self.app.load("a.glb"), self.app.stream("tileset.json")
        self.mesh = lw.Mesh.sphere()
        self.texture = lw.Texture(np.zeros((4, 4, 3), np.uint8))
        self.shader = lw.Shader("fn surface(in: SurfaceIn) -> Surface { return default_surface(in); }")
        self.look = lw.Material(base_color_texture=self.texture, shader=self.shader)
        self.boxes = self.app.spawn_many(self.mesh, 10, self.look, position=np.zeros((10, 3)))
        self.view = self.app.add_view(lw.Camera(), target=lw.Texture.target(16, 16))
        self.app.sea.level = -3.0
        self.host.step(self.app, 20)
        assert self.model.state == "ready" and self.world.settled

    def forget(self) -> None:
        """The program's objects go, and what they hold."""
        self.app.despawn(self.boxes)
        del self.mesh, self.texture, self.shader, self.look
        gc.collect()
        self.app.report()

    def spawn(self) -> None:
        """Something is made that was not there."""
        look = lw.Material(base_color_texture=lw.Texture(np.zeros((8, 8, 3), np.uint8)))
        self.app.spawn(lw.Mesh.box(), look)
        self.app.spawn(lw.Mesh.sphere(2.0, 64))
        self.app.load("a.glb", max_texture_side=8)

    def write(self) -> None:
        """What is there changes."""
        self.look.color = "red"
        self.texture.update(0, 0, np.ones((2, 2, 3), np.uint8))
        self.app.points(np.zeros((5, 3)))


AT: dict[str, Callable[[Scene], object]] = {
    "world.close": lambda s: s.world.close(), "model.close": lambda s: s.model.close(),
    "despawn": lambda s: s.app.despawn(s.model.root), "mesh.destroy": lambda s: (s.mesh.destroy(), s.app.report()),
    "material.destroy": lambda s: (s.look.destroy(), s.app.report()), "view.close": lambda s: s.view.close(),
    "forget": Scene.forget, "spawn": Scene.spawn, "write": Scene.write, "close": lambda s: s.app.close(),
}  # fmt: skip


def figures(app: lw.App, host: HeadlessHost) -> tuple[int, ...]:
    return (host.sink.live_handles, host.sink.draws, host.sink.triangles, app.report()["gpu_bytes"])


@pytest.mark.parametrize("what", AT)
def test_what_is_done_between_the_loss_and_the_next_frame_is_as_if_done_before(tmp_path: Path, what: str) -> None:
    found = []
    for lost in (False, True):
        scene = Scene(tmp_path)
        if lost:
            scene.host.lose_device()
        AT[what](scene)
        scene.host.step(scene.app, 15)
        assert scene.host.errors == [] and scene.app.report()["lost"] == 0 and scene.app.settled
        scene.app._engine.store.check_invariants()
        found.append(figures(scene.app, scene.host))
        scene.app.close()
        scene.host.step(scene.app, 2)
        assert scene.host.sink.live_handles == 0
    assert found[0] == found[1]
