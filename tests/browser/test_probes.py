"""Light probes, reflection probes, roofs and pools on both APIs: closed forms, and the same picture."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest

from layerw.scene.probe_files import Baked, write
from layerw_server.tools.probes import STATE_PY, known

from .conftest import RunProgram
from .harness import Running
from .worlds import Pixels, pixels

PROGRAM = Path(__file__).parent / "pages" / "probes.py"
SIZE = {"width": 128, "height": 96}
PLAIN, MIRROR = np.s_[42:54, 24:35], np.s_[40:56, 82:114]  # inside of the white ball, and of the metal one
ROOFED, OPEN = np.s_[58:63, 10:42], np.s_[76:92, 60:120]  # of the ground
BELOW, WALL = np.s_[51:62, 72:109], np.s_[32:62, 20:108]  # where pools mirror the red wall; the wall from nearby
seen: dict[str, list[Pixels]] = {}
baked: dict[str, list[Baked]] = {}


def call(running: Running, code: str) -> Pixels:
    running.python(f"import __main__\n__main__.{code}\nNone")
    running.frames(3)
    return pixels(running)


def from_gpu(running: Running) -> list[Baked]:
    state = running.python(STATE_PY.format(begins=False))
    return known(running.page, json.loads(state)["grids"])


def from_file(running: Running, grids: list[Baked]) -> Pixels:
    file = io.BytesIO()
    write(file, grids)
    text = base64.b64encode(file.getvalue()).decode()
    running.python(f"import base64\nopen('/tmp/light.npz', 'wb').write(base64.b64decode('{text}'))\nNone")
    return call(running, "from_file('/tmp/light.npz')")


def captured(running: Running) -> None:
    for _ in range(60):
        if running.python("import __main__\n__main__.ready()"):
            return
        running.frames(1)
    raise AssertionError("the probes are not ready")


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_probes_roofs_and_pools(run_program: RunProgram, backend: str) -> None:
    running = run_program(PROGRAM, backend=backend, clock="virtual").wait_ready()
    running.page.set_viewport_size(SIZE)
    running.frames(3)
    by_sky = pixels(running)
    wall = by_sky[20, 10].astype(float)
    assert np.abs(by_sky[PLAIN] - wall).max() > 40, "at first the sky lights it"
    call(running, "look()")
    captured(running)
    lit = pixels(running)
    assert np.abs(lit[PLAIN] - wall).max() <= 8, "a white thing in a room of one colour has that colour"
    assert np.median(np.abs(lit[MIRROR][:, 4:28] - wall)) <= 3, "a mirror as well, but for itself in it"
    baked[backend] = from_gpu(running)
    assert np.abs(from_file(running, baked[backend]) - lit).max() <= 2, "the light of a file is what was captured"
    [again] = from_gpu(running)
    assert np.array_equal(again.light, baked[backend][0].light), "to the bit"
    call(running, "room(True)")
    call(running, "made[1].capture()")
    captured(running)
    red = pixels(running)
    redder = (red - lit)[MIRROR][..., 0] - (red - lit)[MIRROR][..., 2]
    assert redder[:, 24:].max() > 40 and redder[:, :12].max() < 12, "the red wall is on the right in the mirror"
    ended = call(running, "end()")
    assert np.abs(ended[PLAIN] - by_sky[PLAIN]).max() <= 2, "the sky is back"
    call(running, "ground()")
    dry, wet = call(running, "weather(0.0)"), call(running, "weather(1.0)")
    assert np.abs(dry - wet)[ROOFED].max() <= 3 and (dry - wet)[OPEN].mean() > 8, "what has a roof stays dry"
    plain = call(running, "weather(1.0, 0.0, False, 'medium')")
    pools = call(running, "weather(1.0, 0.0, True, 'medium')")
    change = (pools - plain)[..., 0] - (pools - plain)[..., 2]
    assert change[BELOW].max() > 20 and (change[BELOW] > 10).mean() > 0.1, "pools before the red wall mirror it"
    assert np.abs(pools - plain)[:38].max() <= 3, "and nothing else changed"
    call(running, "weather(0.0)")
    roofed = call(running, "under(True)")
    rained = call(running, "weather(0.0, 1.0)")
    call(running, "under(False)")
    running.frames(32)  # it is looked at again, twice a second at most
    bare = pixels(running)
    kept, fallen = np.abs(rained - roofed)[WALL], np.abs(bare - roofed)[WALL]
    assert kept.max() <= 4, "no drop falls under the roof"
    assert fallen.max() > 12, "without it they do"
    call(running, "weather(0.0)")
    assert running.report()["errors"] == []
    seen[backend] = [lit, red, wet, pools]
    if len(seen) == 2:
        [one], [other] = baked.values()
        assert np.allclose(one.light, other.light, rtol=0.02, atol=0.004), "one file serves both APIs"
        for first, second in zip(*seen.values(), strict=True):
            assert (np.abs(first - second).max(axis=-1) > 4).mean() < 0.01
