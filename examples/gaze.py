"""A crowd of eyes: 300 heads turn to whatever passes, each as fast as it can, by quaternions of all at once."""

import math

import numpy as np

import layerw as lw

app = lw.App(title="Gaze")
app.sun.elevation, app.sun.azimuth = math.radians(50), math.radians(20)
app.camera.position = (0, 7.5, 13)
app.camera.look_at((0, 0.4, 0.5))
app.spawn(lw.Mesh.plane(60, 60), lw.Material(color="#38424f", roughness=0.9), static=True)
eye = lw.Mesh.merge([(lw.Mesh.sphere(0.42, 24), "white", (0, 0, 0)),
                     (lw.Mesh.sphere(0.27, 24), "#3a7a5a", (0, 0, 0.19)),
                     (lw.Mesh.sphere(0.15, 16), "black", (0, 0, 0.33))])
x, z = (axis.ravel() for axis in np.meshgrid(np.linspace(-10, 10, 20), np.linspace(-8, 6, 15)))
eyes = app.spawn_many(eye, len(x), lw.Material(roughness=0.25, clearcoat=1.0),
                      position=np.stack([x, 0 * x + 0.5, z], axis=1))
fly = app.spawn(lw.Mesh.sphere(0.2), lw.Material(color="gold", emissive="orange", emissive_strength=2.0),
                position=(0, 2, 0))
haste = np.random.default_rng(3).uniform(2.0, 7.0, (len(x), 1))
gaze = np.tile(np.float32((0, 0, 1)), (len(x), 1))


def turned(directions):
    """Quaternions (n, 4), xyzw, that turn +Z to unit vectors (n, 3): half way between both."""
    q = np.stack([-directions[:, 1], directions[:, 0], 0 * x, 1.001 + directions[:, 2]], axis=1)
    return q / np.linalg.norm(q, axis=1, keepdims=True)


@app.frame
def update(dt):
    global gaze
    t = 0.7 * app.time_s
    fly.position = (8 * math.sin(t), 3.0 + math.sin(3.1 * t), 2.5 * math.sin(1.7 * t) + 7)
    wanted = fly.position - eyes.position
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    gaze = gaze + (wanted - gaze) * np.minimum(haste * dt, 1.0)
    gaze = gaze / np.linalg.norm(gaze, axis=1, keepdims=True)
    eyes.rotation = turned(gaze)
