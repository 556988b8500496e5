"""Files of rooms' states: whole or not at all, and for the server's own user alone: a state has the secret that says
which player is who.
"""

from __future__ import annotations

import os
from pathlib import Path


def write(file: Path, data: bytes) -> None:
    """Instead of the one before. Raises OSError."""
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)  # one that is there keeps the rights that it has
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as into:
        into.write(data)
    part.replace(file)
