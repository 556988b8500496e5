"""What people brought: a fire, a tent, lanterns."""

from __future__ import annotations

import math

import numpy as np
from patterns import noise
from woods import log

import layerw as lw


def build(app, stone, timber):
    """Lights a fire at the origin, with logs to sit on, and fireflies about it; returns its lamp."""
    for turn in range(12):
        at = (0.62 * math.cos(turn * math.tau / 12), 0.03, 0.62 * math.sin(turn * math.tau / 12))
        app.spawn(lw.flora.rock(size_m=0.3, seed=turn), stone, position=at).rotate(y=turn * 0.5)
    billet, seat = log(1.0, 0.07), log()
    for turn in (0.2, 1.3, 2.4):
        app.spawn(billet, timber, position=(0, 0.14, 0)).rotate(z=0.22, y=turn)
    for x, z, turn in ((-1.9, 0.3, 1.75), (0.6, -1.9, 0.1)):
        app.spawn(seat, timber, position=(x, 0.18, z)).rotate(y=turn)
    flames(app)
    app.emitter(rate=26, lifetime=(3, 6), speed=(0.05, 0.3), spread=3.0, shape="box", box=(9.0, 1.0, 9.0), gravity=0.0,
                drag=0.6, size=0.02, color=["#d8ff5000", "#d8ff50", "#d8ff5010", "#d8ff50", "#d8ff5000"],
                brightness=9.0, additive=1.0, turbulence=1.2, turbulence_m=1.5, position=(0, 1.1, 0))  # fmt: skip
    lamp = app.light("point", position=(0, 0.75, 0), color="#ff9d55", intensity=17.0, range=24.0)
    lamp.shadows = True
    return lamp


def flames(app):
    """Fire, sparks and smoke."""
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    round_off = np.clip(1.3 - 1.3 * np.hypot(x, y), 0, 1)
    puffs = np.ones((64, 256, 4))
    puffs[..., 3] = np.hstack([round_off * noise(np.random.default_rng(n), side=64) ** 1.5 for n in range(4)])
    wisp = lw.Texture(puffs)
    app.emitter(wisp, frames=(4, 1), rate=170, lifetime=(0.5, 1.1), speed=(0.3, 0.8), spread=0.3,
                shape="disc", radius=0.28, gravity=-1.9, drag=0.7, size=(0.22, 0.42, 0.28, 0.06),
                color=["#ffc46000", "#ff9a3090", "#ff501870", "#b0180000"], brightness=2.6, additive=0.95,
                turbulence=2.5, turbulence_m=0.4, wind=0.1, stretch=0.25, fade=0.15, position=(0, 0.15, 0))  # fmt: skip
    app.emitter(rate=40, lifetime=(0.8, 2.6), speed=(1.2, 2.8), spread=0.5, shape="disc", radius=0.2, gravity=-0.3,
                drag=0.9, size=0.018, color=["#ffd27a", "#ff8a2a", "#ff300000"], brightness=12.0, additive=1.0,
                turbulence=7.0, turbulence_m=0.6, wind=0.2, stretch=0.03, position=(0, 0.3, 0))  # fmt: skip
    app.emitter(wisp, frames=(4, 1), rate=10, lifetime=(3.5, 6.0), speed=(0.5, 0.8), spread=0.25,
                shape="disc", radius=0.2, gravity=-0.5, drag=0.5, size=(0.4, 1.2, 2.4), lit=True,
                turbulence=0.6, wind=0.25, spin=(-0.5, 0.5),
                color=["#50484400", "#504a4640", "#50505026", "#50505000"], fade=0.5, position=(0, 0.9, 0))  # fmt: skip


def tent(app, position, turn):
    """A ridge tent of cloth, its door half open, somebody awake in it."""
    cloth = lw.Material(color="#c8893c", roughness=0.9, double_sided=True, emissive="#ff9a40", emissive_strength=0.05)
    corners = np.array(((-1.1, 0, -1.4), (-1.1, 0, 1.4), (0, 1.5, -1.4), (0, 1.5, 1.4), (1.1, 0, -1.4), (1.1, 0, 1.4),
                        (-0.15, 0, 1.4)))  # fmt: skip
    faces = (0, 1, 3, 0, 3, 2, 2, 3, 5, 2, 5, 4, 0, 2, 4, 1, 6, 3)
    app.spawn(lw.Mesh(corners[list(faces)], np.arange(len(faces))), cloth, position=position).rotate(y=turn)
    x, y, z = position
    app.light("point", position=(x, y + 0.6, z), color="#ffb060", intensity=3.0, range=4.0).shadows = True


def lantern(app, timber, position):
    """A lamp of glass under a roof, on a post."""
    iron = lw.Material(color="#26221f", roughness=0.5, metallic=0.8)
    glass = lw.Material(color="#ffe0a0", emissive="#ffb050", emissive_strength=9.0)
    x, y, z = position
    app.spawn(lw.Mesh.box(0.08, 1.45, 0.08), timber, position=(x, y + 0.7, z))
    app.spawn(lw.Mesh.cylinder(0.045, 0.15, 12), glass, position=(x, y + 1.52, z)).casts_shadow = False
    app.spawn(lw.Mesh.box(0.15, 0.02, 0.15), iron, position=(x, y + 1.435, z))
    app.spawn(lw.Mesh.cone(0.13, 0.1, 4), iron, position=(x, y + 1.655, z)).rotate(y=math.pi / 4)
    for u, w in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        app.spawn(lw.Mesh.box(0.01, 0.17, 0.01), iron, position=(x + 0.065 * u, y + 1.525, z + 0.065 * w))
    app.light("point", position=(x, y + 1.53, z), color="#ffae5c", intensity=7.0, range=11.0).shadows = True
