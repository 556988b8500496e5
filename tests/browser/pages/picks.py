"""Things that rays can't meet as they are drawn; see test_pick_drawn.py. The camera shows 1 metre as 10 pixels."""

import asyncio

import numpy as np

import layerw as lw

app = lw.App()
app.camera.position, app.camera.projection = (0, 0, 10), lw.Orthographic(height=10.0)
app.camera.look_at((0, 0, 0))
app.view.dither = 0.0
lift = lw.Shader("""fn surface(in: SurfaceIn) -> Surface { return default_surface(in); }
fn displace(in: DisplaceIn) -> vec3f { return in.position + vec3f(0.0, 1.5, 0.0); }""")
holes = np.full((2, 2, 4), 255, np.uint8)
holes[0, 0, 3] = 0  # the upper left quarter
cut = lw.Texture(holes, filter="nearest")
fading = np.zeros((2, 2, 4), np.uint8)
fading[:, 1] = 255, 120, 0, 120
fade = lw.Texture(fading, filter="nearest")

back = app.spawn(lw.Mesh.box(30, 30, 1), lw.Material(color="gray"), position=(0, 0, -5))
things = {
    "back": back,
    "box": app.spawn(lw.Mesh.box(2, 2, 2), lw.Material(color="tomato"), position=(-6, 3, 0)),
    "ball": app.spawn(lw.Mesh.sphere(1), lw.Material(color="gold"), position=(-3, 3, 0), static=True),
    "cut": app.spawn(lw.Mesh.box(2, 2, 0.2), lw.Material(base_color_texture=cut, masked=True), position=(0, 3, 0)),
    "glass": app.spawn(lw.Mesh.box(2, 2, 0.2), lw.Material(color=(0, 0, 1, 0.3)), position=(3, 3, 0)),
    "fade": app.spawn(lw.Mesh.box(2, 2, 0.2), lw.Material(base_color_texture=fade, color=(1, 1, 1, 0.99)),
                      position=(5.5, 3, 0)),
    "lifted": app.spawn(lw.Mesh.box(1, 1, 1), lw.Material(shader=lift), position=(0, -1, 0)),
    "hidden": app.spawn(lw.Mesh.box(2, 2, 2), position=(-6, -3, 0)),
    "crowd": app.spawn_many(lw.Mesh.box(0.8, 0.8, 0.8), 20,
                            position=[(0.3 * n - 3, -3.0, 0.01 * n) for n in range(20)]),
}
things["hidden"].visible = False
dots = app.points(np.array([(4.0, -3.0, 0.0), (6.0, -3.0, 0.0)]), size=12.0)
line = app.lines([(3.5, 0.0, 0), (6.5, 0.0, 0)], width=6.0)
things["dots"], things["line"] = dots.entity, line.entity
answers, tasks, views = {}, [], []


def name_of(hit):
    if hit is None:
        return None
    for name, thing in things.items():
        if hit.entity is not None and thing.first_row <= hit.entity.first_row < thing.first_row + len(thing):
            return name, hit.entity.first_row - thing.first_row, *np.round(hit.point, 2).tolist()
    return "ground", 0, *np.round(hit.point, 2).tolist()


def ask(points):
    """x and y in metres of the picture's plane, as the camera looks."""
    answers.clear()
    wide, high = app.input.size
    scale = high / 10.0

    async def answer(number, x, y):
        try:
            answers[number] = name_of(await app.pick_drawn(wide / 2 + x * scale, high / 2 - y * scale))
        except lw.LayerwError as error:
            answers[number] = str(error)

    tasks.extend(asyncio.ensure_future(answer(number, *point)) for number, point in enumerate(points))


def close_up():
    """A second view in the lower right corner, of the box alone."""
    camera = lw.Camera(position=(-6, 3, 10), projection=lw.Orthographic(height=1.0))
    camera.look_at((-6, 3, 0))
    views.append(app.add_view(camera, viewport=(0.75, 0.75, 0.25, 0.25)))


def at_sea():
    """A perspective over water, which is no entity."""
    things["back"].visible = False
    app.sea.level = -8.0
    app.camera.projection, app.camera.position = lw.Perspective(), (0, 5, -10)
    app.camera.look_at((0, -8, -40))
