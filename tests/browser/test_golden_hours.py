"""Dawn, noon, dusk and night on both APIs: what they looked like, cell by cell, that both agree, and what is true of
any such hour.

tests/golden/hours.json has the mean light of 16 x 12 cells of each picture, in ten-thousandths of white, linear:
numbers that another rasteriser's edges do not change. After a change that is meant, look at the pictures that
`LAYERW_GOLDEN=write pytest tests/browser/test_golden_hours.py --basetemp=DIR` leaves in DIR; it writes them anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
from PIL import Image

from .conftest import RunProgram
from .harness import Running
from .test_temporal import linear
from .worlds import DIFFERENT_MAX, Pixels, different, pixels

PROGRAM = Path(__file__).parent / "pages" / "hours.py"
GOLDEN = Path(__file__).parents[1] / "golden" / "hours.json"
HOURS = ("dawn", "noon", "dusk", "night")
LUMA = np.array((0.2126, 0.7152, 0.0722))
PARTS = 10_000  # of white
SKY = 6  # rows of cells; the horizon is in the eighth


def cells(picture: Pixels) -> np.ndarray:
    """(12, 16, 3) mean linear light."""
    return np.asarray(linear(picture).reshape(12, 10, 16, 10, 3).mean(axis=(1, 3)))


def pictures(run_program: RunProgram, backend: str) -> dict[str, Pixels]:
    running = run_program(PROGRAM, backend=backend, clock="virtual").wait_ready()
    found = {name: shown(running, f"show({name!r})") for name in HOURS}
    found["moonless"] = shown(running, "app.moon.intensity = 0.0")
    found["starless"] = shown(running, "app.sky.stars = 0.0")
    assert running.report()["errors"] == []
    return found


def shown(running: Running, code: str) -> Pixels:
    running.python(f"import __main__ as m\nm.{code}\nNone")
    running.frames(5)
    return pixels(running)


def is_as_it_was(now: np.ndarray, was: np.ndarray) -> bool:
    """Each cell within a twentieth of itself and a tenth of the mean, the mean within a fiftieth."""
    near = np.abs(now - was) <= 0.05 * was + 0.1 * was.mean()
    return bool(near.all() and np.abs(now.mean(axis=(0, 1)) / was.mean(axis=(0, 1)) - 1).max() < 0.02)


def test_four_hours_of_a_day(run_program: RunProgram, tmp_path: Path) -> None:
    both = {backend: pictures(run_program, backend) for backend in ("webgpu", "webgl2")}
    for name in HOURS:
        assert different(both["webgpu"][name], both["webgl2"][name]) <= DIFFERENT_MAX, f"{name} is another on WebGL2"
    found = {backend: {name: cells(one) for name, one in by_name.items()} for backend, by_name in both.items()}
    if os.environ.get("LAYERW_GOLDEN") == "write":
        write(both["webgpu"], tmp_path)
    golden = {name: np.array(flat).reshape(12, 16, 3) / PARTS
              for name, flat in json.loads(GOLDEN.read_text()).items()}  # fmt: skip
    for backend, by_name in found.items():
        for name in HOURS:
            assert is_as_it_was(by_name[name], golden[name]), f"{name} on {backend} is not what it was"
    assert not is_as_it_was(golden["dusk"], golden["dawn"]) and not is_as_it_was(0.97 * golden["noon"], golden["noon"])
    for by_name in found.values():
        are_hours(by_name)
    for by_hour in both.values():
        stars = (by_hour["moonless"] - by_hour["starless"]).max(axis=2)
        assert (stars[:60] >= 3).sum() >= 5 and stars[90:].max() <= 2, "there are some, and in the sky alone"


def are_hours(at: dict[str, np.ndarray]) -> None:
    """What holds at any place: at (12, 16, 3) by hour."""
    luma = {name: one @ LUMA for name, one in at.items()}
    mean = {name: float(one.mean()) for name, one in luma.items()}
    assert mean["noon"] > max(mean["dawn"], mean["dusk"]) > min(mean["dawn"], mean["dusk"]) > 4 * mean["night"]
    red = {name: one[..., 0].mean() / one[..., 2].mean() for name, one in at.items()}
    assert min(red["dawn"], red["dusk"]) > 1.5 * red["noon"] and red["night"] < red["noon"], "night is blue"
    for name in ("dawn", "dusk"):
        assert luma[name][SKY].mean() > 1.5 * luma[name][0].mean(), "brighter above the horizon than higher up"
        assert luma[name][SKY].max() > 2 * luma[name][SKY].min() or name == "dusk", "most of all where the sun is"
        assert at[name][SKY, :, 0].mean() > at[name][SKY, :, 2].mean(), "and red"
    top, low = at["noon"][0].mean(axis=0), at["noon"][SKY].mean(axis=0)
    assert top[2] / top[0] > 1.5 * low[2] / low[0], "at noon the sky is bluest high up"
    assert luma["night"][8:].mean() > 1.3 * luma["moonless"][8:].mean(), "the moon lights the ground"


def write(by_name: dict[str, Pixels], folder: Path) -> None:
    for name in HOURS:
        Image.fromarray(by_name[name].astype(np.uint8)).save(folder / f"{name}.png")
    flat = {name: np.rint(PARTS * cells(by_name[name])).astype(int).ravel().tolist() for name in HOURS}
    lines = [f'"{name}": {json.dumps(numbers)}' for name, numbers in flat.items()]
    GOLDEN.write_text("{" + ",\n".join(lines) + "}\n")
