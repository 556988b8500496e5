"""What a model, a tileset, a texture or elevations hold: a tree, bytes, and what is wrong with them."""

from layerw_server.tools.inspection.report import Report
from layerw_server.tools.inspection.start import inspect

__all__ = ["Report", "inspect"]
