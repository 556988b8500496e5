"""What clips move in tiles: where joints and nodes are, when it stands still, and what is left when the tile goes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.content import tile_actors
from layerw.hosts.headless import HeadlessHost
from tests.gltf_features import SQUARE, File
from tests.unit.test_animation import animal_glb, document, expected, glb, vertices
from tests.unit.test_tile_formats import shown
from tests.unit.tile_files import TRIANGLE, cmpt, i3dm, tile

TURN = [0, 1, 0, 0, -1, 0, 0, 0, 0, 0, 1, 0, 5, 7, 2, 1]  # a quarter about the tileset's up, and moved
FRAME_S = 1 / 60


def walking(name: str = "Walk") -> bytes:
    """The animal with one clip."""
    doc, body = document(animal_glb())
    doc["animations"] = [clip for clip in doc["animations"] if clip["name"] == name]
    return glb(doc, body)


def sliding(lights: bool = False) -> bytes:
    """A square that slides 4 m to the right in a second, and another that stands."""
    made = File(SQUARE)
    made.doc["nodes"].append({"mesh": 0, "translation": [0, 3, 0]})
    made.doc["scenes"][0]["nodes"].append(1)
    if lights:
        made.use("KHR_lights_punctual")
        made.doc["extensions"] = {"KHR_lights_punctual": {"lights": [{"type": "point"}]}}
        made.doc["nodes"][0]["extensions"] = {"KHR_lights_punctual": {"light": 0}}
    made.animate(np.array([[0, 0, 0], [4, 0, 0]], "<f4"), {"node": 0, "path": "translation"})
    made.doc["buffers"] = [{"byteLength": len(made.data)}]
    return glb(made.doc, made.data + bytes(-len(made.data) % 4))


def actors(app: lw.App) -> list[Any]:
    return [model for one in app._engine.contents.worlds[0]._actors._shown.values() for model in one.models]


def away(app: lw.App, host: Any) -> None:
    app.camera.look_at((0.0, 5.0, 900.0))
    host.step(app, 5)


def back(app: lw.App, host: Any) -> None:
    app.camera.look_at((0.0, 0.0, 0.0))
    host.step(app, 30)


def test_a_skinned_tile_walks_where_the_tile_stands(tmp_path: Path) -> None:
    app, draw = shown(tmp_path, walking(), "a.glb", transform=TURN)
    host: Any = app._engine.host
    (model,) = actors(app)
    assert len(draw.mesh) == 0, "it is drawn once, not by the tile as well"
    np.testing.assert_allclose(model.root.position, (5.0, 2.0, -7.0), atol=1e-5)
    animator = app._engine._animator
    assert animator is not None
    for _ in range(3):
        host.step(app, 7)
        time = float(animator.plays.rows["time"][animator.plays.rows["alive"]][0])
        rest = expected(time, "Walk")
        turned = np.stack([rest[:, 2], rest[:, 1], -rest[:, 0]], axis=1)
        row = model._character.parts[0][0]
        np.testing.assert_allclose(vertices(host, row), turned, atol=2e-5)
    assert app.report()["errors"] == []
    app.close()


def test_it_pauses_with_the_program_and_ends_with_its_tile(tmp_path: Path) -> None:
    app, _ = shown(tmp_path, sliding(), "a.glb")
    host: Any = app._engine.host
    entities = app.report()["entities"]
    node = next(entity for entity in actors(app)[0]._nodes if entity.first_row in slid(app))
    before = float(node.position[0])
    host.step(app, 6)
    assert (float(node.position[0]) - before) % 4 == pytest.approx(4 * 6 * FRAME_S, abs=1e-4)
    app.paused = True
    host.step(app, 2)
    before = float(node.position[0])
    host.step(app, 9)
    assert float(node.position[0]) == before
    app.paused = False
    time = clock(app)
    away(app, host)
    assert app.report()["entities"] < entities and not app._engine._animator.characters and not node.alive
    back(app, host)
    assert app.report()["entities"] == entities and len(actors(app)) == 1
    node = next(entity for entity in actors(app)[0]._nodes if entity.first_row in slid(app))
    assert float(node.position[0]) == pytest.approx(4 * (clock(app) % 1), abs=1e-4), "it is where it would have been"
    assert clock(app) == pytest.approx(time + 35 * FRAME_S, abs=1.5 * FRAME_S)
    app._engine.contents.worlds[0].close()
    host.step(app, 2)
    assert app.report()["entities"] == 0 and not app._engine._animator.characters and not host.errors
    app.close()


def clock(app: lw.App) -> float:
    animator = app._engine._animator
    assert animator is not None
    return animator.time_s


def slid(app: lw.App) -> list[int]:
    animator = app._engine._animator
    assert animator is not None
    return animator.blending._driven.rows.tolist()


def test_all_clips_play_and_later_ones_lie_on_top(tmp_path: Path) -> None:
    doc, body = document(sliding())
    doc["animations"].append({**doc["animations"][0], "name": "again",
                              "channels": [{"sampler": 0, "target": {"node": 1, "path": "translation"}}]})  # fmt: skip
    app, _ = shown(tmp_path, glb(doc, body), "a.glb")
    rows = slid(app)
    assert len(rows) == 2 and np.ptp(app._engine.table.position[rows, 0]) < 1e-6
    assert app._engine.table.position[rows, 1].tolist() == [0.0, 0.0], "the second clip moves the second square down"
    app.close()


def test_what_ends_with_a_scene_of_the_program_comes_back(tmp_path: Path) -> None:
    app, _ = shown(tmp_path, sliding(), "a.glb")
    host: Any = app._engine.host
    actors(app)[0].root.despawn()
    host.step(app, 2)
    assert len(actors(app)) == 1 and actors(app)[0].root.alive and not host.errors
    host.lose_device()
    host.step(app, 60)
    assert len(actors(app)) == 1 and actors(app)[0].root.alive and len(app._engine._animator.characters) == 1
    app.close()


def test_lights_move_with_what_moves_and_shine_once(tmp_path: Path) -> None:
    app, _ = shown(tmp_path, sliding(lights=True), "a.glb")
    host: Any = app._engine.host
    assert app.report()["lights"]["count"] == 1
    (lamp,) = actors(app)[0].lights
    before = lamp.world_position[0]
    host.step(app, 6)
    assert (lamp.world_position[0] - before) % 4 == pytest.approx(0.4, abs=1e-3)
    away(app, host)
    assert app.report()["lights"]["count"] == 0
    app.close()


def test_more_than_the_nodes_that_may_move_stands_still_and_is_told(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(tile_actors, "NODES_MAX", 2)
    (tmp_path / "a.glb").write_bytes(sliding())
    host = HeadlessHost(tmp_path)
    root = {"boundingVolume": {"sphere": [0, 0, 0, 20]}, "geometricError": 0, "content": {"uri": "a.glb"}}
    (tmp_path / "tileset.json").write_text(json.dumps({"asset": {"version": "1.1"}, "geometricError": 1, "root": root}))
    app = lw.App(host=host)
    app.camera.position = (0.0, 5.0, 40.0)
    app.camera.look_at((0.0, 0.0, 0.0))
    app.stream("tileset.json")
    host.step(app, 60)
    (error,) = app.report()["errors"]
    assert "stands still" in error and "a.glb" in error
    assert len(actors(app)) == 1 and not app._engine._animator.plays.rows["alive"].any()
    app.close()


def test_far_tiles_are_posed_less_often(tmp_path: Path) -> None:
    names = [f"{number}.glb" for number in range(40)]
    for name in names:
        (tmp_path / name).write_bytes(sliding())
    children = [{"boundingVolume": {"sphere": [0, 0, 0, 6]}, "geometricError": 0, "content": {"uri": name},
                 "transform": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 100 + number, 0, 1]}
                for number, name in enumerate(names)]  # fmt: skip
    root = {"boundingVolume": {"sphere": [0, 0, 0, 200]}, "geometricError": 1e6, "refine": "ADD", "children": children}
    (tmp_path / "tileset.json").write_text(
        json.dumps({"asset": {"version": "1.1"}, "geometricError": 1e7, "root": root}))
    host = HeadlessHost(tmp_path)
    app = lw.App(host=host)
    app.camera.position = (0.0, 0.0, 5.0)
    app.camera.look_at((0.0, 0.0, -100.0))
    app.stream("tileset.json")
    host.step(app, 90)
    assert len(actors(app)) == 40 and app.report()["errors"] == []
    animator = app._engine._animator
    assert animator is not None
    rates = animator.blending._rates
    assert rates.used
    posed = 0
    for _ in range(32):
        host.step(app, 1)
        posed += int(rates.due.sum())
    assert posed <= 32 * 40 / 4, "a metre at a hundred is posed seldom"
    app.close()


def test_instances_of_a_moving_model_stand_still_and_say_so(tmp_path: Path) -> None:
    app, draw = shown(tmp_path, i3dm([(0.0, 0.0, 0.0), (1.0, 0.0, 0.0)], model=sliding()), "a.i3dm")
    assert len(draw.mesh) == 4 and app._engine._animator is None and app.report()["entities"] == 0
    app.close()


def test_worlds_without_clips_import_nothing_of_it(tmp_path: Path) -> None:
    program = ("import sys; sys.path.insert(0, '.')\nfrom pathlib import Path\n"
               "from tests.unit.test_tile_formats import shown, TRIANGLE\n"
               f"app, _ = shown(Path({str(tmp_path)!r}), TRIANGLE, 'a.glb')\n"
               "assert app._engine._animator is None\n"
               "print([name for name in sys.modules if name.startswith('layerw.animation.')])")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60,
                          cwd=Path(__file__).resolve().parents[2])  # fmt: skip
    assert done.stdout.strip() == "[]", done.stdout + done.stderr[-2000:]


def test_a_b3dm_and_parts_of_a_composite_move(tmp_path: Path) -> None:
    batch = {"name": ["a", "b"]}
    inner = tile(b"b3dm", {"BATCH_LENGTH": 2}, batch=batch, model=sliding())
    for number, data in enumerate((inner, cmpt(tile(b"b3dm", {"BATCH_LENGTH": 0}, model=TRIANGLE), inner))):
        folder = tmp_path / str(number)
        folder.mkdir()
        app, draw = shown(folder, data, "a.tile")
        host: Any = app._engine.host
        assert len(draw.mesh) == 0 and len(actors(app)) == 1, number
        (row,) = slid(app)
        before = float(app._engine.table.position[row, 0])
        host.step(app, 6)
        assert (float(app._engine.table.position[row, 0]) - before) % 4 == pytest.approx(0.4, abs=1e-3)
        app.close()
