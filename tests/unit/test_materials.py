"""Materials, textures and shaders of programs: what a write sends, what is given back, and what is refused where."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.base.material_desc import MaterialDesc
from layerw.hosts.headless import HeadlessHost

SURFACE = "fn surface(in: SurfaceIn) -> Surface { return default_surface(in); }"


def make() -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost()
    return lw.App(host=host, entities_max=4096), host


def sent(app: lw.App, host: HeadlessHost, frames: int = 1) -> dict[str, int]:
    """The commands about looks in the next frames."""
    before = dict(host.sink.commands)
    host.step(app, frames)
    assert host.errors == []
    return {name: count - before.get(name, 0) for name, count in host.sink.commands.items()
            if name.startswith(("material", "texture", "shader")) and count != before.get(name, 0)}  # fmt: skip


def test_writes_of_a_frame_are_one_upload_and_none_follows() -> None:
    app, host = make()
    look = lw.Material(color="white")
    app.spawn_many(lw.Mesh.box(), 100, look)
    assert sent(app, host) == {"material_create": 1}
    look.color, look.roughness, look.emissive_strength = "red", 0.1, 4.0
    assert sent(app, host) == {"material_write": 1}
    assert sent(app, host, 3) == {}
    assert look.color == "red" and look.roughness == 0.1


def test_a_texture_or_a_switch_makes_the_material_anew() -> None:
    app, host = make()
    look = lw.Material()
    app.spawn(lw.Mesh.box(), look)
    host.step(app)
    look.normal_texture = lw.Texture(np.zeros((4, 4, 3), np.uint8), srgb=False)
    assert sent(app, host) == {"texture_create": 1, "texture_write": 1, "material_create": 1}
    look.double_sided = True
    assert sent(app, host) == {"material_create": 1}
    look.color = (1, 1, 1, 0.5)
    assert sent(app, host) == {"material_create": 1}
    (handle,) = app._engine.store.materials
    assert app._engine.store.materials[handle].desc.flags == 1 | 2, "double-sided, and blends"


def test_layers_are_drawn_by_a_kind_of_their_own() -> None:
    app, host = make()
    look = lw.Material(clearcoat_roughness=0.2, sheen_roughness=0.1)
    app.spawn(lw.Mesh.box(), look)
    host.step(app)
    (handle,) = app._engine.store.materials

    def drawn() -> MaterialDesc:
        host.step(app)
        return app._engine.store.materials[handle].desc

    assert drawn().kind == look.kind == "pbr" and len(drawn().textures) == 5, "nothing lies on it"
    look.clearcoat = 1.0
    assert drawn().kind == "layered" and len(drawn().textures) == 5
    look.clearcoat = 0.5
    assert sent(app, host) == {"material_write": 1}
    look.clearcoat_texture = lw.Texture(np.zeros((1, 1)))
    desc = drawn()
    place = desc.slots.index("clearcoat")
    assert [bool(one) for one in desc.textures] == [slot == place for slot in range(6)]
    look.unlit = True
    assert drawn().kind == "unlit"
    look.unlit, look.clearcoat_texture, look.shader = False, None, lw.Shader(SURFACE)
    assert drawn().kind == "pbr" and len(drawn().textures) == 5, "a shader has layers without their textures"
    look.shader, look.clearcoat = None, 0.0
    assert drawn().kind == "pbr"
    for name, value in {"specular": 0.5, "ior": 1.33, "specular_color": "red", "sheen_color": "blue",
                        "specular_texture": lw.Texture(np.zeros((1, 1)))}.items():  # fmt: skip
        assert lw.Material(**{name: value}).desc().kind == "layered"  # type: ignore[arg-type]


def test_textures_of_layers_and_a_shader_are_refused_together() -> None:
    coat = lw.Texture(np.zeros((1, 1)))
    with pytest.raises(lw.LayerwError, match="clearcoat_texture"):
        lw.Material(shader=lw.Shader(SURFACE), clearcoat_texture=coat)
    own, layered = lw.Material(shader=lw.Shader(SURFACE)), lw.Material(clearcoat_texture=coat)
    with pytest.raises(lw.LayerwError, match="clearcoat_texture"):
        own.clearcoat_texture = coat
    with pytest.raises(lw.LayerwError, match="clearcoat_texture"):
        layered.shader = lw.Shader(SURFACE)
    assert own.clearcoat_texture is None and layered.shader is None


def test_a_refused_write_changes_nothing() -> None:
    app, host = make()
    look = lw.Material(roughness=0.5, shader=lw.Shader(SURFACE, params={"bands": 4.0, "tint": (1.0, 0.0, 0.0)}))
    app.spawn(lw.Mesh.box(), look)
    host.step(app)
    refused: list[tuple[str, Any]] = [("roughness", 7), ("color", "rde"), ("masked", 1), ("normal_texture", 3),
                                      ("shader", "fn"), ("roughnes", 0.5), ("unlit", "yes")]
    for name, value in refused:
        with pytest.raises(lw.LayerwError):
            setattr(look, name, value)
    wrong = [("bands", (1.0, 2.0)), ("tint", 1.0), ("band", 1.0), ("bands", "gold"), ("bands", float("nan"))]
    for name, value in wrong:
        with pytest.raises(lw.LayerwError, match=r"Material params"):
            look.params[name] = value
    assert sent(app, host) == {} and look.roughness == 0.5 and look.params["bands"] == 4.0


def test_parameters_lie_where_wgsl_has_them() -> None:
    shader = lw.Shader(SURFACE, params={"a": 1.0, "b": (2, 3, 4), "c": "white", "d": (5, 6), "e": 7})
    assert shader.params_wgsl().split() == ["c:", "vec4<f32>,", "b:", "vec3<f32>,", "d:", "vec2<f32>,", "a:", "f32,",
                                            "e:", "f32,"]
    look = lw.Material(shader=shader, params={"e": 8.0})
    assert look.desc().params == (1, 1, 1, 1, 2, 3, 4, 0, 5, 6, 1, 8)
    shader.params["a"], shader.params["e"] = 9.0, 10.0
    assert look.desc().params[-2:] == (9, 8), "what a material does not say is the shader's"


def test_a_shader_is_shared_reloaded_and_given_back() -> None:
    app, host = make()
    noise = lw.Texture(np.zeros((2, 2)))
    shader = lw.Shader(SURFACE, params={"bands": 4.0}, textures={"noise": noise})
    things = [app.spawn(lw.Mesh.box(), lw.Material(shader=shader)) for _ in range(3)]
    found = sent(app, host)
    assert found["shader_create"] == 1 and found["material_create"] == 3 and found["texture_create"] == 1
    shader.params["bands"] = 2.0
    assert sent(app, host) == {"material_write": 3}
    shader.wgsl = SURFACE + "// again"
    assert sent(app, host)["shader_create"] == 1
    (source,) = host.sink.shaders.values()
    assert source["wgsl"].endswith("again") and source["textures"] == ["noise"]  # type: ignore[index]
    for thing in things:
        thing.despawn()
    gc.disable()
    try:
        del shader, noise
        host.step(app, 3)
    finally:
        gc.enable()
    assert host.sink.shaders == {} and host.sink.textures == {} and host.sink.materials == {}


def test_textures_are_written_by_rectangles() -> None:
    app, host = make()
    image = lw.Texture(np.zeros((8, 8, 3), np.uint8))
    app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=image))
    host.step(app)
    image.update(2, 3, np.ones((1, 2), np.float32))
    image.update(5, 3, np.full((2, 1, 4), 9, np.uint8))
    assert sent(app, host) == {"texture_update": 1}
    assert image.pixels[3, 2].tolist() == [255] * 4 and image.pixels[4, 5].tolist() == [9] * 4
    image.pixels = np.full((8, 8), 0.5)
    assert sent(app, host) == {"texture_update": 1} and image.pixels[0, 0].tolist() == [128, 128, 128, 255]
    for bad in (lambda: image.update(7, 0, np.zeros((1, 2))), lambda: image.update(0, -1, np.zeros((1, 1))),
                lambda: setattr(image, "pixels", np.zeros((4, 4))), lambda: setattr(image, "sgrb", True),
                lambda: lw.Texture.target(4, 4).update(0, 0, np.zeros((1, 1)))):  # fmt: skip
        with pytest.raises(lw.LayerwError):
            bad()
    with pytest.raises(ValueError, match="read-only"):
        image.pixels[0, 0] = 1


def test_each_of_two_apps_hears_what_was_written() -> None:
    apps = [make() for _ in range(2)]
    image, look = lw.Texture(np.zeros((8, 8, 3), np.uint8)), lw.Material()
    look.base_color_texture = image
    for app, host in apps:
        app.spawn(lw.Mesh.box(), look)
        host.step(app, 2)
    image.update(2, 3, np.ones((1, 2)))
    image.update(5, 6, np.ones((1, 1)))
    look.color = "red"
    for app, host in apps:
        assert sent(app, host) == {"texture_update": 1, "material_write": 1}
        assert sent(app, host) == {}
    image.update(0, 0, np.ones((1, 1)))
    assert [sent(app, host) for app, host in apps] == [{"texture_update": 1}] * 2


@pytest.mark.parametrize(("given", "first"), [
    (np.full((1, 1), 7, np.uint8), [7, 7, 7, 255]), (np.full((1, 1, 2), 7, np.uint8), [7, 7, 7, 7]),
    (np.full((1, 1, 3), 7, np.uint8), [7, 7, 7, 255]), (np.full((1, 1, 1), 1.0), [255] * 4),
])  # fmt: skip
def test_channels_become_rgba(given: np.ndarray, first: list[int]) -> None:
    assert lw.Texture(given).pixels[0, 0].tolist() == first


def test_light_beyond_one_takes_half_floats() -> None:
    app, host = make()
    bright = lw.Texture(np.full((4, 4, 3), 20.0, np.float32), srgb=False, mips=False)
    assert bright.pixels.dtype == np.float16
    before = app._engine.gpu_ledger.used_bytes
    app.spawn(lw.Mesh.box(), lw.Material(emissive="white", emissive_texture=bright))
    host.step(app)
    assert host.sink.texel_bytes and app._engine.gpu_ledger.used_bytes - before >= 4 * 4 * 8


def test_all_is_made_again_after_a_lost_device() -> None:
    app, host = make()
    shader = lw.Shader(SURFACE, textures={"noise": lw.Texture(np.zeros((2, 2)))})
    look = lw.Material(shader=shader)
    app.spawn(lw.Mesh.box(), look)
    host.step(app)
    host.lose_device()
    host.step(app, 3)
    assert len(host.sink.shaders) == 1 and len(host.sink.materials) == 1 and host.errors == []


def test_a_texture_without_room_is_told_once_and_shown_when_there_is_some() -> None:
    host = HeadlessHost()
    app = lw.App(host=host, entities_max=4096, budgets=lw.Budgets(gpu_mib=25))
    small, first, second = (lw.Texture(np.zeros((side, side, 3), np.uint8)) for side in (8, 1024, 1024))
    look, other = lw.Material(base_color_texture=small), lw.Material(base_color_texture=first)
    app.spawn(lw.Mesh.box(), look)
    app.spawn(lw.Mesh.box(), other)
    host.step(app, 2)
    assert app._engine.store.left_bytes < 5 << 20
    look.emissive_texture = second
    small.destroy()
    host.step(app, 3)
    (desc,) = [one.desc for one in app._engine.store.materials.values() if not any(one.desc.textures)]
    (text,) = app.report()["errors"]
    assert "1024 x 1024" in text and "gpu_mib" in text and "Traceback" not in text
    host.lose_device()
    look.color = "red"
    host.step(app, 2)
    assert app.report()["lost"] == 0 and host.errors == []
    other.base_color_texture = None
    first.destroy()
    host.step(app, 2)
    assert any(one.desc.emissive_texture for one in app._engine.store.materials.values()) and not desc.emissive_texture
    assert len(app.report()["errors"]) == 1 and len(host.sink.textures) == 1
