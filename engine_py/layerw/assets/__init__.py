"""lw.assets: files by name, loaded once and shared, in groups that come and go together.

What reads them are the modules of this folder (glTF) and of audio/; who shares them is content/. This module is the
public face alone: a program that does without imports nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from layerw.app import App
    from layerw.content.groups import Group
    from layerw.scene.shapes import Lods, Mesh

__all__ = ["group"]


def group(app: App, files: Iterable[str | PathLike[str]] = (), *, priority: str = "normal",
          max_texture_side: int | str = "auto", placeholder: Mesh | Lods | None = None) -> Group:  # fmt: skip
    """Files that are loaded together, from now on, and shown whenever the program likes.

    Args:
        app: lw.App().
        files: models (.glb, .gltf), images (.png, .jpg, .webp, .avif, .ktx2) and sounds (.wav, .ogg, .mp3, .m4a,
            .flac); relative to the program, or absolute. `group.add` takes more.
        priority: "high" (before all else), "normal" (as app.load) or "low" (when nothing else is on its way: the next
            level, while this one is played). It can be changed later.
        max_texture_side: pixels; larger images are scaled down. "auto": what the picture can show of them.
        placeholder: what `group.model` shows until its file is here, and where it fails.

    Raises:
        KindError, ConfigError: an argument is not what it should be. What goes wrong with a file later is told by
        `group.errors`.
    """
    from layerw.content.groups import open_group

    return open_group(app, files, priority, max_texture_side, placeholder)
