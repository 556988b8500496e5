"""Words and widgets above the picture: `layerw run examples/ui.py`.

Click, drag, or press Tab to walk through them and Escape to go back to the picture, where the arrow keys turn the thing
and P pauses. In the dialog a gamepad walks, too.
"""

import math

import numpy as np

import layerw as lw

HELP = """# Words and widgets
They are **real HTML**: try the *keyboard*, a screen reader, a finger, or `Ctrl +`.
- Tab walks, Escape goes back to the picture
- P pauses"""
SHAPES = {"box": lw.Mesh.box(1.6, 1.6, 1.6), "ball": lw.Mesh.sphere(1.0), "cone": lw.Mesh.cone(1.0, 1.8)}

app = lw.App(title="Words and widgets")
app.sun.elevation = math.radians(35)
app.spawn(lw.Mesh.plane(40, 40), lw.Material(color="#5a6650", roughness=1.0), static=True)
skin = lw.Material(color="tomato", roughness=0.4)
things = {name: app.spawn(mesh, skin, position=(0, 1.4, 0)) for name, mesh in SHAPES.items()}
app.camera.position = (0, 3.0, 7.0)
app.camera.look_at((0, 1.2, 0))

turns = app.ui.text("Turns 0")
energy = app.ui.bar("energy", value=1.0)
ramp = np.zeros((12, 176, 3), np.uint8)
ramp[:] = np.linspace((90, 160, 255), (255, 120, 60), 176)
app.ui.image(ramp, "from blue to orange")
with app.ui.at(things["box"], offset=(0, 1.5, 0)):
    tag = app.ui.text("a box")

with app.ui.panel("Thing"):
    speed = app.ui.slider("speed", 0.0, 10.0, value=1.0)
    size = app.ui.slider("size", 0.5, 2.0, value=1.0)
    shape = app.ui.select("shape", SHAPES)
    name = app.ui.input("name", placeholder="a box")
    named = app.ui.checkbox("show the name", value=True)

colors = app.ui.list("colour", ["tomato", "gold", "mediumseagreen", "steelblue", "orchid"], value=0, anchor="left")

with app.ui.row():
    pause = app.ui.button("Pause")
    about = app.ui.button("About")

with app.ui.dialog("Paused", visible=False) as menu:
    app.ui.text("Nothing moves until you go on.")
    with app.ui.grid(2):
        resume = app.ui.button("Go on")
        calm = app.ui.button("Calm down")

with app.ui.dialog("About", visible=False) as info:
    app.ui.markdown(HELP)
    understood = app.ui.button("I see")


@shape.on_change
def reshape(chosen):
    for each, thing in things.items():
        thing.visible = each == chosen
    tag.text = name.value or f"a {chosen}"


reshape(shape.value)


@size.on_change
def resize(value):
    for thing in things.values():
        thing.scale = value


@colors.on_change
def recolor(row):
    skin.color = colors.items[row]


@name.on_change
def rename(text):
    tag.text = text or f"a {shape.value}"


@named.on_change
def show_name(shown):
    tag.visible = shown


@pause
def stop():
    app.paused = menu.visible = True


@menu.on_dismiss
@resume
def go_on():
    app.paused = menu.visible = False


@calm
def slow_down():
    speed.value = 0.2
    go_on()


@about
def tell():
    info.visible = True


@info.on_dismiss
@understood
def read():
    info.visible = False


turned = 0.0


@app.frame
def update(dt):
    global turned
    if app.input.pressed("KeyP"):
        stop()
    by = (speed.value + 6 * app.input.axis("ArrowLeft", "ArrowRight")) * dt
    for thing in things.values():
        thing.rotate(y=by)
    turned += by
    turns.text = f"Turns {int(turned / math.tau)}"
    energy.value = max(0.0, 1 - speed.value / 10)
