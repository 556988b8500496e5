"""Both GPU backends in real Chromium, without Python in the page: equal pictures, lost devices, limits, leaks.

Goldens are not kept: the two backends are compared with each other on one rasteriser (SwiftShader).
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Browser, Error, Page

from layerw_server.tools.browser import chromium_flags, find_chromium

BACKENDS = ["webgpu", "webgl2"]
DIFFERENT_MAX = 0.005  # share of pixels
CHANNEL_MAX = 8

Pixels = npt.NDArray[np.int16]


def open_harness(page: Page, origin: str) -> None:
    page.goto(f"{origin}/tests/browser/pages/backends.html")
    page.wait_for_function("window.harnessReady === true")


@pytest.fixture
def page(browser: Browser, origin: str) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 320, "height": 200})
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    open_harness(page, origin)
    yield page
    page.close()
    assert problems == []


def start(page: Page, name: str, parts: dict[str, Any] | None = None) -> None:
    options = {"width": 160, "height": 100, "parts": parts or {}}
    assert page.evaluate("([n, o]) => harness.start(n, o)", [name, options])["name"] == name
    page.evaluate("harness.create()")


def draw(page: Page, **options: Any) -> Pixels:
    page.evaluate("(o) => harness.frame(o)", options)
    result = page.evaluate("harness.pixels()")
    data = np.frombuffer(base64.b64decode(result["data"]), np.uint8)
    return data.reshape(result["height"], result["width"], 4)[..., :3].astype(np.int16)


def assert_no_errors(page: Page) -> None:
    assert page.evaluate("harness.errors") == []
    assert page.evaluate("harness.apiErrors()") == []


def assert_destroyed_without_leak(page: Page, bytes_before: int) -> None:
    page.evaluate("harness.destroyAll()")
    stats = page.evaluate("harness.backend.stats()")
    assert stats["liveHandles"] == 0
    assert stats["gpuBytes"] == bytes_before
    assert_no_errors(page)


def different(a: Pixels, b: Pixels) -> float:
    assert a.shape == b.shape
    return float((np.abs(a - b).max(axis=2) > CHANNEL_MAX).mean())


VIEWS: dict[str, dict[str, Any]] = {
    "front": {},
    "no shadow, windy": {"shadow": False, "time": 7.5},
    "close to the ground, in fog": {"eye": [1.5, 1.1, 3.5], "look": [-0.2, -0.35, -1], "fog": 0.02},
}


@pytest.fixture(scope="module")
def pictures(browser: Browser, origin: str) -> dict[str, dict[str, Pixels]]:
    """Every view on every backend, and on WebGL2 as if EXT_clip_control were missing."""
    out: dict[str, dict[str, Pixels]] = {}
    no_clip = {"clipControl": False}
    for label, name, parts in [("webgpu", "webgpu", {}), ("webgl2", "webgl2", {}), ("no clip", "webgl2", no_clip)]:
        page = browser.new_page(viewport={"width": 320, "height": 200})
        open_harness(page, origin)
        start(page, name, parts)
        if name == "webgl2":
            assert page.evaluate("harness.backend.driver.pipelines.clipControl") is parts.get("clipControl", True)
        out[label] = {view: draw(page, **options) for view, options in VIEWS.items()}
        assert_no_errors(page)
        page.close()
    return out


@pytest.mark.parametrize("view", VIEWS)
def test_both_draw_the_same_image(pictures: dict[str, dict[str, Pixels]], view: str) -> None:
    assert different(pictures["webgpu"][view], pictures["webgl2"][view]) <= DIFFERENT_MAX


@pytest.mark.parametrize("view", VIEWS)
def test_without_clip_control_it_is_the_same_as_well(pictures: dict[str, dict[str, Pixels]], view: str) -> None:
    """Depth is stored by the other convention and the shader mirrors the rows; no pixel knows."""
    assert different(pictures["webgpu"][view], pictures["no clip"][view]) <= DIFFERENT_MAX


def test_the_picture_shows_the_scene(pictures: dict[str, dict[str, Pixels]]) -> None:
    picture = pictures["webgpu"]["front"]
    height, width, _ = picture.shape
    sky = picture[: height // 6].mean(axis=(0, 1))
    assert sky[2] > sky[0] + 10, "the sky is blue"
    ground = picture[int(height * 0.8) : int(height * 0.9), width // 2 :].mean(axis=(0, 1))
    assert ground[1] > ground[2], "the ground is green"
    red = (picture[..., 0] > picture[..., 1] + 60) & (picture[..., 0] > picture[..., 2] + 60)
    assert 0.01 < red.mean() < 0.2, "the red ball and checks are there"
    shadowless = pictures["webgpu"]["no shadow, windy"]
    assert shadowless[height // 2 :].mean() > picture[height // 2 :].mean() + 3, "shadows darken the ground"


@pytest.mark.parametrize("name", BACKENDS)
def test_drawing_is_deterministic_and_leaves_nothing(page: Page, name: str) -> None:
    start(page, name)
    first = draw(page)
    bytes_before = page.evaluate("harness.backend.stats().gpuBytes - harness.backend.resourceBytes")
    assert page.evaluate("harness.backend.stats().liveHandles === harness.expectedHandles")
    assert np.array_equal(first, draw(page))
    assert_destroyed_without_leak(page, bytes_before)
    page.evaluate("harness.create()")
    assert page.evaluate("harness.errors.length") > 0, "used generations are refused"
    assert "is stale: generation 0 was the last one of this slot" in page.evaluate("harness.errors[0]")


@pytest.mark.parametrize("name", BACKENDS)
def test_the_canvas_shows_what_was_read(page: Page, name: str) -> None:
    start(page, name)
    pixels = draw(page)
    shown = "new Promise((resolve) => { harness.frame(); requestAnimationFrame(() => setTimeout(resolve, 50)); })"
    page.evaluate(shown)
    image = pytest.importorskip("PIL.Image")
    shot = np.asarray(image.open(io.BytesIO(page.locator("canvas").screenshot())).convert("RGB")).astype(np.int16)
    assert different(pixels, shot[: pixels.shape[0], : pixels.shape[1]]) <= 0.001


@pytest.mark.parametrize("name", BACKENDS)
def test_a_lost_device_comes_back_with_the_same_picture(page: Page, name: str) -> None:
    start(page, name)
    before = draw(page)
    page.evaluate("harness.backend.loseDevice()")
    assert page.evaluate("harness.waitFor(() => harness.events.some((e) => e.opcode === 19))")
    assert page.evaluate("harness.events.map((e) => e.opcode)") == [18, 19]
    assert page.evaluate("harness.lostReason.length") > 10
    assert page.evaluate("harness.backend.stats().liveHandles") == 0
    page.evaluate("harness.destroyAll(); harness.frame()")  # sent before Python heard of the new device
    page.evaluate("harness.create()")
    assert np.array_equal(before, draw(page))
    assert_no_errors(page)


@pytest.mark.parametrize("name", BACKENDS)
def test_readbacks_end_also_when_the_device_is_lost_under_them(page: Page, name: str) -> None:
    start(page, name)
    page.evaluate("harness.frame({ readbacks: [1, 2] })")
    assert page.evaluate("harness.waitFor(() => harness.readbacks.length === 2)")
    assert page.evaluate("harness.readbacks.splice(0).sort()") == [[1, 160, 100], [2, 160, 100]]
    before = page.evaluate("harness.backend.stats().gpuBytes")
    page.evaluate("""harness.frame({ readbacks: [3] });
        harness.backend.loseDevice();
        harness.frame({ readbacks: [4] })""")
    assert page.evaluate("harness.waitFor(() => harness.events.some((e) => e.opcode === 19))")
    ended = dict(page.evaluate("harness.readbacks.splice(0)"))
    assert set(ended) == {3, 4} and all("read back" in str(text) for text in ended.values())
    page.evaluate("harness.run((s) => s.add('readback', 5))")
    page.evaluate("harness.create()")
    page.evaluate("harness.frame({ readbacks: [6] })")
    assert page.evaluate("harness.waitFor(() => harness.readbacks.length === 2)")
    assert page.evaluate("harness.readbacks.map(([number]) => number).sort()") == [5, 6]
    assert page.evaluate("harness.backend.stats().gpuBytes") == before, "no copy is left"
    assert_no_errors(page)


@pytest.mark.parametrize("name", BACKENDS)
def test_limits_are_refused_before_the_api(page: Page, name: str) -> None:
    start(page, name)
    page.evaluate("harness.run((s) => s.add('texture_create', 9, 65536, 65536, 17, 0, 0))")
    page.evaluate("harness.run((s) => s.add('buffer_write', 1, 1000000, 16, 64))")
    page.evaluate("harness.run((s) => s.add('buffer_destroy', (3 << 20) | 1))")
    failed = page.evaluate("new TextDecoder().decode(new Uint8Array(harness.events[0].words.buffer, 16))")
    assert "65536 x 65536, but this device's limit is" in failed
    errors = page.evaluate("harness.errors.splice(0)")
    assert len(errors) == 2
    assert "ends at byte 1000064, but the buffer has" in errors[0]
    assert "is stale or was never created" in errors[1]
    draw(page)
    assert_no_errors(page)


def test_a_crashed_gpu_process_is_survived(browser: Browser, origin: str) -> None:
    """Its own browser: the crash hits every page."""
    own = browser.browser_type.launch(executable_path=find_chromium(), args=chromium_flags())
    try:
        page = own.new_page(viewport={"width": 320, "height": 200})
        open_harness(page, origin)
        start(page, "webgpu")
        before = draw(page)
        own.new_browser_cdp_session().send("Browser.crashGpuProcess")
        assert page.evaluate("harness.waitFor(() => harness.events.some((e) => e.opcode === 19))")
        page.evaluate("harness.create()")
        assert np.array_equal(before, draw(page))
        assert_no_errors(page)
    finally:
        own.close()


@pytest.mark.parametrize("wanted", ["auto", "null", "vulkan"])
def test_choosing(page: Page, wanted: str) -> None:
    if wanted == "vulkan":
        with pytest.raises(Error, match='There is no backend "vulkan"; use auto, webgpu, webgl2, null'):
            page.evaluate("harness.start('vulkan')")
        return
    result = page.evaluate("(n) => harness.start(n)", wanted)
    assert result["name"] == ("webgpu" if wanted == "auto" else "null")
    assert result["note"] == ("a test frame through WebGPU worked" if wanted == "auto" else "forced")
