"""The native host: pictures by wgpu without a browser. Skips where no adapter can be had (tools/adapter.sh)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from layerw.gpu.passes import DRAW_PASSES, TARGETS, VIEW_FLAGS
from layerw.hosts.native.plan import plan_view
from layerw.hosts.native.programs import module_text, pieces_of, shaders_folder

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def adapter() -> None:
    """A graphics adapter, in software if need be."""
    pytest.importorskip("wgpu", reason="pip install layerw[window]")
    done = subprocess.run([ROOT / "tools" / "adapter.sh"], capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        pytest.skip(done.stderr.strip())


def shot(tmp_path: Path, program: str, *options: str) -> tuple[dict[str, object], np.ndarray]:
    """The report and the picture of a program's source. In a process of its own: drivers print as they like."""
    from PIL import Image

    source, out = tmp_path / "program.py", tmp_path / "out.png"
    source.write_text(program)
    command = [sys.executable, "-m", "layerw_server", "shot", source, "--host", "native", "--size", "96x64", "--json",
               "--out", out, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1]), np.asarray(Image.open(out)).astype(int)


def test_a_cube_is_drawn_and_its_state_is_the_headless_hosts(adapter: None, tmp_path: Path) -> None:
    program = (ROOT / "examples" / "hello.py").read_text()
    report, picture = shot(tmp_path, program, "--frames", "4")
    assert report["host"] == "native" and report["backend"] == "wgpu" and report["errors"] == []
    red, green, blue = picture[32, 48]
    assert red > 200 and green < 140 and blue < 130, (red, green, blue)
    assert picture[4, 48, 2] > picture[4, 48, 0], "the sky is blue"
    done = subprocess.run([sys.executable, "-m", "layerw_server", "run", ROOT / "examples" / "hello.py", "--headless",
                           "--frames", "4", "--json"], capture_output=True, text=True, timeout=120, check=True)
    assert json.loads(done.stdout)["state_hash"] == report["state_hash"]


def test_every_program_is_text() -> None:
    table = json.loads((shaders_folder() / "gen" / "programs.json").read_text())
    for program in table["programs"]:
        assert "@fragment" in module_text(program) or program == "tile_clear"
    assert pieces_of("pbr", posed=True)[-2:] == table["posed"]


def test_plans_draw_every_target_before_it_is_read() -> None:
    outside = {target.name for target in TARGETS if target.lasts or target.end}
    for flags in (0, 1, (1 << len(VIEW_FLAGS)) - 1 - (1 << VIEW_FLAGS.index("picking"))):
        plan = plan_view(flags, (1 << len(DRAW_PASSES)) - 1)
        assert plan.groups and set(plan.image_of) <= {target.name for target in TARGETS} - outside
        for group in plan.groups:
            assert len(group.keeps_colors) == len(group.colors) == len(group.resolves)
            for name in (*group.colors, group.depth):
                assert not name or name in outside or name in plan.image_of, name


def test_what_app_ui_shows_is_in_the_picture(adapter: None, tmp_path: Path) -> None:
    program = ('import layerw as lw\napp = lw.App()\n'
               'app.ui.panel("", style={"width": 40, "height": 30, "background": "#336699"})\n')  # fmt: skip
    report, picture = shot(tmp_path, program, "--frames", "3")
    assert report["errors"] == [] and report["ui"] == {"patches": 1, "widgets": 1}
    assert np.abs(picture[25, 70, :3] - (0x33, 0x66, 0x99)).max() <= 1, "colours are shown as given"
    assert picture[25, 30, 2] > picture[25, 30, 0], "beside it is the sky"
