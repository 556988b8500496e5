"""A ball under a picture of light; the test sets which, and how the ball is made."""

import base64
import math

import numpy as np

import layerw as lw

app = lw.App()
app.quality = "low"
app.view.tone_map, app.view.bloom, app.view.antialias, app.view.scale = "neutral", 0.0, "none", 1.0
app.sky.exposure = 1.0
look = lw.Material(color="white", specular=0.0, roughness=1.0)
ball = app.spawn(lw.Mesh.sphere(1.0, 32), look)
app.camera.position = (0, 0, 4)
app.camera.look_at((0, 0, 0))


def even(radiance):
    app.environment = lw.Environment(np.full((16, 32, 3), radiance, np.float32))


def sided():
    """Red to the right of what is ahead, blue to its left, green from 60 degrees up."""
    pixels = np.zeros((64, 128, 3), np.float32)
    pixels[:, 64:, 0] = pixels[:, :64, 2] = 0.5
    pixels[: 64 // 6] = (0, 0.5, 0)
    app.environment = lw.Environment(pixels)


def from_file():
    """The same, as a Radiance file without runs."""
    rgbe = np.zeros((64, 128, 4), np.uint8)
    rgbe[..., 3] = 128
    rgbe[:, 64:, 0] = rgbe[:, :64, 2] = 128
    rgbe[: 64 // 6] = (0, 128, 0, 128)
    data = b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 64 +X 128\n" + rgbe.tobytes()
    app.environment = lw.Environment("data:image/vnd.radiance;base64," + base64.b64encode(data).decode())


def mirror(roughness):
    look.metallic, look.roughness, look.specular = 1.0, roughness, 1.0


def face(turns):
    yaw = 2 * math.pi * turns
    app.camera.position = (4 * math.sin(yaw), 0, 4 * math.cos(yaw))
    app.camera.look_at((0, 0, 0))
