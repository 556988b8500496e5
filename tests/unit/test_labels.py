"""lw.Label: where glyphs stand, the curves that the GPU gets, and the coverage that the shader works out of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import layerw as lw
from layerw.drawing.font import font, lay_out
from layerw.drawing.glyphs import ASIDE, BANDS, TEXELS, UNIT, Glyphs
from layerw.hosts.headless import HeadlessHost

NAN = float("nan")
F = npt.NDArray[np.float64]


@pytest.fixture
def app() -> Iterator[lw.App]:
    made = lw.App(host=HeadlessHost())
    yield made
    made.close()


def number(character: str) -> int:
    return font().numbers[ord(character)]


def read(text: str) -> str:
    """The characters of a text from left to right, blanks left out."""
    characters = {glyph: chr(code) for code, glyph in font().numbers.items()}
    line, _ = lay_out(text, "left")
    return "".join(characters[int(line.glyphs[at])] for at in np.argsort(line.places[:, 0], kind="stable"))


def winding(character: str, at: F) -> npt.NDArray[np.bool_]:
    """Whether points (n, 2) lie inside of a glyph, by crossings of its curves cut into many straight pieces."""
    t = np.linspace(0, 1, 33)[:, None]
    count = np.zeros(len(at), int)
    for chain in font().contours(number(character)):
        for p0, p1, p2 in zip(chain[:-2:2], chain[1::2], chain[2::2], strict=True):
            curve = (1 - t) ** 2 * p0 + 2 * t * (1 - t) * p1 + t**2 * p2
            for a, b in zip(curve[:-1], curve[1:], strict=True):
                meets = (a[1] > at[:, 1]) != (b[1] > at[:, 1])
                with np.errstate(divide="ignore", invalid="ignore"):
                    x = a[0] + (at[:, 1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0])
                count += np.where(meets & (x > at[:, 0]), 1 if b[1] > a[1] else -1, 0)
    return count != 0


class Shader:
    """What glyphs.wgsl does, from the same texture."""

    def __init__(self, glyphs: Glyphs) -> None:
        texels = glyphs.texture.image.pixels.reshape(-1, 4).astype(np.int64)
        self.numbers = np.stack([texels[:, 0] + 256 * texels[:, 1], texels[:, 2] + 256 * texels[:, 3]], 1)

    def ray(self, base: int, band: int, at: F, px_per_em: float, is_up: bool) -> tuple[float, float]:
        begin, count = self.numbers[base + band]
        total = trusted = 0.0
        for curve in self.numbers[base + begin : base + begin + count, 0]:
            points = self.numbers[base + curve : base + curve + 3] / UNIT - ASIDE - at
            if is_up:
                points = np.stack([points[:, 1], -points[:, 0]], 1)
            (x0, y0), (x1, y1), (x2, y2) = points
            turns = (y0 > 0) == (y2 > 0) and (y1 > 0) != (y0 > 0)
            a, b, ax, bx = y0 - 2 * y1 + y2, y0 - y1, x0 - 2 * x1 + x2, x0 - x1
            root = np.sqrt(max(b * b - a * y0, 0.0))
            for wanted, sign, part in ((turns or (y0 > 0 >= y2), 1, -root), (turns or (y2 > 0 >= y0), -1, root)):
                if wanted:
                    t = 0.5 * y0 / b if abs(a) < 1e-5 else (b + part) / a
                    x = ((ax * t - 2 * bx) * t + x0) * px_per_em
                    total += sign * np.clip(x + 0.5, 0, 1)
                    trusted = max(trusted, np.clip(1 - 2 * abs(x), 0, 1))
        return total, trusted

    def coverage(self, glyph: Any, at: F, px_per_em: float) -> float:
        band = np.clip(np.floor((at - glyph.low) / (glyph.high - glyph.low) * BANDS), 0, BANDS - 1).astype(int)
        across, near_x = self.ray(glyph.place, band[1], at, px_per_em, False)
        up, near_y = self.ray(glyph.place, BANDS + band[0], at, px_per_em, True)
        mixed = abs(across * near_x + up * near_y) / max(near_x + near_y, 1e-4)
        return float(np.clip(max(mixed, min(abs(across), abs(up))), 0, 1))


@pytest.mark.parametrize(("character", "px"), [("g", 14), ("&", 12), ("O", 10), ("ש", 10), ("i", 40)])
def test_curves_cover_what_the_outline_holds(character: str, px: int) -> None:
    glyphs = Glyphs()
    (glyph,) = glyphs.find(np.array([number(character)]))
    shader = Shader(glyphs)
    low, high = np.floor(glyph.low * px) - 1, np.ceil(glyph.high * px) + 1
    x, y = np.meshgrid(np.arange(low[0], high[0]) + 0.5, np.arange(low[1], high[1]) + 0.5)
    pixels = np.stack([x.ravel(), y.ravel()], 1)
    found = np.array([shader.coverage(glyph, at / px, px) for at in pixels])
    side = (np.arange(6) + 0.5) / 6 - 0.5
    inside = [winding(character, np.add(pixels, (dx, dy)) / px) for dx in side for dy in side]
    true = np.mean(inside, axis=0)
    assert 0.05 < true.mean() < 0.9
    assert np.abs(found - true).mean() < 0.02 and np.abs(found - true).max() < 0.6, np.abs(found - true).max()
    assert set(np.round(found[(true == 0) | (true == 1)], 1)) <= {0.0, 0.1, 0.2, 0.8, 0.9, 1.0}


def test_all_of_the_font_fits_in_the_texture() -> None:
    glyphs = Glyphs()
    drawn = np.flatnonzero(font().first[1:] > font().first[:-1])
    assert len(glyphs.find(drawn)) == len(drawn) > 500
    assert glyphs._used < TEXELS * glyphs.texture.height / 2
    assert glyphs.find(drawn[:3]) == [glyphs._found[int(one)] for one in drawn[:3]]


def test_lines_stand_where_they_should() -> None:
    line, missing = lay_out("AB\nA", "left")
    assert not missing and len(line.glyphs) == 3
    (a, b, c) = line.places
    advance = font().advances[number("A")]
    assert b[0] - a[0] == pytest.approx(advance) and a[1] == b[1] and a[1] - c[1] == pytest.approx(1.25)
    assert a[0] == c[0] == pytest.approx(-(advance + font().advances[number("B")]) / 2)
    right, _ = lay_out("AB\nA", "right")
    assert right.places[2][0] == pytest.approx(b[0] + font().advances[number("B")] - advance)
    assert len(lay_out(" \n ", "center")[0].glyphs) == 0 and len(lay_out("", "center")[0].glyphs) == 0


@pytest.mark.parametrize(("text", "shown"), [
    ("abc 12", "abc12"), ("שלום", "םולש"), ("שלום 12.5 ab", "ab12.5םולש"),
    ("ab שלום cd", "abםולשcd"), ("(שלום)", "(םולש)"),
])  # fmt: skip
def test_right_to_left_runs_that_way(text: str, shown: str) -> None:
    assert read(text) == shown


def test_a_label_moves_with_its_entity_and_says_other_things(app: lw.App) -> None:
    fox = app.spawn(lw.Mesh.box())
    tag = lw.Label("fox", at=fox, position=(0, 1, 0), size=0.3)
    app.host.step(app, 2)
    assert tag.text == "fox" and tag.size == 0.3 and tag.color == (255, 255, 255, 255) and tag.facing == "camera"
    fox.position = (5, 0, 0)
    assert tag.entity.world_position.tolist() == [5, 1, 0]
    live = app.host.sink.commands["mesh_create"]
    for text in ("a much longer text", "", "ab\ncd", "fox"):
        tag.text = text
        app.host.step(app, 2)
    tag.color, tag.size, tag.visible = "red", 0.5, False
    app.host.step(app, 2)
    assert tag.color == (255, 0, 0, 255) and app.host.sink.commands["mesh_create"] > live
    fox.despawn()
    app.host.step(app, 2)
    assert not tag.alive
    with pytest.raises(lw.HandleError, match="despawned"):
        tag.text = "gone"
    assert app.report()["errors"] == []


def test_characters_that_the_font_has_not_are_told_once(app: lw.App) -> None:
    for text in ("漢字", "漢"):
        lw.Label(text)
    app.host.step(app, 2)
    told = [text for _, text in app.host.logs if "font of lw.Label" in text]
    assert len(told) == 1 and "U+6F22" in told[0]


@pytest.mark.parametrize(("name", "values"), [
    ("text", [3, None, "x" * 10_001]), ("at", [3, (0, 0, 0)]), ("position", [(1, 2), "abc", (NAN, 0, 0)]),
    ("size", [0, -1, NAN, "big", None]), ("unit", ["cm", None]), ("color", ["rde", 5, None]), ("fog", [1, None]),
    ("facing", ["front", None]), ("align", ["middle", 3]),
])  # fmt: skip
def test_what_it_does_not_take_is_refused(app: lw.App, name: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(lw.LayerwError):
            lw.Label(**({"text": "a"} | {name: value}))  # type: ignore[arg-type]
    tag = lw.Label("a")
    if name in ("text", "size", "color"):
        for value in values:
            with pytest.raises(lw.LayerwError):
                setattr(tag, name, value)
    app.host.step(app, 1)
    assert app.report()["errors"] == []


def test_a_program_without_labels_imports_no_font() -> None:
    code = ("import sys, layerw as lw; app = lw.App(); app.lines([(0, 0, 0), (1, 0, 0)]);"
            "app.frame_step(0.0, 1 / 60, 0, 0);"
            "print([m for m in sys.modules if m.startswith('layerw.drawing.') and m[15:] in"
            " ('font', 'font_data', 'glyphs', 'labels', 'labelling')])")
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
