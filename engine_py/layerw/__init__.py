"""layerw: Python decides, typed arrays carry, wasm and the GPU do the work.

    import layerw as lw

    app = lw.App()
    cube = app.spawn(lw.Mesh.box(), lw.Material(color="tomato"))

    @app.frame
    def update(dt):
        cube.rotate(y=dt)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from layerw.app import App
from layerw.base.config import Budgets, Network
from layerw.base.errors import (
    AttributeMissing,
    BudgetError,
    ConfigError,
    HandleError,
    KeyMissing,
    KindError,
    LayerwError,
    OutsideError,
    SaveError,
    ShapeError,
)
from layerw.content.models import Model
from layerw.content.scenes import Scene
from layerw.input.fly import FlyCamera
from layerw.scene.camera import Camera
from layerw.scene.entity import Entities, Entity
from layerw.scene.material import Material
from layerw.scene.projections import Orthographic, Perspective
from layerw.scene.shaders import Shader
from layerw.scene.shapes import Lods, Mesh
from layerw.scene.textures import Texture

if TYPE_CHECKING:
    from layerw import assets
    from layerw.audio.sound import Sound
    from layerw.content.crowds import Crowd, crowd
    from layerw.content.worlds import World
    from layerw.drawing.labels import Label
    from layerw.drawing.lines import Lines
    from layerw.drawing.points import Points
    from layerw.effects.decals import Decal
    from layerw.effects.mesh_particles import MeshParticles
    from layerw.effects.particles import Emitter
    from layerw.frame.camera_effects import DepthOfField, ev
    from layerw.input.chase import ChaseCamera
    from layerw.net.player import Player
    from layerw.notebooks import show
    from layerw.physics.body import Body
    from layerw.physics.character import Character
    from layerw.plants.ground_cover import GroundCover
    from layerw.saves.words import Table
    from layerw.scene import flora
    from layerw.scene.components import (
        Color,
        Position,
        Rotation,
        Scale,
        component,
        f32,
        f32x2,
        f32x3,
        f32x4,
        f64,
        f64x3,
        field,
        flag,
        i32,
        u8,
        u16,
        u32,
    )
    from layerw.scene.lights import Lamp, Light
    from layerw.scene.probes import LightProbes, ReflectionProbe
    from layerw.scene.scatter import scatter
    from layerw.scene.surroundings import Environment
    from layerw.scene.turns import turned
    from layerw.splats.splats import Splats
    from layerw.surface.panels import Panel
    from layerw.surface.screenshots import Screenshot

__version__ = "0.1.0"
__all__ = [
    "App",
    "AttributeMissing",
    "Body",
    "BudgetError",
    "Budgets",
    "Camera",
    "Character",
    "ChaseCamera",
    "Color",
    "ConfigError",
    "Crowd",
    "Decal",
    "DepthOfField",
    "Emitter",
    "Entities",
    "Entity",
    "Environment",
    "FlyCamera",
    "GroundCover",
    "HandleError",
    "KeyMissing",
    "KindError",
    "Label",
    "Lamp",
    "LayerwError",
    "Light",
    "LightProbes",
    "Lines",
    "Lods",
    "Material",
    "Mesh",
    "MeshParticles",
    "Model",
    "Network",
    "Orthographic",
    "OutsideError",
    "Panel",
    "Perspective",
    "Player",
    "Points",
    "Position",
    "ReflectionProbe",
    "Rotation",
    "SaveError",
    "Scale",
    "Scene",
    "Screenshot",
    "Shader",
    "ShapeError",
    "Sound",
    "Splats",
    "Table",
    "Texture",
    "World",
    "__version__",
    "assets",
    "component",
    "crowd",
    "ev",
    "f32",
    "f32x2",
    "f32x3",
    "f32x4",
    "f64",
    "f64x3",
    "field",
    "flag",
    "flora",
    "i32",
    "scatter",
    "show",
    "turned",
    "u8",
    "u16",
    "u32",
]  # fmt: skip

# What a small program does without is imported when it is first asked for: it would cost every start of every page.
_LATER = {
    "assets": "layerw.assets", "Body": "layerw.physics.body", "Character": "layerw.physics.character",
    "ChaseCamera": "layerw.input.chase",
    "Crowd": "layerw.content.crowds", "crowd": "layerw.content.crowds",
    "Decal": "layerw.effects.decals", "Emitter": "layerw.effects.particles",
    "MeshParticles": "layerw.effects.mesh_particles", "Label": "layerw.drawing.labels",
    "Lines": "layerw.drawing.lines", "Player": "layerw.net.player",
    "Points": "layerw.drawing.points",
    "DepthOfField": "layerw.frame.camera_effects", "ev": "layerw.frame.camera_effects",
    "Environment": "layerw.scene.surroundings", "GroundCover": "layerw.plants.ground_cover",
    "Sound": "layerw.audio.sound",
    "Splats": "layerw.splats.splats",
    "Panel": "layerw.surface.panels", "Screenshot": "layerw.surface.screenshots", "World": "layerw.content.worlds",
    "flora": "layerw.scene.flora", "Lamp": "layerw.scene.lights", "Light": "layerw.scene.lights",
    "LightProbes": "layerw.scene.probes", "ReflectionProbe": "layerw.scene.probes",
    "scatter": "layerw.scene.scatter", "show": "layerw.notebooks", "Table": "layerw.saves.words",
    "turned": "layerw.scene.turns",
} | dict.fromkeys((
    "Color", "Position", "Rotation", "Scale", "component", "f32", "f32x2", "f32x3", "f32x4", "f64", "f64x3", "field",
    "flag", "i32", "u16", "u32", "u8",
), "layerw.scene.components")  # fmt: skip


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        from layerw.base.checks import did_you_mean

        hint = "" if name.startswith("_") else did_you_mean(name, __all__)
        raise AttributeMissing(f"There is no lw.{name}.{hint}")
    module = import_module(_LATER[name])
    value = globals()[name] = module if name in ("assets", "flora") else getattr(module, name)
    return value
