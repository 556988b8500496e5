"""What a shot is asked and what it gives, in a page or natively: options, figures, and the files that it leaves.

Owns: the JSON object that is printed, WAV and PNG files. Knows no host: `layerw shot --host native` starts without what
the page needs.
"""

from __future__ import annotations

import json as json_format
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

BACKENDS = ("auto", "webgpu", "webgl2", "null")
QUALITIES = ("low", "medium", "high", "auto")
SIDE_PX_MAX = 8192
FRAMES_MAX = 1_000_000
FIELDS = ("backend", "frames", "frame_cpu_ms", "python_ms", "crossings_per_frame", "state_hash", "draws", "triangles",
          "entities", "tiles", "heap_bytes", "layer_bytes", "gpu_bytes", "budgets", "boot_ms", "errors")
SOUND_RATE = 48_000


class ShotError(Exception):
    """A shot that can't be taken as asked; the text says why."""


@dataclass(frozen=True, slots=True)
class ShotOptions:
    """What to run and how."""

    backend: str = "auto"
    size: tuple[int, int] = (1080, 720)
    frames: int = 60
    settled: bool = False
    thread: str = "worker"
    timeout_s: float = 180.0
    budgets: dict[str, float] | None = None
    quality: str = "medium"
    sound: bool = False  # whether what is heard is recorded
    extra_query: dict[str, str] | None = None  # what the program reads as options()["query"]

    def check(self) -> None:
        """Raise ShotError for a value outside its limits."""
        width, height = self.size
        if self.backend not in BACKENDS:
            raise ShotError(f"The backend {self.backend!r} is none of {', '.join(BACKENDS)}.")
        if not (1 <= width <= SIDE_PX_MAX and 1 <= height <= SIDE_PX_MAX):
            raise ShotError(f"The size {width}x{height} has a side outside of 1 to {SIDE_PX_MAX} pixels.")
        if not 1 <= self.frames <= FRAMES_MAX:
            raise ShotError(f"The number of frames is {self.frames}; it is 1 to {FRAMES_MAX}.")
        if self.quality not in QUALITIES:
            raise ShotError(f"The quality {self.quality!r} is none of {', '.join(QUALITIES)}.")
        if self.thread not in ("worker", "main"):
            raise ShotError(f"The thread {self.thread!r} is neither worker nor main.")

    def query(self) -> str:
        """Return the page's query string: attributes of the element, see web/index.html."""
        width, _ = self.size
        assert width > 0
        pairs = {"backend": self.backend, "thread": self.thread, "clock": "virtual", "frames": str(self.frames),
                 "quality": self.quality}  # fmt: skip
        if self.sound:
            pairs["sound"] = "record"
        if self.settled:
            pairs["settled"] = "1"
        if self.budgets:
            pairs["budgets"] = json_format.dumps(self.budgets)
        return urlencode((self.extra_query or {}) | pairs)


@dataclass(slots=True)
class Shot:
    """A finished run: the engine's report with every error, the picture (none for the null backend), and the files
    that the program made (app.screenshot)."""

    report: dict[str, Any]
    png: bytes | None = None
    errors: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    sound: bytes = b""  # a recording: int16, left and right, SOUND_RATE


def parse_size(text: str) -> tuple[int, int]:
    """Read `1080x720`."""
    width, cross, height = text.lower().partition("x")
    if not (cross and width.isascii() and width.isdigit() and height.isascii() and height.isdigit()):
        raise ShotError(f"The size {text!r} is not WIDTHxHEIGHT, for example 1080x720.")
    return int(width), int(height)


def write_sound(taken: Shot, path: Path) -> None:
    """Write the recording as a WAV file of 16 bits; `sound` in the report says how long and how loud it is."""
    import array
    import wave

    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SOUND_RATE)
        file.writeframes(taken.sound)
    samples = array.array("h", taken.sound)
    if sys.byteorder == "big":
        samples.byteswap()
    taken.report["sound"] = {"file": str(path), "seconds": len(samples) / 2 / SOUND_RATE,
                             "peak": max((abs(value) for value in samples), default=0) / 32768}  # fmt: skip


def write_files(files: dict[str, bytes], folder: Path) -> list[Path]:
    """Write what the program made below `folder`; return the paths.

    Raises:
        ShotError: a name that leaves the folder; nothing is written then. (The page refuses such names too.)
    """
    paths = [folder / name for name in files]
    for name, path in zip(files, paths, strict=True):
        if not path.resolve().is_relative_to(folder.resolve()) or path.suffix.lower() != ".png":
            raise ShotError(f"The program made a file named {name!r}; it must end with .png and stay in its folder.")
    for path, data in zip(paths, files.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return paths


def deliver(taken: Shot, *, out: Path | None, audio: Path | None, json: bool) -> int:
    """Write what a shot made and print it; the exit status."""
    if out and taken.png:
        out.write_bytes(taken.png)
    if audio and not taken.errors:
        write_sound(taken, audio)
    made = write_files(taken.files, out.parent if out else Path.cwd())
    taken.report["files"] = [str(path) for path in made]
    print(json_format.dumps(taken.report) if json else summary(taken, out))
    for text in taken.errors:
        print(text, file=sys.stderr)
    return 1 if taken.errors else 0


def summary(taken: Shot, out: Path | None) -> str:
    """Return a few lines for a person."""
    report = taken.report
    cpu = report["frame_cpu_ms"] or {"p50": 0, "p99": 0}
    lines = [f"{report['backend']}: {report['frames']} frames, CPU {cpu['p50']:.2f} ms (p99 {cpu['p99']:.2f}), "
             f"{report['draws']} draws, {report['triangles']} triangles, first frame after {report['boot_ms']} ms"]
    if taken.png and out:
        lines.append(f"picture: {out}")
    if "sound" in report:
        sound = report["sound"]
        lines.append(f"sound: {sound['file']}, {sound['seconds']:.2f} s, at most {sound['peak']:.2f} of full scale")
    lines += [f"screenshot: {path}" for path in report.get("files") or []]
    return "\n".join(lines)
