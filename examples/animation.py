"""An animal of our own idles, walks and runs, a clip fading into the next; the keys 1, 2 and 3 choose.

`layerw run examples/animation.py --mount models=FOLDER --query model=models/Fox.glb` shows any other animated model.
"""

import base64

from fox.animal import animal_glb  # of the game beside this file

import layerw as lw

CYCLE = ("Idle", "Walk", "Run", "Walk")
app = lw.App(title="Animation")
app.spawn(lw.Mesh.plane(60, 60), lw.Material(color="#66763f", roughness=1.0))
address = app.host.options().get("query", {}).get("model", "")
model = app.load(address or "data:model/gltf-binary;base64," + base64.b64encode(animal_glb()).decode())
app.camera.position = (2.2, 1.3, 1.8)
app.camera.look_at((0, 0.5, 0))


@model.on_ready
def ready():
    far = model.radius / 1.3
    app.camera.position = (2.2 * far, 1.3 * far, 1.8 * far)
    app.camera.look_at((0, 0.5 * far, 0))
    show(0)


def show(number):
    names = [name for name in CYCLE if name in model.animations] or model.animations
    if names:
        model.play(names[number % len(names)], fade=0.4)


@app.every(3.0)
def change():
    if model.state == "ready":
        change.number = getattr(change, "number", 0) + 1
        show(change.number)


@app.frame
def keys(dt):
    for number in range(3):
        if app.input.pressed(f"Digit{number + 1}") and model.state == "ready":
            show(number)
