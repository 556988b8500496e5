"""What an app, its entities, camera, content, memory and simulations refuse: every bad value is a LayerwError.

Each line tries values for one argument or attribute; the words are checked in test_arguments.py and beside each part.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost
from layerw.physics import Particles, ShallowWater

NAN, INF = math.nan, math.inf
VECTOR: list[Any] = [(1, 2), "abc", None, (NAN, 0, 0), 5, [[1, 2, 3]], (1, 2, 3, 4)]
NUMBER: list[Any] = [None, "a", [1], NAN, INF]
SIDE: list[Any] = [0, -1, "a", None, 1.5, True]
QUATERNION: list[Any] = [(0, 0, 0, 0), (1, 2, 3), "a", (NAN, 0, 0, 1)]
COLOR: list[Any] = ["nix", (1, 2), (90, 0, 0), 5]
FLAG: list[Any] = [None, "yes", 2]
Try = Callable[[Any], Any]


class Parts:
    """One app with one of everything."""

    def __init__(self) -> None:
        self.host = HeadlessHost()
        self.app = lw.App(host=self.host)
        self.box = lw.Mesh.box()
        self.one = self.app.spawn(self.box)
        self.group = self.app.spawn_many(self.box, 4)
        self.dead = self.app.spawn(self.box)
        self.dead.despawn()
        self.other_app = lw.App(host=HeadlessHost())  # another one of this process
        self.foreign = self.other_app.spawn(self.box)
        self.foreign_group = self.other_app.spawn_many(self.box, 4)
        self.model, self.world = self.app.load("x.glb"), self.app.stream("w")
        self.spray = self.app.emitter()
        self.chips = self.app.mesh_particles(self.box, count=4)
        self.memory = self.app.memory
        basin: Any = {"spacing": 0.1, "low": (0, 0, 0), "high": (1, 1, 1)}
        self.basin = basin
        self.water = Particles(self.memory, 10, **basin)
        self.flood = ShallowWater(self.memory, 8, 8, cell_m=1.0)


@pytest.fixture(scope="module")
def p() -> Parts:
    return Parts()


def put(thing: Any, name: str) -> Try:
    return lambda value: setattr(thing, name, value)


def spawn(p: Parts) -> list[tuple[str, Try, list[Any]]]:
    app, box = p.app, p.box
    rows: list[tuple[str, Try, list[Any]]] = [
        ("mesh", lambda v: app.spawn(v), [None, 3, "box", lw.Material()]),
        ("material", lambda v: app.spawn(box, v), [3, "red", box]),
        ("static", lambda v: app.spawn(box, static=v), FLAG),
        ("count", lambda v: app.spawn_many(box, v), [-1, 1.5, "3", None, True, NAN]),
        ("parent", lambda v: app.spawn(box, parent=v), [3, "x", p.dead, p.group, p.foreign]),
        ("despawn", app.despawn, [None, 3, p.dead, p.foreign, p.foreign_group]),
        ("seen", app.seen, [None, 3, p.foreign, p.foreign_group]),
        ("light parent", lambda v: app.light("point", parent=v), [3, p.dead, p.foreign]),
    ]
    values = {"position": [v for v in VECTOR if v is not None and np.shape(v) != (1, 3)], "rotation": QUATERNION,
              "scale": [(1, 2), "a", NAN, (1, 2, 3, 4)], "color": COLOR}  # fmt: skip
    for name, bad in values.items():
        rows.append((name, lambda v, name=name: app.spawn(box, **{name: v}), bad))  # type: ignore[misc]
        rows.append((name, lambda v, name=name: app.spawn_many(box, 3, **{name: v}), bad))  # type: ignore[misc]
    return rows


def effects(p: Parts) -> list[tuple[str, Try, list[Any]]]:
    app, paint = p.app, lw.Material(color="red")

    def decal(**values: Any) -> lw.Decal:
        return app.decal(paint, **values)

    rows: list[tuple[str, Try, list[Any]]] = [
        ("decal look", lambda v: app.decal(v), [None, 3, "rust.png", p.box]),
        ("decal parent", lambda v: decal(parent=v), [3, p.dead, p.foreign]),
        ("decal order", lambda v: decal(order=v), [None, 0.5, "a", 101, -101, True]),
        ("decal opacity", lambda v: decal(opacity=v), [*NUMBER, -0.1, 1.1]),
        ("decal size", lambda v: decal(size=v), [*VECTOR, (1, 0, 1), (1, 1, -1)]),
        ("decal direction", lambda v: decal(direction=v), [v for v in VECTOR if v is not None] + [(0, 0, 0)]),
        ("decal position", lambda v: decal(position=v), [v for v in VECTOR if v is not None and np.shape(v) != (1, 3)]),
        ("decal rotation", lambda v: decal(rotation=v), QUATERNION), ("decal color", lambda v: decal(color=v), COLOR),
    ]
    def emitter(**values: Any) -> lw.Emitter:
        return app.emitter(**values)

    spans: list[Any] = [None, "a", (2, 1), (1, 2, 3), NAN, (-1, 1)]
    given: dict[str, list[Any]] = {
        "rate": [*NUMBER, -1, 2e6], "burst": [None, -1, 1.5], "count": [0, -1, 1.5, 300_000],
        "lifetime": [*spans, 0],
        "speed": spans, "spread": [*NUMBER, -0.1, 4], "shape": ["cube", None, 3], "radius": [*NUMBER, -1],
        "box": [(1, 1, 1), "a"], "size": [None, "a", NAN, INF, -1, [], [[1]], np.ones(65)],
        "size_variation": [*NUMBER, 2],
        "color": [*COLOR, ["red", "nix"], []], "brightness": [*NUMBER, -1], "additive": [*NUMBER, 2], "lit": FLAG,
        "gravity": NUMBER, "drag": [*NUMBER, -1], "wind": [*NUMBER, 2], "turbulence": [*NUMBER, -1],
        "turbulence_m": [*NUMBER, 0], "inherit": [*NUMBER, 99], "spin": [None, "a", (2, 1), NAN],
        "stretch": [*NUMBER, -1], "frames": [None, 4, (0, 1), (1, 2, 3), (1.5, 1)], "film": FLAG,
        "fade": [*NUMBER, -1], "bounce": ["a", 2, NAN], "seed": [None, -1, 2**23, 0.5],
        "parent": [3, p.dead, p.foreign], "direction": [(0, 0, 0), "a"], "texture": [3, "x.png", p.box],
    }  # fmt: skip
    for name, bad in given.items():
        rows.append((f"emitter {name}", lambda v, name=name: emitter(**{name: v}), bad))  # type: ignore[misc]
    grid, mirror = app.light_probes((0, 1, 0), (2, 2, 2)), app.reflection_probe((0, 1, 0), (2, 2, 2))
    sizes = [*VECTOR, (1, 0, 1), (1, 1, -1), (1e6, 1, 1)]
    rows += [("light_probes center", lambda v: app.light_probes(v, (1, 1, 1)), VECTOR),
             ("light_probes size", lambda v: app.light_probes((0, 0, 0), v), sizes),
             ("light_probes spacing", lambda v: app.light_probes((0, 0, 0), (1, 1, 1), v), [*NUMBER, 0, -1]),
             ("reflection_probe position", lambda v: app.reflection_probe(v, (1, 1, 1)), VECTOR),
             ("reflection_probe size", lambda v: app.reflection_probe((0, 0, 0), v), sizes)]  # fmt: skip
    for probe in (grid, mirror):
        rows += [("probe.strength", put(probe, "strength"), [*NUMBER, -0.1, 1.1]),
                 ("probe.renew_with_sun", put(probe, "renew_with_sun"), FLAG)]  # fmt: skip
    chips = p.chips

    def fly(**values: Any) -> lw.MeshParticles:
        return app.mesh_particles(values.pop("mesh", p.box), **values)

    given = {
        "mesh": [3, None, "a"], "material": [3, "red"], "count": [None, 0, 0.5, 20_000],
        "lifetime": [None, "a", 0, -1, (2, 1), NAN], "gravity": NUMBER, "drag": [*NUMBER, -1],
        "spin": [None, "a", (2, 1), NAN], "size": [None, "a", NAN, INF, -1, [], [[1]], np.ones(65)],
        "size_variation": [*NUMBER, 2], "seed": [None, -1, 2**23, 0.5],
    }
    for name, bad in given.items():
        rows.append((f"mesh_particles {name}", lambda v, name=name: fly(**{name: v}), bad))  # type: ignore[misc]
    rows += [(f"chips.{name}", put(chips, name), [None, "a", np.zeros(3), np.zeros((3, 3)), NAN, -1])
             for name in ("age", "lifetime", "size")]  # fmt: skip
    rows += [(f"chips.{name}", put(chips, name), [None, "a", np.zeros(4), np.zeros((3, 3)), (0, 0, NAN), 3.0])
             for name in ("position", "velocity")]  # fmt: skip
    rows += [("chips.burst", chips.burst, [None, -1, 0.5, 5]),
             ("chips.burst position", lambda v: chips.burst(2, position=v), [*VECTOR, np.zeros((3, 3))]),
             ("chips.burst velocity", lambda v: chips.burst(2, velocity=v), [*VECTOR, np.zeros((3, 3))]),
             ("chips.burst scatter", lambda v: chips.burst(2, scatter=v), [*NUMBER, -1])]  # fmt: skip
    rows += [("emitter.rate", put(p.spray, "rate"), [*NUMBER, -1]),
             ("emitter.emitting", put(p.spray, "emitting"), FLAG),
             ("emitter.burst", p.spray.burst, [None, -1, 0.5])]  # fmt: skip
    return rows


def content(p: Parts) -> list[tuple[str, Try, list[Any]]]:
    app = p.app
    return [
        ("load url", app.load, [None, "", 3, b"x"]), ("stream url", app.stream, [None, "", 3]),
        ("load side", lambda v: app.load("x.glb", max_texture_side=v), SIDE),
        ("stream side", lambda v: app.stream("w", max_texture_side=v), SIDE),
        ("load parent", lambda v: app.load("x.glb", parent=v), [3, p.dead, p.foreign]),
        ("load position", lambda v: app.load("x.glb", position=v), [(1, 2), "a"]),
        ("load scale", lambda v: app.load("x.glb", scale=v), ["a", (1, 2)]),
        ("stream place", lambda v: app.stream("w", place=v), ["here", 3, None]),
        ("stream transform", lambda v: app.stream("w", transform=v), ["m", np.zeros(3), np.full((4, 4), NAN), 3]),
        ("model.on_ready", p.model.on_ready, [3, None, lambda a: 0]),
        ("world.on_ready", p.world.on_ready, [3, abs]),
        ("on_added", app.on_added(lw.Position), [3, lambda: 0]),
        ("on_removed", app.on_removed(lw.Position), [lambda: 0]),
        ("world.raycast", lambda v: p.world.raycast(v, (0, -1, 0)), VECTOR),
    ]


def rays_and_pictures(p: Parts) -> list[tuple[str, Try, list[Any]]]:
    app = p.app
    return [
        ("origin", lambda v: app.raycast(v, (0, 0, -1)), VECTOR),
        ("direction", lambda v: app.raycast((0, 0, 0), v), [*VECTOR, (0, 0, 0)]),
        ("max_distance", lambda v: app.raycast((0, 0, 0), (0, 0, -1), max_distance=v), [-1, NAN, "a", None, True]),
        ("ray_at", lambda v: app.ray_at(v, 0), ["a", NAN, [1]]), ("pick", lambda v: app.pick(0, v), ["a", NAN, [1]]),
        ("pick_drawn x", lambda v: app.pick_drawn(v, 0), ["a", NAN, math.inf, [1]]),
        ("pick_drawn y", lambda v: app.pick_drawn(0, v), ["a", NAN, [1]]),
        ("screenshot", app.screenshot, ["a.jpg", "", 3, "../a.png", lambda: 0]),
        ("show_image", app.show_image, [None, 3, np.zeros((4, 4)), np.zeros((0, 0, 3), np.uint8)]),
        ("report", lambda v: app.report(state_hash=v), ["yes", 1]),
    ]


def entities(p: Parts) -> list[tuple[str, Try, list[Any]]]:
    rows: list[tuple[str, Try, list[Any]]] = []
    for thing in (p.one, p.group):
        rows += [("position", put(thing, "position"), [v for v in VECTOR if np.shape(v) != (1, 3)]),
                 ("rotation", put(thing, "rotation"), [*QUATERNION, None]),
                 ("scale", put(thing, "scale"), [(1, 2), "a", None, NAN]),
                 ("color", put(thing, "color"), [*COLOR, None, np.array([[90, 0, 0]] * len(thing))]),
                 ("visible", put(thing, "visible"), FLAG), ("casts_shadow", put(thing, "casts_shadow"), FLAG),
                 ("layer", put(thing, "layer"), [32, -1, 1.5, "x", None, True, [0, 99]]),
                 ("parent", put(thing, "parent"), [3, p.dead, "x", p.foreign]),
                 ("typo", lambda v, thing=thing: setattr(thing, v, 1), ["positon", "mesh", "x"])]  # type: ignore[misc]
    for axis in "xyz":
        rows += [("move", lambda v, axis=axis: p.one.move(**{axis: v}), NUMBER),  # type: ignore[misc]
                 ("rotate", lambda v, axis=axis: p.one.rotate(**{axis: v}), NUMBER)]  # type: ignore[misc]
    return [*rows, ("own parent", put(p.one, "parent"), [p.one]),
            ("look_at", p.one.look_at, [*VECTOR, tuple(p.one.position)]),
            ("front", lambda v: p.one.look_at((1, 2, 3), front=v), ["Z", "+X", "", None, 1])]  # fmt: skip


def cameras_and_typos(p: Parts) -> list[tuple[str, Try, list[Any]]]:
    camera = p.app.camera
    things = (camera, p.app.input, p.model, p.world, lw.Material(), p.box, lw.FlyCamera(p.app), p.app)
    return [
        ("position", put(camera, "position"), VECTOR), ("yaw", put(camera, "yaw"), NUMBER),
        ("pitch", put(camera, "pitch"), NUMBER), ("fov_y", put(camera, "fov_y"), [*NUMBER, 0, -1, 4]),
        ("near", put(camera, "near"), [*NUMBER, 0, -1]),
        ("look_at", camera.look_at, [*VECTOR, tuple(camera.position)]),
        *[(f"typo of {type(thing).__name__}", lambda v, thing=thing: setattr(thing, v, 1), ["colour", "far", "xyz"])
          for thing in things],
    ]  # type: ignore[misc]


def memory_and_simulations(p: Parts) -> list[tuple[str, Try, list[Any]]]:
    memory, basin, flora = p.memory, p.basin, lw.flora
    return [
        ("alloc", memory.alloc, [-1, 0, "a", None, 1.5, NAN]),
        ("region", lambda v: memory.alloc(8, region=v), ["x", None]),
        ("tier", lambda v: memory.alloc(8, tier=v), ["x", None]),
        ("threads", put(memory, "threads"), [0, -1, "a", None]),
        ("defragment", lambda v: memory.defragment(v, 10), ["x", None, 3]),
        ("capacity", lambda v: Particles(memory, v, **basin), [0, -1, "a", 1.5]),
        ("spacing", lambda v: Particles(memory, 10, **{**basin, "spacing": v}), [0, -1, "a", NAN, None]),
        ("low", lambda v: Particles(memory, 10, **{**basin, "low": v}), [(2, 2, 2), (1, 2), "a", None]),
        ("step", p.water.step, [0, -1, NAN, "a", None]),
        ("radius", lambda v: p.water.add_sphere((0, 0, 0), v), [-1, NAN, "a"]),
        ("spawn", p.water.spawn, ["a", (1, 2), [[NAN, 0, 0]], None]),
        ("columns", lambda v: ShallowWater(memory, v, 8, cell_m=1.0), [0, -1, "a", 1.5]),
        ("cell_m", lambda v: ShallowWater(memory, 8, 8, cell_m=v), [0, -1, "a", NAN]),
        ("flood", p.flood.step, [0, -1, NAN, "a", 2]),
        ("ground", put(p.flood, "ground"), [np.zeros(3), "a", np.full((8, 8), NAN)]),
        ("source", lambda v: p.flood.add_source(v, 0, radius=1, rate=1), ["a", NAN]),
        ("source radius", lambda v: p.flood.add_source(1, 1, radius=v, rate=1), [0, -1, NAN, "a"]),
        ("height_m", lambda v: flora.conifer(height_m=v), [0, -1, "a", NAN]),
        ("height_m", lambda v: flora.grass(height_m=v), [0, -1, "a", NAN]),
        ("color", lambda v: flora.rock(color=v), ["nix", 5]), ("seed", lambda v: flora.rock(seed=v), [-1, "a", 1.5]),
        ("until_m", lambda v: flora.broadleaf(until_m=v), [[1], 5, [4, 3, 2, 1]]),
    ]


def messages(p: Parts) -> list[tuple[str, Try, list[Any]]]:
    page = p.app.page
    names = [None, "", 3, b"ask", ["ask"], "layerw-ready"]
    looped: list[Any] = []
    looped.append(looped)
    return [
        ("on name", lambda v: page.on(v, print), names), ("on name, as a decorator", page.on, names),
        ("on function", lambda v: page.on("ask", v), [3, "print", [print], lambda a, b: 0]),
        ("decorated", lambda v: page.on("ask")(v), [3, "print", lambda *, a: 0]),
        ("off name", page.off, names), ("off function", lambda v: page.off("ask", v), [3, "print"]),
        ("send name", page.send, names),
        ("send value", lambda v: page.send("answer", v), [
            object(), {1: "a"}, {"a": {2}}, 1j, 2**60, np.zeros(2, complex), np.array([None]), looped, print]),
    ]


PARTS = [spawn, effects, content, rays_and_pictures, entities, cameras_and_typos, memory_and_simulations, messages]


@pytest.mark.parametrize("rows", PARTS)
def test_bad_values_are_refused_and_leave_nothing(rows: Callable[[Parts], list[tuple[str, Try, list[Any]]]],
                                                  p: Parts) -> None:  # fmt: skip
    before = p.app.report()["entities"]
    for name, attempt, values in rows(p):
        for value in values:
            try:
                attempt(value)
            except lw.LayerwError as error:
                assert len(str(error)) > 15, (name, value, error)
                continue
            pytest.fail(f"{name} took {value!r}")
    assert p.app.report()["entities"] == before


def test_alpha_of_what_is_opaque_is_refused_and_of_what_is_not_is_taken(p: Parts) -> None:
    glass, leaves = lw.Material(color=(1, 1, 1, 0.9)), lw.Material(masked=True)
    faint = (1, 0, 0, 0.5)
    before = p.app.report()["entities"]
    for make in (lambda: p.app.spawn(p.box, color=faint), lambda: p.app.spawn_many(p.box, 3, color=[faint] * 3),
                 lambda: setattr(p.one, "color", "#ff000080"), lambda: setattr(p.group, "color", [[1, 0, 0, 0.9]] * 4),
                 lambda: setattr(p.group[1:3], "color", np.uint8([[0, 0, 0, 255], [0, 0, 0, 0]]))):  # fmt: skip
        with pytest.raises(lw.ConfigError, match="color has alpha below 1, but the material is opaque"):
            make()
    assert p.app.report()["entities"] == before and (p.group.color == 255).all()
    made = [p.app.spawn(p.box, glass, color=faint), p.app.spawn_many(p.box, 2, leaves, color=faint)]
    later = lw.Material()
    made.append(p.app.spawn(p.box, later))
    later.color = (1, 1, 1, 0.5)
    made[-1].color = faint
    assert all((thing.color[:, 3] == 128).all() for thing in made)
    lamp, line = p.app.light("point"), p.app.lines([(0, 0, 0), (1, 0, 0)])
    lamp.color = line.entity.color = faint
    for thing in (*made, lamp, line.entity):
        thing.despawn()


def test_degrees_are_told_once_at_the_programs_line() -> None:
    app = lw.App(host=HeadlessHost())
    box = app.spawn(lw.Mesh.box())
    rows: list[tuple[str, Callable[[], object]]] = [
        (r"Entity\.rotate\(z=90\)", lambda: box.rotate(z=90)),
        (r"Sun\.elevation = 38", lambda: setattr(app.sun, "elevation", 38)),
        (r"Sun\.azimuth = -135", lambda: setattr(app.sun, "azimuth", -135)),
        (r"camera\.yaw = 90", lambda: setattr(app.camera, "yaw", 90)),
        (r"camera\.pitch = -30", lambda: setattr(app.camera, "pitch", -30)),
        (r"Wind\.direction = 180", lambda: setattr(app.wind, "direction", 180)),
    ]
    for words, give in rows:
        with pytest.warns(UserWarning, match=words + " takes radians") as told:
            give()
        assert len(told) == 1 and told[0].filename == __file__
    assert (app.sun.elevation, app.camera.yaw) == (38, 90)  # never guessed


def test_radians_that_turn_on_are_not_told() -> None:
    app = lw.App(host=HeadlessHost())
    app.spawn(lw.Mesh.box()).rotate(z=math.pi)
    app.sun.azimuth, app.sun.elevation = 2 * math.pi, -math.pi / 2
    for _ in range(40):  # three turns
        app.sun.azimuth += 0.5
        app.camera.yaw -= 0.5
        app.camera.yaw += math.pi
        app.camera.yaw -= math.pi
