"""Baking models: glTF files that others made to smaller ones with levels of detail, and many of them to a tileset.

Every file is distrusted: numbers are checked against the bytes there are, and whatever is wrong is one `BakeError`
sentence that names the file. `command.bake_models` is the way in.
"""
