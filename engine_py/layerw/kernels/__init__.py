"""The compiled kernels as Python sees them: loading, linking, and the names that their headers declare.

Owns: the modules in layerw/_kernels and how each host runs them. Does not decide what to compute; stages do.
Their C sources are in engine_py/kernels, whose headers are the contracts; gen/ is generated from them.
"""
