"""A room that light probes know, and wet ground with a roof; test_probes.py looks at it."""

import numpy as np

import layerw as lw
from layerw.frame import probes as frame_probes

frame_probes.BUDGET_MS = 1e9  # whole cubes, however slow the machine is
app = lw.App()
app.quality = "low"
app.view.dither, app.sun.intensity, app.view.antialias = 0.0, 0.0, "none"
app.sky.zenith = app.sky.horizon = app.sky.ground = (0.1, 0.2, 0.9)
COLOR = (0.5, 0.3, 0.2)
white = lw.Material(color="white", roughness=1.0)
inside = [app.spawn(lw.Mesh.box(8, 4, 8), lw.Material(color=COLOR, unlit=True, double_sided=True), position=(0, 2, 0)),
          app.spawn(lw.Mesh.box(0.1, 4, 8), lw.Material(color="red", unlit=True), position=(3.9, 2, 0))]
balls = [app.spawn(lw.Mesh.sphere(0.4), white, position=(-0.8, 1.6, 1.0)),
         app.spawn(lw.Mesh.sphere(0.4), lw.Material(color="white", metallic=1.0, roughness=0.05),
                   position=(0.8, 1.6, 1.0))]  # fmt: skip
gray = lw.Material(color="#808080", roughness=1.0)
outside = [app.spawn(lw.Mesh.plane(60, 60), gray), app.spawn(lw.Mesh.box(5, 0.2, 5), gray, position=(-3, 2.5, 0)),
           app.spawn(lw.Mesh.box(5, 2, 0.2), lw.Material(color="red", unlit=True), position=(3, 1, -3))]
made = []


def room(red):
    for thing in outside:
        thing.visible = False
    inside[1].visible = red
    app.camera.position = np.array((0.0, 1.6, 3.0))
    app.camera.look_at((0.0, 1.6, 0.0))


def look():
    made[:] = [app.light_probes((0, 2, 0), (7.6, 3.6, 7.6), 4.0), app.reflection_probe((0, 2, 0), (7.8, 4, 8))]


def ready():
    return made[0].progress == 1 and made[1].ready


def from_file(path):
    made[0].close()
    made[0] = app.light_probes((0, 2, 0), (7.6, 3.6, 7.6), 4.0, file=path)


def end():
    for probe in made:
        probe.close()
    made.clear()


def ground():
    for thing in (*inside, *balls):
        thing.visible = False
    for thing in outside:
        thing.visible = True
    app.sky.zenith = app.sky.horizon = app.sky.ground = (0.8, 0.8, 0.8)
    app.camera.position = np.array((0.0, 1.8, 7.0))
    app.camera.look_at((0.0, 0.8, 0.0))


def weather(wetness, rain=0.0, reflections=True, quality="low"):
    app.quality = quality
    app.ambient.occlusion, app.ambient.contact, app.ambient.reflections = 0.0, False, reflections
    app.weather.wetness, app.weather.rain = wetness, rain


def under(roof):
    """Below the roof, before a wall."""
    outside[1].visible = roof
    outside[2].position = (-3.0, 1.2, -2.0)
    app.camera.position = np.array((-3.0, 1.2, 2.0))
    app.camera.look_at((-3.0, 1.2, 0.0))


room(False)
