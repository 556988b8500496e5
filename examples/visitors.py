"""Others on the island: `layerw serve examples/island.py`, then T in each page; B lights a beacon where one looks.

Everyone steers a camera of his own, at once. What others see of him is a kite that follows it, in his page and with the
same inputs on the server: never faster than SPEED_MAX, never below the ground. Beacons are the server's.
"""

from __future__ import annotations

import math

import numpy as np

import layerw as lw

SPEED_MAX, REACH_M, BEACONS = 600.0, 1200.0, 64  # m/s; how far away one may light a beacon; the oldest go out
COLORS = "tomato", "gold", "skyblue", "palegreen", "orchid", "white"


@lw.component(shared=True)
class Visitor:
    """Somebody's kite: all of it is predicted where he plays."""

    position: lw.f32x3 = lw.field(precision=1 / 64, interpolate=True)  # the entity's own, as the next two
    rotation: lw.f32x4 = lw.field((0, 0, 0, 1), precision=1 / 1024, interpolate=True)
    color: lw.u32 = 0xFFFFFFFF
    owner: lw.Player = None


@lw.component(shared=True)
class Beacon:
    """A light that somebody set."""

    position: lw.f32x3 = lw.field(precision=1 / 64)
    color: lw.u32 = 0xFFFFFFFF


class Visitors:
    """Those of an island; `update` once a frame."""

    def __init__(self, app: lw.App, island, fly: lw.FlyCamera) -> None:
        self.app, self.island, self.fly = app, island, fly
        self.tags: dict[int, lw.Label] = {}  # by the row of a kite
        self.join = app.actions.bind("together", "KeyT", "Gamepad.Start")
        self.mark = app.actions.bind("beacon", "KeyB", "Gamepad.North")
        self.told = None
        self._follow()
        self._decide()

    def _follow(self) -> None:
        """How kites move, on both sides."""
        far = 1e5

        @self.app.predict(Visitor, bounds={"to": (-far, far), "turn": (-math.tau, math.tau)})
        def follow(kite, dt, to: lw.f32x3, turn: lw.f32) -> None:
            place = kite.position.astype(np.float64)
            way = (to[0], max(to[1], self.ground(to) + 1), to[2]) - place
            place += way * min(1.0, SPEED_MAX * dt / max(math.hypot(*way), 1e-6))
            place[1] = max(place[1], self.ground(place) + 1)
            kite.position = place
            kite.rotation = np.round(lw.turned(y=turn), 3)

        @follow.input
        def wish():
            camera = self.app.camera
            return camera.position, math.remainder(camera.yaw, math.tau)

    def _decide(self) -> None:
        """What the server does: who comes gets a kite, and who asks for a beacon near himself gets one."""
        app, lit = self.app, []

        @app.rpc(to="server", rate=2.0)
        def light(player, at: lw.f32x3):
            own = [kite for kite in app.each(Visitor).entities if kite[Visitor].owner == player]
            if own and math.dist(own[0].position, at) < REACH_M:
                place = (at[0], self.ground(at) + 6, at[2])
                lit.append(app.spawn(*torch, position=place, color=own[0].color).add(Beacon))
                if len(lit) > BEACONS:
                    lit.pop(0).despawn()

        self.light = light
        if app.is_server:
            app.net.cell_m, app.net.radius = 1024, 5  # everyone is told of the whole island
            paper, glow = lw.Material(double_sided=True), lw.Material(emissive="white", emissive_strength=2)
            kite, torch = (lw.Mesh.cone(0.8, 2.4), paper), (lw.Mesh.capsule(0.5, 12), glow)

            @app.on_join
            def join(player):
                place = self.island.view_from if self.island.state == "ready" else (0, 500, 0)
                color = COLORS[player.number % len(COLORS)]
                app.spawn(*kite, position=place, color=color, owner=player).add(Visitor)

    def ground(self, place) -> float:
        """Metres: of land, or of the sea."""
        height = self.island.height(place[0], place[2]) if self.island.state == "ready" else 0.0
        return max(float(height), 0.0)

    def update(self, dt) -> None:
        """What one does and sees, in a page."""
        app, net = self.app, self.app.net
        if app.is_server:
            return
        if self.join.pressed:
            (app.connect if net.state == "alone" else app.disconnect)()
            self.told = self.told or app.ui.text("", anchor="top")
        if self.mark.pressed and net.state == "connected":
            hit = self.island.raycast(app.camera.position, app.camera.forward, max_distance=REACH_M)
            if hit is not None:
                self.light(hit.point)
        if self.told:
            names = ", ".join(one.name for one in net.players)
            self.told.text = "" if net.state == "alone" else f"{net.state}: {names}"
            self._name()

    def _name(self) -> None:
        """Names above the kites of others; one's own is where one looks from."""
        kites = {kite.first_row: kite for kite in self.app.each(Visitor).entities}
        for row in [row for row in self.tags if row not in kites]:
            self.tags.pop(row).destroy()
        names = {one.number: one.name for one in self.app.net.players}
        for row, kite in kites.items():
            kite.visible = kite[Visitor].owner != self.app.net.player
            if kite.visible and row not in self.tags:
                name = names.get(int(kite[Visitor].owner), "somebody")
                self.tags[row] = lw.Label(name, at=kite, position=(0, 2.5, 0), size=14, unit="px")
