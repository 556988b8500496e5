"""A headless host whose commands are drawn: the same inbox, transfers and virtual clock, with wgpu behind them.

Limits: files are read from folders; pages, their pictures and panels above the canvas are not there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from layerw.hosts.headless import HeadlessHost, Parts
from layerw.hosts.local_files import NO_FOLDERS, Folders
from layerw.hosts.native.canvas import Canvas
from layerw.hosts.native.core import Core
from layerw.hosts.native.device import find_adapter, make_driver


def native_host(root: Path | str, size: tuple[int, int], options: dict[str, Any] | None = None,
                canvas: Canvas | None = None, folders: Folders = NO_FOLDERS) -> HeadlessHost:  # fmt: skip
    """A host that draws.

    Args:
        root: the folder that relative URLs start from.
        size: of the picture, pixels.
        options: boot options, as the page would give them.
        canvas: where pictures are shown; None: they are read.
        folders: others that URLs reach, by their first part.

    Raises:
        LayerwError: wgpu-py or a graphics adapter is missing.
    """
    adapter = find_adapter(canvas.canvas if canvas else None)

    def draw(parts: Parts) -> Core:
        return Core(lambda: make_driver(adapter, canvas), parts.read, parts.transfers, parts.send)

    return HeadlessHost(root, options={"backend": "wgpu", "ui": "drawn", **(options or {})}, size=size, draw=draw,
                        folders=folders)

