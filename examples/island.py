"""Fly over a streamed island: `layerw run examples/island.py`.

WASD or arrows move, the mouse looks (click to lock the pointer), Shift is fast, Space and C rise and sink,
F switches between walking and flying, the wheel changes speed. On a touch screen the left half moves, the
right half looks. The world is baked with `layerw bake --procedural island examples/worlds/island`. With
`layerw serve examples/island.py` T brings one to the others who are there (visitors.py).
"""

import math

import numpy as np
from visitors import Visitors  # beside this file

import layerw as lw

app = lw.App(
    title="Island",
    overlay=True,
    pointer_lock=True,
    budgets=lw.Budgets(heap_mib=512, layer_mib=128, gpu_mib=384),
    screen_error_px=8,
)

# Light and air: an afternoon sun, haze that thickens over the water.
app.sun.elevation = math.radians(33)
app.sun.azimuth = math.radians(238)
app.fog.density = 0.00016
app.fog.falloff = 0.0014
app.sea.level = 0.0

island = app.stream("worlds/island")
fly = lw.FlyCamera(app, speed=60, floor=1.5)
visitors = Visitors(app, island, fly)


def plant(lods, count, material, *, seed, size, tint, **rules):
    """Scatter `count` copies over the island, each turned, sized and tinted a little differently."""
    rng = np.random.default_rng(seed)
    points = lw.scatter(island.heights, count, area=island.area, seed=seed, **rules)
    rotation = lw.turned(y=rng.uniform(0, math.tau, count))
    scale = rng.uniform(*size, (count, 1)) * rng.uniform(0.9, 1.1, (count, 3))
    shade = rng.uniform(1 - tint, 1, (count, 1)) * rng.uniform(0.92, 1, (count, 3))
    return app.spawn_many(
        lods, count, material, position=points, rotation=rotation, scale=scale, color=shade, static=True
    )


@island.on_ready
def grow():
    """The terrain's heights are here: plant the woods, drop the rocks, stand at the viewpoint."""
    if app.is_server:
        return  # nobody looks there
    leaves = lw.Material(roughness=0.9, wind=0.35)
    stone = lw.Material(roughness=0.95)
    wood, meadow, peak = (4, 520), (2.5, 160), (1, 1100)
    plant(lw.flora.conifer(seed=1), 46_000, leaves, seed=1, size=(0.6, 1.5), tint=0.35,
          height=wood, slope_max=math.radians(36), patches_m=190)
    plant(lw.flora.conifer(seed=7, color="#3d6238"), 24_000, leaves, seed=2, size=(0.5, 1.2), tint=0.3,
          height=wood, slope_max=math.radians(38), patches_m=90)
    plant(lw.flora.broadleaf(seed=2), 22_000, leaves, seed=3, size=(0.6, 1.3), tint=0.35,
          height=meadow, slope_max=math.radians(24), patches_m=140)
    plant(lw.flora.rock(seed=3), 9_000, stone, seed=4, size=(0.3, 1.6), tint=0.4,
          height=peak, slope_max=math.radians(50), sink_m=0.2)
    plant(lw.flora.rock(seed=9, color="#77726a", size_m=4), 1_500, stone, seed=5, size=(0.5, 1.8), tint=0.4,
          height=(-2, 900), slope_max=math.radians(60), sink_m=0.8)
    fly.ground = island.height
    x, y, z = island.view_from
    # Grass and stones where one stands, wherever that is; nobody sees them from afar.
    blades = lw.Material(roughness=0.8, wind=0.5, double_sided=True)
    for color, seed, low, patches_m in (("#8f8a4c", 6, 1.2, 14), ("#66763a", 5, 2.5, 33)):
        lw.GroundCover(app, island.heights, lw.flora.grass(color=color, seed=seed), blades, per_m2=1.2, reach_m=70,
                       height=(low, 500), slope_max=math.radians(40), patches_m=patches_m, size=(0.5, 1.5), seed=seed)
    lw.GroundCover(app, island.heights, lw.flora.rock(seed=8, size_m=0.35), stone, per_m2=0.02, reach_m=80,
                   height=(-1, 900), slope_max=math.radians(50), size=(0.15, 1.6), tint=0.4, seed=8)
    app.camera.position = np.array((x, y + 3, z))
    app.camera.look_at(island.view_to)


@app.frame
def update(dt):
    fly.update(dt)
    visitors.update(dt)
