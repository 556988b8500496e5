"""Build hook: compiles the kernels into layerw/_kernels, and puts the top-level web/ folder into the wheel.

web/ only goes into standard wheels: an editable install serves the checkout's, so that edits show at once.
LAYERW_STRICT=1 ends a build that has no physics or navigation, as `make dist` wants it.

The registry's page shows README.md, but has no files beside it: the metadata hook takes pictures of the repository out
and leaves of links to it the words.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

_PICTURE = re.compile(r"(?m)^!\[[^\]]*\]\((?!https?:)[^)]*\)\n+(?:\*(?:[^*\n]|\n(?!\n))*\*\n+)?")  # with its caption
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]*\)")


class LayerwHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own generic takes no argument here
    """Adds what is not in git: compiled kernels; and web/."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name == "wheel":
            script = Path(self.root, "engine_py", "kernels", "build.py")
            subprocess.run([sys.executable, str(script)], check=True, stdout=subprocess.DEVNULL)
        if version == "standard":
            # An editable install leaves it to make, which has a pip at hand.
            strict = ["--strict"] if os.environ.get("LAYERW_STRICT") == "1" else []
            for name in ("rigid.py", "navigation.py"):
                script = Path(self.root, "engine_py", "kernels", name)
                subprocess.run([sys.executable, str(script), *strict], check=True, stdout=subprocess.DEVNULL)
            build_data["force_include"]["web"] = "layerw_server/web"


class LayerwMetadata(MetadataHookInterface):
    """The long description: README.md without what a registry's page can't show."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        text = Path(self.root, "README.md").read_text("utf-8")
        text = _LINK.sub(r"\1", _PICTURE.sub("", text))
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
