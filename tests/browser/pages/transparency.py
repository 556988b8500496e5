"""What one sees through: layers of known light in one plane, and one layer of each kind. See test_transparency.py."""

import numpy as np

import layerw as lw

app = lw.App()
app.camera.position = (0, 0, 5)
app.camera.look_at((0, 0, 0))
app.fog.density, app.sky.exposure = 0.0, 1.0
app.view.tone_map, app.view.dither = "neutral", 0.0
rose = lw.Shader("""fn surface(in: SurfaceIn) -> Surface {
  var s = default_surface(in); s.base_color = vec4f(1.0, 0.3, 0.4, in.color.a); return s; }""")
made = []


def keep(thing):
    made.append(thing)
    return thing


def grey(linear):
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055


def wall(linear, alpha=1.0, z=0.0):
    look = lw.Material(color=(grey(linear),) * 3 + (alpha,), unlit=True)
    keep(app.spawn(lw.Mesh.box(20, 20, 0.01), look, position=(0, 0, z)))


def begin(transparency, antialias="msaa"):
    for thing in made:
        thing.despawn() if isinstance(thing, lw.Entity) else thing.destroy()
    made.clear()
    app.view.transparency, app.view.antialias, app.view.exposure = transparency, antialias, 1.0


def layers(transparency, order, antialias="msaa"):
    """Coplanar layers (light, alpha) before a wall of 0.2, in this order."""
    begin(transparency, antialias)
    wall(0.2, z=-1.0)
    for linear, alpha in order:
        wall(linear, alpha)


def kinds(transparency, antialias="msaa"):
    """One layer of everything that blends, under lights, fog and exposure."""
    begin(transparency, antialias)
    app.view.exposure = 1.7
    app.fog.density, app.fog.start_m = 0.05, 1.0
    wall(0.1, z=-1.0)
    keep(app.light("point", position=(0, 0, 3), intensity=30.0))
    lit, unlit = lw.Material(color=(0.2, 0.5, 0.9, 0.5)), lw.Material(color=(1, 0.6, 0.1, 0.3), unlit=True)
    for x, look in ((-1.8, lit), (-0.6, unlit), (0.6, lw.Material(color=(1, 1, 1, 0.5), shader=rose))):
        keep(app.spawn(lw.Mesh.sphere(0.5), look, position=(x, 0.8, 0)))
    keep(app.points(np.array([(-1.0, -0.9, 0), (0.0, -0.9, 0)]), color=(0.2, 1.0, 0.3, 0.5), size=10.0))
    keep(app.lines([(0.8, -1.2, 0), (2.0, -0.6, 0)], color=(1.0, 0.9, 0.1, 0.4), width=6.0))
