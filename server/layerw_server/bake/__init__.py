"""Baking: elevations (a file or a procedural island) to worlds, which are OGC 3D Tiles 1.1 tilesets.

Runs on CPython only (numpy and pillow). `pipeline.bake` is the way in; `command.cli_bake` is what
`layerw bake` calls.
"""

from layerw_server.bake.command import cli_bake, cli_recipe
from layerw_server.bake.errors import BakeError
from layerw_server.bake.pipeline import BakeResult, bake

__all__ = ["BakeError", "BakeResult", "bake", "cli_bake", "cli_recipe"]
