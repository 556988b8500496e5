"""Large textures over several frames: every row comes once, under the allowance; the bytes are held just as long."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import layerw as lw
from layerw.gpu import spec
from layerw.gpu.records import compressed_bytes
from layerw.gpu.spreading import TAIL_BYTES, Spread
from layerw.hosts.headless import HeadlessHost
from tests.unit.test_core_gpu import Bench

FAMILIES = {name: spec.TEXTURE_FAMILIES.index(name) for name in ("bc7", "bc1")}


@pytest.mark.parametrize(("width", "height"), [(512, 512), (1024, 8), (4, 2048), (12, 20), (1, 1), (1000, 700)])
@pytest.mark.parametrize("family", [0, *FAMILIES.values()])
@pytest.mark.parametrize("left", [1, 5000, 1 << 30])
def test_every_row_comes_once_and_the_smallest_levels_first(width: int, height: int, family: int, left: int) -> None:
    if family and (width % 4 or height % 4):
        return
    levels = max(width, height).bit_length() if family else 0
    spread = Spread(1, width, height, family, levels, lambda: None)
    head = spread.take(left)
    assert (head.first, head.rows, head.level) == (0, 0, spread.tail) and head.size_bytes == spread.first_bytes
    assert spread.first_bytes <= TAIL_BYTES or head.level == levels - 1
    seen: dict[int, list[int]] = {}
    sent, last = head.size_bytes, head.level
    while not spread.is_over:
        part = spread.take(left)
        row_bytes = part.size_bytes // max(-(-part.rows // 4) if family else part.rows, 1)
        assert part.size_bytes <= max(left, row_bytes) and part.level <= last
        seen.setdefault(part.level, []).extend(range(part.first, part.first + part.rows))
        sent, last = sent + part.size_bytes, part.level
    expected = range(spread.tail) if family else range(1)
    assert seen == {level: list(range(max(height >> level, 1))) for level in expected}
    if family:
        assert sent == compressed_bytes(width, height, family, levels)


def test_a_frame_takes_no_more_than_it_may_and_others_go_before() -> None:
    bench, ended = Bench(upload_bytes=256 * 1024), list[int]()
    store = bench.store
    texture = store.try_texture_from_transfer(1024 << 16 | 1024, 1024, 1024, srgb=True, sampler=0,
                                              done=lambda: ended.append(1))  # fmt: skip
    assert texture in store.spreads and bench.host.sink.textures == {}
    bench.submit()
    assert bench.host.sink.textures[texture] == (1024, 1024, True), "shown by its smallest levels"
    small = store.try_texture_from_transfer(64 << 16 | 64, 64, 64, srgb=True, sampler=0)
    assert small and small not in store.spreads
    frames = 0
    while not ended:
        left = store.upload_left_bytes
        before = bench.host.sink.parts[texture]
        store.spread()
        bench.submit()
        assert 4 * (bench.host.sink.parts[texture] - before) <= left, "no more than the others left"
        frames += 1
    assert 16 <= frames <= 18 and bench.host.sink.parts[texture] == 1024 * 1024 and not store.spreads


def test_what_ends_in_between_ends_and_a_lost_device_gets_it_in_one_go() -> None:
    bench, ended = Bench(upload_bytes=256 * 1024), list[str]()
    store = bench.store

    def begin(name: str) -> int:
        found = store.try_texture_from_transfer(1024 << 16 | 1024, 1024, 1024, srgb=True, sampler=0,
                                                done=lambda: ended.append(name))  # fmt: skip
        bench.submit()
        return found

    store.destroy_texture(begin("gone"))
    store.spread()
    bench.submit()
    assert ended == [] and not store.spreads and store.ledger.used_bytes == 0
    texture = begin("kept")
    bench.host.sink.textures.clear()  # the device is another one
    assert store.restore() == 0 and ended == ["kept"] and not store.spreads
    bench.submit()
    assert bench.host.sink.textures[texture] == (1024, 1024, True)


def test_a_texture_is_ready_before_all_of_it_is_there_and_the_ledgers_are_exact(tmp_path: Path) -> None:
    Image.fromarray(np.full((1024, 1024, 3), 90, np.uint8)).save(tmp_path / "wide.png")
    host = HeadlessHost(tmp_path)
    app = lw.App(host=host, budgets=lw.Budgets(upload_mib_per_frame=0.25))
    engine = app._engine
    app.spawn(lw.Mesh.sphere(0.1))
    host.step(app, 5)
    empty, gpu = engine.layer_ledger.used_bytes, engine.gpu_ledger.used_bytes
    plain = app.spawn(lw.Mesh.box())
    host.step(app, 3)
    box_bytes = engine.gpu_ledger.used_bytes - gpu
    plain.despawn()
    texture = lw.Texture.load("wide.png", max_side=1024)
    box = app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=texture))
    for _ in range(60):
        host.step(app, 1)
        if engine.store.spreads:
            break
    assert engine.store.spreads and not app.report()["settled"]
    host.step(app, 1)
    assert texture.state == "ready", "while its rows are still coming"
    assert engine.layer_ledger.used_bytes >= empty + 4 * 1024 * 1024, "they are held until then"
    host.step(app, 30)
    assert app.report()["settled"] and app.report()["errors"] == []
    assert engine.layer_ledger.used_bytes == empty
    assert engine.gpu_ledger.used_bytes - gpu == engine.store.texture_bytes(1024, 1024) + box_bytes
    box.despawn()
    texture.destroy()
    host.step(app, 3)
    assert engine.layer_ledger.used_bytes == empty and engine.gpu_ledger.used_bytes == gpu
