"""The exceptions of this stage: a tileset, subtree or ground file that can't be used, said in one sentence."""

from __future__ import annotations

from layerw.base.errors import LayerwError


class TilesetError(LayerwError, ValueError):
    """A file of a world is broken; the message names the place in it, the value and the limit."""


class DamagedFile(TilesetError):
    """The file is not even of its kind (cut, a page of HTML): what is asked for again may be right."""
