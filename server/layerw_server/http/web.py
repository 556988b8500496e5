"""Where the page's own files are: inside of an installed wheel, else the checkout's web/."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


class WebMissing(Exception):
    """Neither place has them."""


def web_folder() -> Path:
    """The folder with index.html and the JavaScript; raises WebMissing."""
    package = Path(str(files("layerw_server")))
    inside, beside = package / "web", package.parents[1] / "web"
    for folder in (inside, beside):
        if (folder / "index.html").is_file():
            return folder
    raise WebMissing(f"The web files are neither in {inside} nor in {beside}; reinstall layerw.")
