"""The native host: the engine on CPython, drawn by wgpu from the same commands and the same WGSL as the page's.

Mirrors web/backends: common/ is core, graph, plan, runs, view, images, looks; webgpu/ is device, buffers, layouts,
pipelines, passes, textures. Needs `pip install layerw[window]` and a graphics adapter.
"""
