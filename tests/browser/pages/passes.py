"""One scene for each thing that the frame's passes do; test_golden_passes.py takes its pictures."""

import math

import numpy as np

import layerw as lw

app = lw.App()
app.camera.fov_y = math.radians(40)
app.sun.azimuth, app.sun.elevation = math.radians(150), math.radians(40)
made = []
views = []


def keep(thing):
    made.append(thing)
    return thing


def begin(position=(0.0, 3.0, 9.0), target=(0.0, 0.6, 0.0)):
    """Everything as it is at first."""
    for thing in made:
        thing.despawn()
    for view in views:
        view.close()
    made.clear()
    views.clear()
    app.camera.position = np.array(position)
    app.camera.look_at(target)
    view = app.view
    view.exposure, view.bloom, view.tone_map, view.lut, view.dither = 1.0, 0.0, "filmic", None, 0.0
    view.antialias, view.transparency, view.scale = "msaa", "sorted", 1.0
    view._effects = {}
    app.sun.azimuth, app.sun.elevation = math.radians(150), math.radians(40)
    app.fog.density, app.fog.shafts = 0.0, 0.7
    app.clouds.cover, app.quality = 0.32, "medium"
    app.camera.projection, app.sun.angular_radius = lw.Perspective(fov_y=math.radians(40)), math.radians(0.6)
    app.shadows.enabled = True


def ground(color="#b0a890"):
    keep(app.spawn(lw.Mesh.plane(40, 40), lw.Material(color=color, roughness=1.0)))


def none():
    edges()
    app.view.antialias = "none"


def temporal():
    edges()
    app.view.antialias = "temporal"


def upscaled():
    temporal()
    app.view.scale = 0.67


def stretched():
    edges()
    app.view.antialias, app.view.scale = "none", 0.67


def slide(steps, metres):
    """Everything moves to the right so often by so much, a frame each."""
    def step(dt):
        nonlocal steps
        if steps > 0:
            steps -= 1
            for thing in made:
                thing.move(x=metres)

    return app.frame(step)


def shadow():
    begin()
    ground()
    keep(app.spawn(lw.Mesh.box(), lw.Material(color="tomato"), position=(-1.2, 1.0, 0)))
    keep(app.spawn(lw.Mesh.sphere(0.7), lw.Material(color="white"), position=(1.4, 1.3, 0)))


def opaque():
    begin((0, 6, 6), (0, 0, 0))
    ground("#405030")
    for number in range(8):
        look = lw.Material(color=("gold", "white")[number % 2], metallic=number // 4, roughness=(number % 4) / 3)
        place = (1.5 * (number % 4) - 2.25, 0.6, 1.6 * (number // 4) - 0.8)
        keep(app.spawn(lw.Mesh.sphere(0.55), look, position=place))


def edges():
    """Thin things of strong contrast, bright on dark and dark on bright: what four samples a pixel are for."""
    begin((0, 0, 8), (0, 0, 0))
    for side, back, front in ((-1, "black", "white"), (1, "white", "black")):
        keep(app.spawn(lw.Mesh.box(10, 14, 0.01), lw.Material(color=back, unlit=True), position=(5 * side, 0, 0)))
        for number in range(5):
            rod = keep(app.spawn(lw.Mesh.box(3, 0.05, 0.01), lw.Material(color=front, unlit=True),
                                 position=(1.5 * side, number - 2, 0.1), scale=(0.8, 1, 1)))
            rod.rotate(z=0.1 * number)


def blend():
    begin((0, 0, 8), (0, 0, 0))
    keep(app.spawn(lw.Mesh.box(24, 14, 0.1), lw.Material(color="white", unlit=True), position=(0, 0, -2)))
    for number, color in enumerate(((0.9, 0.1, 0.1), (0.1, 0.9, 0.1), (0.1, 0.1, 0.9))):
        look = lw.Material(color=(*color, 0.5), unlit=True)
        keep(app.spawn(lw.Mesh.box(2, 2, 0.1), look, position=(number - 1.0, 0.6 * number - 0.6, -0.7 * number)))


def weighted():
    """Glass that crosses, which no order of whole things shows right."""
    begin((0, 0, 8), (0, 0, 0))
    app.view.transparency = "weighted"
    keep(app.spawn(lw.Mesh.box(24, 14, 0.1), lw.Material(color="white", unlit=True), position=(0, 0, -2)))
    for number, color in enumerate(((0.9, 0.1, 0.1), (0.1, 0.9, 0.1), (0.1, 0.1, 0.9))):
        look = lw.Material(color=(*color, 0.5), roughness=0.3, double_sided=True)
        keep(app.spawn(lw.Mesh.plane(4, 4), look)).rotate(x=1.2, y=2.1 * number)


def fog():
    begin((0, 2, 9), (0, 1, -20))
    app.fog.density, app.fog.start_m = 0.03, 4.0
    ground()
    for number in range(6):
        place = (3 * (-1) ** number, 1.5, -6 * number)
        keep(app.spawn(lw.Mesh.box(1, 3, 1), lw.Material(color="tomato"), position=place))


def shafts():
    """A wall with gaps before a low sun, in fog."""
    begin((0, 2.5, 12), (0, 3.0, 0))
    app.sun.azimuth, app.sun.elevation = math.radians(10), math.radians(25)
    app.clouds.cover = 0.0
    app.fog.density, app.fog.shafts = 0.05, 1.0
    ground()
    for number in range(5):
        keep(app.spawn(lw.Mesh.box(1.6, 9, 0.4), lw.Material(color="#303030"), position=(3 * number - 6, 4.5, 0)))


def no_shafts():
    shafts()
    app.fog.shafts = 0.0


def fog_alone():
    """No wall: nothing stands between sun and fog."""
    shafts()
    for thing in made[1:]:
        thing.despawn()
    del made[1:]


def soft():
    """Seen from above, the shadows of a low plate and of a high one, of a sun that is five times as wide as usual."""
    begin((0.0, 10.0, 0.0), (0.0, 0.0, -0.001))
    app.camera.projection = lw.Orthographic(height=8.0)
    app.camera.position = np.array((0.0, 10.0, 0.0))
    app.quality = "high"
    app.clouds.cover = 0.0
    app.sun.azimuth, app.sun.elevation, app.sun.angular_radius = math.radians(90), math.radians(60), 0.05
    ground()
    for height, z in ((1.0, -2.0), (6.0, 2.0)):
        keep(app.spawn(lw.Mesh.box(2.5, 0.1, 2.5), lw.Material(color="tomato"),
                       position=(height / math.tan(math.radians(60)), height, z)))


def sharp():
    soft()
    app.quality = "medium"


def bright():
    begin((0, 0, 8), (0, 0, 0))
    keep(app.spawn(lw.Mesh.box(24, 14, 0.1), lw.Material(color=(0.05, 0.05, 0.08), unlit=True), position=(0, 0, -1)))
    for number in range(3):
        keep(app.spawn(lw.Mesh.sphere(0.4), lw.Material(color=("white", "orange", "deepskyblue")[number], unlit=True),
                       position=(2.2 * number - 2.2, 0, 0)))
    app.view.exposure = 6.0


def bloom():
    bright()
    app.view.bloom = 0.3


def agx():
    bright()
    app.view.tone_map = "agx"


def neutral():
    bright()
    app.view.tone_map = "neutral"


def auto():
    begin((0, 0, 8), (0, 0, 0))
    keep(app.spawn(lw.Mesh.box(24, 14, 0.1), lw.Material(color=(0.1, 0.1, 0.12), unlit=True)))
    keep(app.spawn(lw.Mesh.sphere(0.6), lw.Material(color=(0.3, 0.2, 0.2), unlit=True), position=(1, 0, 0)))
    app.view.exposure = "auto"


def lut():
    opaque()
    cube = np.stack(np.meshgrid(*[np.linspace(0, 1, 32)] * 3, indexing="ij"), -1)
    app.view.lut = cube[..., ::-1] ** (1.0, 0.8, 1.4)


def more_views():
    shadow()
    above = lw.Camera(position=(0, 12, 0.01), projection=lw.Orthographic(height=8.0))
    above.look_at((0, 0, 0))
    views.append(app.add_view(above, viewport=(0.7, 0.0, 0.3, 0.5)))
    screen = lw.Texture.target(64, 64)
    views.append(app.add_view(above, target=screen))
    keep(app.spawn(lw.Mesh.box(2, 2, 0.05), lw.Material(base_color_texture=screen, unlit=True), position=(0, 2, -1)))


def lens():
    opaque()
    view = app.view
    view.vignette, view.chromatic_aberration, view.saturation, view.contrast = 0.6, 1.0, 0.5, 1.2
    view.lift, view.gamma, view.gain = (0.05, 0.0, 0.1), 1.2, (1.1, 1.0, 0.9)


def focus():
    """Sharp in the middle of a row of things."""
    begin((0, 1, 6), (0, 0.6, 0))
    ground()
    for number in range(5):
        place = (1.2 * number - 2.4, 0.5, 4 - 3.0 * number)
        keep(app.spawn(lw.Mesh.box(0.8, 1, 0.8), lw.Material(color=("gold", "tomato")[number % 2]), position=place))
    app.view.depth_of_field = lw.DepthOfField(8.0, 0.1, blur_max=0.05)


def flare():
    begin((0, 1, 6), (0, 1.8, 0))
    app.sun.azimuth, app.sun.elevation = math.radians(-10), math.radians(14)
    app.view.lens_flare = 1.0
    ground()


def flare_hidden():
    """Something stands before the sun."""
    flare()
    keep(app.spawn(lw.Mesh.box(4, 12, 1), lw.Material(color="gray"), position=(-2, 3, -5)))


SCENES = (shadow, opaque, edges, none, blend, weighted, fog, shafts, bloom, agx, neutral, auto, lut, more_views, lens,
          focus, flare, flare_hidden)


def show(name):
    globals()[name]()
