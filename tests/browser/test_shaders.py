"""Shaders on both APIs: every generated program compiles on WebGL2, translated WGSL draws what WebGPU draws, and what
naga's translation draws where naga-cli is installed (`cargo install naga-cli`); the oracle is for developers only."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Browser, Error, Page

from layerw.gpu import kinds
from layerw.gpu.codegen_wgsl import slots_wgsl

ROOT = Path(__file__).resolve().parents[2]
NAGA = shutil.which("naga") or shutil.which("naga", path=str(Path.home() / ".cargo" / "bin"))
STEPS_MAX = 2  # of 255: a channel is rounded once
RANDOM_PROGRAMS = 24
DIFFERENT_MAX = 0.005  # share of pixels where an edge may fall to either side
# naga refuses or writes functions that GLSL ES 3.00 lacks (ldexp, mix of ints, bitCount, packing), and % of negative
# numbers, which that leaves undefined.
NAGA_CANT = ("select of whole numbers", "remainder of negative numbers", "exponents", "bits of the library",
             "packing of the library")
needs_naga = pytest.mark.skipif(NAGA is None, reason="naga-cli is not installed: `cargo install naga-cli`.")

Pixels = npt.NDArray[np.int16]


@pytest.fixture(scope="module")
def page(browser: Browser, origin: str) -> Iterator[Page]:
    page = browser.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{origin}/tests/browser/pages/shaders.html")
    page.wait_for_function("window.shadersReady === true")
    yield page
    page.close()
    assert problems == []


@pytest.fixture(scope="module")
def programs(page: Page) -> list[str]:
    return page.evaluate("shaders.programs()")  # type: ignore[no-any-return]


def naga_glsl(wgsl: str, folder: Path) -> str:
    """The fragment stage as naga translates it."""
    assert NAGA is not None
    source, target = folder / "module.wgsl", folder / "module.frag"
    source.write_text(wgsl, "utf-8")
    options = ["--profile", "es300", "--shader-stage", "frag", "--entry-point", "fragment_main"]
    subprocess.run([NAGA, source, target, *options], check=True, capture_output=True, timeout=60)
    return target.read_text("utf-8")


def as_pixels(numbers: list[int]) -> Pixels:
    return np.array(numbers, np.int16).reshape(-1, 4)


def assert_same(name: str, one: Pixels, other: Pixels) -> None:
    share = float((np.abs(one - other).max(axis=1) > STEPS_MAX).mean())
    assert share <= DIFFERENT_MAX, f"{name}: {share:.1%} of the pixels differ"


def test_every_variant_of_every_generated_program_compiles(page: Page, programs: list[str]) -> None:
    assert len(programs) >= 8
    problems = {name: page.evaluate("(name) => shaders.problems(name)", name) for name in programs}
    assert {name: found for name, found in problems.items() if found} == {}


SURFACE = """
fn surface(in: SurfaceIn) -> Surface {{
  var s = default_surface(in);
{reads}  return s;
}}
"""


def test_the_textures_of_every_kind_fit_on_both_apis(page: Page) -> None:
    assert len(kinds.slots("glass")) == kinds.TEXTURES_MAX < len(kinds.TEXTURES)
    for names in kinds.slot_lists().values():
        if names[: len(kinds.slots("pbr"))] != kinds.slots("pbr"):
            continue  # of what is no surface: decals, particles
        added = names[len(kinds.slots("pbr")) :]
        reads = "".join(f"  if ((material.bound & HAS_{name.upper()}) != 0u) {{\n    s.occlusion *= textureSample("
                        f"{name}_texture, {name}_sampler, uv_of(UV_{name.upper()}, in)).r;\n  }}\n" for name in added)
        texts = slots_wgsl(names), SURFACE.format(reads=reads)
        found = page.evaluate("(texts) => shaders.problemsOfKind(...texts)", texts)
        assert found["problems"] == []
        assert found["samplers"] - len(names) <= 16 - kinds.TEXTURES_MAX, "of lights and passes: WebGL2 promises 16"


def test_the_page_translates_as_the_build_does(page: Page, programs: list[str]) -> None:
    for name in programs:
        generated = (ROOT / f"web/shaders/gen/{name}.frag.glsl").read_text("utf-8")
        without_heading = "".join(line for line in generated.splitlines(keepends=True) if not line.startswith("//"))
        assert page.evaluate("(name) => shaders.translated(name)", name) == without_heading


def test_translated_features_draw_what_webgpu_draws(page: Page) -> None:
    names = page.evaluate("shaders.snippets()")
    assert len(names) > 20
    for name in names:
        drawn = page.evaluate("(name) => shaders.drawSnippet(name)", name)
        webgl2, webgpu = as_pixels(drawn["webgl2"]), as_pixels(drawn["webgpu"])
        assert len(np.unique(webgpu, axis=0)) > 3 or name == "derivatives", f"{name} draws something"
        assert_same(name, webgl2, webgpu)


def test_random_programs_draw_what_webgpu_draws(page: Page) -> None:
    pictures = []
    for seed in range(1, RANDOM_PROGRAMS + 1):
        drawn = page.evaluate("(seed) => shaders.drawRandom(seed)", seed)
        pictures.append(as_pixels(drawn["webgpu"]))
        assert_same(f"random program {seed}", as_pixels(drawn["webgl2"]), pictures[-1])
    assert sum(len(np.unique(picture, axis=0)) > 3 for picture in pictures) > RANDOM_PROGRAMS / 2, "most draw something"


@needs_naga
def test_naga_draws_the_same_features(page: Page, tmp_path: Path) -> None:
    for name in page.evaluate("shaders.snippets()"):
        if name in NAGA_CANT:
            continue
        drawn = page.evaluate("(name) => shaders.drawSnippet(name)", name)
        other = naga_glsl(page.evaluate("(name) => shaders.snippet(name)", name), tmp_path)
        try:
            pixels = page.evaluate("(text) => shaders.drawFragment(text)", other)
        except Error as error:
            pytest.fail(f"naga's GLSL of {name}: {error}")
        assert_same(name, as_pixels(drawn["webgl2"]), as_pixels(pixels))


@needs_naga
def test_naga_draws_the_same_programs(page: Page, programs: list[str], tmp_path: Path) -> None:
    shades = {}
    for name in programs:
        if name == "depth":
            continue  # it gives no colour
        ours = page.evaluate("async (n) => shaders.drawFragment(await shaders.translated(n), true)", name)
        wgsl = page.evaluate("(name) => shaders.wgsl(name)", name)
        try:
            other = naga_glsl(wgsl, tmp_path)
        except subprocess.CalledProcessError as error:
            assert b"`textureLoad` from depth textures is not supported" in error.stderr, (name, error.stderr)
            continue
        try:
            theirs = page.evaluate("(text) => shaders.drawFragment(text, true)", other)
        except Error as error:
            assert "'mix' : no matching overloaded function found" in error.message, (name, error.message)
            continue  # naga writes `select` of whole numbers as mix, which GLSL ES has not
        shades[name] = len(np.unique(as_pixels(ours), axis=0))
        assert_same(name, as_pixels(ours), as_pixels(theirs))
    assert sum(count > 20 for count in shades.values()) > len(shades) / 2, f"most draw something: {shades}"
