"""Which file of the editor's is which of the page's: paths beneath the program's folder, and of folders that it reads.

Owns: that map, both ways. Limits: regular paths; one outside of these folders is none of the page's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlparse
from urllib.request import url2pathname


class Sources:
    """Of one program."""

    def __init__(self, program: Path, folders: Mapping[str, Path]) -> None:
        self.root = program.resolve().parent
        self.folders = {name: folder.resolve() for name, folder in folders.items()}

    def in_page(self, path: str) -> str | None:
        """`/home/me/game/parts/ship.py` -> `parts/ship.py`; None: it is not of the program."""
        if path.startswith("file:"):
            path = url2pathname(unquote(urlparse(path).path))
        try:
            real = Path(os.path.realpath(path))
        except (OSError, ValueError):
            return None
        for name, folder in self.folders.items():
            if real.is_relative_to(folder):
                return f"{name}/{real.relative_to(folder).as_posix()}"
        return real.relative_to(self.root).as_posix() if real.is_relative_to(self.root) else None

    def on_disk(self, path: str) -> str | None:
        """The other way; None: nothing there could be a file of the program."""
        name, _, inside = path.partition("/")
        folder = self.folders.get(name) if inside else None
        real = Path(os.path.normpath(folder / inside if folder else self.root / path))
        return str(real) if real.is_relative_to(folder or self.root) else None
