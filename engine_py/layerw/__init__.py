"""layerw: Python decides, typed arrays carry, wasm and the GPU do the work.

    import layerw as lw

    app = lw.App()
    cube = app.spawn(lw.Mesh.box(), lw.Material(color="tomato"))

    @app.frame
    def update(dt):
        cube.rotate(y=dt)
"""

from layerw.app import App
from layerw.base.config import Budgets
from layerw.base.errors import BudgetError, ConfigError, HandleError, LayerwError, ShapeError
from layerw.input.fly import FlyCamera
from layerw.models import Model
from layerw.scene import flora
from layerw.scene.entity import Entities, Entity
from layerw.scene.scatter import scatter
from layerw.scene.shapes import Lods, Material, Mesh
from layerw.worlds import World

__version__ = "0.1.0"
__all__ = [
    "App", "BudgetError", "Budgets", "ConfigError", "Entities", "Entity", "FlyCamera", "HandleError", "LayerwError",
    "Lods", "Material", "Mesh", "Model", "ShapeError", "World", "__version__", "flora", "scatter",
]  # fmt: skip
