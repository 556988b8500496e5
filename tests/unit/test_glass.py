"""Transmission and iridescence of glTF materials: their numbers, the blend flag, and what is told."""

from __future__ import annotations

from typing import Any

import pytest

from layerw.assets import gltf
from layerw.assets.materials import read_material
from layerw.gpu import spec
from tests.unit.gltf_support import payload, triangle


def read(**material: Any) -> tuple[Any, list[str]]:
    doc = gltf.parse(payload(triangle() | {"materials": [material]}), 44)
    return read_material(doc, 0).desc, doc.warnings


def test_glass_blends_and_says_what_it_is_not() -> None:
    desc, warnings = read(extensions={"KHR_materials_transmission": {"transmissionFactor": 0.75}})
    assert (desc.kind, desc.transmission, desc.flags) == ("layered", 0.75, spec.MATERIAL_BLEND)
    assert len(warnings) == 1 and "materials[0] is drawn as glass without thickness" in warnings[0]
    desc, _ = read(extensions={"KHR_materials_transmission": {}})
    assert (desc.kind, desc.flags) == ("pbr", 0)
    desc, _ = read(alphaMode="MASK", extensions={"KHR_materials_transmission": {"transmissionFactor": 1}})
    assert desc.flags == spec.MATERIAL_MASK


def test_a_film_has_its_numbers_and_undrawn_textures_are_told() -> None:
    desc, warnings = read(extensions={"KHR_materials_iridescence": {
        "iridescenceFactor": 1, "iridescenceIor": 1.8, "iridescenceThicknessMaximum": 550,
        "iridescenceThicknessTexture": {"index": 0}}})  # fmt: skip
    assert desc.kind == "layered"
    assert (desc.iridescence, desc.iridescence_ior, desc.iridescence_nm) == (1.0, 1.8, 550.0)
    assert len(warnings) == 1 and "iridescenceThicknessTexture is not drawn" in warnings[0]


@pytest.mark.parametrize("value", ["x", None, [1]])
def test_a_wrong_number_fails_with_its_place(value: Any) -> None:
    with pytest.raises(gltf.GltfError, match=r"KHR_materials_transmission\.transmissionFactor is"):
        read(extensions={"KHR_materials_transmission": {"transmissionFactor": value}})
