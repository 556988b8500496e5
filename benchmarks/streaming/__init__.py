"""The same tileset in layerw and in 3d-tiles-renderer: from its request to the last tile."""
