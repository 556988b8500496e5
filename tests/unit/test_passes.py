"""The rows of the frame: their rules, and what their targets take (the same sum as web/backends/common/graph.js)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from layerw.gpu.passes import PASSES, TARGETS, VIEW_FLAGS, Pass, Target, flag, validate
from layerw.gpu.target_bytes import SizedView, live_passes, share_images, shown_timers, target_bytes

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "targets.json"
ALL = (1 << len(VIEW_FLAGS)) - 1 & ~flag("picking") & ~flag("probe_face") & ~flag("ui")
Case = tuple[int, int, int] | tuple[int, int, int, tuple[int, int]]
CASES: tuple[tuple[tuple[int, int], tuple[Case, ...]], ...] = (
    ((1080, 720), ((ALL, 1080, 720),)),
    ((1080, 720), ((0, 1080, 720),)),
    ((1, 1), ((ALL, 1, 1),)),
    ((640, 401), ((0, 640, 401), (flag("picking"), 1, 1))),
    ((640, 401), ((ALL, 256, 256), (0, 640, 401), (ALL, 160, 100), (ALL, 160, 100))),
    ((641, 401), ((ALL, 641, 401, (429, 269)), (flag("upscaled"), 320, 200, (80, 50)))),
)


def golden() -> list[dict[str, object]]:
    return [{"picture": list(picture), "views": [[*view[:3], *map(list, view[3:])] for view in views],
             "bytes": target_bytes(picture, [SizedView(*view) for view in views])}
            for picture, views in CASES]  # fmt: skip


def test_the_sum_is_the_one_that_javascript_is_tested_with() -> None:
    assert json.loads(GOLDEN.read_text("utf-8")) == golden(), f"if the rows changed: python {Path(__file__).name}"


def test_views_share_what_has_the_same_size() -> None:
    flags = flag("shadows") | flag("bloom")
    one = target_bytes((100, 100), [SizedView(flags, 100, 100)])
    assert target_bytes((100, 100), [SizedView(flags, 100, 100)] * 3) == one
    assert target_bytes((100, 100), [SizedView(flags, 100, 100), SizedView(flags, 50, 100)]) > one


def test_each_view_keeps_its_own_history() -> None:
    one = target_bytes((100, 100), [SizedView(flag("auto_exposure"), 100, 100)])
    two = target_bytes((100, 100), [SizedView(flag("auto_exposure"), 100, 100)] * 2)
    assert two - one == 2 * 4, "two images of one texel"


def test_light_is_measured_only_where_somebody_looks() -> None:
    def names(*flags: str) -> set[str]:
        return {row.name for row in live_passes(sum(map(flag, flags)), PASSES, TARGETS)}

    assert not any("bloom" in name or name in ("luminance", "exposure") for name in names("shadows"))
    assert {"bloom_down_5", "bloom_up_1"} <= names("bloom") and "luminance" not in names("bloom")
    assert {"bloom_down_4", "luminance", "exposure"} <= names("auto_exposure") and "bloom_down_5" not in names(
        "auto_exposure")
    assert shown_timers(0) == ("opaque", "sky", "resolve", "decal", "blend", "tone")


def test_transparency_without_order_has_targets_of_its_own() -> None:
    names = [row.name for row in live_passes(flag("weighted"), PASSES, TARGETS)]
    assert [name for name in names if name in ("decode", "blend", "weigh", "compose")] == ["weigh", "compose"]
    plain, more = (target_bytes((100, 100), [SizedView(flags, 100, 100)]) for flags in (0, flag("weighted")))
    assert more - plain == (8 + 8 + 4) * 100 * 100


def test_a_view_that_picks_draws_nothing_else() -> None:
    rows = live_passes(flag("picking"), PASSES, TARGETS)
    assert [row.name for row in rows] == ["ids_solid", "ids_see_through"]
    assert not any("ids" in row.name for row in live_passes(ALL, PASSES, TARGETS))


def test_a_flag_that_is_off_takes_nothing() -> None:
    small = target_bytes((100, 100), [SizedView(0, 100, 100)])
    assert target_bytes((100, 100), [SizedView(flag("shadows"), 100, 100)]) == small
    assert target_bytes((100, 100), [SizedView(0, 100, 100)], (256, 128)) == small + 4 * 256 * 128, "the atlas"
    assert "shadow" not in [row.name for row in live_passes(0, PASSES, TARGETS)]


def test_lives_that_do_not_meet_share_an_image() -> None:
    targets = [Target(name, "picture") for name in "abc"] + [Target("out", "picture", outside=True)]
    rows = [Pass("1", "draws", "1", colors=("a",)), Pass("2", "fullscreen", "2", ("a",), ("b",)),
            Pass("3", "fullscreen", "3", ("b",), ("c",)), Pass("4", "fullscreen", "4", ("c",), ("out",))]  # fmt: skip
    assert [image.name for image in share_images(rows, targets)] == ["a", "b"]


def test_kept_targets_have_their_own_size_once_for_all_views() -> None:
    lut = Target("lut", "rgba16float", side=64, height=32, kept=True)
    rows = (Pass("fill", "fullscreen", "air", colors=("lut",), shader="copy", region=(0, 0, 16, 8)),
            Pass("show", "fullscreen", "tone", ("lut as source",), ("picture",), shader="copy"))  # fmt: skip
    picture = Target("picture", "picture", outside=True)
    validate(rows, (lut, picture))
    assert [row.name for row in live_passes(0, rows[:1], (lut, picture))] == ["fill"], "what lasts is drawn for later"
    assert share_images(rows, (lut, picture)) == [] and lut.sides(7, 5) == (64, 32)
    for wrong, bad, found in (("reads lut while it draws", rows[0]._replace(reads=("lut as source",)), lut),
                              ("region of what is not kept", rows[0], lut._replace(kept=False)),
                              ("no size of its own", rows[0], lut._replace(side=0))):  # fmt: skip
        with pytest.raises(ValueError, match=wrong):
            validate((bad, rows[1]), (found, picture))


@pytest.mark.parametrize(("row", "message"), [
    (Pass("x", "fullscreen", "x", ("no",), ("out",)), "Pass x names the target no, which is not in TARGETS"),
    (Pass("x", "fullscreen", "x", (), ("out", "half")), "Pass x draws into out, half, whose sizes differ"),
    (Pass("x", "fullscreen", "x", ("late",), ("out",)), "Pass x reads late before any pass writes it"),
    (Pass("x", "fullscreen", "x", (), ("out",), when="moon"), "waits for the flag moon; the flags are shadows, "),
])
def test_rows_that_contradict_each_other_are_refused(row: Pass, message: str) -> None:
    targets = (Target("late", "picture"), Target("half", "picture", divide=2),
               Target("out", "picture", outside=True))  # fmt: skip
    with pytest.raises(ValueError, match=message):
        validate((row, Pass("y", "draws", "y", colors=("late",))), targets)


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(golden(), indent=1) + "\n", "utf-8")
    sys.stdout.write(f"wrote {GOLDEN}\n")
