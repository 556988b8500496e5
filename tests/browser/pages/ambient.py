"""What stands around hides the sky; test_ambient.py looks at it."""

import numpy as np

import layerw as lw

app = lw.App()
app.quality = "medium"
app.view.dither, app.shadows.enabled = 0.0, False
app.camera.position = np.array((0.0, 2.0, 6.0))
app.camera.look_at((0.0, 1.0, 0.0))
look = lw.Material(color="#808080", roughness=1.0)
floor = app.spawn(lw.Mesh.plane(200, 200), look)
walls = app.spawn(lw.Mesh.box(8, 4, 0.2), look, position=(0, 2, -2)), app.spawn(lw.Mesh.box(0.5, 0.5, 0.5), look)
walls[1].position = (1.5, 0.25, 1.5)


def show(corner, occlusion, contact=False, sky=True, near=False):
    for wall in walls:
        wall.visible = corner
    app.ambient.occlusion, app.ambient.contact = occlusion, contact
    app.sky.zenith = app.sky.horizon = app.sky.ground = (0.8, 0.8, 0.8) if sky else (0, 0, 0)
    app.sun.intensity = 0.0 if sky else 6.0
    app.camera.position = np.array((1.5, 1.0, 3.5) if near else (0.0, 2.0, 6.0))
    app.camera.look_at((1.5, 0.2, 1.5) if near else (0.0, 1.0, 0.0))
    app.sun.azimuth, app.sun.elevation = 1.2, 0.6


def sea(reflections):
    """A red wall that stands in the sea."""
    show(True, 1.0)
    walls[0].color = "red"
    app.sea.level, app.sea.roughness, app.ambient.reflections = 0.5, 0.0, reflections
    app.camera.position = np.array((0.0, 1.6, 6.0))
    app.camera.look_at((0.0, 1.2, 0.0))
