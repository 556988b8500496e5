"""A car on hills: wheels with springs, a ground of numbers. The arrow keys drive; left alone it drives by itself."""

import math

import numpy as np

import layerw as lw

SIDE, CELLS = 120.0, 96
app = lw.App(title="A car")
app.sun.elevation, app.fog.density = math.radians(32), 0.004


def height(x, z):
    """Metres at places, the same for the picture and for physics."""
    return 1.6 * np.sin(0.09 * x) * np.cos(0.11 * z) + 0.5 * np.sin(0.31 * x + 0.2 * z)


x, z = np.meshgrid(*[np.linspace(-SIDE / 2, SIDE / 2, CELLS + 1)] * 2)
corner = np.arange(CELLS * (CELLS + 1)).reshape(CELLS, CELLS + 1)[:, :-1].ravel()
below = corner + CELLS + 1  # a cell is two triangles
faces = np.stack([corner, below, corner + 1, corner + 1, below, below + 1], axis=1).ravel()
places = np.stack([x, height(x, z), z], axis=-1).reshape(-1, 3)
green = np.clip((places[:, 1:2] + 2.2) / 4.4, 0, 1) * (0.5, 0.35, 0.2) + (0.18, 0.3, 0.12)
app.spawn(lw.Mesh(places, faces, colors=green), lw.Material(roughness=1.0), body=lw.Body("static", shape="mesh"))

frame = app.spawn(lw.Mesh.box(1.7, 0.5, 3.8), lw.Material(color="tomato", roughness=0.3, clearcoat=1.0),
                  position=(0, 2.6, 0), body=lw.Body(mass=900.0))
app.spawn(lw.Mesh.box(1.4, 0.5, 1.7), lw.Material(color="#20252c", roughness=0.1), position=(0, 0.45, 0.3),
          parent=frame)
car = app.physics.vehicle(frame, [(x, -0.25, z) for z in (-1.3, 1.3) for x in (-0.85, 0.85)], radius=0.42)
tyres = app.spawn_many(lw.Mesh.sphere(0.42), 4, lw.Material(color="#181818", roughness=0.9))
tyres.parent = frame
tyres.scale = (0.55, 1, 1)


@app.frame
def drive(dt):
    push, steer = app.input.axis("ArrowDown", "ArrowUp"), app.input.axis("ArrowLeft", "ArrowRight")
    alone = push == 0 and steer == 0
    car.throttle = (0.6 if car.speed < 8 else 0.0) if alone else max(push, 0.0)
    car.brake = max(-push, 0.0)
    car.steer = 0.25 * math.sin(0.5 * app.time_s) + 0.15 if alone else 0.5 * steer
    tyres.position = car.wheels
    app.camera.position = np.add(frame.position, (6.5, 3.4, 6.5))
    app.camera.look_at(frame.position)
