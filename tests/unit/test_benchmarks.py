"""The tables say what was asked, what was measured and by how much it was missed."""

from __future__ import annotations

import runpy
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

import layerw as lw
from benchmarks import __main__ as parts
from benchmarks.boot.__main__ import table as boot_table
from benchmarks.drawing.__main__ import table
from benchmarks.kernels.__main__ import table as kernels_table
from benchmarks.physics.__main__ import table as physics_table
from benchmarks.physics.__main__ import write_scenes
from benchmarks.program.__main__ import take_pictures
from layerw.hosts.headless import HeadlessHost


def test_a_missed_ratio_says_by_how_much() -> None:
    found = {
        "boxes/webgl2/layerw": [{"cpu_ms": 3.0, "cpu_p99_ms": 9.0, "python_ms": 2.0, "gpu_ms": None}, {"error": "x"}],
        "boxes/webgl2/raw loop": [{"cpu_ms": 1.0, "cpu_p99_ms": 1.5}],
        "boxes/webgl2/three meshes": [{"cpu_ms": 30.0, "cpu_p99_ms": 40.0}],
        "instances/webgpu/three InstancedMesh": [{"error": "TypeError: no adapter"}],
    }
    text = table(found, "here")
    assert "| boxes | webgl2 | layerw | 3.000 | 9.000 | 2.000 |  |" in text
    assert "| boxes/webgl2/layerw / raw loop | 3.00 | <= 1.2 | missed by 2.50x |" in text
    assert "| boxes/webgl2/layerw / three meshes | 0.10 | <= 0.5 | met |" in text
    assert "failed: TypeError: no adapter" in text
    assert "instances/webgpu/layerw /" not in text


@pytest.mark.parametrize(("ms", "verdict"), [(1200.0, "met"), (1690.0, "missed by 1.30x")])
def test_boot_is_compared_with_the_bare_page(ms: float, verdict: str) -> None:
    found = {"bare": [{"first_frame": 1000.0}], "export": [{"first_frame": ms, "engine": 1.0}],
             "dev": [{"first_frame": 1300.0}]}
    text = boot_table(found, "webgl2")
    assert f"| export | {ms:.0f} | {ms / 1000:.2f} | <= 1.3 | {verdict} |" in text


@pytest.mark.parametrize(("other", "said"), [(7, "all equal"), (8, "2 DIFFERENT")])
def test_kernels_are_compared_by_their_fastest_run_and_checked_by_their_sums(other: int, said: str) -> None:
    found = {"cull": {"side": [[[3.0, 2.0], 7], [[2.5], 7]], "native": [[[1.0], 7]], "numpy": [[[7.0], other]],
                      "numpy tuned": [[[9.0], 1]]}}
    text = kernels_table(found, {"cull": 1_000_000})
    assert f"| cull | 1,000,000 | 2.00 |  | 1.00 |  | 7.00 |  | 9.00 | {said} |" in text
    assert "| cull: Chromium, own memory / native SSE4.2 | 2.00 | <= 1.5 | missed by 1.33x |" in text
    assert "| cull: numpy natively / Chromium, own memory | 3.50 | >= 4.0 | missed by 1.14x |" in text


@pytest.mark.parametrize(("other", "said"), [("a", "equal to the bit"), ("b", "DIFFERENT")])
def test_physics_is_compared_step_by_step_and_checked_by_its_state(other: str, said: str) -> None:
    def of(step: float, read: float = 0.0, hash: str = "") -> dict[str, object]:
        return {"step_ms": [step] * 70, "read_ms": [read] * 70, "awake": 0, "settled_after": 40, "height": 5.0,
                "python_ms": [0.05] * 70, "hash": hash}  # fmt: skip

    one = {"layerw": of(3.0, hash="a"), "native": of(1.0, hash=other), "Jolt": of(3.0, 1.0)}
    text = physics_table({"pit": [one], "sleep": [one]}, "here")
    assert "| Jolt | 4.00 | 4.00 | 4.00 | 1.00 | 0.75 | 0.75 | 5.00 |" in text
    assert "| 1,000 active: layerw / native | 3.000 | <= 1.5 | missed by 2.00x |" in text
    assert "| of it Python, ms (wall clock) | 0.050 | <= 0.1 | met |" in text
    assert "| 1,000 active: layerw / Jolt | 0.75 | <= 1 | met |" in text
    assert f"layerw in V8 and native: {said}." in text


def test_scenes_of_physics_have_their_boxes(tmp_path: Path) -> None:
    write_scenes(tmp_path)
    for name, still, moving in (("pit", 5, 1000), ("sleep", 1, 10_000)):
        records = np.fromfile(tmp_path / f"{name}.bin", np.float32).reshape(-1, 7)
        assert (records[:, 0] == 0).sum() == still
        assert len(np.unique(records[still:, 1:4], axis=0)) == moving


def test_a_part_that_fails_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(parts, "RESULTS", tmp_path)
    result = tmp_path / "fine.json"
    assert parts.run_part("fine", ["-c", f"open({str(result)!r}, 'w').close(); raise SystemExit(1)"]) == ""
    why = parts.run_part("broken", ["-c", "raise RuntimeError('The page failed: no adapter')"])
    assert why == "failed with status 1: RuntimeError: The page failed: no adapter"
    assert parts.run_part("silent", ["-c", ""]) == "failed with status 0: it wrote no error"


@pytest.mark.parametrize(("query", "count"), [({}, 10_000), ({"count": "100000"}, 100_000)])
def test_one_program_draws_as_many_boxes_as_the_query_asks(query: dict[str, str], count: int) -> None:
    host = HeadlessHost(options={"query": query})
    with mock.patch("layerw.hosts.default_host", return_value=host):
        program = runpy.run_path(str(parts.ROOT / "benchmarks" / "drawing" / "boxes.py"))
    assert len(program["boxes"]) == count


@pytest.mark.parametrize(("name", "query"), [("boxes", {"antialias": "temporal"}), ("boxes", {"picks": "1"}),
                                             ("points", {}), ("lights", {}), ("empty", {})])
def test_programs_of_the_drawing_part_run(name: str, query: dict[str, str]) -> None:
    host = HeadlessHost(options={"query": query})
    given = mock.patch.object(lw, "App", partial(lw.App, host=host))
    with mock.patch("layerw.hosts.default_host", return_value=host), given:
        program = runpy.run_path(str(parts.ROOT / "benchmarks" / "drawing" / f"{name}.py"))
    host.step(program["app"], 4)
    assert host.errors == [] and (host.sink.draws > 0) == (name != "empty")
    if "picks" in query:
        assert program["update"].__globals__["answers"] > 0, "what is asked is answered, and asked again"


def test_the_island_s_table_leaves_out_one_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = parts.ROOT / "benchmarks" / "island"
    monkeypatch.syspath_prepend(str(parts.ROOT / "examples"))
    host = HeadlessHost(size=(320, 200))
    given = mock.patch.object(lw, "App", partial(lw.App, host=host))
    with mock.patch("layerw.hosts.default_host", return_value=host), given:
        flight = runpy.run_path(str(folder / "flight.py"))
    app, demo = flight["app"], flight["values"]()
    app.quality = "high"

    def drawn() -> set[str]:
        host.step(app, 4)
        return {row["name"] for row in app.report()["passes"]}

    flight["dress"]()
    everything = drawn()
    for part, passes in (("shadows", {"shadow", "shafts"}), ("fog", {"shafts"}), ("bloom", {"bloom"}),
                         ("depth of field", {"focus"}), ("reflections", {"reflections"})):
        flight["leave_out"](part)
        assert everything - drawn() == passes, part
    for part in flight["PARTS"]:
        flight["leave_out"](part)
        thing, name, without = flight["PARTS"][part]
        assert getattr(thing, name) == without
        host.step(app, 1)
    before = app.sun.azimuth
    flight["turn_sun"](0.5)
    assert app.sun.azimuth > before
    flight["undress"]()
    assert flight["values"]() == demo and not flight["bounces"].are_on
    assert all("island/tileset.json" in text for text in app.report()["errors"]), "the world is not baked here"


def test_a_part_whose_extra_is_missing_is_left_out_with_a_reason(monkeypatch: pytest.MonkeyPatch,
                                                                 capsys: pytest.CaptureFixture[str]) -> None:
    ran: list[str] = []
    monkeypatch.setattr(parts, "run_part", lambda name, _: ran.append(name) or "")
    monkeypatch.setattr(parts, "find_spec", lambda module: None if module == "alktx2" else module)
    monkeypatch.setattr("sys.argv", ["bench"])
    assert parts.main() == 0
    assert ran == [name for name in parts.PARTS if name not in ("textures", "loading")]
    assert "textures: left out, it needs alktx2: pip install 'layerw[bake]'" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["bench", "textures"])
    parts.main()
    assert ran[-1] == "textures", "who names it hears what it says"


def test_a_picture_lies_beside_the_figures(tmp_path: Path) -> None:
    found = take_pictures({"fox-webgl2": [{"frames": 3, "png": "aGVsbG8="}], "fox-webgl2-profile": ["text"]}, tmp_path)
    assert found == {"fox-webgl2": [{"frames": 3, "png": "fox-webgl2.png"}], "fox-webgl2-profile": ["text"]}
    assert (tmp_path / "fox-webgl2.png").read_bytes() == b"hello"
