"""Words and widgets above the picture: `layerw run examples/ui.py`.

Click, drag, or press Tab to walk through them and Escape to go back to the picture; the arrow keys turn the cube.
"""

import math

import layerw as lw

COLORS = ("tomato", "gold", "mediumseagreen", "steelblue", "orchid")

app = lw.App(title="Words and widgets")
app.sun.elevation = math.radians(35)
app.spawn(lw.Mesh.plane(40, 40), lw.Material(color="#5a6650", roughness=1.0), static=True)
skin = lw.Material(color=COLORS[0], roughness=0.4)
cube = app.spawn(lw.Mesh.box(1.6, 1.6, 1.6), skin, position=(0, 1.4, 0))
app.camera.position = (0, 3.0, 7.0)
app.camera.look_at((0, 1.2, 0))

turns = app.ui.text("Turns 0")
speed = app.ui.slider("speed", 0.0, 10.0, value=1.0)
size = app.ui.slider("size", 0.5, 2.0, value=1.0)
turned = 0.0


@app.ui.button("Another colour")
def recolor():
    skin.color = COLORS[(COLORS.index(skin.color) + 1) % len(COLORS)]


@size.on_change
def resize(value):
    cube.scale = value


@app.frame
def update(dt):
    global turned
    by = (speed.value + 6 * app.input.axis("ArrowLeft", "ArrowRight")) * dt
    cube.rotate(y=by)
    turned += by
    turns.text = f"Turns {int(turned / math.tau)}"
