"""Light shafts: a low sun through a colonnade, in morning fog that is thicker near the ground."""

import math

import layerw as lw

app = lw.App(title="Light shafts")
app.sun.elevation, app.sun.azimuth = math.radians(14), math.radians(-62)
app.fog.density, app.fog.falloff, app.fog.shafts = 0.05, 0.08, 1.0
app.view.bloom = 0.05

app.spawn(lw.Mesh.plane(200, 200), lw.Material(color="#8a8275", roughness=0.9), static=True)
shaft, slab = lw.Mesh.cylinder(0.45, 6.0), lw.Mesh.box(2.8, 0.5, 1.4)
marble = lw.Material(color="#d9d2c3", roughness=0.6)
for x in range(-15, 16, 3):
    for z in (-6, 6):
        app.spawn(shaft, marble, position=(x, 3.0, z), static=True)
        app.spawn(slab, marble, position=(x, 6.25, z), static=True)


@app.frame
def walk(dt):
    app.sun.azimuth = math.radians(-62 + 12 * math.sin(0.3 * app.time_s))
    app.camera.position = (10 - 3 * math.cos(0.2 * app.time_s), 1.8, 2.0)
    app.camera.look_at((-8, 3.2, -4))
