"""A night market: 240 lanterns drift above wet ground, three spots turn on a wheel, and the moon is up."""

import math

import numpy as np

import layerw as lw

app = lw.App(title="Lamps")
rng = np.random.default_rng(7)

# Night: the sun gives nothing, the sky very little, and a moon is a directional light.
app.sun.intensity = 0.0
app.sky.zenith, app.sky.horizon, app.sky.ground = (0.004, 0.007, 0.02), (0.012, 0.015, 0.03), (0.002, 0.002, 0.003)
app.sky.twilight = False
app.fog.color, app.fog.density = (0.012, 0.016, 0.03), 0.006
app.light("directional", direction=(0.4, -1.0, -0.3), color="#9db8ff", intensity=0.12)
app.view.exposure, app.view.bloom, app.view.tone_map = 2.0, 0.05, "agx"
app.camera = lw.Camera((0, 3.2, 17))

app.spawn(lw.Mesh.plane(120, 120), lw.Material(color="#565049", roughness=0.4), static=True)
stalls = app.spawn_many(lw.Mesh.box(1.6, 1.0, 1.0), 90, lw.Material(roughness=0.8), static=True,
                        position=rng.uniform((-22, 0.5, -34), (22, 0.5, 8), (90, 3)),
                        rotation=[(0, math.sin(a), 0, math.cos(a)) for a in rng.uniform(0, math.pi, 90)],
                        color=rng.uniform(0.25, 0.75, (90, 3)))  # fmt: skip
pillar = app.spawn(lw.Mesh.cylinder(0.7, 5.0), lw.Material(color="white", roughness=0.25, metallic=0.9),
                   position=(0, 2.5, 0))  # fmt: skip

# Lanterns: entities that shine in their own colour.
lanterns = app.spawn_many(lw.Mesh.sphere(0.09), 240, lw.Material(emissive=(0.9, 0.6, 0.35)))
home = rng.uniform((-24, 0.9, -36), (24, 2.6, 10), (240, 3)).astype(np.float32)
phase = rng.uniform(0, 2 * math.pi, 240)
lanterns.position = home
lanterns.color = np.array([(1.0, 0.62, 0.25), (1.0, 0.36, 0.2), (1.0, 0.8, 0.5), (0.35, 0.65, 1.0)])[
    rng.choice(4, 240, p=(0.5, 0.2, 0.2, 0.1))]
lanterns.add(lw.Light, intensity=2.6, range=4.5)

# Three spots on a wheel around the pillar: they turn with their parent.
wheel = app.spawn(lw.Mesh.box(0.01), position=(0, 6.5, 0))
for number, color in enumerate(("#ff3b6b", "#3bffb0", "#5a7bff")):
    angle = number * 2 * math.pi / 3
    place = np.array((math.cos(angle), 0.0, math.sin(angle)))
    app.light("spot", position=place * 5, direction=-place * 5 + (0, -5.0, 0), color=color, intensity=110.0, range=16.0,
              inner_angle=0.16, outer_angle=0.3, parent=wheel)  # fmt: skip

time = 0.0


@app.frame
def update(dt):
    global time
    time += dt
    wheel.rotate(y=0.5 * dt)
    lanterns.position[:, 1] = home[:, 1] + 0.18 * np.sin(0.9 * time + phase)
    lanterns[lw.Light].intensity[:] = 2.6 + 0.4 * np.sin(7.0 * time + 5 * phase)  # flames flicker
    app.camera.position = (15 * math.sin(0.06 * time), 4.2, 17 * math.cos(0.06 * time))
    app.camera.look_at((0, 1.6, -2))
