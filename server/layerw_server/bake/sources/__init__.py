"""Reading elevations that others made: arrays (.npz, .npy) and images (.tif, .png), with their place on Earth.

Every file is distrusted: sizes come from headers and are checked before anything is inflated or allocated, and
whatever is wrong is one `BakeError` sentence.
"""

from layerw_server.bake.sources.dem import load_dem

__all__ = ["load_dem"]
