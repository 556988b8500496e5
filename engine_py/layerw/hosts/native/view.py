"""A view as the backend holds it: where it is drawn, with which flags, and what its passes draw.

The twin of web/backends/common/view.js and tiles.js. Lists are arrays of the engine and live as long as a submit.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from layerw.gpu.passes import DRAW_PASSES, PASSES, Target
from layerw.gpu.spec import SHADOW_MATRICES
from layerw.hosts.native.records import CommandError, MaterialRecord, MeshRecord, TextureRecord
from layerw.hosts.native.runs import Known, Records, Runs, collect

_ROWS = tuple(row for row in PASSES if row.kind == "draws")
_DRAWN_BY = tuple(tuple(row for row in _ROWS if (row.draws or row.name) == name) for name in DRAW_PASSES)
_TILED = tuple(any(row.name == name and row.tiled for row in _ROWS) for name in DRAW_PASSES)


@dataclass(slots=True)
class Tile:
    """A square of the shadow atlas. matrix: of the frame block's shadow_matrices."""

    x: int
    y: int
    side: int
    matrix: int
    clear: bool
    records: Records | None
    runs: Runs = field(default_factory=Runs)


@dataclass(slots=True, eq=False)
class View:
    """texture: what it is drawn into, None = the picture. drawn_*: fewer than width and height with flag upscaled.
    pick: who asked what is drawn here, 0 = nobody."""

    index: int
    texture: TextureRecord | None = None
    lut: TextureRecord | None = None
    panorama: TextureRecord | None = None
    x: int = 0
    y: int = 0
    width: int = 1
    height: int = 1
    drawn_width: int = 1
    drawn_height: int = 1
    flags: int = 0
    pick: int = 0
    has_block: bool = False
    lists: list[Records | None] = field(default_factory=lambda: [None] * len(DRAW_PASSES))
    runs: list[Runs] = field(default_factory=lambda: [Runs() for _ in DRAW_PASSES])
    tiles: list[Tile] = field(default_factory=list)

    def begin(self, texture: TextureRecord | None, place: tuple[int, int, int, int], drawn: tuple[int, int],
              flags: int) -> None:  # fmt: skip
        """A frame's."""
        self.texture, self.flags, self.pick, self.lut, self.panorama = texture, flags, 0, None, None
        self.x, self.y, self.width, self.height = place
        self.drawn_width, self.drawn_height = drawn
        self.lists = [None] * len(DRAW_PASSES)
        self.tiles = []

    def add_tile(self, tile: Tile) -> None:
        """Raises CommandError where there is no such matrix."""
        if tile.matrix >= SHADOW_MATRICES:
            raise CommandError(f"There is no matrix {tile.matrix} of a shadow tile; use 0 to {SHADOW_MATRICES - 1}.")
        self.tiles.append(tile)

    def collect(self, meshes: dict[int, MeshRecord], materials: dict[int, MaterialRecord],
                known: Known) -> tuple[int, int]:  # fmt: skip
        """Turns records into runs; gives triangles, and draws past the rows."""
        triangles = outside = 0
        for tile in self.tiles:
            tile.runs = Runs() if tile.records is None else collect(tile.records, meshes, materials, known, True)
            tile.records = None
            triangles, outside = triangles + tile.runs.triangles, outside + tile.runs.outside
        for number, records in enumerate(self.lists):
            if records is None or not any(row.runs(self.flags) for row in _DRAWN_BY[number]):
                self.runs[number] = Runs()
                continue
            runs = self.runs[number] = collect(records, meshes, materials, known, False)
            triangles, outside = triangles + runs.triangles, outside + runs.outside
        self.lists = [None] * len(DRAW_PASSES)
        return triangles, outside

    def filled(self) -> int:
        """A bit for each list that draws something."""
        return sum(1 << n for n, runs in enumerate(self.runs) if (self.tiles if _TILED[n] else runs.all))

    def sides_of(self, target: Target) -> tuple[int, int]:
        """A target's texels."""
        return target.sides(*((self.width, self.height) if target.shown else (self.drawn_width, self.drawn_height)))

    def clear(self) -> None:
        """Drops what it refers to."""
        self.begin(None, (0, 0, 1, 1), (1, 1), 0)
        self.has_block = False
        self.runs = [Runs() for _ in DRAW_PASSES]
