"""What light goes through, what is brushed, and films: numbers, textures and their places, passes and their cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.assets import gltf
from layerw.assets.materials import MaterialPlan, read_material
from layerw.gpu import kinds, spec
from layerw.gpu.packing import pack_material
from layerw.gpu.passes import flag
from layerw.hosts.headless import HeadlessHost
from tests.unit.gltf_support import payload, triangle


def read(**material: Any) -> tuple[Any, list[str]]:
    doc = gltf.parse(payload(triangle() | {"materials": [material]}), 44)
    return read_material(doc, 0).desc, doc.warnings


def test_glass_is_a_kind_of_its_own_that_only_alpha_blends() -> None:
    desc, warnings = read(extensions={"KHR_materials_transmission": {"transmissionFactor": 0.75}})
    assert (desc.kind, desc.transmission, desc.flags, desc.see_through) == ("glass", 0.75, 0, True)
    assert warnings == []
    desc, _ = read(extensions={"KHR_materials_transmission": {}})
    assert (desc.kind, desc.flags, desc.see_through) == ("pbr", 0, False)
    desc, _ = read(alphaMode="MASK", extensions={"KHR_materials_transmission": {"transmissionFactor": 1}})
    assert (desc.kind, desc.flags) == ("glass", spec.MATERIAL_MASK)
    desc, _ = read(alphaMode="BLEND", extensions={"KHR_materials_transmission": {"transmissionFactor": 1}})
    assert (desc.kind, desc.flags) == ("glass", spec.MATERIAL_BLEND)
    desc, _ = read(extensions={"KHR_materials_transmission": {"transmissionFactor": 1}, "KHR_materials_unlit": {}})
    assert desc.kind == "unlit" and not desc.see_through


def test_the_inside_of_glass() -> None:
    glass = {"KHR_materials_transmission": {"transmissionFactor": 1}, "KHR_materials_dispersion": {"dispersion": 0.3}}
    desc, warnings = read(extensions={**glass, "KHR_materials_volume": {
        "thicknessFactor": 0.5, "attenuationColor": [1, 0.5, 0.25], "attenuationDistance": 2}})  # fmt: skip
    assert (desc.thickness, desc.attenuation_color, desc.attenuation_distance) == (0.5, (1.0, 0.5, 0.25), 2.0)
    assert desc.dispersion == 0.3 and warnings == []
    desc, _ = read(extensions={**glass, "KHR_materials_volume": {"thicknessFactor": 0.5}})
    assert desc.attenuation_distance == 0, "infinitely far"
    desc, _ = read(extensions={**glass, "KHR_materials_volume": {"attenuationDistance": 0}})
    assert 0 < desc.attenuation_distance <= 1e-6, "all light is gone at once"


def test_brushing_and_a_film() -> None:
    desc, _ = read(extensions={"KHR_materials_anisotropy": {"anisotropyStrength": 0.5, "anisotropyRotation": 1.5}})
    assert (desc.kind, desc.anisotropy, desc.anisotropy_rotation) == ("layered", 0.5, 1.5)
    desc, warnings = read(extensions={"KHR_materials_iridescence": {
        "iridescenceFactor": 1, "iridescenceIor": 1.8, "iridescenceThicknessMaximum": 550,
        "iridescenceThicknessMinimum": 250}})  # fmt: skip
    assert desc.kind == "layered" and warnings == []
    assert (desc.iridescence, desc.iridescence_ior, desc.iridescence_nm, desc.iridescence_nm_min) == (1, 1.8, 550, 250)


def textured(count: int) -> tuple[MaterialPlan, list[str]]:
    """A material with so many of the textures of layers."""
    uses = [("clearcoat", "clearcoatTexture"), ("clearcoat", "clearcoatRoughnessTexture"),
            ("transmission", "transmissionTexture"), ("volume", "thicknessTexture"),
            ("anisotropy", "anisotropyTexture"), ("iridescence", "iridescenceTexture"),
            ("iridescence", "iridescenceThicknessTexture"), ("sheen", "sheenColorTexture"),
            ("specular", "specularTexture")]  # fmt: skip
    material: dict[str, Any] = {}
    for number, (extension, name) in enumerate(uses[:count]):
        material.setdefault(f"KHR_materials_{extension}", {"iridescenceFactor": 1})[name] = {"index": number}
    images = {"images": [{"uri": f"{n}.png"} for n in range(count)], "textures": [{"source": n} for n in range(count)]}
    doc = gltf.parse(payload(triangle() | images | {"materials": [{"extensions": material}]}), 44)
    return read_material(doc, 0), doc.warnings


def test_a_material_has_any_seven_textures_of_layers_each_at_its_place() -> None:
    plan, warnings = textured(7)
    assert warnings == [] and len(plan.textures) == 7
    for handle, name in enumerate(plan.textures, 100):
        setattr(plan.desc, f"{name}_texture", handle)
    names = plan.desc.slots
    assert names[:5] == kinds.SHADER_SLOTS and set(names[5:]) == set(plan.textures)
    words = pack_material(plan.desc).view(np.uint32)
    low, high = (words[next(one.word for one in spec.members(kinds.MATERIAL_BLOCK) if one.name == name)]
                 for name in ("layers_low", "layers_high"))  # fmt: skip
    places = int(low) | int(high) << 32
    for number, name in enumerate(kinds.LAYER_TEXTURES):
        place = places >> 4 * number & 15
        assert place == (names.index(name) - 4 if name in names else 0)


def test_more_than_both_apis_bind_are_told_and_left_out() -> None:
    plan, warnings = textured(9)
    assert len(plan.textures) == 7 and len(warnings) == 2
    assert "has 9 textures beside those of metallic-roughness; 7 are drawn" in warnings[0]
    one = lw.Texture(np.zeros((1, 1)))
    seven = {f"{name}_texture": lw.Texture(np.zeros((1, 1))) for name in kinds.LAYER_TEXTURES[:7]}
    look = lw.Material(**seven)  # type: ignore[arg-type]
    with pytest.raises(lw.LayerwError, match="it takes at most 7"):
        setattr(look, f"{kinds.LAYER_TEXTURES[7]}_texture", one)


def test_one_texture_for_several_uses_takes_one_place() -> None:
    one = lw.Texture(np.zeros((1, 1)))
    look = lw.Material(**{f"{name}_texture": one for name in kinds.LAYER_TEXTURES})  # type: ignore[arg-type]
    desc = look.values.desc(lambda _: 77)
    desc.kind = "layered"
    assert desc.textures == (0, 0, 0, 0, 0, 77)
    desc.uv_transforms["thickness"] = (2.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    assert desc.textures == (0, 0, 0, 0, 0, 77, 77), "elsewhere it is another"
    words = pack_material(desc).view(np.uint32)
    place = {one.name: one.word for one in spec.members(kinds.MATERIAL_BLOCK)}
    both = int(words[place["layers_low"]]) | int(words[place["layers_high"]]) << 32
    found = [both >> 4 * number & 15 for number in range(len(kinds.LAYER_TEXTURES))]
    assert found == [2 if name == "thickness" else 1 for name in kinds.LAYER_TEXTURES]


def test_glass_has_its_passes_only_where_there_is_some() -> None:
    host = HeadlessHost()
    app = lw.App(host=host)
    pane = lw.Material()
    app.spawn(lw.Mesh.box(), pane)
    app.quality = "high"
    host.step(app, 2)

    def flags() -> set[str]:
        host.step(app, 2)
        return {name for name in ("glass", "thin_glass") if app._engine.targets.paid_flags(0) & flag(name)}

    before = app._engine.gpu_ledger.used_bytes
    assert flags() == set()
    pane.transmission = 1.0
    assert pane.blend and flags() == {"glass"}
    copied = app._engine.gpu_ledger.used_bytes - before
    width, height = app._engine.targets.size
    assert 10.6 * width * height <= copied <= 10.7 * width * height, "the copy and its levels"
    app.quality = "low"
    assert flags() == {"thin_glass"}
    pane.transmission = 0.0
    assert flags() == set() and not pane.blend


@pytest.mark.parametrize("value", ["x", None, [1]])
def test_a_wrong_number_fails_with_its_place(value: Any) -> None:
    with pytest.raises(gltf.GltfError, match=r"KHR_materials_transmission\.transmissionFactor is"):
        read(extensions={"KHR_materials_transmission": {"transmissionFactor": value}})
