"""Cross-fades of levels: each pixel shows exactly one of two levels, whatever the view does meanwhile."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

import layerw as lw
from layerw.gpu.spec import DRAW_FADES, FADE_ARRIVES, FADE_LEAVES, FADE_STEPS
from layerw.stream import geo
from layerw.stream.fades import Fades
from layerw.stream.residency import GPU
from layerw.stream.tileset import parse_tileset
from layerw.stream.tree import TileTree
from tests.unit.stream_fakes import encoded, quadtree, read_all
from tests.unit.world_files import app_over, write_world


def tree_of(levels: int) -> TileTree:
    """A quadtree that is all on the GPU."""
    tree = TileTree(geo.WORLD_FROM_TILESET)
    tree.add_tileset(parse_tileset(encoded(quadtree(levels))), "w/tileset.json")
    read_all(tree)
    tree.state[: tree.count] = GPU
    return tree


def kids(tree: TileTree, row: int) -> list[int]:
    first = int(tree.first_child[row])
    return list(range(first, first + int(tree.child_count[row])))


def rows(*values: int) -> np.ndarray:
    return np.array(sorted(values), np.int64)


def at_each_pixel(tree: TileTree, found: tuple[np.ndarray, np.ndarray | None], noise: float) -> dict[int, list[int]]:
    """By leaf: which drawn tiles show a pixel of it that has this noise, as faded() of frame.wgsl says."""
    tiles, codes = found
    shown = []
    for row, code in zip(tiles.tolist(), [0] * len(tiles) if codes is None else codes.tolist(), strict=True):
        arrives = code < FADE_LEAVES
        share = (code - (FADE_ARRIVES if arrives else FADE_LEAVES)) / FADE_STEPS
        if code == 0 or (noise < share) == arrives:
            shown.append(row)
    leaves = [row for row in range(tree.count) if not tree.child_count[row]]
    result: dict[int, list[int]] = {}
    for leaf in leaves:
        line, row = [], leaf
        while row >= 0:
            line.append(row)
            row = int(tree.parent[row])
        result[leaf] = [row for row in line if row in shown]
    return result


def whole(tree: TileTree, found: tuple[np.ndarray, np.ndarray | None]) -> None:
    for noise in (0.0, 0.31, 0.77, 0.999):
        for leaf, shown in at_each_pixel(tree, found, noise).items():
            assert len(shown) == 1, f"at noise {noise} the leaf {leaf} is shown by {shown}"


def test_a_level_comes_in_a_quarter_second_and_goes_again() -> None:
    tree = tree_of(2)
    fades, lower = Fades(tree, 0.25), kids(tree, 0)
    assert fades.step(rows(0), 0.0)[1] is None
    half = None
    for time_s in (0.1, 0.2, 0.225, 0.34):
        found = fades.step(rows(*lower), time_s)
        assert set(found[0].tolist()) == {0, *lower} and fades.active
        whole(tree, found)
        half = found if time_s == 0.225 else half
    assert half is not None and half[1] is not None
    assert half[1].tolist() == [FADE_LEAVES + 63, *[FADE_ARRIVES + 63] * 4], "the middle"
    assert fades.step(rows(*lower), 0.36)[1] is None and not fades.active
    whole(tree, fades.step(rows(0), 0.4))
    assert fades.active and set(fades.held().tolist()) == set(lower)
    whole(tree, fades.step(rows(0), 0.5))
    assert fades.step(rows(0), 0.7)[0].tolist() == [0]


def test_what_comes_into_view_is_there_at_once() -> None:
    tree = tree_of(2)
    fades, lower = Fades(tree, 0.25), kids(tree, 0)
    fades.step(rows(*lower[:2]), 0.0)
    tiles, codes = fades.step(rows(*lower[1:]), 0.1)
    assert tiles.tolist() == lower[1:] and codes is None


def test_a_sibling_that_comes_into_view_joins_the_others() -> None:
    tree = tree_of(2)
    fades, lower = Fades(tree, 0.25), kids(tree, 0)
    fades.step(rows(0), 0.0)
    fades.step(rows(*lower[:3]), 0.1)
    whole(tree, fades.step(rows(*lower), 0.2))


def test_a_view_that_changes_its_mind_shows_it_at_once() -> None:
    tree = tree_of(2)
    fades, lower = Fades(tree, 0.25), kids(tree, 0)
    fades.step(rows(0), 0.0)
    fades.step(rows(*lower), 0.1)
    tiles, codes = fades.step(rows(0), 0.2)
    assert tiles.tolist() == [0] and codes is None and not fades.active


@pytest.mark.parametrize("lost", [0, 1])
def test_what_is_let_go_of_meanwhile_ends_its_fade(lost: int) -> None:
    tree = tree_of(2)
    fades, lower = Fades(tree, 0.25), kids(tree, 0)
    fades.step(rows(*lower) if lost else rows(0), 0.0)
    target = rows(0) if lost else rows(*lower)
    fades.step(target, 0.1)
    tree.state[lower[0] if lost else 0] = 0
    assert fades.step(target, 0.12)[0].tolist() == target.tolist() and not fades.active


def test_a_part_that_is_not_there_is_not_faded() -> None:
    """Coarsening: the fourth child is outside of the view and gone; the view may turn to it."""
    tree = tree_of(2)
    fades, lower = Fades(tree, 0.25), kids(tree, 0)
    tree.state[lower[3]] = 0
    fades.step(rows(*lower[:3]), 0.0)
    assert fades.step(rows(0), 0.1)[0].tolist() == [0] and not fades.active


@pytest.mark.parametrize("seed", range(6))
def test_random_views_never_have_a_hole_or_two_levels(seed: int) -> None:
    random_ = random.Random(seed)
    tree = tree_of(3)
    fades, now_s = Fades(tree, 0.25), 0.0
    front = {0}
    seen_fades = 0
    for _ in range(120):
        for _ in range(random_.randint(0, 3)):
            row = random_.choice(sorted(front))
            if random_.random() < 0.5 and tree.child_count[row]:
                front = front - {row} | set(kids(tree, row))
            elif tree.parent[row] >= 0:
                upper = int(tree.parent[row])
                below, queue = set[int](), kids(tree, upper)
                while queue:
                    below.add(queue[0])
                    queue = [*queue[1:], *kids(tree, queue[0])]
                front = front - below | {upper}
        now_s += random_.choice((1 / 60, 1 / 60, 0.1, 0.3))
        whole(tree, fades.step(rows(*front), now_s))
        seen_fades += fades.active
    assert seen_fades > 20
    now_s += 1.0
    fades.step(rows(*front), now_s)
    assert set(fades.step(rows(*front), now_s + 0.5)[0].tolist()) == front, "and it ends where the view is"


def test_many_changes_at_once_and_no_seconds_change_at_once() -> None:
    tree = tree_of(6)
    leaves = [row for row in range(tree.count) if not tree.child_count[row]]
    fades = Fades(tree, 0.25)
    fades.step(rows(0), 0.0)
    assert fades.step(rows(*leaves), 0.1)[1] is None
    none = Fades(tree, 0.0)
    none.step(rows(0), 0.0)
    assert none.step(rows(*kids(tree, 0)), 0.1)[1] is None


def test_rows_of_a_world_fade_and_become_white_again(tmp_path: Path) -> None:
    write_world(tmp_path / "w", levels=2)
    app, host = app_over(tmp_path)
    app.stream("w", fade=0.25)
    engine, alphas, flagged = app._engine, [], 0
    app.camera.position = (0.0, 100_000.0, 100_000.0)
    host.step(app, 20)
    app.camera.position = (0.0, 120.0, 120.0)
    for _ in range(60):
        host.step(app)
        first = engine.contents.first_row
        if first >= 0:
            alphas.append((app._engine.table.color[first : first + 6] >> 24).tolist())
            flagged += bool((engine.shown.found.opaque[:, 4] & DRAW_FADES).any())
    between = [row for row in alphas if any(alpha != 255 for alpha in row)]
    assert 12 <= len(between) <= 17 and flagged == len(between), "a quarter second at 60 frames"
    assert alphas[-1] == [255] * 6 and app.settled
    app.close()


def test_memory_of_both_levels_is_within_the_budget_and_pictures_of_shots_do_not_fade(tmp_path: Path) -> None:
    write_world(tmp_path / "w", levels=3)
    app, host = app_over(tmp_path)
    world = app.stream("w")
    assert world._streamer.config.fade_s == 0.0, "the headless clock is virtual"
    with pytest.raises(lw.LayerwError, match="fade"):
        app.stream("w", fade=-1)
    app.close()
