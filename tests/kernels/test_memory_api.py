"""layerw.memory on CPython: what a program sees of Layer memory."""

from __future__ import annotations

import numpy as np
import pytest

from layerw import memory
from layerw.base.errors import BudgetError, HandleError, LayerwError, ShapeError
from layerw.memory import errors
from layerw.memory.layer import REGIONS, TIERS

MIB = 1 << 20


@pytest.fixture
def own() -> memory.LayerMemory:
    return memory.open_native(8 * MIB)


def test_a_block_keeps_what_is_written(own: memory.LayerMemory) -> None:
    block = own.alloc(1000, region="mesh", tier="far")
    values = np.arange(250, dtype=np.float32)
    block.write(values)
    assert (block.read(np.float32) == values).all()
    assert (block.read(np.float32, 10, offset=40) == values[10:20]).all()
    block.write(np.array([7], np.uint8), offset=999)
    view = block.view(np.uint8)
    assert view is not None and view[999] == 7
    with pytest.raises(ShapeError, match="8 bytes at offset 996 leave the block of 1000 bytes"):
        block.write(np.zeros(8, np.uint8), offset=996)
    with pytest.raises(ShapeError, match="not C-contiguous"):
        block.write(values[::2])


def test_statistics_say_what_lives_where(own: memory.LayerMemory) -> None:
    before = own.statistics()
    blocks = [own.alloc(50_000, region=region, tier=tier) for region in REGIONS for tier in TIERS]
    found = own.statistics()
    assert found.handle_count == before.handle_count + 16
    assert found.budget_bytes == 8 * MIB and found.memory_bytes <= found.budget_bytes
    for region in REGIONS:
        for tier in TIERS:
            live = found.regions[region].live_bytes[tier] - before.regions[region].live_bytes[tier]
            assert 50_000 <= live <= 52_000, "rounded up by little"
    for block in blocks[::2]:
        block.free()
    assert 0.0 <= own.statistics().regions["mesh"].fragmentation <= 1.0
    assert own.statistics().handle_count == before.handle_count + 8


def test_tiers_and_moving(own: memory.LayerMemory) -> None:
    blocks = [own.alloc(60_000, region="texture", tier="near") for _ in range(8)]
    for number, block in enumerate(blocks):
        block.write(np.full(60_000, number, np.uint8))
    for block in blocks[::2]:
        block.free()
    blocks[1].set_tier("pinned")
    place = blocks[1].address
    assert own.defragment("texture", MIB) >= 60_000
    assert blocks[1].address == place, "pinned blocks stay"
    assert [int(block.read().min()) for block in blocks[1::2]] == [1, 3, 5, 7]
    assert own.statistics().revision > 0


def test_every_refusal_is_an_exception_of_its_own_with_value_and_limit(own: memory.LayerMemory) -> None:
    said = r"wasm pages of the region \d+, the limit is 128; free something"
    with pytest.raises(errors.OutOfBudget, match=said) as why:
        own.alloc(9 * MIB)
    assert isinstance(why.value, BudgetError) and isinstance(why.value, MemoryError) and why.value.code == 2
    block = own.alloc(16)
    block.free()
    with pytest.raises(errors.DoubleFree, match="free a block once") as freed:
        block.free()
    assert isinstance(freed.value, HandleError)
    own.alloc(16)
    with pytest.raises(errors.StaleHandle):
        block.read()
    with pytest.raises(ShapeError, match="no region 'attic'; use one of logic, mesh, texture, scratch"):
        own.alloc(16, region="attic")
    for size in (0, -1, 2**32):
        with pytest.raises(ShapeError, match="must have 1 to 4294967295"):
            own.alloc(size)
    assert own.try_alloc(9 * MIB) is None
    with pytest.raises(ShapeError, match="leave Layer memory"):
        own.read(0xFFFFFF00, np.zeros(512, np.uint8))
    with pytest.raises(LayerwError, match="Layer memory refused"):
        memory.open_native(65_536)


def test_each_code_of_the_header_has_its_exception() -> None:
    from .conftest import ROOT

    text = (ROOT / "engine_py/kernels/layer/error.h").read_text()
    codes = {int(line.split("=")[1].split(",")[0]) for line in text.splitlines() if line.strip().startswith("LW_E_")}
    assert codes == {0, *errors.BY_CODE}
    assert {kind.code for kind in errors.BY_CODE.values()} == set(errors.BY_CODE)


def test_results_of_variable_size_are_copied_at_once(own: memory.LayerMemory) -> None:
    block = own.alloc(5000)
    block.write(np.arange(1250, dtype=np.uint32))
    for size in (0, 4, 128, 129, 5000):
        found = own.ephemeral(own.kernels.lw_copy_of(1, block.address, size))
        assert (found == block.read()[:size]).all()
