"""A spring floods a valley, seen as a map: a kernel draws the panel in Layer memory and the page shows it from there.

    layerw run examples/flood.py        drag on the map to pour more water

No triangle is drawn: `app.panel` gives the kernel its pixels, `show()` puts them above the canvas.
"""

import numpy as np

import layerw as lw
from layerw.physics import ShallowWater

COLUMNS, ROWS, CELL_M = 240, 160, 2.0
POUR_M, POUR_CELLS = 0.15, 7


def hills():
    """Heights in metres: a sum of ever smaller waves, and a valley that falls to the right."""
    random = np.random.default_rng(11)
    z, x = np.mgrid[0:ROWS, 0:COLUMNS]
    height = np.zeros((ROWS, COLUMNS))
    for octave in range(4):
        for _ in range(4):
            angle, phase = random.uniform(0, 2 * np.pi, 2)
            waves = 2**octave * 0.025 * (np.cos(angle) * x + np.sin(angle) * z)
            height += 3.5 / 2**octave * np.sin(waves + phase)
    bend = ROWS / 2 + 22 * np.sin(x / 33)
    return height + 16 * (1 - np.exp(-(((z - bend) / 30) ** 2))) - 0.06 * x


app = lw.App(title="Flood", budgets=lw.Budgets(memory_mib=16))
app.sky.zenith = app.sky.horizon = app.sky.ground = (0.03, 0.04, 0.05)
water = ShallowWater(app.memory, COLUMNS, ROWS, cell_m=CELL_M)
water.ground = ground = hills()
spring = np.unravel_index(np.argmin(ground[:, 8]), (ROWS, 1))[0]
water.add_source(8, float(spring), radius=4, rate=1.5)
low, high = float(ground.min()), float(ground.max())
app.watch("flood", water)
panel = app.panel(COLUMNS, ROWS, smooth=True)


def pour(column, row):
    """More water in a circle around a cell."""
    z, x = np.mgrid[0:ROWS, 0:COLUMNS]
    water.depth = water.depth + POUR_M * ((x - column) ** 2 + (z - row) ** 2 < POUR_CELLS**2)


@app.frame
def update(dt):
    width, height = app.input.size
    panel.scale = max(min(width / COLUMNS, height / ROWS), 0.1)
    panel.left, panel.top = (width - COLUMNS * panel.scale) / 2, (height - ROWS * panel.scale) / 2
    if app.input.button(0):
        x, y = app.input.pointer
        pour((x - panel.left) / panel.scale, (y - panel.top) / panel.scale)
    for _ in range(4):
        water.step(1 / 60)
    water.paint(panel, low=low, high=high, deep=4)
    panel.show()
