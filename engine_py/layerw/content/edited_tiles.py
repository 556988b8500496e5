"""Tiles whose ground was edited: drawn with meshes of the edited grid, and with what was painted over their texture.

Owns: for each tile that is drawn and that an edit reaches, a mesh in place of the tile's own and a texture of the
paint; and how far such tiles reach and how wrong they are, which selection goes by. What is drawn in a frame has every
edit made before it: a tile that comes, whatever its level, is fitted in the frame in which it is first drawn.
Limits: what stands on a tile (a second content) stays as it was baked. Where the GPU has no room a tile stays as it
was, which is told once.
"""

from __future__ import annotations

from copy import copy

import numpy as np
import numpy.typing as npt

from layerw.base.errors import BudgetError
from layerw.base.ports import Content, MaterialDesc, Primitive
from layerw.content.edited_mesh import TileGrid, Vertices, error_m, indices_of, shape, tile_grid, vertices_of
from layerw.gpu.spec import SAMPLER_CLAMP_S, SAMPLER_CLAMP_T
from layerw.gpu.store import Store
from layerw.stream.ground_edits import PAINT_FINER, GroundEdits, Window
from layerw.stream.keys import Key, TileKeys
from layerw.stream.residency import still_parts
from layerw.stream.streamer import Streamer

KEPT_FRAMES = 120  # a tile that is not drawn keeps its mesh so long
PAINT_TEXELS = 128  # along a side; and one more, so that neighbours share their border's
LEAF_PAINT_TEXELS = 256
TILE_TEXELS = 384  # of a tile without a texture
WHOLE = slice(None)
_CLAMPED = SAMPLER_CLAMP_S | SAMPLER_CLAMP_T


class _Fitted:
    """A tile with a mesh of ours."""

    __slots__ = ("contents", "desc", "grid", "kept", "material", "mesh", "origin", "seen_frame", "serial", "texture")

    def __init__(self, contents: list[Content], grid: TileGrid, origin: npt.NDArray[np.float64]) -> None:
        self.contents, self.grid, self.origin = contents, grid, origin
        self.mesh = self.texture = self.material = 0
        self.kept: Vertices | None = None
        self.desc: MaterialDesc | None = None  # of the tile's own material, as it was
        self.serial = -1  # of the edits that it shows
        self.seen_frame = 0


class EditedTiles:
    """`changed` after each edit, `step` once a frame after the streamer's."""

    def __init__(self, streamer: Streamer, store: Store, edits: GroundEdits, levels: int) -> None:
        self._streamer, self._store, self._edits, self._levels = streamer, store, edits, levels
        self._reached: dict[Key, tuple[float, float]] = {}  # -> (metres that it reaches farther, its error in metres)
        self._keys = TileKeys(streamer.tree)
        self._baked: dict[int, tuple[float, float]] = {}  # row -> rounding and error in the tree, as baked
        self._fitted: dict[int, _Fitted] = {}
        self._frame = 0
        self._mark: tuple[int, ...] = ()
        self._is_short_told = False
        self._gone: list[int] = []
        self.shown = 0  # the edits that the picture shows
        self.unfit: frozenset[int] = frozenset()  # rows of tiles that are drawn as they were baked, for want of room

    # -- what an edit reaches ----------------------------------------------------------------------
    def changed(self, window: Window) -> None:
        """The ground, or its paint, is another there."""
        parts, reached = [window], set[Key]()
        if window == self._edits.whole:
            self._reached.clear()
            self._restore_bounds()
            parts = self._edits.parts()
        for part in parts:
            reached |= self._reach(part)
        self._scan()
        for key in reached & self._keys.row_of.keys():
            self._bound(self._keys.row_of[key], *self._reached[key])

    def _reach(self, window: Window) -> set[Key]:
        """Tiles that have some of these samples."""
        ground, samples = self._edits.ground, self._edits.ground.columns
        top, found = float(np.abs(self._edits.change_m(window)).max(initial=0.0)), set[Key]()
        for level in range(self._levels):
            size = (samples - 1) >> level
            wide = max(size // 64, 1)  # normals take in that much around
            last = (1 << level) - 1
            for y in range(max((window.z0 - wide - 1) // size, 0), min((window.z1 + wide) // size, last) + 1):
                for x in range(max((window.x0 - wide - 1) // size, 0), min((window.x1 + wide) // size, last) + 1):
                    reach, error = self._reached.get((level, x, y), (0.0, 0.0))
                    wrong = error_m(ground, tile_grid(level, x, y, samples, is_leaf=False), window)
                    self._reached[level, x, y] = max(reach, top), max(error, wrong)
                    found.add((level, x, y))
        return found

    def _scan(self) -> None:
        """Tiles that came to know of the tree."""
        for row in self._keys.scan():
            key = self._keys.key_of[row]
            if key in self._reached:
                self._bound(row, *self._reached[key])

    def _bound(self, row: int, reach_m: float, wrong_m: float) -> None:
        """Selection goes by the tile as it is now; those above it reach and err as far."""
        tree = self._streamer.tree
        while row >= 0:
            rounding, error = self._baked.setdefault(row, (float(tree.geo[row, 15]), float(tree.geo[row, 16])))
            wider = max(float(tree.geo[row, 15]), rounding + reach_m), max(float(tree.geo[row, 16]), error, wrong_m)
            if wider != (tree.geo[row, 15], tree.geo[row, 16]):
                tree.geo[row, 15:17] = wider
                tree.revision += 1
            row = int(tree.parent[row])

    def _restore_bounds(self) -> None:
        tree = self._streamer.tree
        for row, values in self._baked.items():
            tree.geo[row, 15:17] = values
        tree.revision += bool(self._baked)
        self._baked.clear()

    # -- tiles that are drawn ----------------------------------------------------------------------
    def step(self) -> list[str]:
        """Fits what is drawn; returns what went wrong, in words."""
        residency = self._streamer.residency
        self._frame += 1
        self.shown = self._edits.serial
        self._scan()
        mark = (residency.revision, residency.rows.revision, self._edits.serial, self._frame // KEPT_FRAMES)
        if mark == self._mark:
            return []
        told: list[str] = []
        self.unfit = frozenset()
        changed = self._let_go_of_gone()
        for row in residency.rows.drawn.tolist():
            key = self._keys.key_of.get(row)
            if key is not None and key in self._reached:
                try:
                    changed |= self._fit(row, key)
                except BudgetError as error:
                    changed |= self._drop(row)
                    self.unfit |= {row}
                    if not self._is_short_told:
                        self._is_short_told = True
                        told.append(f"Edited ground is drawn as it was baked where there is no room for it: {error}")
        if changed:
            residency.rows.repaint()
        self._end_gone()
        self._mark = (residency.revision, residency.rows.revision, self._edits.serial, self._frame // KEPT_FRAMES)
        return told

    def _let_go_of_gone(self) -> bool:
        changed, drawn = False, set(self._streamer.residency.rows.drawn.tolist())
        for row, one in list(self._fitted.items()):
            one.seen_frame = self._frame if row in drawn else one.seen_frame
            is_other = self._streamer.residency.contents_of(row) is not one.contents
            if is_other or self._frame - one.seen_frame > KEPT_FRAMES or self._keys.key_of[row] not in self._reached:
                changed |= self._drop(row)
        return changed

    def _fit(self, row: int, key: Key) -> bool:
        """Whether the tile is drawn otherwise than before."""
        one = self._fitted.get(row)
        if one is not None and one.serial == self._edits.serial:
            return False
        contents = self._streamer.residency.contents_of(row)
        ground_parts = still_parts(contents[:1]) if contents else []
        if not contents or len(ground_parts) != 1:
            return False
        part, is_new = ground_parts[0], one is None
        if one is None:
            tree = self._streamer.tree
            grid = tile_grid(*key, self._edits.ground.columns, is_leaf=tree.child_count[row] == 0)
            one = self._fitted[row] = _Fitted(contents, grid, tree.origin_of(row))
            one.seen_frame = self._frame
        windows = [window for window in self._edits.changes_since(one.serial) if _meets(window, one.grid)]
        if is_new or one.serial < 0:
            windows = [self._edits.whole]
        one.serial = self._edits.serial
        if windows:
            self._form(row, one, part, windows)
            self._paint(one, part, windows)
        return bool(windows)

    def _form(self, row: int, one: _Fitted, part: Primitive, windows: list[Window]) -> None:
        ground, grid = self._edits.ground, one.grid
        if one.kept is None:
            vertices = vertices_of(ground, grid, one.origin, self._texels(part))
            shape(ground, grid, one.origin, vertices, WHOLE, WHOLE)
            packed = vertices.view(np.uint8)
            indices = indices_of(grid.cells)
            one.mesh = self._store.create_packed((packed, indices), len(vertices), len(indices) // 2)
            one.kept = vertices
        else:
            for window in windows:
                shape(ground, grid, one.origin, one.kept, _steps(window.z0, window.z1, grid.row, grid),
                      _steps(window.x0, window.x1, grid.column, grid))  # fmt: skip
            self._store.rewrite_mesh(one.mesh)
        position = one.kept["position"]
        low, high = position.min(axis=0).astype(np.float64), position.max(axis=0).astype(np.float64)
        center, radius = (low + high) / 2, float(np.sqrt(((high - low) ** 2).sum())) / 2
        self._streamer.residency.rows.reshape(row, 0, one.mesh, one.origin + center, radius)

    def _texels(self, part: Primitive) -> int:
        texture = self._store.materials[part.material].desc.base_color_texture
        return self._store.textures[texture].width if texture in self._store.textures else TILE_TEXELS

    def _paint(self, one: _Fitted, part: Primitive, windows: list[Window]) -> None:
        """The paint that lies on the tile, as a texture of its own material."""
        grid = one.grid
        x, z, size = (PAINT_FINER * value for value in (grid.column, grid.row, grid.size))
        window = Window(x, z, x + size, z + size)
        if not self._edits.has_paint(window):
            return self._strip(one)
        step = max(grid.size * PAINT_FINER // (LEAF_PAINT_TEXELS if grid.stride == 1 else PAINT_TEXELS), 1)
        texture = self._store.create_texture(self._edits.painted(window, step), srgb=True, sampler=_CLAMPED)
        if one.desc is None:
            one.desc, one.material = copy(self._store.materials[part.material].desc), part.material
        desc, along = copy(one.desc), _along(self._texels(part), grid.size * PAINT_FINER, step)
        desc.emissive_texture = texture
        desc.uv_transforms = {**desc.uv_transforms, "emissive": (along[0], 0.0, along[1], 0.0, along[0], along[1])}
        self._store.write_material(part.material, desc)
        if one.texture:
            self._store.destroy_texture(one.texture)
        one.texture = texture

    def _strip(self, one: _Fitted) -> None:
        """Takes the paint off, where the tile's material is still there."""
        if one.desc is not None and one.material in self._store.materials:
            self._store.write_material(one.material, one.desc)
        if one.texture:
            self._store.destroy_texture(one.texture)
        one.desc, one.material, one.texture = None, 0, 0

    def _drop(self, row: int) -> bool:
        """Gives a tile its own mesh back; whether it was drawn with another."""
        one = self._fitted.pop(row)
        rows, is_there = self._streamer.residency.rows, self._streamer.residency.contents_of(row) is one.contents
        if not is_there:
            one.desc = None  # its material went with it
        self._strip(one)
        if is_there and one.mesh:
            part = still_parts(one.contents[:1])[0]
            rows.reshape(row, 0, part.mesh, one.origin + part.center, part.radius)
        if one.mesh:
            self._gone.append(one.mesh)
        return is_there

    def close(self) -> None:
        """Every tile as it was baked."""
        for row in list(self._fitted):
            self._drop(row)
        self._streamer.residency.rows.repaint()
        self._end_gone()
        self._restore_bounds()

    def _end_gone(self) -> None:
        """Meshes that nothing is drawn with any more."""
        for mesh in self._gone:
            self._store.destroy_mesh(mesh)
        self._gone.clear()


def _meets(window: Window, grid: TileGrid) -> bool:
    """Whether samples of a window are the tile's, or decide its normals."""
    return (window.x0 - grid.stride <= grid.column + grid.size and window.x1 + grid.stride >= grid.column
            and window.z0 - grid.stride <= grid.row + grid.size and window.z1 + grid.stride >= grid.row)  # fmt: skip


def _steps(low: int, high: int, first: int, grid: TileGrid) -> slice:
    """Vertices along a side that samples from `low` to `high` move or turn."""
    return slice(max((low - first) // grid.stride - 1, 0), max((high - first) // grid.stride + 3, 0))


def _along(texels: int, fine: int, step: int) -> tuple[float, float]:
    """Factor and shift from the tile's uv to that of the paint's texture: texel i of it is the mean of `step` fine
    samples from i * step on; `fine` of them, and one more, reach from edge to edge."""
    side = fine // step + 1
    factor = fine / step / side / (1 - 1 / texels)
    return factor, (0.5 - (step - 1) / (2 * step)) / side - factor * 0.5 / texels
