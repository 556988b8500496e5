"""A herd of our own animal runs at a wall, goes limp where it hits, gets up and runs off to try again.

Enter knocks one over; Space: all get up.

`layerw run examples/ragdolls.py`
"""

import base64

from fox.animal import animal_glb  # of the game beside this file

import layerw as lw

COUNT, SPEED, WALL, REST_S = 6, 3.4, 6.0, 4.0
AHEAD, BACK = (0, 0, 0, 1), (0, 1, 0, 0)  # quaternions
app = lw.App(title="Ragdolls")
app.spawn(lw.Mesh.box(60, 1, 60), lw.Material(color="#66763f", roughness=1.0), position=(0, -0.5, 0),
          body=lw.Body("static"))  # fmt: skip
app.camera.position = (10, 4, -2)
app.camera.look_at((0, 0.5, 3.5))
address = "data:model/gltf-binary;base64," + base64.b64encode(animal_glb()).decode()
places = [(1.1 * (k % 9) - 4.4, 0.3 + 0.62 * (k // 9), WALL) for k in range(36)]
crates = app.spawn_many(lw.Mesh.box(1, 0.6, 0.5), len(places), lw.Material(color="#b08858"), position=places)
app.physics.add(crates, "dynamic", density=60.0)
runners = []


class Runner:
    """An animal that runs until something stops it."""

    def __init__(self, number):
        self.lane, self.lying, self.way = 1.5 * (number - (COUNT - 1) / 2), 0.0, 1
        self.model = app.load(address, position=(self.lane, 0, -6 - 2 * (number % 3)))
        self.model.on_ready(self.ready)

    def ready(self):
        self.doll = app.physics.ragdoll(self.model, mass=12.0, limits=0.8)
        self.model.play("Run")
        runners.append(self)

    def fall(self, velocity=(0, 2.0, SPEED)):
        if not self.doll.limp:
            self.doll.start(velocity)
            self.lying = 0.0

    def rise(self):
        if self.doll.limp:
            x, _, z = self.doll.position
            self.doll.stop(fade=0.6)
            self.model.root.position = (x, 0, z)
            self.turn(-1)

    def turn(self, way):
        self.way = way
        self.model.root.rotation = AHEAD if way > 0 else BACK

    def step(self, dt):
        self.lying += dt
        if self.doll.limp and self.lying > REST_S:
            self.rise()
        elif not self.doll.limp and self.doll.weight == 0:
            self.model.root.position += (0, 0, SPEED * self.way * dt)
            x, _, z = self.model.root.position
            if self.way > 0 and app.physics.sweep("sphere", 0.25, (x, 0.6, z + 0.3), (0, 0, 0.4)):
                self.fall()
            elif self.way * z > WALL + 6:
                self.turn(-self.way)


for k in range(COUNT):
    Runner(k)


@app.frame
def step(dt):
    for runner in runners:
        runner.step(dt)
        if app.input.pressed("Space"):
            runner.rise()
    if app.input.pressed("Enter") and runners:
        min(runners, key=lambda one: one.model.root.position[2]).fall((0, 5.0, 0))
