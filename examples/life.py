"""Conway's Game of Life on a ball: numpy makes the next generation, a texture takes it, and a click sows more."""

import math

import numpy as np

import layerw as lw

ROWS, COLUMNS = 128, 256
app = lw.App(title="Life")
app.sky.zenith = app.sky.horizon = app.sky.ground = (0.004, 0.006, 0.012)
app.clouds.cover, app.sun.elevation, app.view.bloom = 0.0, math.radians(25), 0.1
app.camera.position = (0, 0.6, 2.6)
app.camera.look_at((0, 0, 0))
rng = np.random.default_rng(1)
alive = rng.random((ROWS, COLUMNS)) < 0.3
age = np.zeros((ROWS, COLUMNS))
picture = lw.Texture(np.zeros((ROWS, COLUMNS, 4), np.uint8), filter="nearest", mips=False)
globe = app.spawn(lw.Mesh.sphere(1.0, 64), lw.Material(color="#10141c", roughness=0.5, emissive="white",
                                                        emissive_texture=picture))


@app.every(0.1)
def generation():
    global alive, age
    around = sum(np.roll(alive, (y, x), (0, 1)).astype(np.int8) for y in (-1, 0, 1) for x in (-1, 0, 1)) - alive
    alive = (around == 3) | (alive & (around == 2))
    age = np.where(alive, 1.0, age * 0.9)  # what died glows on
    red, green, blue = age**6, 0.85 * age**2, 0.25 + 0.75 * age
    shown = np.stack([red, green, blue * (age > 0.02), np.ones_like(age)], axis=-1)
    picture.update(0, 0, (255 * shown).astype(np.uint8))


@app.frame
def turn(dt):
    globe.rotate(y=0.15 * dt)
    if app.input.clicked():
        row, column = rng.integers(0, ROWS - 24), rng.integers(0, COLUMNS - 24)
        alive[row : row + 24, column : column + 24] |= rng.random((24, 24)) < 0.4


generation()
