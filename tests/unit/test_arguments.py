"""Every public name refuses what it cannot take, at the line that gives it, with the value and what it takes.

`BAD` has values for each parameter of each public callable and each attribute that can be set; a new public name
without rows fails `test_every_public_name_has_rows`.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.base import checks
from layerw.base.colors import parse_color
from layerw.hosts.headless import HeadlessHost
from layerw.scene import environment

NAN, INF = math.nan, math.inf
KINDS: list[Any] = [None, "high", [1, 2], object(), True]
NUMBER = [*KINDS, NAN, INF]
POSITIVE = [*NUMBER, 0, -1]
UNIT = [*NUMBER, -0.01, 1.01]
WHOLE = [*KINDS, 1.5, NAN]
FLAG: list[Any] = [None, "yes", 1, [True]]
TEXTURE: list[Any] = [3, "brick.png", lw.Mesh.box()]
FUNCTION: list[Any] = [3, "f", [print]]  # and functions that can't be called as they would be:
TAKES_ONE: list[Any] = [*FUNCTION, lambda: 0, lambda a, b: 0, lambda *, a: 0, lambda a, *, b: 0]
TAKES_TWO: list[Any] = [*FUNCTION, lambda: 0, lambda a: 0, lambda a, b, c: 0]
COLOR: list[Any] = ["no such colour", "#12", (1, 2), (90, 0, 0), (NAN, 0, 0), 5, ("a", 0, 0), "", None, [[1, 0, 0]]]
LIGHT: list[Any] = ["blu", (1, 2), (-1, 0, 0), (NAN, 0, 0), 5, None, ("a", 0, 0)]
# Where None is a value.
GIVEN_LIGHT = [value for value in LIGHT if value is not None]
GIVEN_NUMBER = [value for value in NUMBER if value is not None]
POINTS = np.zeros((3, 3))
POINTS[1, 0] = POINTS[2, 1] = 1

SAMPLED: dict[str, list[Any]] = {  # how a texture of the page is read
    "filter": ["cubic", None, 3], "wrap": ["border", None], "srgb": FLAG, "mips": FLAG, "anisotropy": [*WHOLE, 0, 17],
    "max_side": [*WHOLE, 0, 8193]}  # fmt: skip

HEARD: dict[str, list[Any]] = {  # how loud a sound is, and how far
    "gain": [*NUMBER, -1, 17], "reference": [*POSITIVE, 101], "range": [*POSITIVE, 0.5], "rolloff": [*NUMBER, -1, 101],
    "distance_model": ["square", None, 3], "priority": [*NUMBER, -1, 101]}  # fmt: skip

# -- valid calls, from which one argument at a time is replaced -----------------------------------------------
VALID: dict[str, dict[str, Any]] = {
    "Mesh": {"positions": POINTS, "indices": [0, 1, 2]},
    "Mesh.merge": {"parts": [(lw.Mesh.box(), "red", (0, 0, 0))]},
    "Lods": {"levels": [(lw.Mesh.box(), 10.0)]},
    "Shader": {"wgsl": "fn surface(in: SurfaceIn) -> Surface { return default_surface(in); }"},
    "Texture": {"pixels": np.zeros((2, 2, 3), np.uint8)}, "Texture.load": {"url": "brick.png"},
    "Texture.live": {"name": "tv"}, "Texture.video": {"url": "clip.mp4"}, "Texture.target": {"width": 4, "height": 4},
    "scatter": {"heights": lambda x, z: x * 0, "count": 3, "area": (0, 0, 1, 1)},
    "GroundCover": {"heights": lambda x, z: x * 0, "mesh": lw.Mesh.box()},
    "Sound": {"url": "ding.wav"}, "Sound.from_array": {"array": np.zeros(8)}, "App.music": {"url": None},
    "App.frame": {"callback": print},
    "App.watch": {"name": "a", "thing": type("Watched", (), {"state_hash": lambda self: ""})()},
}
BAD: dict[str, dict[str, list[Any]]] = {
    "Mesh": {
        "positions": [POINTS[:, :2], [], "abc", [[1, 2, 3], [1]], POINTS * NAN, POINTS + INF, 5, None,
                      np.full((3, 3), 1e39)],
        "indices": [[0, 1], [0, 1, 3], [0, 1, -1], [0.0, 1.0, 2.0], [], "abc", None, [[0, 1, 2, 0]],
                    [True, False, True]],
        "normals": [POINTS[:2], POINTS * NAN, np.zeros((3, 3)), "up", 3],
        "uvs": [POINTS, np.zeros((2, 2)), np.full((3, 2), NAN), "uv"],
        "uvs1": [POINTS, np.zeros((2, 2)), np.full((3, 2), NAN), "uv"],
        "colors": [np.zeros((2, 3)), np.full((3, 3), 90), np.full((3, 3), -1.0), np.full((3, 2), 0.5), "red", 4],
    },
    "Mesh.box": dict.fromkeys(("width", "height", "depth"), POSITIVE),
    "Mesh.plane": {"width": POSITIVE, "depth": POSITIVE, "cells": [*WHOLE, 0, -1, 5000]},
    "Mesh.sphere": {"radius": POSITIVE, "segments": [*WHOLE, 1, 2, -3, 10**6]},
    "Mesh.cylinder": {"radius": POSITIVE, "height": POSITIVE, "segments": [*WHOLE, 2], "top_radius": [*NUMBER[1:], -1]},
    "Mesh.capsule": {"radius": POSITIVE, "height": [*NUMBER, 0.9], "segments": [*WHOLE, 2]},
    "Mesh.cone": {"radius": POSITIVE, "height": POSITIVE, "segments": [*WHOLE, 2]},
    "Mesh.merge": {"parts": [[], None, 5, [lw.Mesh.box()], [(1, "red", (0, 0, 0))], [(lw.Mesh.box(), "rde", (0, 0, 0))],
                             [(lw.Mesh.box(), "red", (0, 0))]]},
    "Material": {"color": COLOR, "emissive": COLOR, "emissive_strength": [*NUMBER, -1],
                 "alpha_cutoff": UNIT, "normal_scale": [*NUMBER, -1, 11], "occlusion_strength": UNIT, "masked": FLAG,
                 "metallic": [*UNIT, 7], "roughness": [*UNIT, -3], "wind": UNIT, "specular": [*UNIT, -1, 2],
                 "specular_color": COLOR, "ior": [*NUMBER, 0.5, 11], "sheen_color": COLOR, "sheen_roughness": UNIT,
                 "clearcoat": [*UNIT, -1, 2], "clearcoat_roughness": UNIT, "clearcoat_normal_scale": [*NUMBER, -1, 11],
                 "specular_texture": TEXTURE, "specular_color_texture": TEXTURE, "sheen_color_texture": TEXTURE,
                 "sheen_roughness_texture": TEXTURE, "clearcoat_texture": TEXTURE,
                 "clearcoat_roughness_texture": TEXTURE, "clearcoat_normal_texture": TEXTURE,
                 "transmission": UNIT, "thickness": [*NUMBER, -1], "attenuation_color": COLOR,
                 "attenuation_distance": [*NUMBER, -1], "dispersion": [*NUMBER, -1, 101], "anisotropy": UNIT,
                 "diffuse_transmission": UNIT, "diffuse_transmission_color": COLOR,
                 "diffuse_transmission_texture": TEXTURE, "diffuse_transmission_color_texture": TEXTURE,
                 "anisotropy_rotation": [*NUMBER, 1e4], "iridescence": UNIT, "iridescence_ior": [*NUMBER, 0.5, 11],
                 "iridescence_nm": [*NUMBER, -1], "iridescence_nm_min": [*NUMBER, -1],
                 "transmission_texture": TEXTURE, "thickness_texture": TEXTURE, "anisotropy_texture": TEXTURE,
                 "iridescence_texture": TEXTURE, "iridescence_thickness_texture": TEXTURE,
                 "unlit": FLAG, "double_sided": FLAG, "kind": ["gold", None, 3, ""],
                 "base_color_texture": TEXTURE, "metallic_roughness_texture": TEXTURE, "normal_texture": TEXTURE,
                 "occlusion_texture": TEXTURE, "emissive_texture": TEXTURE, "shader": [3, "fn surface", lw.Mesh.box()],
                 "params": [3, {"bands": 1.0}, "bands"], "textures": [3, {"noise": 1}]},
    "Shader": {"wgsl": ["", None, 3, "fn color() {}", "// fn surface(in: SurfaceIn)"],
               "params": [3, {"bands": "rde"}, {"bands": NAN}, {"bands": None}, {"bands": (1, 2, 3, 4, 5)}, {"2": 1.0},
                          {"a b": 1.0}, {"params": 1.0}, {"while": 1.0}, {3: 1.0}, {f"p{n}": n for n in range(65)}],
               "textures": [3, {"noise": 1}, {"2": lw.Texture(np.zeros((1, 1)))},
                            {f"t{n}": lw.Texture(np.zeros((1, 1))) for n in range(8)}]},
    "Texture": {"pixels": [None, 3, "brick.png", np.zeros(4), np.zeros((2, 2, 5)), np.zeros((0, 2)),
                           np.full((2, 2), NAN), np.full((2, 2), 1.5), np.zeros((2, 2), np.int64),
                           np.zeros((8193, 1), np.uint8)],
                "filter": ["cubic", None, 3], "wrap": ["border", None], "srgb": FLAG, "mips": FLAG,
                "anisotropy": [*WHOLE, 0, 17]},
    "Texture.load": {"url": [None, 3, "", "\ud800", "x" * 20_000], "filter": ["cubic", None, 3],
                     "wrap": ["border", None], "srgb": FLAG, "anisotropy": [*WHOLE, 0, 17],
                     "max_side": [*WHOLE, 0, 8193]},
    "Texture.live": {"name": [None, 3, "", "x" * 257], **SAMPLED},
    "Texture.video": {"url": [None, 3, "", "\ud800", "x" * 20_000], "loop": FLAG, "muted": FLAG, "autoplay": FLAG,
                      **SAMPLED},
    "Texture.target": {"width": [*WHOLE, 0, 8193], "height": [*WHOLE, 0, 8193], "filter": ["cubic", None],
                       "wrap": ["border", None]},
    "Sound": {"url": [None, 3, "", "\ud800", "x" * 20_000], **HEARD},
    "Sound.from_array": {"array": [None, 3, "abc", [], np.zeros((4, 3)), np.zeros((2, 2, 2)), [NAN], [INF],
                                   [[1], [1, 2]], np.zeros(4, np.int32), np.zeros(48_000 * 121, np.int16)],
                         "rate": [*WHOLE, 0, 2999, 192_001], **HEARD},
    "App.music": {"url": [3, "", ["a"], lw.Mesh.box(), "\ud800"], "fade": [*NUMBER, -1, 601], "gain": [*NUMBER, -1, 17],
                  "loop": FLAG},
    "Lods": {"levels": [[], None, 5, [lw.Mesh.box()], [(lw.Mesh.box(), -1)], [(lw.Mesh.box(), NAN)],
                        [(lw.Mesh.box(), 5), (lw.Mesh.box(), 4)], [(lw.Mesh.box(), k + 1) for k in range(5)]]},
    "scatter": {"heights": TAKES_TWO, "count": [*WHOLE, -1], "area": [(0, 0, 1), (1, 1, 0, 0), None, (NAN, 0, 1, 1)],
                "height": [5, (1,), (2, 1), (NAN, 1), "low", None],
                "slope_max": [*NUMBER, -1, 90], "patches_m": [*NUMBER, -1], "sink_m": NUMBER, "seed": [*WHOLE, -1]},
    "GroundCover": {"app": [3, None], "heights": TAKES_TWO, "mesh": [3, None, lw.Material()],
                    "material": [3, lw.Mesh.box()], "per_m2": POSITIVE, "reach_m": [*POSITIVE, 0.5, 1e5],
                    "height": [5, (1,), (2, 1), (NAN, 1), "low", None], "slope_max": [*NUMBER, -1, 90],
                    "patches_m": [*NUMBER, -1], "sink_m": NUMBER, "seed": [*WHOLE, -1],
                    "size": [1.0, (1, 2, 3), (0, 1), (2, 1), (NAN, 1), None], "tint": UNIT},
    "App": {"title": [3, None], "budgets": [{"gpu_mib": 1}, 512], "lanes": [*WHOLE, 0, 65], "overlay": FLAG,
            "screen_error_px": [*NUMBER, 0, -1], "entities_max": [*WHOLE, 0, -5, 1 << 40], "pointer_lock": FLAG,
            "network": [5, "fast"]},
    "DepthOfField": {"distance_m": [*POSITIVE, "near"], "aperture": [*NUMBER, 0, 65], "blur_max": [*NUMBER, -1, 0.1]},
    "ev": {"value": [*NUMBER, -17, 33], "lux": POSITIVE},
    "App.frame": {"callback": TAKES_ONE},
    "App.watch": {"name": [3, None, ""], "thing": [3, None, "a"]},
    "App.panel": {"width": [*WHOLE, 0, 5000], "height": [*WHOLE, 0, 5000], "left": NUMBER, "top": NUMBER,
                  "scale": POSITIVE, "smooth": FLAG},
    "App.points": {"position": [POINTS[:, :2], [], "abc", POINTS * NAN, POINTS + INF, 5, None], "color": COLOR,
                   "size": [*NUMBER, -1, [1, 2, -3], [1, 2, NAN]], "unit": ["cm", None, 3], "fog": FLAG},
    "App.splats": {"source": [POINTS[:, :2], [], POINTS * NAN, POINTS + INF, 5, None, ""], "color": COLOR,
                   "scale": [*NUMBER, -1, [1, 2, -3], [1, 2, NAN], (1, 2), 1e7],
                   "rotation": [5, (0, 0, 0, 0), (1, 0, 0), (NAN, 0, 0, 1), "up"],
                   "harmonics": [5, [], POINTS, np.zeros((len(POINTS), 4, 3)), POINTS[..., None] * NAN, "red"],
                   "degree": [*WHOLE, -1, 4]},
    "App.lines": {"position": [POINTS[:, :2], [], "abc", POINTS * NAN, POINTS[:1], 5, None, [POINTS, POINTS[:1]]],
                  "color": COLOR, "width": [*NUMBER, -1], "unit": ["cm", None, 3], "closed": FLAG,
                  "dash": [1.0, (1,), (0, 1), (1, -1), (NAN, 1), "dots"], "fog": FLAG},
    "App.grid": {"size": POSITIVE, "step": [*POSITIVE, 19.0, 1e-4], "color": COLOR, "width": [*NUMBER, -1]},
    "App.axes": {"length": POSITIVE, "width": [*NUMBER, -1]},
    "Budgets": {name: [*NUMBER, 0.001, -1, 1e9] for name in ("heap_mib", "layer_mib", "gpu_mib", "upload_mib_per_frame",
                                                             "memory_mib")} | {"mesh_mib": [*NUMBER, -1, 1e9],
                                                                                   "upload_ms": [*NUMBER, 0, -1, 1e9]},
    "FlyCamera": {"app": [3, None], "ground": TAKES_TWO, "speed": POSITIVE, "eye_m": [*NUMBER, -1], "walk": FLAG,
                  "floor": NUMBER[1:]},
    "ChaseCamera": {"app": [3, None], "target": [3, None, "fox"], "yaw": NUMBER, "pitch": [*NUMBER, -1, 2],
                    "away_m": POSITIVE, "eye_m": NUMBER, "layers": [3, "walls", [32], [-1], [0.5]],
                    "floor": NUMBER[1:]},
    "Input.key": {"name": ["W", "", None, 5]}, "Input.pressed": {"name": ["space", None]},
    "Sun": {"elevation": NUMBER, "azimuth": NUMBER, "color": LIGHT, "intensity": [*NUMBER, -1],
            "angular_radius": [*NUMBER, -1, 2]},
    "Moon": {"elevation": GIVEN_NUMBER, "azimuth": GIVEN_NUMBER, "color": LIGHT, "intensity": [*NUMBER, -1],
             "angular_radius": [*NUMBER, -1, 2]},
    "Sky": {"zenith": GIVEN_LIGHT, "horizon": GIVEN_LIGHT, "ground": GIVEN_LIGHT, "gradient": POSITIVE,
            "exposure": [*NUMBER, -1], "twilight": FLAG, "turbidity": [*NUMBER, -1, 101],
            "rayleigh": [*NUMBER, -1, 101], "stars": [*NUMBER, -1]},
    "Clouds": {"cover": UNIT, "height_m": [*NUMBER, -1], "thickness_m": POSITIVE, "density": [*NUMBER, -1, 101],
               "speed": NUMBER, "shadows": UNIT},
    "Fog": {"color": GIVEN_LIGHT, "density": [*NUMBER, -1], "falloff": [*NUMBER, -1], "start_m": [*NUMBER, -1],
            "opacity_max": UNIT, "shafts": UNIT},
    "Sea": {"level": NUMBER[1:], "color": LIGHT, "clarity_m": POSITIVE, "roughness": UNIT},
    "Wind": {"direction": NUMBER, "strength": UNIT, "gusts": UNIT},
    "Ambient": {"occlusion": UNIT, "radius_m": POSITIVE, "contact": FLAG, "reflections": FLAG},
    "Shadows": {"enabled": FLAG, "distance_m": [bad for bad in POSITIVE if bad is not None], "strength": UNIT,
                "bias": [*NUMBER, -1]},
}


def make_app() -> lw.App:
    return lw.App(host=HeadlessHost())


def callables(app: lw.App) -> dict[str, Callable[..., Any]]:
    """What `BAD` names, bound to an app where it needs one."""
    found: dict[str, Callable[..., Any]] = {
        "Mesh": lw.Mesh, "Material": lw.Material, "Shader": lw.Shader,
        "Texture": lw.Texture, "Lods": lw.Lods, "scatter": lw.scatter,
        "Sound": lw.Sound, "Sound.from_array": lw.Sound.from_array,
        "Budgets": lw.Budgets, "DepthOfField": lw.DepthOfField, "ev": lw.ev,
        "App": lambda **values: lw.App(host=HeadlessHost(), **values),
        "FlyCamera": lambda **values: lw.FlyCamera(**({"app": app} | values)),
        "ChaseCamera": lambda **values: lw.ChaseCamera(
            **({"app": app, "target": SimpleNamespace(position=np.zeros(3))} | values)),
        "GroundCover": lambda **values: lw.GroundCover(**({"app": app} | values)),
        "Sun": environment.Sun, "Moon": environment.Moon, "Sky": environment.Sky, "Fog": environment.Fog,
        "Clouds": environment.Clouds,
        "Sea": environment.Sea,
        "Wind": environment.Wind, "Shadows": environment.Shadows, "Ambient": environment.Ambient,
    }
    shapes = ("box", "plane", "sphere", "cylinder", "capsule", "cone", "merge")
    found |= {f"Mesh.{name}": getattr(lw.Mesh, name) for name in shapes}
    found |= {f"Texture.{name}": getattr(lw.Texture, name) for name in ("load", "live", "video", "target")}
    of_app = ("frame", "watch", "panel", "points", "splats", "lines", "grid", "axes", "music")
    found |= {f"App.{name}": getattr(app, name) for name in of_app}
    found |= {f"Input.{name}": getattr(app.input, name) for name in ("key", "pressed")}
    return found


VALID |= {"App.points": {"position": POINTS}, "App.splats": {"source": POINTS}, "App.lines": {"position": POINTS},
          "DepthOfField": {"distance_m": 3.0}, "ev": {"value": 14}, "App.panel": {"width": 4, "height": 4},
          "Input.key": {"name": "KeyW"}, "Input.pressed": {"name": "KeyW"}}
CASES = [(name, parameter, index) for name, rows in BAD.items() for parameter, values in rows.items()
         for index in range(len(values))]


@pytest.fixture(scope="module")
def app() -> Iterator[lw.App]:
    made = make_app()
    yield made
    made.close()


@pytest.mark.parametrize(("name", "parameter"), sorted({(name, parameter) for name, parameter, _ in CASES}))
def test_bad_values_are_refused_where_they_are_given(name: str, parameter: str, app: lw.App) -> None:
    call = callables(app)[name]
    for value in BAD[name][parameter]:
        with pytest.raises(lw.LayerwError) as caught:
            call(**(VALID.get(name, {}) | {parameter: value}))
        message = str(caught.value)
        assert message.endswith((".", "?")) and len(message) < 400, message
        assert isinstance(caught.value, (ValueError, TypeError, LookupError, AttributeError)), caught.value


def parameters(call: Callable[..., Any]) -> list[str]:
    return [name for name in inspect.signature(call).parameters
            if name not in ("self", "host", "values") and not name.startswith("_")]  # fmt: skip


CHECKED_ELSEWHERE = {  # public callables whose rows stand in the test of their own part
    "App.save", "App.restore", "App.keep",
    "App.raycast", "App.ray_at", "App.pick", "App.pick_drawn", "App.screenshot", "App.show_image", "App.spawn",
    "App.spawn_many", "App.add_view", "App.decal", "App.light", "App.light_probes", "App.reflection_probe",
    "App.each", "App.on_added", "App.on_removed",
    "App.despawn", "Mesh.destroy",
    "Texture.update", "Texture.destroy", "Texture.check_live", "Texture.came", "Texture.gone",
    "Sound.live", "Sound.play", "Sound.stop", "Sound.destroy", "Sound.on_ready", "Sound.on_failed",
    "Texture.play", "Texture.pause", "Texture.on_ready", "Texture.on_failed",
    "App.load", "App.stream", "App.seen", "App.report", "App.frame_step", "App.close",
    "App.fixed", "App.after", "App.every", "App.seconds", "App.start", "App.tween", "App.enter", "App.emitter",
    "App.mesh_particles",
    "App.animator",  # test_graph.py
    "App.connect", "App.disconnect", "App.on_join", "App.on_leave", "App.rpc",  # test_net.py
    "App.predict",  # test_predict.py
    "App.step",  # test_stepping.py
}


def test_every_public_name_has_rows(app: lw.App) -> None:
    """Each parameter of each callable of these classes stands in BAD."""
    known = callables(app)
    for name, rows in BAD.items():
        target = {"App": lw.App, "FlyCamera": lw.FlyCamera, "ChaseCamera": lw.ChaseCamera,
                  "GroundCover": lw.GroundCover}.get(name, known[name])
        missing = set(parameters(target)) - set(rows)
        assert not missing, f"{name}: no rows for {sorted(missing)}"
    for kind in (lw.Mesh, lw.Texture, lw.Sound, lw.App):
        public = {f"{kind.__name__}.{name}" for name, value in vars(kind).items() if not name.startswith("_")
                  and (inspect.isfunction(value) or isinstance(value, classmethod))}  # fmt: skip
        assert public <= set(BAD) | CHECKED_ELSEWHERE, sorted(public - set(BAD) - CHECKED_ELSEWHERE)


SETTINGS = [environment.Ambient, environment.Moon, environment.Clouds,
            environment.Sun, environment.Sky, environment.Fog, environment.Sea, environment.Wind, environment.Shadows]


@pytest.mark.parametrize("kind", SETTINGS)
def test_settings_check_what_is_set_later(kind: type) -> None:
    made = kind()
    for name, values in BAD[kind.__name__].items():
        before = getattr(made, name)
        for value in values:
            with pytest.raises(lw.LayerwError, match=rf"^{kind.__name__}\.{name} is "):
                setattr(made, name, value)
        assert getattr(made, name) == before


@pytest.mark.parametrize(("target", "name", "near"), [
    ("fog", "colour", "color"), ("sun", "elevaton", "elevation"), ("shadows", "enable", "enabled"),
    ("", "camra", "camera"), ("", "pointerlock", "pointer_lock"), ("sky", "rotation", "It has"),
    ("", "background", "It has"), ("", "sun", "has no attribute 'sun' to set"),
])  # fmt: skip
def test_typos_name_the_nearest(target: str, name: str, near: str, app: lw.App) -> None:
    owner = getattr(app, target) if target else app
    with pytest.raises(AttributeError, match=near) as caught:
        setattr(owner, name, 1)
    assert isinstance(caught.value, lw.LayerwError)


def test_names_and_numbers_are_one_colour_everywhere(app: lw.App) -> None:
    assert parse_color("red") == parse_color("#f00") == parse_color((1, 0, 0)) == parse_color(np.uint8([255, 0, 0]))
    app.fog.color = "white"
    assert app.fog.color == (1.0, 1.0, 1.0)
    app.fog.color = (2.0, 0.5, 0)  # radiance may pass 1
    assert app.fog.color == (2.0, 0.5, 0.0)
    with pytest.raises(lw.ShapeError, match="uint8"):
        parse_color(np.array([90, 0, 0]))
    with pytest.raises(lw.ShapeError, match="Did you mean 'tomato'"):
        parse_color("tomatoe")


def test_a_checked_vector_is_a_copy() -> None:
    given = np.array((1.0, 2.0, 3.0))
    kept = checks.vector("position", given)
    given[0] = 9
    assert kept[0] == 1
    assert np.allclose(checks.quaternion("rotation", (0, 2, 0, 2)), (0, math.sqrt(0.5), 0, math.sqrt(0.5)))
    for bad in ((0, 0, 0, 0), (NAN, 0, 0, 1), (1, 0, 0)):
        with pytest.raises(lw.ShapeError):
            checks.quaternion("rotation", bad)


def test_what_a_callback_takes_is_checked_where_it_is_given(app: lw.App) -> None:
    def no_dt() -> None: ...

    with pytest.raises(lw.KindError, match=r"is no_dt\(\) -> .*called as no_dt\(dt\); write `def no_dt\(dt\): "):
        app.frame(no_dt)

    class Game:
        def update(self, dt: float) -> None: ...

    good: list[Any] = [print, min, Game().update, lambda *args: 0, lambda dt, speed=1.0: 0, functools.partial(max, 0.0),
                       lambda **_: 0]  # fmt: skip
    for callback in good[:-1]:
        app.frame(callback)
    with pytest.raises(lw.KindError):
        app.frame(good[-1])
    for listener in (no_dt, print, lambda value: value, lambda *values: values):
        app.page.on("ask", listener)


def test_everything_raised_on_purpose_is_a_layerw_error() -> None:
    for name in dir(lw):
        value = getattr(lw, name)
        if isinstance(value, type) and issubclass(value, Exception):
            assert issubclass(value, lw.LayerwError)
