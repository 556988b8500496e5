"""`layerw build`: a program as a folder that its players start (Linux, Windows) or that any web host serves."""

from .build import BuildOptions, BuildReport, Target, build_app
from .errors import BuildError

__all__ = ["BuildError", "BuildOptions", "BuildReport", "Target", "build_app"]
