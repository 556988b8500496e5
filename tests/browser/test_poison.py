"""What is no number stays where it is: no pixel beside it changes, and none once it is gone, on both APIs."""

from __future__ import annotations

import numpy as np
import pytest

from .conftest import RunProgram
from .harness import Running

PROGRAM = '''
import numpy as np
import layerw as lw
app = lw.App(overlay=False)
app.clouds.cover = 0.0
app.shadows.enabled = False
app.ambient.reflections = True
app.view.bloom, app.view.antialias = 0.2, "temporal"
app.camera.position = np.array((0.0, 0.0, 6.0))
app.camera.look_at((0.0, 0.0, 0.0))
app.spawn(lw.Mesh.plane(40, 40), lw.Material(color="gray"), position=(0, -1.5, 0))
SHADERS = {
    "color": "s.base_color = vec4f(params.zero / params.zero);",
    "light": "s.emissive = vec3f(params.zero / params.zero);",
    "alpha": "s.base_color = vec4f(1.0, 0.0, 0.0, params.zero / params.zero);",
    "normal": "s.normal = vec3f(params.zero / params.zero); s.roughness = params.zero / params.zero;",
}
LOOKS = [lw.Material(color=(1, 1, 1, 0.5 if blend else 1.0), shader=lw.Shader("""
fn surface(in: SurfaceIn) -> Surface {
  var s = default_surface(in);
  %s
  return s;
}""" % body, params={"zero": 0.0})) for body in SHADERS.values() for blend in (False, True)]
poison = []

ENDLESS = lw.Material(shader=lw.Shader("""
fn surface(in: SurfaceIn) -> Surface {
  var s = default_surface(in);
  s.emissive = vec3f(1.0 / params.zero);
  return s;
}""", params={"zero": 0.0}))

def shine():
    poison.append(app.spawn(lw.Mesh.box(0.12), ENDLESS))

def plant():
    for number, look in enumerate(LOOKS):
        poison.append(app.spawn(lw.Mesh.box(0.12), look, position=(0.16 * (number - 3.5), 0.0, 0.0)))
    poison.append(app.light("point", position=(0, 0, -3), intensity=1e30, range=1e-3))

def remove():
    for one in poison:
        one.despawn()
    poison.clear()

@app.frame
def update(dt):
    pass
'''
MIDDLE = (slice(40, 80), slice(50, 110))  # where the poison is, and the glow of it


def settled(running: Running, code: str) -> np.ndarray:
    running.python(f"import __main__ as m\n{code}\nNone")
    running.frames(14)
    return running.picture()


def is_over(now: np.ndarray, clean: np.ndarray) -> bool:
    """But for what the mean of the last frames still holds, and how it hits upon an edge."""
    return bool(np.abs(now - clean).max() <= 48 and np.abs(now - clean).mean() < 1.0)


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_no_number_stays_where_it_is(run_program: RunProgram, backend: str) -> None:
    running = run_program(PROGRAM, backend=backend, clock="virtual", quality="medium").wait_ready()
    running.baseline = None  # the materials stay until the page ends
    clean = settled(running, "pass")
    poisoned = settled(running, "m.plant()")
    beside = np.ones(clean.shape[:2], bool)
    beside[MIDDLE] = False
    assert is_over(poisoned[beside], clean[beside]), "nothing changes beside it"
    assert is_over(settled(running, "m.remove()"), clean), "nothing is left of it"
    assert settled(running, "m.shine()")[beside].max(axis=-1).min() > 8, "endless light glows, and blackens nothing"
    assert is_over(settled(running, "m.remove()"), clean), "nothing is left of that either"
    assert running.errors.texts == []
