"""A camp fire at dusk: fire, smoke and sparks on the GPU, a lamp that flickers, scorched ground.

    layerw run examples/fire.py
"""

import math

import numpy as np

import layerw as lw

app = lw.App("Camp fire")
app.sun.elevation = math.radians(-3)
app.view.bloom = 0.06
app.camera.position = (0, 1.3, 3.2)
app.camera.look_at((0, 0.7, 0))
rng = np.random.default_rng(4)

app.spawn(lw.Mesh.plane(80, 80), lw.Material(color="#5b5546", roughness=0.95), static=True)
stone = lw.Material(color="#77736c", roughness=0.9)
for turn in np.arange(0, math.tau, math.tau / 13):
    place = (0.75 * math.cos(turn), 0.06, 0.75 * math.sin(turn))
    app.spawn(lw.Mesh.sphere(0.5, 8), stone, position=place, scale=rng.uniform(0.18, 0.32, 3)).rotate(y=turn)
for turn in (0.3, 1.4, 2.5):
    log = app.spawn(lw.Mesh.box(0.15, 0.15, 1.2), lw.Material(color="#2d1f16", roughness=1.0), position=(0, 0.16, 0))
    log.rotate(x=0.22, y=turn)

y, x = np.mgrid[-1:1:64j, -1:1:64j]
ash = np.zeros((64, 64, 4))
ash[..., 3] = np.clip(1.15 - np.hypot(x, y), 0, 1) * 0.9
app.decal(lw.Texture(ash), position=(0, 0, 0), size=(3, 3, 0.3))

blobs = [np.exp(-((x - u) ** 2 + (y - v) ** 2) / 0.02) for u, v in rng.normal(0, 0.33, (80, 2))]
puffs = [np.sum(blobs[n * 20 : n * 20 + 20], axis=0) * np.clip(1.3 - 1.3 * np.hypot(x, y), 0, 1) for n in range(4)]
wisps = np.ones((64, 256, 4))
wisps[..., 3] = np.clip(np.hstack([puff / puff.max() for puff in puffs]) * 1.2, 0, 1)
puff = lw.Texture(wisps)

hearth = app.spawn(lw.Mesh.sphere(0.01), position=(0, 0.2, 0))
app.emitter(puff, frames=(4, 1), rate=130, lifetime=(0.5, 1.1), speed=(0.3, 0.8), spread=0.3, shape="disc", radius=0.3,
            gravity=-1.9, drag=0.7, size=(0.3, 0.5, 0.32, 0.1),
            color=["#ffc46000", "#ff9a3090", "#ff501870", "#b0180000"], brightness=3.0, additive=0.95,
            turbulence=2.5, turbulence_m=0.4, wind=0.1, stretch=0.25, fade=0.15, parent=hearth)
smoke = app.emitter(puff, frames=(4, 1), rate=14, lifetime=(3.5, 5.5), speed=(0.5, 0.8), spread=0.25, shape="disc",
                    radius=0.2, gravity=-0.5, drag=0.5, size=(0.4, 1.2, 2.2), lit=True, turbulence=0.6, wind=0.25,
                    color=["#50484400", "#504a4660", "#50505038", "#50505000"], spin=(-0.5, 0.5), fade=0.5,
                    position=(0, 0.9, 0))
app.emitter(rate=45, lifetime=(0.8, 2.2), speed=(1.2, 2.8), spread=0.5, shape="disc", radius=0.2, gravity=-0.3,
            drag=0.9, size=0.02, color=["#ffd27a", "#ff8a2a", "#ff300000"], brightness=10.0, additive=1.0,
            turbulence=7.0, turbulence_m=0.6, wind=0.2, stretch=0.03, fade=0.0, bounce=0.3, parent=hearth)
glow = app.light("point", position=(0, 0.7, 0), color="#ff9040", intensity=14.0, range=18.0)


@app.frame
def flicker(dt):
    t = app.time_s
    glow.intensity = 14.0 + 1.6 * math.sin(11 * t) + 1.2 * math.sin(17.3 * t + 1) + 0.8 * math.sin(29.1 * t)
