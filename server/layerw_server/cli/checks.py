"""Turns command-line text into checked values; every refusal names the value and the limit."""

from __future__ import annotations

import importlib
import importlib.util
import math
from enum import StrEnum
from pathlib import Path
from types import ModuleType

from .console import CommandError

HEIGHT_MAX_M = 20_000.0
SIZE_MIN_PX, SIZE_MAX_PX = 1, 8192
BUDGETS = ("heap_mib", "layer_mib", "gpu_mib", "upload_mib_per_frame")


class Quality(StrEnum):
    """How much of light and air is drawn."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    AUTO = "auto"


class Backend(StrEnum):
    """What draws."""

    AUTO = "auto"
    WEBGPU = "webgpu"
    WEBGL2 = "webgl2"
    NULL = "null"


class Host(StrEnum):
    """What runs the program."""

    BROWSER = "browser"
    NATIVE = "native"


class Textures(StrEnum):
    """What the pictures of baked files become."""

    JPEG = "jpeg"
    ETC1S = "etc1s"
    UASTC = "uastc"


class Template(StrEnum):
    """What a program begins as; `says`: what it is."""

    says: str

    def __new__(cls, name: str, says: str) -> Template:
        """A name that knows what it stands for."""
        made = str.__new__(cls, name)
        made._value_, made.says = name, says
        return made

    EMPTY = "empty", "a cube that turns"
    GAME = "game", "catch a ball: keys, pads, touch, a score that is kept"
    VIEWER = "viewer", "one glTF model to turn"
    DATA = "data", "20,000 numbers as boxes"
    NOTEBOOK = "notebook", "points that a notebook of Jupyter sends"
    MULTIPLAYER = "multiplayer", "several players on a field, who collect gems"


class Thread(StrEnum):
    """Where the engine runs."""

    WORKER = "worker"
    MAIN = "main"


def program(path: Path) -> Path:
    """The user's program as an absolute path; a folder stands for its main.py."""
    if not path.exists():
        raise CommandError(f"There is no program {path}; give the path of a .py file, or of a folder with main.py.")
    if path.is_dir() and not (path / "main.py").is_file():
        raise CommandError(f"{path} is not a Python program, nor is there a main.py in it; give the path of a .py "
                           "file.")  # fmt: skip
    if path.is_dir():
        return (path / "main.py").absolute()
    if not path.is_file() or path.suffix != ".py":
        raise CommandError(f"{path} is not a Python program; give the path of a .py file.")
    return path.absolute()


def size(text: str) -> tuple[int, int]:
    """1080x720 -> (1080, 720)."""
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise CommandError(f"--size is {text!r}, expected WIDTHxHEIGHT in pixels, for example 1080x720.")
    pair = int(width), int(height)
    if not all(SIZE_MIN_PX <= side <= SIZE_MAX_PX for side in pair):
        raise CommandError(f"--size is {text}, each side must be {SIZE_MIN_PX} to {SIZE_MAX_PX} pixels.")
    return pair


def picture(out: Path | None, backend: Backend) -> None:
    """Refuse a picture that would never be written, and make the folder of one that will."""
    if out is None:
        return
    if backend is Backend.NULL:
        raise CommandError(f"--backend null draws nothing, so {out} can't be written; leave --out away, or give "
                           "another backend.")
    _written("--out", out, ".png")


def sound_file(out: Path | None) -> None:
    """Refuse a sound that would never be written, and make the folder of one that will."""
    if out is not None:
        _written("--audio", out, ".wav")


def probe_file(out: Path) -> None:
    """Refuse a file that is none, and make its folder."""
    _written("OUT", out, ".npz")


def _written(option: str, out: Path, suffix: str) -> None:
    if out.is_dir() or out.suffix.lower() != suffix:
        raise CommandError(f"{option} is {out}, expected the name of a {suffix} file.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"The folder of {option} {out} can't be made: {error.strerror or error}.") from None


def budgets(texts: list[str]) -> dict[str, float]:
    """["gpu_mib=64"] -> {"gpu_mib": 64.0}."""
    pairs = {}
    for text in texts:
        name, _, number = text.partition("=")
        try:
            pairs[name] = float(number)
        except ValueError:
            raise CommandError(f"--budget is {text!r}, expected NAME=MIB, for example gpu_mib=64.") from None
        if name not in BUDGETS or not 0 < pairs[name] < math.inf:
            raise CommandError(f"--budget is {text!r}; the names are {', '.join(BUDGETS)} and the value is above 0.")
    return pairs


def heights(text: str | None) -> tuple[float, float] | None:
    """0:1800 -> (0.0, 1800.0)."""
    if text is None:
        return None
    try:
        low, high = (float(part) for part in text.split(":"))
    except ValueError:
        low = high = math.nan
    if not -HEIGHT_MAX_M <= low < high <= HEIGHT_MAX_M:
        raise CommandError(f"--heights-m is {text!r}, expected LOW:HIGH in metres, for example 0:1800.")
    return low, high


def folders(texts: list[str]) -> dict[str, Path]:
    """["models=../data"] -> {"models": Path("../data")}."""
    pairs = {}
    for text in texts:
        name, _, folder = text.partition("=")
        if not name or not folder or "/" in name or name.startswith(".") or not Path(folder).is_dir():
            raise CommandError(f"--mount is {text!r}, expected NAME=FOLDER with a folder that exists.")
        pairs[name] = Path(folder).resolve()
    return pairs


def piece(name: str) -> ModuleType:
    """Import a part of layerw_server on demand, with a sentence where it or what it needs is missing."""
    try:
        return importlib.import_module(f"layerw_server.{name}")
    except ModuleNotFoundError as error:
        missing = error.name or name
        if missing.startswith("layerw_server"):
            raise CommandError(f"This build of layerw has no {missing}; install a complete one.") from error
        from ..runtime.installation import repair

        extra = {"playwright": "shot", "wgpu": "window", "wasmtime": "headless",
                 "packaging": "build"}.get(missing.partition(".")[0], "")
        raise CommandError(f"The Python package {missing} is not installed; {repair(extra)}.") from error


def web_folder() -> Path:
    """The page's own files."""
    from ..http.web import WebMissing
    from ..http.web import web_folder as find

    try:
        return find()
    except WebMissing as error:
        raise CommandError(str(error)) from error


def playwright() -> None:
    """Refuse early where Playwright, which drives Chromium, is missing."""
    if importlib.util.find_spec("playwright") is None:
        from ..runtime.installation import repair

        raise CommandError(f"layerw shot needs Playwright; {repair('shot')}.")
