"""Build hook: compiles the kernels into layerw/_kernels, and puts the top-level web/ folder into the wheel.

web/ only goes into standard wheels: an editable install serves the checkout's, so that edits show at once.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class LayerwHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own generic takes no argument here
    """Adds what is not in git: compiled kernels; and web/."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name == "wheel":
            script = Path(self.root, "engine_py", "kernels", "build.py")
            subprocess.run([sys.executable, str(script)], check=True, stdout=subprocess.DEVNULL)
        if version == "standard":
            # An editable install leaves it to make, which has a pip at hand.
            for name in ("rigid.py", "navigation.py"):
                script = Path(self.root, "engine_py", "kernels", name)
                subprocess.run([sys.executable, str(script)], check=True, stdout=subprocess.DEVNULL)
            build_data["force_include"]["web"] = "layerw_server/web"
