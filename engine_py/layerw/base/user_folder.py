"""Where this machine keeps what programs write for the user that runs them."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def user_folder() -> Path:
    """The system's folder for that; it may not exist yet."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    if sys.platform == "darwin":
        return home / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
