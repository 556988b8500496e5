"""Materials that are written to, textures of programs and their own shaders, on both APIs in one page each."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from .conftest import RunProgram
from .harness import Running
from .test_exact_pictures import picture

PROGRAM = '''
import math
import numpy as np
import layerw as lw
app = lw.App(overlay=False)
app.shadows.enabled = False
app.clouds.cover = 0.0  # they would move between two pictures
app.camera.position = np.array((0.0, 0.0, 6.0))
app.camera.look_at((0.0, 0.0, 0.0))
app.camera.fov_y = math.radians(40)
app.sun.azimuth, app.sun.elevation = math.pi, math.radians(35)
quad = lw.Mesh([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], [0, 1, 2, 0, 2, 3],
               uvs=[(0, 1), (1, 1), (1, 0), (0, 0)], uvs1=[(1, 1), (0, 1), (0, 0), (1, 0)])
look = lw.Material(color="white", unlit=True)
left = app.spawn(quad, look, position=(-1.2, 0, 0))
right = app.spawn(quad, look, position=(1.2, 0, 0))
checks = np.zeros((2, 2, 3), np.uint8)
checks[0, 0] = checks[1, 1] = (255, 0, 0)
texture = lw.Texture(checks, filter="nearest", wrap="clamp")
BANDS = """
fn surface(in: SurfaceIn) -> Surface {
  var s = default_surface(in);
  s.base_color = vec4f(step(0.5, fract(in.uv.x * params.bands)), 0.0, params.blue.b, 1.0);
  s.unlit = true;
  return s;
}
"""

def own():
    global shader, material
    shader = lw.Shader(BANDS, params={"bands": 1.0, "blue": (0.0, 0.0, 0.5)}, textures={"marks": texture})
    material = lw.Material(shader=shader)
    for thing in (left, right):
        thing.visible = False
    global shown
    shown = app.spawn(quad, material)

def both():
    # The other half of the square moves up, where the vertex says so, and shows the second uvs and a texture.
    material.shader = lw.Shader("""
fn displace(in: DisplaceIn) -> vec3f {
  return in.position + vec3f(0.0, params.lift * step(0.5, in.uv.x), 0.0);
}
fn surface(in: SurfaceIn) -> Surface {
  var s = default_surface(in);
  s.base_color = vec4f(textureSample(marks, marks_sampler, in.uv1).r, 0.0, 0.0, 1.0);
  s.emissive = vec3f(0.0, 0.3, 0.0);
  s.unlit = true;
  return s;
}""", params={"lift": 1.0}, textures={"marks": texture})

@app.frame
def update(dt):
    pass
'''
LEFT, RIGHT = (100, 110), (100, 210)


def do(running: Running, code: str) -> np.ndarray:
    """Run code of the program, then take its picture."""
    running.python("import __main__ as m\n" + code + "\nNone")
    running.frames(3)
    return picture(running)


def png() -> str:
    """Left half red, right half green, as a data URI."""
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[:, :4, 0] = pixels[:, 4:, 1] = 255
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def is_red(pixel: np.ndarray) -> bool:
    return bool(pixel[0] > 150 and pixel[1] < 90 and pixel[2] < 90)


@pytest.mark.parametrize("backend", ["webgpu", "webgl2"])
def test_what_a_program_writes_is_seen(run_program: RunProgram, backend: str) -> None:
    running = run_program(PROGRAM, backend=backend).wait_ready()
    running.baseline = None  # the scenes' meshes and materials stay until the page ends
    running.page.set_viewport_size({"width": 320, "height": 200})
    running.frames(2)
    seen = picture(running)
    assert seen[LEFT].min() > 200 and seen[RIGHT].min() > 200
    seen = do(running, "m.look.color = 'red'")
    assert is_red(seen[LEFT]) and is_red(seen[RIGHT]), "a colour reaches everything that has the material"
    seen = do(running, "m.look.color = 'white'; m.look.base_color_texture = m.texture")
    upper, lower = seen[80], seen[120]
    assert is_red(upper[90]) and not is_red(upper[130]) and is_red(lower[130]), "a texture comes after the spawn"
    seen = do(running, "m.texture.update(1, 0, m.np.array([[[0, 255, 0]]], m.np.uint8))")
    assert seen[80, 130, 1] > 150 > seen[80, 130, 0] and is_red(seen[80, 90]), "only the rectangle changed"
    do(running, f"m.file = m.look.base_color_texture = m.lw.Texture.load({png()!r}, filter='nearest')")
    for _ in range(100):
        if running.python("import __main__\n__main__.file.state") == "ready":
            break
        running.frames(2)
    seen = do(running, "pass")
    assert is_red(seen[80, 90]) and seen[80, 130, 1] > 150 > seen[80, 130, 0], "a file: green on the right"
    seen = do(running, "m.look.base_color_texture = None; m.look.color = (1, 0, 0, 0.5)")
    assert seen[LEFT][0] > 150 and seen[LEFT][2] > 60, "it blends from now on"

    seen = do(running, "m.own()")
    running.frames(20)
    seen = picture(running)
    dark, light = seen[100, 140], seen[100, 180]
    assert dark[0] < 60 < light[0] and light[2] > 60, "the program's shader, with its parameters"
    seen = do(running, "m.material.params['bands'] = 2.0; m.material.params['blue'] = 'black'")
    assert seen[100, 125, 0] < 60 < seen[100, 150, 0] and seen[100, 150, 2] < 60
    before = seen
    seen = do(running, "m.shader.wgsl = m.BANDS.replace('step(0.5', 'stepp(0.5')")
    running.frames(20)
    told = running.errors.texts[-1]
    assert "does not compile" in told and "Line 4, column 24" in told and "stepp(0.5, fract" in told
    free = slice(0, 58)  # of rows: what is told covers the lower ones (and shades these); the square begins at row 54
    assert np.abs(picture(running)[free] - before[free]).max() < 40, "the last good one stays"
    running.errors.texts.clear()
    seen = do(running, "m.shader.wgsl = m.BANDS.replace('0.0, params.blue', '0.8, params.blue')")
    running.frames(20)
    assert picture(running)[57, 150, 1] > 120, "a hot reload"
    do(running, "m.both()")
    running.frames(20)
    seen = picture(running)
    moved, sky = seen[40, 185], seen[40, 135]
    assert moved[0] > 150 > 110 > moved[2] and sky[2] > 150, "the right edge moved up; its colour is by the second uvs"
    assert running.errors.texts == []
