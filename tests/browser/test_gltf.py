"""Real models in a real page: every texture arrives, nothing stays behind, and broken files leave the rest alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.gltf_support import AVIF, WEBP, newer_textures, triangle

from .harness import Running

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "models"
needs_models = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data folder is not beside this repository")
RunProgram = Callable[..., Running]

PROGRAM = """
import layerw as lw
app = lw.App()
app.spawn(lw.Mesh.box())  # the first mesh makes the buffers that stay for reuse
app.camera.position = (0.3, 0.5, 0.9)
app.camera.look_at((0, 0.3, 0))
"""
MODELS = "from layerw.base.host_port import Running\nmodels = Running.app._engine.contents.models\n"


def start(folder: Path, run_program: RunProgram, backend: str) -> Running:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.py").write_text(PROGRAM, encoding="utf-8")
    return run_program(folder / "main.py", backend=backend).wait_ready()


def load(running: Running, urls: list[str], frames: int = 600) -> list[str]:
    """Load models and wait until none loads any more; returns their states."""
    running.python(MODELS + f"loaded = [Running.app.load(url) for url in {urls!r}]\nNone")
    for _ in range(frames):
        states = str(running.python("','.join(m.state for m in loaded)")).split(",")
        if "loading" not in states:
            return states
        running.frames(1)
    raise AssertionError(f"the models still load: {states}")


def close(running: Running) -> None:
    """Take the models away; the fixture then checks that all they took is back."""
    running.python("for m in loaded: m.close()")
    running.frames(3)


@needs_models
@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_flight_helmet_and_fox(backend: str, tmp_path: Path, run_program: RunProgram) -> None:
    shutil.copytree(SHARED / "FlightHelmet", tmp_path / "m/Flight Helmet")  # a space in the address
    shutil.copy(SHARED / "Fox.glb", tmp_path / "m/Fox.glb")
    running = start(tmp_path / "m", run_program, backend)
    assert load(running, ["Flight Helmet/FlightHelmet.gltf", "Fox.glb"]) == ["ready", "ready"]
    running.frames(2)
    report = running.report()
    assert report["errors"] == []
    outside = report["layer_bytes"] - report["layer_fixed_bytes"]
    assert 0 < report["transfers"]["heldBytes"] == outside < report["backup_bytes"]
    assert report["triangles"] > 40_000
    close(running)


def test_broken_models_leave_the_others_alone(tmp_path: Path, run_program: RunProgram) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    outside = triangle(uri="t.bin")
    outside["accessors"][0]["count"] = 400
    required = triangle(uri="t.bin") | {"extensionsRequired": ["VENDOR_secret_meshes"]}
    for name, doc in (("good", triangle(uri="t.bin")), ("outside", outside), ("required", required),
                      ("newer", newer_textures("t.bin"))):  # fmt: skip
        (folder / f"{name}.gltf").write_text(json.dumps(doc))
    (folder / "t.bin").write_bytes(bytes(12) + b"\0\0\x80?" + bytes(20) + bytes([0, 0, 1, 0, 2, 0, 0, 0]))
    (folder / "cut.glb").write_bytes(b"glTF" + (2).to_bytes(4, "little") + (900).to_bytes(4, "little") + bytes(20))
    (folder / "picture.webp").write_bytes(WEBP)
    (folder / "picture.avif").write_bytes(AVIF)
    urls = ["missing.glb", "cut.glb", "outside.gltf", "required.gltf", "good.gltf"]
    running = start(folder, run_program, "null")
    assert load(running, urls) == ["failed", "failed", "failed", "failed", "ready"]
    errors = str(running.python("'|'.join(m.error for m in loaded)")).split("|")
    for error, text in zip(errors, ("HTTP 404", "says that it has 900 bytes, but only 32 arrived",
                                    "needs 4800 bytes of its buffer view, which has 36",
                                    "requires VENDOR_secret_meshes", ""), strict=True):  # fmt: skip
        assert text in error
    report = running.report()
    assert report["layer_bytes"] == report["layer_fixed_bytes"], "the one mesh is in a block"
    assert report["backup_bytes"] == 104
    close(running)
    assert load(running, ["newer.gltf"]) == ["ready"]
    assert running.python("loaded[0].warnings.__repr__()") == "[]", "WebP and AVIF are read"
    close(running)
