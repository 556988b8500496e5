"""What a program changed of a world's ground: heights and colours, as differences from what was baked.

Owns: the differences, in squares of BLOCK x BLOCK samples that are there only where something was changed, and the grid
of heights that follows from them. Does not draw. What it takes is charged to the heap's ledger.
Limits: CHANGE_MAX_M up or down from the ground as baked; SIZE_BYTES_MAX; a sample of height where the grid has one, of
colour PAINT_FINER times as many along each side.

Heights are whole numbers of the grid's own `scale_m`, so that the same edits give the same ground on every machine.
Where they leave the 65,536 codes that the grid was baked with, all codes become twice as coarse (a centimetre or two,
where mountains are), which depends on what is changed now and not on the way there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.errors import BudgetError, ConfigError, SaveError
from layerw.base.ports import F64
from layerw.memory.ledger import HardLedger
from layerw.stream.ground import Ground

BLOCK = 64
PAINT_FINER = 4
CHANGE_MAX_M = 1000.0
SIZE_BYTES_MAX = 64 * 1024 * 1024
CHANGES_KEPT = 256
CODE_MAX = 65_535
_LOW_STEP = 8192  # the lowest code moves in such steps: each makes the whole grid anew
Array = npt.NDArray[Any]
Key = tuple[int, int]


class Window(NamedTuple):
    """Samples from (x0, z0) to (x1, z1), both included."""

    x0: int
    z0: int
    x1: int
    z1: int

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.z1 - self.z0 + 1, self.x1 - self.x0 + 1


class Sparse:
    """A grid of which only the blocks that were written to are there; elsewhere it is 0."""

    def __init__(self, dtype: Any, channels: tuple[int, ...] = ()) -> None:
        self.blocks: dict[Key, Array] = {}
        self._dtype, self._channels = np.dtype(dtype), channels
        self.block_bytes = int(self._dtype.itemsize * BLOCK * BLOCK * np.prod(channels, dtype=np.int64))

    def missing(self, window: Window) -> list[Key]:
        """Blocks of it that are not there yet."""
        return [key for key, *_ in _parts(window) if key not in self.blocks]

    def read(self, window: Window) -> Array:
        """(rows, columns, ...), a copy."""
        found = np.zeros((*window.shape, *self._channels), self._dtype)
        for key, inside, outside in _parts(window):
            if key in self.blocks:
                found[outside] = self.blocks[key][inside]
        return found

    def write(self, window: Window, values: Array) -> None:
        """(rows, columns, ...)."""
        for key, inside, outside in _parts(window):
            if key not in self.blocks:
                self.blocks[key] = np.zeros((BLOCK, BLOCK, *self._channels), self._dtype)
            self.blocks[key][inside] = values[outside]


def _parts(window: Window) -> list[tuple[Key, tuple[slice, slice], tuple[slice, slice]]]:
    """The blocks of a window: key (x, z), what of the block, and what of the window."""
    found = []
    for z in range(window.z0 // BLOCK, window.z1 // BLOCK + 1):
        for x in range(window.x0 // BLOCK, window.x1 // BLOCK + 1):
            top, left = max(window.z0, z * BLOCK), max(window.x0, x * BLOCK)
            end, right = min(window.z1 + 1, (z + 1) * BLOCK), min(window.x1 + 1, (x + 1) * BLOCK)
            inside = (slice(top - z * BLOCK, end - z * BLOCK), slice(left - x * BLOCK, right - x * BLOCK))
            found.append(((x, z), inside, (slice(top - window.z0, end - window.z0),
                                           slice(left - window.x0, right - window.x0))))  # fmt: skip
    return found


class GroundEdits:
    """The differences of one world. `serial` counts changes, of which the last CHANGES_KEPT say where they were."""

    def __init__(self, ground: Ground, ledger: HardLedger) -> None:
        self.ground, self._ledger = ground, ledger
        self.serial = 0
        self.shape, self.paint = Sparse(np.int32), Sparse(np.uint8, (4,))
        self.size_bytes = 0
        self._changes: list[Window] = []
        self._spans: dict[Key, tuple[int, int]] = {}  # least and greatest code of a block, before they are made to fit
        self._baked = ground.codes
        self._is_baked = True  # the grid's heights are still those
        self._scale_m, self._offset_m = ground.scale_m, ground.offset_m
        self._fit = (0, 0)  # the lowest code, and how often all are halved

    @property
    def whole(self) -> Window:
        """All samples."""
        return Window(0, 0, self.ground.columns - 1, self.ground.rows - 1)

    def changes_since(self, serial: int) -> list[Window]:
        """Where heights or colours changed since `serial` was that."""
        late = self.serial - serial
        return self._changes[len(self._changes) - late :] if late <= len(self._changes) else [self.whole]

    # -- changes -----------------------------------------------------------------------------------
    def stamp(self, x: float, z: float, radius: float, change_m: float) -> Window:
        """Adds a round hill (or hole) that ends smoothly at its rim; returns the samples that it reaches.

        Raises:
            ConfigError: it would go beyond CHANGE_MAX_M. BudgetError: no room; nothing is changed then.
        """
        window, near = self._disc(x, z, radius, 1)
        added = np.rint(near * near * (change_m / self._scale_m)).astype(np.int32)
        made = self.shape.read(window) + added
        if np.abs(made).max(initial=0) * self._scale_m > CHANGE_MAX_M:
            raise ConfigError(f"The ground at ({x:g}, {z:g}) would lie {np.abs(made).max() * self._scale_m:.0f} m from "
                              f"where it was baked; {CHANGE_MAX_M:g} m is the most.")  # fmt: skip
        self._make_room(self.shape, window)
        self.shape.write(window, made)
        self._tell(self._follow(window))
        return window

    def color(self, x: float, z: float, radius: float, rgb: tuple[int, int, int], strength: float) -> Window:
        """Lays a colour (sRGB, 0 to 255) on a disc, `strength` of it in the middle; returns the samples it reaches.

        Raises:
            BudgetError: no room; nothing is changed then.
        """
        fine, near = self._disc(x, z, radius, PAINT_FINER)
        share = strength * np.minimum(2.0 * near, 1.0)[..., None]  # full to seven tenths of the radius
        self._make_room(self.paint, fine)
        was = self.paint.read(fine).astype(np.float64)
        under = was[..., 3:] / 255 * (1 - share)
        alpha = under + share
        color = (was[..., :3] * under + np.array(rgb) * share) / np.where(alpha > 0, alpha, 1.0)
        self.paint.write(fine, np.rint(np.concatenate([color, 255 * alpha], axis=-1)).astype(np.uint8))
        window = Window(fine.x0 // PAINT_FINER, fine.z0 // PAINT_FINER, -(-fine.x1 // PAINT_FINER),
                        -(-fine.z1 // PAINT_FINER))  # fmt: skip
        self._tell(window)
        return window

    def _disc(self, x: float, z: float, radius: float, finer: int) -> tuple[Window, F64]:
        """Samples about a place, and 1 - (distance / radius)^2 there, 0 outside."""
        g = self.ground
        step = np.array((g.spacing_x_m, g.spacing_z_m)) / finer
        middle = (np.array((x, z)) - (g.west_m, g.north_m)) / step
        last = (np.array((g.columns, g.rows)) - 1) * finer
        low = np.clip(np.ceil(middle - radius / step), 0, last).astype(int)
        high = np.clip(np.floor(middle + radius / step), 0, last).astype(int)
        dx = (np.arange(low[0], high[0] + 1) - middle[0]) * (step[0] / radius)
        dz = (np.arange(low[1], high[1] + 1) - middle[1]) * (step[1] / radius)
        near = np.maximum(1.0 - (dx[None, :] * dx[None, :] + dz[:, None] * dz[:, None]), 0.0)
        return Window(int(low[0]), int(low[1]), int(high[0]), int(high[1])), near

    def _make_room(self, layer: Sparse, window: Window) -> None:
        size = len(layer.missing(window)) * layer.block_bytes
        if layer is self.shape and not self.shape.blocks:
            size += self._baked.nbytes  # of the heights as they were baked, beside those that they are now
        if self.size_bytes + size > SIZE_BYTES_MAX:
            raise BudgetError(f"Edits of a world may take {SIZE_BYTES_MAX} bytes; with this one they would take "
                              f"{self.size_bytes + size}. `world.edits.clear()` gives all of them back.",
                              needed_bytes=size)  # fmt: skip
        self._ledger.reserve(size, "Keeping an edit of the ground")
        self.size_bytes += size

    def _tell(self, window: Window) -> None:
        self.serial += 1
        self._changes = [*self._changes[-CHANGES_KEPT + 1 :], window]

    # -- heights -----------------------------------------------------------------------------------
    def _follow(self, window: Window) -> Window:
        """Makes the grid's heights what the differences say; returns where they changed, if only by how they are
        rounded."""
        for key, *_ in _parts(window):
            inside = self._clipped(key)
            total = self._total(inside)
            self._spans[key] = int(total.min()), int(total.max())
        fit = self._fitting()
        if fit != self._fit or self._is_baked:
            window = self.whole if fit != self._fit else window
            self._fit = fit
            codes = self._coded(self._baked)
            for key in self.shape.blocks:
                self._patch(codes, self._clipped(key))
        else:
            codes = self.ground.codes
            self._patch(codes, window)
        self._write(codes)
        return window

    def _total(self, window: Window) -> npt.NDArray[np.int32]:
        rows, columns = slice(window.z0, window.z1 + 1), slice(window.x0, window.x1 + 1)
        return np.add(self._baked[rows, columns], self.shape.read(window), dtype=np.int32)

    def _fitting(self) -> tuple[int, int]:
        low = min((least for least, _ in self._spans.values()), default=0)
        high = max((most for _, most in self._spans.values()), default=CODE_MAX)
        low, high = min(low, 0) // _LOW_STEP * _LOW_STEP, max(high, CODE_MAX)
        halved = 0
        while (high - low + ((1 << halved) >> 1)) >> halved > CODE_MAX:
            halved += 1
        return low, halved

    def _coded(self, total: Array) -> npt.NDArray[np.uint16]:
        low, halved = self._fit
        if self._fit == (0, 0):
            return total.astype(np.uint16)
        return ((total.astype(np.int32) - np.int32(low - ((1 << halved) >> 1))) >> halved).astype(np.uint16)

    def _patch(self, codes: npt.NDArray[np.uint16], window: Window) -> None:
        rows, columns = slice(window.z0, window.z1 + 1), slice(window.x0, window.x1 + 1)
        codes[rows, columns] = self._coded(self._total(window))

    def _write(self, codes: npt.NDArray[np.uint16]) -> None:
        low, halved = self._fit
        self._is_baked = codes is self._baked
        self.ground.rewrite(codes, self._scale_m * (1 << halved), self._offset_m + low * self._scale_m)

    def _clipped(self, key: Key) -> Window:
        x, z = key[0] * BLOCK, key[1] * BLOCK
        return Window(x, z, min(x + BLOCK, self.ground.columns) - 1, min(z + BLOCK, self.ground.rows) - 1)

    def change_m(self, window: Window) -> F64:
        """(rows, columns) metres, how far the ground lies above where it was baked."""
        return self.shape.read(window) * self._scale_m

    # -- colours -----------------------------------------------------------------------------------
    def has_paint(self, fine: Window) -> bool:
        """Whether anything is painted among these samples of the finer grid."""
        return bool(self._painted(fine))

    def painted(self, fine: Window, step: int) -> npt.NDArray[np.uint8]:
        """Colours (n, n, 4) of a square: the mean of each step x step samples. step: a power of two, BLOCK at most."""
        side, block = (fine.x1 - fine.x0) // step + 1, BLOCK // step
        found = np.zeros((side + block, side + block, 4), np.uint8)
        for x, z in self._painted(fine):
            values = self.paint.blocks[x, z].astype(np.float32)
            values[..., :3] *= values[..., 3:] / 255
            mean = values.reshape(block, step, block, step, 4).mean(axis=(1, 3))
            mean[..., :3] *= 255 / np.maximum(mean[..., 3:], 1e-3)
            left, top = (x * BLOCK - fine.x0) // step, (z * BLOCK - fine.z0) // step
            found[top : top + block, left : left + block] = np.rint(np.minimum(mean, 255))
        _bleed(found)
        return np.ascontiguousarray(found[:side, :side])

    def _painted(self, fine: Window) -> list[Key]:
        low, high = (fine.x0 // BLOCK, fine.z0 // BLOCK), (fine.x1 // BLOCK, fine.z1 // BLOCK)
        return [key for key in self.paint.blocks
                if low[0] <= key[0] <= high[0] and low[1] <= key[1] <= high[1]]

    def parts(self) -> list[Window]:
        """Where anything is changed, in samples of the heights."""
        found = [self._clipped(key) for key in self.shape.blocks]
        for x, z in self.paint.blocks:
            left, top, size = x * BLOCK // PAINT_FINER, z * BLOCK // PAINT_FINER, BLOCK // PAINT_FINER
            found.append(Window(left, top, min(left + size, self.whole.x1), min(top + size, self.whole.z1)))
        return found

    # -- all of it ---------------------------------------------------------------------------------
    def clear(self) -> None:
        """The ground as it was baked."""
        if not (self.shape.blocks or self.paint.blocks):
            return
        self.shape.blocks.clear()
        self.paint.blocks.clear()
        self._spans.clear()
        self._fit = (0, 0)
        self._write(self._baked)
        self.release()
        self._tell(self.whole)

    def release(self) -> None:
        """Gives its bytes back to the ledger."""
        self._ledger.release(self.size_bytes)
        self.size_bytes = 0

    def pack(self) -> dict[str, Any]:
        """All of it as numbers, texts and uint8 arrays; {} where nothing is changed."""
        if not (self.shape.blocks or self.paint.blocks):
            return {}
        return {"samples": self.ground.columns, "scale_m": self._scale_m, "offset_m": self._offset_m,
                **{name: {"at": np.array(sorted(layer.blocks), np.int32).reshape(-1).view(np.uint8),
                          "values": _planes([layer.blocks[key] for key in sorted(layer.blocks)])}
                   for name, layer in (("shape", self.shape), ("paint", self.paint))}}  # fmt: skip

    def unpack(self, packed: dict[str, Any]) -> None:
        """Makes it what `pack` gave, in place of what is there.

        Raises:
            SaveError: it is damaged, or of another ground. BudgetError: no room. Nothing is changed then.
        """
        if not packed:
            return self.clear()
        own = {"samples": self.ground.columns, "scale_m": self._scale_m, "offset_m": self._offset_m}
        if not all(isinstance(packed.get(name), (int, float)) and packed[name] == value for name, value in own.items()):
            raise SaveError("The edits are of another ground; the world was baked anew since.")
        layers = [(layer, self._read(layer, packed.get(name), finer)) for name, layer, finer in
                  (("shape", self.shape, 1), ("paint", self.paint, PAINT_FINER))]
        size = sum(len(blocks) * layer.block_bytes for layer, blocks in layers)
        size += self._baked.nbytes if layers[0][1] else 0
        most = max((max(int(block.max()), -int(block.min())) for block in layers[0][1].values()), default=0)
        if size > SIZE_BYTES_MAX or most * self._scale_m > CHANGE_MAX_M + 1:
            raise SaveError("The edits are damaged: they go beyond what can be edited.")
        if size > self.size_bytes:
            self._ledger.reserve(size - self.size_bytes, "Keeping the edits of a save")
        else:
            self._ledger.release(self.size_bytes - size)
        self.size_bytes = size
        for layer, blocks in layers:
            layer.blocks = blocks
        self._spans.clear()
        self._fit = (0, 0)
        self._write(self._baked)
        if self.shape.blocks:
            for key in self.shape.blocks:
                total = self._total(self._clipped(key))
                self._spans[key] = int(total.min()), int(total.max())
            self._follow(self._clipped(next(iter(self.shape.blocks))))
        self._tell(self.whole)

    def _read(self, layer: Sparse, given: object, finer: int) -> dict[Key, Array]:
        try:
            assert isinstance(given, dict)
            at = np.ascontiguousarray(given["at"]).view(np.int32).reshape(-1, 2)
            last = ((self.ground.columns - 1) * finer // BLOCK, (self.ground.rows - 1) * finer // BLOCK)
            assert ((at >= 0) & (at <= last)).all() and len(np.unique(at, axis=0)) == len(at)
            like = np.zeros((BLOCK, BLOCK, 4), np.uint8) if layer is self.paint else np.zeros((BLOCK, BLOCK), np.int32)
            values = np.ascontiguousarray(given["values"]).view(np.uint8).reshape(like.dtype.itemsize, -1)
            whole = np.ascontiguousarray(values.T).reshape(-1).view(like.dtype).reshape(len(at), *like.shape)
        except (AssertionError, KeyError, ValueError, TypeError) as error:
            raise SaveError("The edits are damaged.") from error
        return {(int(x), int(z)): whole[number].copy() for number, (x, z) in enumerate(at.tolist())}


def _bleed(colors: npt.NDArray[np.uint8]) -> None:
    """Unpainted texels beside painted ones take their colour, so that what lies between them is not darker."""
    for axis in (0, 1):
        for towards in (1, -1):
            beside = np.roll(colors, towards, axis)
            takes = (colors[..., 3] == 0) & (beside.any(axis=-1)) & ~colors[..., :3].any(axis=-1)
            colors[takes, :3] = beside[takes, :3]


def _planes(blocks: list[Array]) -> npt.NDArray[np.uint8]:
    """The first bytes of all numbers, then the second ones …, which deflates well."""
    if not blocks:
        return np.zeros(0, np.uint8)
    flat = np.ascontiguousarray(np.stack(blocks))
    return np.ascontiguousarray(flat.view(np.uint8).reshape(-1, flat.dtype.itemsize).T).reshape(-1)
