"""Build hook: the top-level web/ folder travels in the wheel as layerw_server/web.

Only for standard wheels: an editable install serves the checkout's web/, so that edits show at once.
"""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WebFolderHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own generic takes no argument here
    """Adds web/ to the wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            build_data["force_include"]["web"] = "layerw_server/web"
