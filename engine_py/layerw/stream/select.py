"""Which tiles a view wants and which it draws: screen-space error over the tree's columns, level by level.

Owns: one traversal. Reads the tree (which adds the rows of a file when they are first asked for), writes only its
`refined` flags (hysteresis). Does not load or evict.

Five passes over the visited levels, each a handful of numpy calls:
1. down: distance to the oriented box, frustum, screen error; tiles above the limit ask for their children;
2. up and down: who is left out: of those that ask, one in each factor of `skip` in geometric error stands in for what
   comes, where that is much larger; whoever is here, is on the way, or has a child that failed is not left out;
3. budget: askers sorted by error take their children's bytes until the budget is used; the rest stay coarse, and who
   alone needs more than all of it.
   A tile's error is capped by its parent's, so a prefix of that order is always a whole tree (water filling);
4. up: a tile is covered when it can be shown, by itself or wholly by its children;
5. down: show children where all of them are covered, the tile itself elsewhere (REPLACE), or both (ADD).
No hole can open while the root is there, and a tile is never shown together with an ancestor it replaces. Where a tile
that was left out is what the view wants now, its children stay until it is here ("held").

Source: 3D Tiles 1.1 (refinement, geometric error); distance and plane tests of oriented boxes: Ericson 2005.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.ports import F64
from layerw.stream.bounds import GEO_COLUMNS
from layerw.stream.config import StreamCamera
from layerw.stream.residency import ABSENT, FAILED, GPU, QUEUED
from layerw.stream.tree import MODEL, NONE, TileTree

Bools = npt.NDArray[np.bool_]
I64 = npt.NDArray[np.int64]
_NO_ROWS: I64 = np.zeros(0, np.int64)
_NONE_PX: F64 = np.zeros(0)
_NEAR_M = 1e-3
_WORTH = 8.0  # a tile stands in for what comes where that is this many times larger


class Selection(NamedTuple):
    """Rows of one traversal; `wanted` and `culled` come with their screen errors in pixels."""

    drawn: I64  # sorted
    wanted: I64  # visible, within the budget: coarse first
    wanted_error_px: F64
    culled: I64  # what was left out, and siblings outside of the view
    culled_error_px: F64
    screen_error_px: float  # the limit that the budget left


class _Level:
    """One visited level; `parent` is the position in the level above."""

    __slots__ = ("alive", "asks", "away", "covered", "error", "held", "kept", "kids_covered", "parent", "parents",
                 "refine", "rows", "skips", "visible")

    def __init__(self, rows: I64, parent: I64, visible: Bools, error: F64, asks: Bools, held: Bools, parents: Bools,
                 away: Bools | None) -> None:
        self.rows, self.parent, self.visible, self.error = rows, parent, visible, error
        self.asks, self.held, self.parents = asks, held, parents  # wants its children; only until it is here; has some
        self.skips = self.kept = np.zeros(len(rows), np.bool_)  # see _leave_out
        self.away = away  # what it shows itself is outside of the view; None: nothing is
        self.refine = asks
        self.alive = visible
        self.covered: Bools = visible
        self.kids_covered: Bools = visible


def distances(geometry: F64, point: F64) -> F64:
    """Metres from a point to rounded boxes, (n, 17) geometry rows; 0 or less inside."""
    offset = geometry[:, 0:3] - point
    outside = np.abs(np.einsum("kij,kj->ki", geometry[:, 3:12].reshape(-1, 3, 3), offset))
    outside -= geometry[:, 12:15]
    np.maximum(outside, 0.0, out=outside)
    found: F64 = np.sqrt(np.einsum("ij,ij->i", outside, outside))
    found -= geometry[:, 15]
    return found


def measure(geometry: F64, camera: StreamCamera) -> tuple[F64, Bools]:
    """Screen errors in pixels (at a focal length of camera.focal_px) and visibility of (n, 17) geometry rows."""
    offset = geometry[:, 0:3] - camera.position
    axes = geometry[:, 3:12].reshape(-1, 3, 3)
    half, rounding = geometry[:, 12:15], geometry[:, 15]
    distance = np.maximum(distances(geometry, camera.position), _NEAR_M)
    normals = camera.planes[:, :3].T
    reach = np.abs(axes.reshape(-1, 3) @ normals).reshape(-1, 3, normals.shape[1])
    inside = np.einsum("kip,ki->kp", reach, half)
    inside += offset @ normals
    inside += camera.planes[:, 3]
    visible = inside.min(axis=1) >= -rounding
    return geometry[:, 16] * (camera.focal_px / distance), visible


class Memo:
    """The levels that the last traversal visited. While a view asks for the same tiles, the next one measures all
    of them in one batch and takes each level's rows from here, instead of a dozen numpy calls a level."""

    def __init__(self) -> None:
        self.levels: list[_Level] = []
        self.revision = -1  # of the tree
        self.rows: I64 = _NO_ROWS
        self.geometry: F64 = np.zeros((0, GEO_COLUMNS))
        self.passes: Bools = np.zeros(0, np.bool_)

    def keep(self, tree: TileTree, levels: list[_Level], fresh: bool) -> None:
        """Remember a traversal; `fresh`: it visited other rows than the last."""
        self.levels = levels
        if fresh or self.revision != tree.revision:
            self.rows = np.concatenate([level.rows for level in levels] or [_NO_ROWS])
            self.geometry, self.passes = tree.geo[self.rows], tree.passes[self.rows]
            self.revision = tree.revision


def select(tree: TileTree, roots: I64, camera: StreamCamera, *, screen_error_px: float, keep_refined: float,
           skip: float, estimates: Callable[[I64], F64], budget_bytes: float, memo: Memo) -> Selection:
    """Traverse the tree once.

    Args:
        tree: its columns.
        roots: rows to start from.
        camera: see StreamCamera.
        screen_error_px: a tile with a larger error is replaced by its children.
        keep_refined: factor >= 1 on the error of tiles refined by the last call.
        skip: factor >= 1 in geometric error between tiles that stand in for what comes; 1: all do.
        estimates: gives the GPU bytes that each of some rows takes.
        budget_bytes: bytes that all wanted tiles together may take.
        memo: of the same tree and roots, from the call before; changes speed, never the result.

    Cost: O(visited tiles), about 25 numpy calls a level and 25 more where other tiles are visited than before.
    """
    levels = _descend(tree, roots, camera, screen_error_px, keep_refined, memo)
    sizes = estimates(memo.rows)
    _leave_out(tree, levels, sizes, skip)
    limit = _fit(levels, sizes, budget_bytes, screen_error_px)
    _remember(tree, levels)
    _cover(tree, levels)
    return _collect(tree, levels, limit)


def foresee(tree: TileTree, roots: I64, camera: StreamCamera, *, screen_error_px: float, skip: float,
            estimates: Callable[[I64], F64]) -> tuple[I64, F64]:
    """Rows that a camera would want, whatever the budget, and their screen errors. Changes nothing."""
    levels = _descend(tree, roots, camera, screen_error_px, 1.0, memo := Memo())
    _leave_out(tree, levels, estimates(memo.rows), skip)
    wanted = [level.visible & ~(level.asks & level.skips) & ~level.kept for level in levels]
    rows = [level.rows[chosen] for level, chosen in zip(levels, wanted, strict=True)]
    errors = [level.error[chosen] for level, chosen in zip(levels, wanted, strict=True)]
    return np.concatenate([_NO_ROWS, *rows]), np.concatenate([_NONE_PX, *errors])


def _measure(tree: TileTree, rows: I64, geometry: F64, passes: Bools, camera: StreamCamera,
             keep: float) -> tuple[F64, Bools]:
    error, visible = measure(geometry, camera)
    error[tree.refined[rows]] *= keep
    error[passes] = np.inf
    if tree.request_shapes.count:
        number = tree.request[rows]
        asked = np.flatnonzero(number >= 0)
        visible[asked] &= distances(tree.request_shapes.rows(number[asked]), camera.position) <= 0.0
    return error, visible


def _away(tree: TileTree, rows: I64, camera: StreamCamera) -> Bools | None:
    """Rows whose content lies outside of the view, though the tile does not."""
    if not tree.content_shapes.count:
        return None
    number = tree.content_shape[rows]
    bounded = np.flatnonzero(number >= 0)
    found = np.zeros(len(rows), np.bool_)
    found[bounded] = ~measure(tree.content_shapes.rows(number[bounded]), camera)[1]
    return found


def _descend(tree: TileTree, roots: I64, camera: StreamCamera, limit: float, keep: float,
             memo: Memo) -> list[_Level]:
    levels: list[_Level] = []
    same = memo.revision == tree.revision
    if same:
        errors, visibles = _measure(tree, memo.rows, memo.geometry, memo.passes, camera, keep)
    rows, parent = roots, np.zeros(len(roots), np.int64)
    start = 0
    while len(rows):
        if same:
            error, visible = errors[start:start + len(rows)], visibles[start:start + len(rows)]
            start += len(rows)
        else:
            error, visible = _measure(tree, rows, tree.geo[rows], tree.passes[rows], camera, keep)
        if levels:
            np.minimum(error, levels[-1].error[parent], out=error)
        before = memo.levels[len(levels)] if same else None
        parents = before.parents if before is not None else tree.child_count[rows] > 0
        asks = visible & (error > limit)
        held = visible & ~asks & tree.refined[rows] & (tree.kind[rows] == MODEL) & (tree.state[rows] != GPU)
        held &= parents & ~tree.add[rows]
        asks |= held
        asks &= parents
        same = before is not None and bool((before.asks == asks).all())
        if not same and (tree.first_child[rows[asks]] < 0).any():
            tree.read(rows[asks])
            parents = tree.child_count[rows] > 0
            asks &= parents
        levels.append(_Level(rows, parent, visible, error, asks, held, parents, _away(tree, rows, camera)))
        if same:
            below = memo.levels[len(levels)] if len(levels) < len(memo.levels) else None
            rows, parent = (below.rows, below.parent) if below is not None else (_NO_ROWS, _NO_ROWS)
        else:
            rows, parent = _children(tree, rows, asks)
    memo.keep(tree, levels, fresh=not same)
    return levels


def _leave_out(tree: TileTree, levels: list[_Level], estimates: F64, skip: float) -> None:
    """Which tiles are left out if they refine (`skips`), and which are below one that is held (`kept`)."""
    if not levels or skip <= 1.0:
        return
    waited = _waited(levels, estimates)
    coarse = tree.geo[levels[0].rows, 16]  # the geometric error of the nearest above that is not left out
    for index, (level, size, wait) in enumerate(zip(levels, _split(levels, estimates), waited, strict=True)):
        if not index:
            continue
        above, rows = levels[index - 1], level.rows
        coarse, error, state = coarse[level.parent], tree.geo[rows, 16], tree.state[rows]
        level.kept = (above.held | above.kept)[level.parent]
        elsewhere = (state == ABSENT) | (state == QUEUED) | (state == FAILED)
        level.skips = level.asks & ~level.held & elsewhere & (tree.kind[rows] == MODEL) & ~tree.add[rows]
        level.skips &= (error * skip > coarse) | (wait < _WORTH * size)
        if index + 1 < len(levels):
            lower = levels[index + 1]
            level.skips[lower.parent[lower.visible & (tree.state[lower.rows] == FAILED)]] = False
        coarse = np.where(level.skips, coarse, error)


def _waited(levels: list[_Level], estimates: F64) -> list[F64]:
    """For each level the bytes of what each tile stands in for: of the finest tiles below it that the view asks for."""
    found: list[F64] = []
    for level, size in zip(reversed(levels), reversed(_split(levels, estimates)), strict=True):
        wait = np.where(level.visible, size, 0.0)
        if found:
            lower = levels[len(levels) - len(found)]
            sums = np.bincount(lower.parent, found[-1], len(level.rows)).astype(np.float64)
            wait = np.where(level.asks & ~level.held, sums, wait)
        found.append(wait)
    return found[::-1]


def _split(levels: list[_Level], values: F64) -> list[F64]:
    """A value of each visited row, level by level."""
    return np.split(values, np.cumsum([len(level.rows) for level in levels])[:-1])


def _children(tree: TileTree, rows: I64, asks: Bools) -> tuple[I64, I64]:
    """Rows of the askers' children, and each one's parent as a position in `rows`."""
    position = np.flatnonzero(asks)
    taken = tree.child_count[rows[position]].astype(np.intp)  # np.repeat refuses int64 on wasm32
    parent = np.repeat(position, taken)
    ends = np.cumsum(taken)
    return np.arange(len(parent)) + np.repeat(tree.first_child[rows[position]] - (ends - taken), taken), parent


def _fit(levels: list[_Level], estimates: F64, budget_bytes: float, limit: float) -> float:
    """Lets askers refine while the bytes last; returns the error of the first one that had to stay coarse."""
    if not levels:
        return limit
    visible = np.concatenate([level.visible for level in levels])
    estimates = np.where(visible, estimates, 0.0)
    if float(estimates.sum()) <= budget_bytes:
        return limit
    sizes = _split(levels, estimates)
    below: list[F64] = [_NONE_PX]
    errors: list[F64] = [_NONE_PX]
    for upper, lower, own, size in zip(levels, levels[1:], sizes, sizes[1:], strict=False):
        taken = np.bincount(lower.parent, size, len(upper.rows)).astype(np.float64)
        taken -= np.where(upper.skips, own, 0.0)  # which its children replace before it comes
        below.append(np.maximum(taken, 0.0)[upper.asks])
        errors.append(upper.error[upper.asks])
    error = np.concatenate(errors)
    order = np.argsort(-error, kind="stable")
    needed, roots = np.concatenate(below)[order], float(sizes[0].sum())
    huge = needed > max(budget_bytes - roots, 0.0)  # they never fit, and stop nobody else
    used = roots + np.cumsum(np.where(huge, 0.0, needed))
    fits = int(np.searchsorted(used, budget_bytes, side="right"))
    chosen = np.zeros(len(order), np.bool_)
    chosen[order[:fits]] = True
    chosen[order[huge]] = False
    _restrict(levels, chosen)
    return limit if fits == len(order) else max(limit, float(error[order[fits]]))


def _restrict(levels: list[_Level], chosen: Bools) -> None:
    """Keeps only the chosen askers (in the order of levels) and drops what hung below the others."""
    start = 0
    for index, level in enumerate(levels):
        refine = np.zeros(len(level.rows), np.bool_)
        asked = np.flatnonzero(level.asks)
        refine[asked] = chosen[start:start + len(asked)] if index + 1 < len(levels) else False
        start += len(asked)
        level.refine = refine & level.alive
        if index + 1 < len(levels):
            lower = levels[index + 1]
            lower.alive = level.refine[lower.parent] & lower.visible


def _remember(tree: TileTree, levels: list[_Level]) -> None:
    tree.refined[:tree.count] = False
    for level in levels:
        tree.refined[level.rows[level.refine]] = True


def _cover(tree: TileTree, levels: list[_Level]) -> None:
    lower: _Level | None = None
    for level in reversed(levels):
        kids = level.refine
        if lower is not None:
            missing = lower.visible & ~lower.covered
            kids = kids & (np.bincount(lower.parent[missing], minlength=len(level.rows)) == 0)
        kind = tree.kind[level.rows]
        shown = (tree.state[level.rows] == GPU) | ((kind == NONE) & ~level.refine)
        if level.away is not None:
            shown |= level.away & (kind == MODEL)
        level.kids_covered = kids
        level.covered = shown | kids
        lower = level


def _collect(tree: TileTree, levels: list[_Level], limit: float) -> Selection:
    drawn, wanted, culled = [_NO_ROWS], [_NO_ROWS], [_NO_ROWS]
    errors, culled_errors = [_NONE_PX], [_NONE_PX]
    active: Bools = np.zeros(0, np.bool_)
    for index, level in enumerate(levels):
        alive = level.alive
        active = alive if index == 0 else active[level.parent] & alive
        own = tree.state[level.rows] == GPU
        here, add = own & (tree.kind[level.rows] != NONE), tree.add[level.rows]
        if level.away is not None:
            away = level.away & (tree.kind[level.rows] == MODEL)
            own, alive, here = own | away, alive & ~away, here & ~away
        down = active & level.refine & (level.kids_covered | ~own | add)
        drawn.append(level.rows[active & here & (add | ~down)])
        left_out = alive & level.refine & level.skips
        load = alive & ~left_out & ~(level.kept & (tree.state[level.rows] != GPU))
        wanted.append(level.rows[load])
        errors.append(level.error[load])
        culled.append(level.rows[left_out])
        culled_errors.append(level.error[left_out])
        if index:
            hidden = ~level.visible & levels[index - 1].refine[level.parent]
            culled.append(level.rows[hidden])
            culled_errors.append(level.error[hidden])
        active = down
    return Selection(np.sort(np.concatenate(drawn)), np.concatenate(wanted), np.concatenate(errors),
                     np.concatenate(culled), np.concatenate(culled_errors), limit)

