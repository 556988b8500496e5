"""Builds meshes of files on CPython, in numpy: the twin of web/transfer/decode/mesh.js and its neighbours, to the bit
where that says so (vertices, indices, bounds)."""
