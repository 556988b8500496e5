"""Drape: a map's images on the ground of a streamed world.

Owns: for each tile that is drawn, the images that lie on it (stream/maps.py), and its materials with them: those of the
tile with a shader that looks the images up by where a pixel is. Images are shared by the tiles that they reach into.
Limits: `budget_bytes` of images on the GPU, beyond which coarser ones are taken, and at the coarsest level none for the
farthest tiles; LAID_MAX new tiles a frame; the first content of a tile (what a
baked world has on its ground is its second); triangles that do not blend. Positions in shaders are float32: worlds on
the globe take place="local".
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import TYPE_CHECKING

import numpy as np

from layerw.base import checks
from layerw.base.errors import LayerwError
from layerw.base.healing import Failure
from layerw.base.ports import F64, Content, MaterialDesc
from layerw.base.settings import fixed_attributes
from layerw.content.map_images import MapImages, Shown
from layerw.gpu.shaders import ShaderSource
from layerw.gpu.store import Store
from layerw.stream import geo
from layerw.stream.maps import Area, Fit, Key, Lonlat, Template, Window, fit, window
from layerw.stream.places import EarthPlaces, places_of
from layerw.stream.residency import still_parts
from layerw.stream.retry import Messages
from layerw.stream.streamer import Streamer

if TYPE_CHECKING:
    from layerw.content.shared import SharedLoader

KINDS = ("pbr", "unlit", "terrain", "layered")
KEPT_FRAMES = 120  # a tile that is not drawn keeps its images so long
LOOK_FRAMES = 30  # and is looked at for that so often
COARSER_MAX = 12
LAID_MAX = 16  # new tiles a frame: where one lies on the map takes 0.2 ms natively
TEXTURES = tuple(f"map_{number}" for number in range(4))
PARAMS = ("map_across", "map_down", *(f"map_place_{number}" for number in range(4)), "map_look")
_WGSL = """
fn surface(in: SurfaceIn) -> Surface {
  var s = default_surface(in);
  let p = vec4<f32>(in.world_position, 1.0);
  let at = vec2<f32>(dot(params.map_across, p), dot(params.map_down, p));
  let p0 = params.map_place_0;
  let p1 = params.map_place_1;
  let p2 = params.map_place_2;
  let p3 = params.map_place_3;
  let c0 = textureSample(map_0, map_0_sampler, at * p0.x + p0.yz);
  let c1 = textureSample(map_1, map_1_sampler, (at - vec2<f32>(1.0, 0.0)) * p1.x + p1.yz);
  let c2 = textureSample(map_2, map_2_sampler, (at - vec2<f32>(0.0, 1.0)) * p2.x + p2.yz);
  let c3 = textureSample(map_3, map_3_sampler, (at - vec2<f32>(1.0, 1.0)) * p3.x + p3.yz);
  let east = at.x >= 1.0;
  let south = at.y >= 1.0;
  let c = select(select(c0, c1, east), select(c2, c3, east), south);
  let there = select(select(p0.w, p1.w, east), select(p2.w, p3.w, east), south);
  let inside = min(at.x, at.y) >= 0.0 && max(at.x, at.y) < 2.0;
  let share = select(0.0, c.a * there * params.map_look.x, inside);
  s.base_color = vec4<f32>(mix(s.base_color.rgb, c.rgb, share), s.base_color.a);
  s.unlit = params.map_look.y > 0.5;
  return s;
}
"""
_SOURCE = ShaderSource(_WGSL, "".join(f"  {name}: vec4<f32>,\n" for name in PARAMS), TEXTURES, False)


class _OnEarth:
    """Of a world whose tileset stands on the globe, wherever it was moved to."""

    def __init__(self, earth_from_world: F64) -> None:
        self._earth_from_world, self._places = earth_from_world, EarthPlaces()

    def lonlat(self, position: F64) -> tuple[float, float, float]:
        return self._places.lonlat(self._earth_from_world[:3, :3] @ position + self._earth_from_world[:3, 3])


def lonlat_of(streamer: Streamer) -> Lonlat:
    """Where a world's positions are on Earth.

    Raises:
        LayerwError: it does not say.
    """
    earth_from_world = geo.WORLD_FROM_TILESET @ np.linalg.inv(streamer.tree.place)
    earth = earth_from_world[:3, :3] @ streamer.origin + earth_from_world[:3, 3]
    if "georeference" in streamer.extras or float(np.linalg.norm(earth)) < geo.FAR_FROM_ORIGIN_M:
        return places_of(streamer.extras, streamer.origin, streamer.url)
    return _OnEarth(earth_from_world)


class _Laid:
    """A tile with images on it."""

    __slots__ = ("coarser", "contents", "fit", "materials", "seen_frame", "shown", "window")

    def __init__(self, contents: list[Content], place: Fit | None) -> None:
        self.contents, self.fit = contents, place
        self.window: Window | None = None
        self.shown: tuple[object, ...] = ()  # what its materials were made of
        self.materials: dict[int, int] = {}  # the tile's own -> ours
        self.seen_frame = self.coarser = 0  # coarser: of the window


@fixed_attributes
class Drape:
    """A map on a world, see `World.drape`. `error`: why it shows nothing, "" where nothing went wrong."""

    def __init__(self, streamer: Streamer, store: Store, loader: Callable[[], SharedLoader], template: Template, *,
                 levels: tuple[int, int], area: Area, opacity: float, budget_bytes: int) -> None:  # fmt: skip
        self.error = ""
        self._streamer, self._store, self._levels, self._budget_bytes = streamer, store, levels, budget_bytes
        self._opacity = opacity
        self._messages = Messages()
        self._area = area
        self._images = MapImages(template, levels[0], loader, self._messages)
        self._is_short_told = False
        self._bare: list[int] = []  # materials that nothing is painted with once the rows are painted
        self._places: Lonlat | None = None
        self._laid: dict[int, _Laid] = {}
        self._shader = self._coarser = 0
        self._key: tuple[int, ...] = ()
        self._drawn = np.zeros(0, np.int64)
        self._frame = 0
        self._closed = False

    @property
    def opacity(self) -> float:
        """0 (the tiles' own colours) to 1 (the map's)."""
        return self._opacity

    @opacity.setter
    def opacity(self, value: float) -> None:
        self._opacity = checks.number("Drape.opacity", value, 0, 1)
        for laid in self._laid.values():
            laid.shown = ()
        self._key = ()

    @property
    def gpu_bytes(self) -> int:
        """What its images take on the GPU now."""
        return self._images.gpu_bytes

    @property
    def counts(self) -> dict[str, int]:
        """Images by where they are: shown, pending (wanted or on their way), missing (coarser ones are shown), and how
        many levels coarser than wanted all are, for the budget's sake."""
        shown, pending, missing = self._images.counts
        return {"shown": shown, "pending": pending, "missing": missing, "coarser": self._coarser}

    @property
    def settled(self) -> bool:
        """True when every image that the view wants is drawn."""
        return self._closed or bool(self.error) or (bool(self._key) and self._images.settled)

    def close(self) -> None:
        """Takes the map off the world and frees what it took."""
        self._let_go()
        self._closed = True

    # -- for the engine --------------------------------------------------------------------------
    def _let_go(self) -> None:
        for row in list(self._laid):
            self._take_off(row)
        self._repaint()
        self._images.release()
        if self._shader:
            self._store.shaders.destroy(self._shader)
            self._shader = 0
        self._key = ()

    def _step(self, now_s: float, eye: F64) -> list[str]:
        """One frame, after the streamer's, seen from `eye`; returns messages about what went wrong."""
        if self._closed or self.error or self._streamer.state != "ready":
            return []
        if self._places is None:
            try:
                self._places = lonlat_of(self._streamer)
            except LayerwError as error:
                self.error = f"No map can be draped on it: {error}"
                return [self.error]
        self._frame += 1
        residency = self._streamer.residency
        drawn, key = residency.rows.drawn, (residency.revision, self._frame // LOOK_FRAMES)
        if self._images.step(now_s) or key != self._key or not np.array_equal(drawn, self._drawn):
            is_whole = self._lay(drawn.tolist(), eye)
            self._key, self._drawn = key if is_whole else (), drawn
        return self._messages.take(now_s)

    def _lay(self, drawn: list[int], eye: F64) -> bool:
        """Whether all that is drawn has its images; what has none yet gets them with the next frames."""
        residency, changed, left = self._streamer.residency, False, LAID_MAX
        seen = set(drawn)
        for row, laid in list(self._laid.items()):
            laid.seen_frame = self._frame if row in seen else laid.seen_frame
            if residency.contents_of(row) is not laid.contents or self._frame - laid.seen_frame > KEPT_FRAMES:
                self._take_off(row)
        for row in drawn:
            contents = residency.contents_of(row)
            if contents and row not in self._laid and self._places is not None:
                left -= 1
                if left < 0:
                    break
                laid = self._laid[row] = _Laid(contents, fit(self._places, self._streamer.tree.geo[row]))
                laid.seen_frame = self._frame
        self._choose(eye)
        for row, laid in self._laid.items():
            changed |= self._paint(row, laid)
        if changed or self._bare:
            self._repaint()
        self._images.sweep()
        return left >= 0

    def _choose(self, eye: F64) -> None:
        """Windows of all tiles, as fine as the budget lets; then only those images are wanted."""
        most = self._budget_bytes // self._images.largest_bytes
        while True:
            wanted = self._windows()
            is_coarsest = self._coarser >= COARSER_MAX or all(key[0] == self._levels[0] for key in wanted)
            if len(wanted) <= most or is_coarsest:
                break
            self._coarser += 1
        if self._coarser and 6 * len(wanted) < most:
            self._coarser -= 1  # four times as many, at most
            wanted = self._windows()
        self._images.want(wanted if len(wanted) <= most else self._nearest(eye, most))

    def _nearest(self, eye: F64, most: int) -> set[Key]:
        """Images of the tiles that are nearest to the eye, as many as there is room for."""
        found: set[Key] = set()
        away = {row: float(np.linalg.norm(laid.fit.middle - eye)) for row, laid in self._laid.items() if laid.fit}
        for row in sorted(away, key=away.__getitem__):
            place = self._laid[row].window
            more = found.union(key for key in place.keys if key is not None) if place is not None else found
            if len(more) <= most:
                found = more
        if not self._is_short_told:
            self._is_short_told = True
            self._messages.tell(
                Failure.FINAL, "", f"The map's images of level {self._levels[0]}, its coarsest, take more than the "
                f"{self._budget_bytes / 1048576:.3g} MiB of its budget; far tiles go without. Give it coarser levels "
                f"or a larger budget_mib.", 0.0)  # fmt: skip
        return found

    def _windows(self) -> set[Key]:
        wanted: set[Key] = set()
        for laid in self._laid.values():
            if laid.fit is not None:
                if laid.window is None or laid.coarser != self._coarser:
                    laid.window, laid.coarser = window(laid.fit, self._levels, self._coarser, self._area), self._coarser
                wanted.update(key for key in laid.window.keys if key is not None)
        return wanted

    # -- materials -------------------------------------------------------------------------------
    def _paint(self, row: int, laid: _Laid) -> bool:
        """Gives a tile what is there of its images now; whether it is drawn with other materials than before."""
        if laid.window is None:
            return False
        if self._opacity == 0.0:  # the tile as it is, whatever its materials are
            self._strip(row, laid)
            return False
        shown = tuple(self._images.shown(key) for key in laid.window.keys)
        mark = (*shown, laid.window.keys)
        if mark == laid.shown:
            return False
        laid.shown = mark
        if not laid.materials and not any(item.texture for item in shown):
            return False
        params = self._params(laid.window, shown)
        fresh = not laid.materials
        for own in self._own_materials(laid):
            desc = self._desc(self._store.materials[own].desc, params, shown)
            if own in laid.materials:
                self._store.write_material(laid.materials[own], desc)
            else:
                laid.materials[own] = self._store.create_material(desc)
        if fresh:
            self._paint_rows(row, laid, laid.materials)
        return fresh

    def _own_materials(self, laid: _Laid) -> list[int]:
        found = dict.fromkeys(item.material for item in still_parts(laid.contents[:1]) if not item.blend)
        records = self._store.materials
        return [own for own in found
                if own in records and records[own].desc.kind in KINDS and not records[own].desc.shader]

    def _desc(self, own: MaterialDesc, params: tuple[float, ...], shown: tuple[Shown, ...]) -> MaterialDesc:
        if not self._shader:
            self._shader = self._store.shaders.create(_SOURCE)
        look = (self._opacity, float(own.kind == "unlit"), 0.0, 0.0)
        desc = copy(own)  # the page's dataclasses know no `replace`
        desc.kind, desc.shader, desc.params = "pbr", self._shader, (*params, *look)
        if own.kind == "terrain":
            desc.emissive_texture = 0  # what a program painted on the ground: it lies below the map
        desc.shader_textures = tuple(item.texture for item in shown)
        return desc

    def _params(self, place: Window, shown: tuple[Shown, ...]) -> tuple[float, ...]:
        rows = [*place.across.tolist(), *place.down.tolist()]
        for item in shown:
            rows += (item.size, item.left, item.top, float(item.texture != 0))
        return tuple(rows)

    def _paint_rows(self, row: int, laid: _Laid, instead: dict[int, int]) -> None:
        primitives = still_parts(laid.contents)
        self._streamer.residency.rows.paint(row, primitives, instead)

    def _take_off(self, row: int) -> None:
        self._strip(row, self._laid.pop(row))

    def _strip(self, row: int, laid: _Laid) -> None:
        """Gives a tile its own materials back; ours go once nothing is drawn with them (_repaint)."""
        if laid.materials and self._streamer.residency.contents_of(row) is laid.contents:
            self._paint_rows(row, laid, {})
        self._bare += laid.materials.values()
        laid.materials, laid.shown = {}, ()

    def _repaint(self) -> None:
        self._streamer.residency.rows.repaint()
        for material in self._bare:
            self._store.destroy_material(material)
        self._bare.clear()
