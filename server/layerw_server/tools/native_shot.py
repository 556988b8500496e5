"""`layerw shot --host native`: the same figures and the same picture without a browser, drawn by wgpu.

Owns: the frames, of which the last one is drawn, and of the others what it builds on; and the JSON object. Needs
`layerw[window]` and a graphics adapter, which may be one in software.
"""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import numpy as np

from layerw.base.errors import LayerwError
from layerw.hosts.begin import begin_stepped
from layerw.hosts.headless import HeadlessHost
from layerw.hosts.native.host import native_host

from .shot_result import FIELDS, Shot, ShotError, ShotOptions, deliver

SETTLE_ASK_FRAMES, SETTLE_FRAMES_MAX = 5, 7200  # as web/engine/reporter.js


def take_native_shot(program: Path, options: ShotOptions, folders: dict[str, Path]) -> Shot:
    """Run the program; nothing is printed. Raises ShotError."""
    options.check()
    begun = time.perf_counter()
    try:
        host = native_host(program.parent, options.size, _boot_options(options), folders=folders)
        app = begin_stepped(program, host)
    except LayerwError as error:
        raise ShotError(str(error)) from None
    report, times, booted = _frames(host, app, options, begun)
    picture = host.sink.picture()
    app.close()
    figures = {"backend": "wgpu", "frames": host.frame, "draws": host.sink.draws, "triangles": host.sink.triangles,
               "frame_cpu_ms": {"p50": float(np.percentile(times, 50)), "p99": float(np.percentile(times, 99))},
               "boot_ms": round(booted * 1000), "gpu_allocated_bytes": host.sink.gpu_bytes, "host": "native",
               "crossings_per_frame": {"py_to_js": host.submits / max(host.frame, 1), "js_to_py": 1}}  # fmt: skip
    errors = [*host.errors, *(text for text in report.get("errors") or [] if text not in host.errors)]
    full = {name: report.get(name) for name in FIELDS} | report | figures | {"errors": errors}
    files = {name: _png(pixels) for name, pixels in host.files.items()}
    sound = host.recorded.tobytes() if options.sound else b""
    return Shot(full, None if picture is None else _png(picture), errors, files, sound)


def shot(program: Path, options: ShotOptions, *, out: Path | None, audio: Path | None, json: bool,
         folders: dict[str, Path]) -> int:  # fmt: skip
    """Take one shot and print it; as tools/shot.py's."""
    return deliver(take_native_shot(program, options, folders), out=out, audio=audio, json=json)


def _boot_options(options: ShotOptions) -> dict[str, Any]:
    chosen: dict[str, Any] = {"clock": "virtual", "frames": options.frames, "quality": options.quality,
                              "query": options.extra_query or {}, "width": options.size[0],
                              "height": options.size[1]}  # fmt: skip
    if options.sound:
        chosen["sound"] = "record"
    if options.budgets:
        chosen["budgets"] = options.budgets
    return chosen


def _frames(host: HeadlessHost, app: Any, options: ShotOptions,
            begun: float) -> tuple[dict[str, Any], list[float], float]:  # fmt: skip
    """The report, milliseconds of each frame, and seconds until the first one was drawn."""
    times: list[float] = []
    booted = 0.0
    host.sink.is_watched = False

    def step() -> None:
        start = time.perf_counter()
        host.step(app)
        times.append(1000 * (time.perf_counter() - start))

    for number in range(options.frames - 1):
        step()
        booted = booted or time.perf_counter() - begun if number == 0 else booted
    if options.settled:
        for _ in range(0, SETTLE_FRAMES_MAX, SETTLE_ASK_FRAMES):
            found = host.request_report(app, state_hash=False)
            if found.get("settled", True) or found.get("waits_in_vain"):
                break
            for _ in range(SETTLE_ASK_FRAMES - 1):
                step()
    host.sink.is_watched = True
    start = time.perf_counter()
    report = host.request_report(app)
    times.append(1000 * (time.perf_counter() - start))
    return report, times, booted or time.perf_counter() - begun


def _png(pixels: Any) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels[..., :3]).save(buffer, "PNG")
    return buffer.getvalue()
