"""The folder of baked models while it grows, and the swap at the end.

Owns: `.NAME.partial` beside the output; file names that carry their content's hash, in letters that every host serves;
what is kept of a bake that was stopped: encoded images, which take the most time (`kept/`, by a hash of what they were
made from), so that the next one goes on there.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

from layerw_server.bake.models.gltf import Json
from layerw_server.bake.stage import put_in_place


class Shelf:
    """A context manager; leaves the output as it was unless `swap` was called. `kept`: a folder for what the next bake
    need not make again, where this one is stopped."""

    def __init__(self, out: Path) -> None:
        self.out, self.folder = out, out.parent / f".{out.name}.partial"
        self.kept = self.folder / "kept"
        self.sizes: dict[str, int] = {}
        self.notes: list[str] = []

    def __enter__(self) -> Shelf:
        self._clear()
        (self.folder / "tiles").mkdir(parents=True)
        self.kept.mkdir(exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()

    def _clear(self) -> None:
        """Leaves what is kept, and nothing where that is nothing."""
        found = list(self.folder.iterdir()) if self.folder.is_dir() else []
        keeps = self.kept.is_dir() and any(self.kept.iterdir())
        for path in found:
            if path.is_dir() and (path != self.kept or not keeps):
                shutil.rmtree(path, ignore_errors=True)
            elif path != self.kept:
                path.unlink(missing_ok=True)
        if found and not keeps:
            shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def safe(name: str) -> str:
        """A name in ASCII; what has other letters only is known by its hash."""
        return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:60] or "model"

    def put(self, name: str, data: bytes) -> Json:
        """Write a .glb as `name.<hash>.glb`; returns the tileset's content."""
        uri = f"{name}.{hashlib.sha256(data).hexdigest()[:16]}.glb"
        return self.put_as(uri, data)

    def put_as(self, uri: str, data: bytes) -> Json:
        """Write a file under a name of its own."""
        (self.folder / uri).write_bytes(data)
        self.sizes[uri] = len(data)
        return {"uri": uri, "extras": {"byteLength": len(data)}}

    def swap(self) -> None:
        """Put the finished folder in place with renames."""
        shutil.rmtree(self.kept)
        if not any((self.folder / "tiles").iterdir()):
            (self.folder / "tiles").rmdir()
        put_in_place(self.folder, self.out)
