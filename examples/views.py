"""Several cameras: a map in the corner, which alone shows markers, and a screen in the scene with another's picture."""

import math

import numpy as np

import layerw as lw

app = lw.App(title="Views")
app.sun.elevation = math.radians(38)
app.spawn(lw.Mesh.plane(60, 60), lw.Material(color="#5f7a4d", roughness=1.0), static=True)
for number in range(24):
    turn, away = 2.4 * number, 4 + 0.75 * number
    place = (away * math.sin(turn), 0.8 + 0.05 * number, away * math.cos(turn))
    app.spawn(lw.Mesh.box(1.2, 1.6 + 0.1 * number, 1.2), lw.Material(color="#c9b08a"), position=place, static=True)
car = app.spawn(lw.Mesh.box(0.9, 0.6, 1.8), lw.Material(color="tomato", roughness=0.3))
marker = app.spawn(lw.Mesh.cone(1.2, 2.4), lw.Material(color="yellow", unlit=True), position=(0, 6, 0), parent=car)
marker.layer, app.view.layers = 1, (0, 2)  # the main picture is without the marker; a new view draws all

above = lw.Camera(position=(0, 40, 0.01), projection=lw.Orthographic(height=48.0))
above.look_at((0, 0, 0))
app.add_view(above, viewport=(0.74, 0.02, 0.25, 0.4))

driver = lw.Camera()
picture = lw.Texture.target(320, 180)
app.add_view(driver, target=picture).layers = 0
screen = app.spawn(lw.Mesh.box(4.8, 2.7, 0.1), lw.Material(base_color_texture=picture, unlit=True),
                   position=(-4, 2.2, 11))
screen.rotate(y=0.25)
screen.layer = 2  # the driver's camera must not see the picture that it is just drawing
app.camera.position = (2, 4, 19)
app.camera.look_at((0, 1, 0))


@app.frame
def drive(dt):
    turn = 0.5 * app.time_s
    car.position = (7 * math.sin(turn), 0.3, 7 * math.cos(turn))
    car.rotation = (0, math.sin(turn / 2 + math.pi / 4), 0, math.cos(turn / 2 + math.pi / 4))
    ahead = (math.cos(turn), 0, -math.sin(turn))
    driver.position = np.add(car.position, (0, 1.1, 0))
    driver.look_at(driver.position + ahead)
