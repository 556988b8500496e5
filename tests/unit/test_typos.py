"""A misspelt name on anything public raises where it is written, read or set, with the nearest that there is.

`things` makes one of each public class; a class that is exported and stands not among them fails.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.animation.plays import Play, Plays
from layerw.hosts.headless import HeadlessHost
from layerw.kernels import navigation, rigid
from layerw.net.chat import ChatLine
from layerw.net.past import RewoundHit
from layerw.physics import Particles, ShallowWater
from layerw.physics.queries import RigidHit
from layerw.saves.desk import PickedFile
from layerw.stream.ground import GroundHit

WGSL = "fn surface(in: SurfaceIn) -> Surface { return default_surface(in); }"
NO_OBJECTS = {"Color", "Position", "Rotation", "Scale", "Light",  # components: asked for by class
              "Scene"}  # its attributes are the program's
NO_OBJECTS |= set() if rigid.is_built() else {"Character"}


@lw.component
class Health:
    hp: lw.f32 = 100.0


def things() -> Iterator[Any]:
    host = HeadlessHost()
    app = lw.App(host=host)
    box, memory, basin = lw.Mesh.box(), app.memory, {"spacing": 0.1, "low": (0, 0, 0), "high": (1, 1, 1)}
    yield from (app, app.camera, app.view, app.input, app.page, app.sun, app.sky, app.fog, app.sea, app.wind,
                app.weather, app.shadows, app.ambient, app.debug)  # fmt: skip
    yield from (app.store, app.saves, app.files, app.clipboard, lw.Table({"en": {"start": "Start"}}))
    yield from (app.actions, app.actions.bind("jump", "Space"), app.actions.axis("move", "WASD"))
    yield from (app.spawn(box), app.spawn_many(box, 3), app.light("point"), app.load("x.glb"), app.stream("w"))
    yield from (lw.Material(), box, lw.Lods([(box, 1.0)]), lw.Texture(np.zeros((2, 2))), lw.Shader(WGSL))
    yield app.splats(np.zeros((3, 3)))
    yield from (app.points(np.zeros((3, 3))), app.lines(np.eye(3)), app.panel(4, 4), app.screenshot())
    yield from (app.decal(lw.Material()), app.emitter(), app.mesh_particles(box, count=4))
    yield from (app.light_probes((0, 2, 0), (8, 4, 8), 4.0), app.reflection_probe((0, 2, 0), (8, 4, 8)))
    yield from (app.each(lw.Position), app.spawn(box).add(Health)[Health])
    yield from (memory, memory.alloc(8), Particles(memory, 10, **basin), ShallowWater(memory, 8, 8, cell_m=1.0))
    yield lw.crowd(app, "x.glb", 3)
    yield lw.assets.group(app, ["x.glb"])
    yield lw.DepthOfField(3.0)
    yield lw.Environment(np.ones((4, 8, 3)))
    yield lw.Label("a")
    yield from (app.ui, app.ui.text("a"), app.ui.button("a"), app.ui.slider("a", 0, 1), app.ui.select("a", ["b"]))
    yield from (app.ui.panel("a"), app.ui.dialog("a"), app.ui.at(app.spawn(box)), app.ui.image("a.png", "a"))
    yield lw.Body()
    yield lw.Sound.from_array(np.zeros(480, np.float32), rate=48_000)
    if rigid.is_built():
        post, door = (app.spawn(box, body=lw.Body(kind)) for kind in ("static", "dynamic"))
        hero = lw.Character(app, app.spawn(box))
        yield from (app.physics, door.body, app.physics.join("hinge", post, door), hero)
        yield from (app.physics.add_water(0.0), app.physics.vehicle(door, [(0, -0.3, 0)]))
    if navigation.is_built():
        app.navigation.bake(app.spawn(lw.Mesh.plane(9, 9)))
        yield from (app.navigation, app.navigation.add(app.spawn(box)), app.navigation.path((0, 0, 0), (1, 0, 0)))
        yield app.navigation.raycast((0, 0, 0), (1, 0, 0))
    yield from (lw.Perspective(), lw.Orthographic(height=2.0), lw.Budgets(), lw.Network(), lw.FlyCamera(app),
                lw.ChaseCamera(app, app.spawn(box)),
                lw.GroundCover(app, lambda x, z: x * 0, lw.Mesh.box(), per_m2=0.01, reach_m=10.0))
    yield from (app.net, lw.Player(1))
    hit = app.raycast((0, 0, 5), (0, 0, -1))
    assert hit is not None
    yield hit
    yield GroundHit(1.0, np.zeros(3), np.zeros(3))
    plays = Plays()
    plays._grow()
    yield from (Play(plays, 0), app.after(9.0, print), app.tween(app.camera, 9.0, fov_y=0.5))
    yield from (RigidHit(None, 1.0, np.zeros(3), np.zeros(3)), RewoundHit(app.spawn(box), 1.0, np.zeros(3)))
    yield from (ChatLine(1, "a", "b"), PickedFile("a", b""))


THINGS = list(things())


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: type(thing).__name__)
def test_reading_a_misspelt_name_tells_the_nearest(thing: Any) -> None:
    names = [name for name in dir(thing) if not name.startswith("_") and len(name) > 3 and not name.isupper()]
    for name in names or ["hp"]:
        wrong = name[:-2] + name[-1] + name[-2] if name[-1] != name[-2] else name[:-1]
        if wrong in dir(thing) or name == "hp":
            continue
        with pytest.raises(lw.AttributeMissing, match=rf"has no attribute '{wrong}'\. Did you mean '") as caught:
            getattr(thing, wrong)
        assert isinstance(caught.value, AttributeError)
    with pytest.raises(lw.AttributeMissing, match="has no attribute 'zzzzzz'"):
        _ = thing.zzzzzz
    assert not hasattr(thing, "zzzzzz") and getattr(thing, "_zz", 3) == 3  # duck typing works on


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: type(thing).__name__)
def test_setting_a_name_that_there_is_not_raises(thing: Any) -> None:
    with pytest.raises(lw.AttributeMissing, match="has no attribute 'colourr' to set"):
        thing.colourr = 1


def test_setting_near_a_name_of_a_handle_tells_it() -> None:
    play = next(thing for thing in THINGS if isinstance(thing, Play))
    with pytest.raises(lw.AttributeMissing, match=r"Play has no attribute 'weigth' to set\. Did you mean 'weight'\?"):
        play.weigth = 1
    with pytest.raises(AttributeError, match="no setter"):
        play.duration = 1.0  # type: ignore[misc]


def test_every_exported_class_is_among_them() -> None:
    exported = {name for name in lw.__all__ if isinstance(getattr(lw, name), type)}
    exported -= {name for name in exported if issubclass(getattr(lw, name), Exception)}
    numbers = {name for name in exported if name[0].islower()}  # f32 and the like
    assert exported - numbers - NO_OBJECTS <= {type(thing).__name__ for thing in THINGS}


def test_names_of_the_module_too() -> None:
    with pytest.raises(lw.AttributeMissing, match=r"There is no lw\.Wrold\. Did you mean 'World'\?"):
        lw.Wrold  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(ImportError):
        from layerw import Boxx  # type: ignore[attr-defined]  # noqa: F401


@pytest.mark.parametrize(("name", "words"), [("positon", "'position'"), ("colour", "'color'"), ("despwan", "'despawn'"),
                                             ("mesh", "chosen when it is spawned")])  # fmt: skip
def test_of_entities(name: str, words: str) -> None:
    app = lw.App(host=HeadlessHost())
    with pytest.raises(lw.AttributeMissing, match=words):
        getattr(app.spawn(lw.Mesh.box()), name)


def test_a_property_that_fails_says_so_itself() -> None:
    from layerw.base.names import named

    @named
    class Thing:
        @property
        def part(self) -> int:
            raise AttributeError("the part's own words")

    with pytest.raises(AttributeError, match="the part's own words"):
        _ = Thing().part


def test_copies_and_pickles_ask_for_names_that_there_are_not() -> None:
    assert copy.deepcopy(lw.Budgets(gpu_mib=100)) == lw.Budgets(gpu_mib=100)
    assert pickle.loads(pickle.dumps(lw.Network())) == lw.Network()
    camera = copy.copy(lw.Camera((1, 2, 3)))
    assert camera.position.tolist() == [1, 2, 3]
    assert copy.copy(lw.Perspective(fov_y=1.0)).fov_y == 1.0


FOR_PROGRAMS = {
    "View": {"antialias", "bloom", "camera", "chromatic_aberration", "close", "closed", "contrast", "depth_of_field",
             "dither", "exposure", "eye_dome", "gain",
             "gamma", "layers", "lens_flare", "lift", "lut", "motion_blur", "saturation",
             "scale",
             "target", "tone_map", "transparency", "viewport", "vignette"},
    "Model": {"animations", "cameras", "close", "entities", "error", "extras", "features", "lights", "materials",
              "nodes", "on_failed", "on_ready", "play", "primitives", "radius", "root", "scenes", "state", "stop",
              "tables", "url", "variant", "variants", "warnings", "weights", "xmp"},
    "World": {"area", "at", "center", "close", "color_by", "dig", "drape", "edits", "error", "extras", "feature",
              "height", "heights", "local_frame", "lonlat", "on_failed", "on_ready", "paint", "radius", "raise_",
              "raycast", "retry_in_s", "settled", "state", "url", "view_from", "view_to"},
    "Input": {"axes", "axis", "button", "buttons", "clicked", "focused", "key", "pad_axis", "pad_buttons", "pointer",
              "pointer_dx", "pointer_dy", "pointer_locked", "pressed", "size", "touch_starts", "touches", "wheel_dx",
              "wheel_dy"},
    "Page": {"off", "on", "send"},
}  # fmt: skip


def test_what_these_show_is_for_programs() -> None:
    """The engine's own part of them is private: dir() and the hints of typos have what a program may use."""
    shown = {type(thing).__name__: {name for name in dir(thing) if not name.startswith("_")} for thing in THINGS}
    assert {name: shown[name] for name in FOR_PROGRAMS} == FOR_PROGRAMS
