"""The names that programs may use are pinned: adding one is a decision, losing one is a break."""

from __future__ import annotations

import subprocess
import sys

import layerw

NAMES = {
    "App", "AttributeMissing", "Body", "BudgetError", "Budgets", "Camera", "Character", "ChaseCamera", "Color",
    "ConfigError", "Crowd", "Decal",
    "DepthOfField", "Emitter", "Entities", "Entity", "Environment",
    "FlyCamera", "GroundCover", "HandleError", "KeyMissing", "KindError",
    "Label", "Lamp", "LayerwError", "Light", "LightProbes", "Lines", "Lods", "Material",
    "Mesh", "MeshParticles", "Model",
    "Network", "Orthographic", "OutsideError", "Panel",
    "Perspective", "Player", "Points", "Position", "ReflectionProbe", "Rotation", "SaveError", "Scale", "Scene",
    "Screenshot",
    "Shader", "ShapeError", "Sound", "Splats",
    "Table", "Texture", "World", "__version__", "assets", "component", "crowd", "ev", "f32", "f32x2", "f32x3", "f32x4",
    "f64",
    "f64x3", "field", "flag", "flora", "i32", "scatter", "show", "turned", "u16", "u32", "u8",
}  # fmt: skip


def test_the_exported_names_are_these() -> None:
    assert set(layerw.__all__) == NAMES
    assert all(hasattr(layerw, name) for name in NAMES)


def test_every_kind_of_error_is_public() -> None:
    kinds = {name for name, value in vars(layerw.base.errors).items() if isinstance(value, type)}
    assert kinds <= set(layerw.__all__)


def test_dir_shows_them_before_they_are_imported() -> None:
    code = "import layerw; print(sorted(set(layerw.__all__) - set(dir(layerw))), 'World' in vars(layerw))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[] False"


def test_the_engine_imports_without_a_browser_and_without_the_server() -> None:
    unwanted = ("js", "pyodide", "layerw_server", "starlette", "scipy", "PIL")
    code = f"import sys, layerw; print([m for m in {unwanted} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_program_without_models_and_worlds_starts_without_their_modules() -> None:
    code = """
import sys, layerw as lw
app = lw.App()
app.spawn(lw.Mesh.box())
app.frame_step(0.0, 1 / 60, 0, 0)
print(sorted(m for m in sys.modules if m.startswith(("layerw.assets.", "layerw.stream.", "layerw.content.worlds"))))
print(lw.World.__name__, lw.flora.__name__, lw.scatter.__name__)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines() == ["[]", "World layerw.scene.flora scatter"]


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(layerw, "Wrold")
