"""A television: its screen is a canvas of the page around it (page.html, screen.js). Without that page, a test card."""

import math

import numpy as np

import layerw as lw

app = lw.App(title="Television")
app.sun.intensity = 0.05
app.sky.zenith = app.sky.horizon = app.sky.ground = (0.02, 0.022, 0.03)
app.sky.twilight = False
app.view.bloom = 0.06

tv = lw.Texture.live("screen")
bars = np.array([(191, 191, 191), (191, 191, 0), (0, 191, 191), (0, 191, 0), (191, 0, 191), (191, 0, 0), (0, 0, 191)])
card = lw.Texture(np.broadcast_to(bars.astype(np.uint8), (1, 7, 3)), filter="nearest", wrap="clamp")
# Black glass that glows. The first picture of the page comes because something asks for it.
glass = lw.Material(color="black", roughness=0.2, base_color_texture=tv, emissive="white", emissive_texture=card)


@tv.on_ready
def picture():
    glass.emissive_texture = tv


W, H = 1.6, 0.9
screen = lw.Mesh([(-W, -H, 0), (W, -H, 0), (W, H, 0), (-W, H, 0)], [0, 1, 2, 0, 2, 3],
                 uvs=[(0, 1), (1, 1), (1, 0), (0, 0)])  # fmt: skip
app.spawn(lw.Mesh.plane(30, 30), lw.Material(color="#6b5648", roughness=0.35), static=True)
app.spawn(lw.Mesh.box(30, 8, 0.2), lw.Material(color="#7d8894"), position=(0, 4, -1.6), static=True)
app.spawn(lw.Mesh.box(4.4, 0.7, 1.1), lw.Material(color="#4a3526", roughness=0.5), position=(0, 0.35, -0.4))
app.spawn(lw.Mesh.box(3.5, 2.1, 0.25), lw.Material(color="#17181b", roughness=0.3), position=(0, 1.8, -0.2))
app.spawn(screen, glass, position=(0, 1.8, -0.07))
app.light("point", position=(2.5, 3.8, 4.0), color="#bcd0ff", intensity=60.0, range=14.0)
app.light("point", position=(-3.2, 2.6, 0.4), color="#ffb46b", intensity=16.0, range=9.0)
app.spawn(lw.Mesh.sphere(0.22), lw.Material(emissive="#ffb46b"), position=(-3.2, 2.2, -0.4))
time = 0.0


@app.frame
def update(dt):
    global time
    time += dt
    app.camera.position = (1.6 * math.sin(0.3 * time), 2.1, 6.2)
    app.camera.look_at((0, 1.6, 0))
