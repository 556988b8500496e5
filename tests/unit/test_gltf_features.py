"""What of glTF has a picture: each feature of the list, and each extension that is read, names the test that shows it.

A feature without a line fails, and so does a line whose test is gone or no longer speaks of it.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from test_app_contents import make

import layerw as lw
from layerw.assets.gltf import SUPPORTED_EXTENSIONS
from tests.gltf_features import FEATURES
from tests.gltf_odd_files import ODD_FILES

ROOT = Path(__file__).resolve().parents[2]
SQUARES = "tests/browser/test_gltf_features.py::test_each_feature_is_green"
SURFACES = "tests/browser/test_material_pictures.py::test_pictures"
GLASS = "tests/browser/test_glass_pictures.py::test_glass"
PACKED = "tests/browser/test_packed_models.py::test_packed_files_are_drawn"
IMAGES = "tests/browser/test_texture_files.py::test_files_of_each_kind_and_what_is_refused"
# Feature: the test, and a word of its file that says so ("": a file of tests/gltf_features.py of that name).
PICTURES = {
    "KHR_materials_unlit": (SURFACES, "KHR_materials_unlit"),
    "KHR_materials_clearcoat": (SURFACES, "KHR_materials_clearcoat"),
    "KHR_materials_specular": (SURFACES, "KHR_materials_specular"),
    "KHR_materials_ior": (SURFACES, "KHR_materials_ior"), "KHR_materials_sheen": (SURFACES, "KHR_materials_sheen"),
    "textures": (SURFACES, "TEXCOORD_1"),
    "KHR_materials_transmission": (GLASS, "transmission"), "KHR_materials_volume": (GLASS, "thickness"),
    "KHR_materials_dispersion": (GLASS, "dispersion"), "KHR_materials_anisotropy": (GLASS, "anisotropy"),
    "KHR_materials_iridescence": (PACKED, "KHR_materials_iridescence"),
    "KHR_texture_basisu": (PACKED, "KHR_texture_basisu"),
    "EXT_meshopt_compression": (PACKED, "EXT_meshopt_compression"),
    "KHR_draco_mesh_compression": (PACKED, "KHR_draco_mesh_compression"), "sparse, packed": (PACKED, "sparse"),
    "EXT_texture_webp": (IMAGES, "webp"), "EXT_texture_avif": (IMAGES, "avif"),
    "points and lines": ("tests/browser/test_topologies.py::"
                         "test_points_and_lines_are_where_they_should_be_and_equal", "POSITION"),
    "skins and clips of a whole animal": ("tests/browser/test_animation.py::"
                                          "test_an_animal_is_where_numpy_says_on_both_apis", "animal_glb"),
    "PNG, JPEG, tangents: FlightHelmet and Fox": ("tests/browser/test_gltf.py::test_flight_helmet_and_fox", "Fox"),
} | dict.fromkeys(FEATURES | ODD_FILES, (SQUARES, ""))  # fmt: skip
# What has nothing to draw, or the same by another name: the test that reads it.
READ = {
    "KHR_meshopt_compression": (
        "tests/unit/test_packed.py::test_a_meshopt_view_is_a_buffer_of_its_own", "KHR_meshopt_compression"),
    "KHR_xmp_json_ld": ("tests/unit/test_model_faces.py::test_nodes_by_name_and_extras", "KHR_xmp_json_ld"),
    "KHR_xmp": ("tests/unit/test_model_faces.py::test_nodes_by_name_and_extras", "KHR_xmp"),
    "EXT_structural_metadata": (
        "tests/unit/test_model_faces.py::test_tables_are_columns_and_features_ids", "EXT_structural_metadata"),
    "EXT_mesh_features": (
        "tests/unit/test_model_faces.py::test_tables_are_columns_and_features_ids", "EXT_mesh_features"),
    "cameras": ("tests/unit/test_model_faces.py::test_cameras_stand_where_their_nodes_do", "cameras"),
    "extras": ("tests/unit/test_model_faces.py::test_nodes_by_name_and_extras", "extras"),
    "KHR_physics_rigid_bodies": (
        "tests/unit/test_model_bodies.py::test_motions_masses_and_speeds", "KHR_physics_rigid_bodies"),
    "KHR_implicit_shapes": ("tests/unit/test_model_bodies.py::test_motions_masses_and_speeds", "KHR_implicit_shapes"),
    "OMI_physics_body": (
        "tests/unit/test_model_bodies.py::test_shapes_of_omi_stand_where_their_nodes_do", "OMI_physics_body"),
    "OMI_physics_shape": (
        "tests/unit/test_model_bodies.py::test_shapes_of_omi_stand_where_their_nodes_do", "OMI_physics_shape"),
    "CESIUM_RTC": ("tests/unit/test_gltf.py::test_rtc_center_is_the_root", "CESIUM_RTC"),
    "KHR_gaussian_splatting": (
        "tests/unit/test_splat_files.py::test_a_file_holds_what_was_written", "KHR_gaussian_splatting"),
}  # fmt: skip


def test_every_extension_that_is_read_has_a_line() -> None:
    assert set(PICTURES) | set(READ) >= SUPPORTED_EXTENSIONS
    assert not set(PICTURES) & set(READ)


def tops_of(path: Path) -> dict[str, tuple[str, ast.stmt]]:
    """What a module has at its top by name, with the text that it is in; of neighbours that it imports from as well."""
    text = path.read_text("utf-8")
    tops: dict[str, tuple[str, ast.stmt]] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and (path.parent / f"{node.module}.py").is_file():
            tops.update(tops_of(path.parent / f"{node.module}.py"))
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            tops[node.name] = text, node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]
            tops.update(dict.fromkeys(names, (text, node)))
    return tops


def reached(test: str) -> str:
    """The text of a test, and of all of its module that it names, however far away."""
    path, _, name = test.partition("::")
    tops = tops_of(ROOT / path)
    assert name in tops and isinstance(tops[name][1], ast.FunctionDef), f"{test} is gone"
    found: dict[str, str] = {}
    todo = [name]
    while todo:
        one = todo.pop()
        if one not in found and one in tops:
            text, top = tops[one]
            lines = [*getattr(top, "decorator_list", []), top]
            found[one] = "\n".join(ast.get_source_segment(text, part) or "" for part in lines)
            todo += [part.id for part in ast.walk(top) if isinstance(part, ast.Name)]
            todo += [part.arg for part in ast.walk(top) if isinstance(part, ast.arg)]
    return "\n".join(found.values())


@pytest.mark.parametrize("feature", [*PICTURES, *READ])
def test_the_test_of_a_feature_draws_or_reads_it(feature: str) -> None:
    """It names the feature itself, or by what it uses; "": a file of that name, drawn with the others."""
    test, word = (PICTURES | READ)[feature]
    assert word in reached(test) if word else "FILES" in reached(test)


def test_the_files_of_features_load_without_a_warning(tmp_path: Path) -> None:
    files = FEATURES | ODD_FILES
    for number, build in enumerate(files.values()):
        (tmp_path / f"{number}.gltf").write_text(build().text(), "utf-8")
    app, host = make(tmp_path)
    models: list[lw.Model] = [app.load(f"{number}.gltf") for number in range(len(files))]
    host.step(app, 30)
    assert [model.error for model in models] == [""] * len(files)
    told = {name: model.warnings for name, model in zip(files, models, strict=True) if model.warnings}
    assert set(told) == {"JOINTS_1"} and "the strongest four" in told["JOINTS_1"][0]
