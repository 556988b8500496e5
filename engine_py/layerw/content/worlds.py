"""World: a streamed tileset in the scene, and the sea around it.

Owns: what a program sees of a Streamer, and the rows that tiles and the sea take in the entity table. Does not
choose tiles. Limits: heights come from the world's ground grid, which only layerw's own worlds have.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.colors import Color
from layerw.base.errors import LayerwError
from layerw.base.outcomes import FAILED, READY, Callback, Outcomes
from layerw.base.ports import F64, Behind, Content, ContentLoader, TileDraw
from layerw.base.rays import checked_ray
from layerw.base.settings import fixed_attributes
from layerw.base.user_code import UserCode
from layerw.base.weak import weakly
from layerw.content.edits import Edits
from layerw.content.tile_actors import Scenery, TileActors
from layerw.content.tile_lights import TileLights
from layerw.scene.camera import CameraFrame
from layerw.stream.ground import Ground, GroundHit
from layerw.stream.horizon import Horizon, behind
from layerw.stream.places import EarthPlaces, GridPlaces, check_near, checked_degrees, places_of
from layerw.stream.streamer import Streamer

if TYPE_CHECKING:
    from layerw.content.drapes import Drape
    from layerw.content.features import Features
    from layerw.content.shared import SharedLoader
    from layerw.gpu.store import Store
    from layerw.stream.feature_hits import Feature


@fixed_attributes
class World:
    """A streamed world.

    state: "loading"; "retrying" (tileset.json or the ground grid failed and is asked for again: `error` says why,
    `retry_in_s` when); "ready" (both are here; tiles keep streaming); "failed" (its tileset came whole and can't be
    used; it is looked at again now and then) or "closed".
    """

    def __init__(self, streamer: Streamer, user: UserCode, loader: ContentLoader, store: Store, scenery: Scenery,
                 images: Callable[[], SharedLoader]) -> None:  # fmt: skip
        self._streamer, self._loader, self._user = streamer, loader, user
        self._store, self._images = store, images
        self._features: Features | None = None
        self._drape: Drape | None = None
        self._edits = Edits(streamer, store, weakly(self._ground))
        self._lights = TileLights(streamer, scenery.table)
        self._actors = TileActors(lambda: streamer.residency, scenery)
        self.state = "loading"
        self._horizon = Horizon(streamer)
        self._drawn = TileDraw()  # in the last frame
        self._outcomes = Outcomes(user.call)

    @property
    def url(self) -> str:
        """Where it comes from."""
        return self._streamer.url

    @property
    def error(self) -> str:
        """Why the world is not ready, "" where nothing went wrong."""
        return self._streamer.error

    @property
    def retry_in_s(self) -> float:
        """Seconds until what failed is asked for again; 0 where nothing waits for that."""
        return max(self._streamer.retry_in_s, 0.0)

    @property
    def extras(self) -> dict[str, Any]:
        """What the world says about itself (`extras.layerw` of its tileset)."""
        return self._streamer.extras

    @property
    def settled(self) -> bool:
        """True when every tile that the view wants is drawn, with every image of a map that lies on it."""
        return self._streamer.settled and (self._drape is None or self._drape.settled)

    @property
    def center(self) -> F64:
        """Middle of the world, float64 metres."""
        return self._streamer.origin

    @property
    def radius(self) -> float:
        """Of a sphere around `center` that holds it, metres."""
        return self._streamer.radius

    def local_frame(self) -> F64:
        """4x4 float64: columns east, up, south and the position of the world's middle."""
        return self._streamer.local_frame()

    def height(self, x: float, z: float) -> float:
        """Ground height in metres at one point; outside of the world (see `area`) that of its nearest edge."""
        return self._ground().height(x, z)

    def heights(self, x: npt.ArrayLike, z: npt.ArrayLike) -> F64:
        """Ground heights in metres at many points; outside of the world those of its nearest edge."""
        return self._ground().heights(x, z)

    def raycast(self, origin: npt.ArrayLike, direction: npt.ArrayLike, *,
                max_distance: float = math.inf) -> GroundHit | None:  # fmt: skip
        """Where a ray first meets the ground: distance, point and normal; None where it does not.

        origin, direction, max_distance: as for `App.raycast`.

        Raises:
            LayerwError: the world has no ground grid (yet). ShapeError: an argument is not what it should be.
        """
        return self._ground().raycast(checked_ray(origin, direction, max_distance))

    def at(self, lon: float, lat: float, height_m: float | None = None) -> F64:
        """The position of a place on Earth: (3,) float64, world metres.

        Args:
            lon: degrees, east is positive.
            lat: degrees, north is positive.
            height_m: metres, in the heights of the world's source; None is the ground.

        Raises:
            LayerwError: the world has no georeference in degrees, UTM or Web Mercator (or, for None, no ground grid
                yet).
            ShapeError, KindError, ConfigError: an argument is no place on Earth, or no number; or the place is outside
                of the world and would not with the numbers swapped, or ten times as far away as the world reaches.
        """
        lon, lat = checked_degrees(lon, lat)
        height = 0.0 if height_m is None else checks.number("height_m", height_m)
        places = self._places()
        check_near(places, lon, lat, self.center, self.radius, self.url)
        point = places.at(lon, lat, height)
        if height_m is None:
            point[1] = self.height(float(point[0]), float(point[2]))
        return point

    def lonlat(self, position: npt.ArrayLike) -> tuple[float, float, float]:
        """Longitude and latitude in degrees and height in metres of a position (3,) in world metres."""
        point = checks.vector("position", position)
        return self._places().lonlat(point)

    def _places(self) -> GridPlaces | EarthPlaces:
        if not self.extras and self.state in ("loading", "retrying"):
            raise LayerwError(f"The world {self.url} is {self.state} and has not said yet where on Earth it lies; ask "
                              "it in @world.on_ready.")
        return places_of(self.extras, self.center, self.url)

    @property
    def area(self) -> tuple[float, float, float, float]:
        """x and z of the lower corner, then of the upper one, metres."""
        ground = self._ground()
        wide, long = (ground.columns - 1) * ground.spacing_x_m, (ground.rows - 1) * ground.spacing_z_m
        return ground.west_m, ground.north_m, ground.west_m + wide, ground.north_m + long

    @property
    def view_from(self) -> tuple[float, float, float]:
        """A good place to start, metres: the world's own, else above its middle."""
        x, y, z = self._spawn()[0]
        return float(x), float(y), float(z)

    @property
    def view_to(self) -> tuple[float, float, float]:
        """What to look at from there."""
        x, y, z = self._spawn()[1]
        return float(x), float(y), float(z)

    def _spawn(self) -> tuple[F64, F64]:
        """Where to stand and what to look at: `extras.layerw.spawn` has a position and a yaw or a look_at."""
        spawn = self.extras.get("spawn")
        place = _point(spawn, "position")
        if place is None or not isinstance(spawn, dict):
            return self.center + np.array((0.0, 0.6, 0.8)) * self.radius, self.center
        target = _point(spawn, "look_at")
        yaw = spawn.get("yaw")
        turn = float(yaw) if isinstance(yaw, (int, float)) else 0.0
        ahead = np.array((-math.sin(turn), -0.15, -math.cos(turn))) * 1000.0
        return place, place + ahead if target is None else target

    def _ground(self) -> Ground:
        ground = self._streamer.ground
        if self.state == "closed":
            raise LayerwError(f"The world {self.url} is closed: its ground is gone. app.stream brings it again.")
        if ground is None:
            coming = self.state in ("loading", "retrying")
            raise LayerwError(f"The world {self.url} has no ground grid"
                              f"{' yet; use it in @world.on_ready' if coming else ''}.")  # fmt: skip
        return ground

    @property
    def edits(self) -> Edits:
        """What `dig`, `raise_` and `paint` made of the ground: see Edits."""
        return self._edits

    def dig(self, at: npt.ArrayLike, radius: float, depth: float) -> None:
        """Digs a round hole that ends smoothly at its rim. Tiles, `heights`, rays and bodies have it at once.

        Args:
            at: (3,) its middle, world metres; y does not matter.
            radius: metres; at least what lies between two heights of the world's ground.
            depth: metres in the middle, 1,000 at most below the ground as baked.

        The tiles that are drawn show it with the next picture, and every one that comes later, at each level of detail.
        What was planted or built there stays where it is.

        Raises:
            LayerwError: the world has no ground grid (yet), or none that its tiles can follow.
            ShapeError, KindError, ConfigError: an argument is not what it should be, or lies outside of the world.
            BudgetError: the heap's budget has no room for it.
        """
        self._edits._shape("World.dig", at, radius, ("depth", depth), -1)

    def raise_(self, at: npt.ArrayLike, radius: float, height: float) -> None:
        """Raises a round hill, `height` metres in the middle; as `dig` in everything else."""
        self._edits._shape("World.raise_", at, radius, ("height", height), 1)

    def paint(self, at: npt.ArrayLike, radius: float, color: Color, *, strength: float = 1.0) -> None:
        """Paints a disc on the ground, softly towards its rim.

        Args:
            at, radius: as for `dig`; colours are four times finer than heights.
            color: any colour, or a kind of ground: "grass", "soil", "sand", "rock", "gravel", "snow", "ash".
            strength: 0 to 1: how much of it covers what is there.

        Raises: as `dig`.
        """
        self._edits._color(at, radius, color, strength)

    def color_by(self, column: str | None, colors: Any = (), *, other: Color = "white") -> None:
        """Colours what tiles hold (buildings, points) by a column of their tables, with or without textures.

        Args:
            column: its name; None: everything in its own colours again.
            colors: a mapping of values to colours, or pairs (number, colour) that rise: a ramp.
            other: of values that have none.

        Tiles are loaded again. Read are batch tables (b3dm, pnts) whose columns stand in the table's JSON, and property
        tables (EXT_structural_metadata) by ids of vertices (EXT_mesh_features) that are not packed by Draco.

        Raises:
            KindError, ShapeError: an argument is not what it should be.
        """
        from layerw.base.tile_style import checked_style

        self._streamer.restyle(None if column is None else checked_style(column, colors, other))

    def drape(self, url: str, *, scheme: str = "xyz", levels: tuple[int, int] = (0, 19), opacity: float = 1.0,
              area: npt.ArrayLike | None = None, budget_mib: float = 64.0) -> Drape:  # fmt: skip
        """Lays a map's images on the tiles, in place of their own colours; in place of a map that lay there before.

        Args:
            url: an image's address, with the words {z}, {x} and {y} in it (wmts: {TileMatrix}, {TileCol}, {TileRow});
                relative to the program's folder, or of a server that lets other sites read it (CORS).
            scheme: "xyz" (rows from the north), "tms" (rows from the south) or "wmts" (a RESTful template of
                WebMercatorQuad, whose style, date and so on are written out).
            levels: the coarsest and the finest that there are, 0 to 24.
            opacity: 0 (the tiles as they are) to 1; `drape.opacity` is written to at any time.
            area: west, south, east, north in degrees, outside of which nothing is asked for; None: everywhere.
            budget_mib: what the images may take on the GPU, MiB; a quarter of its budget at most. Beyond it they are
                coarser, and beyond the coarsest level far tiles go without.

        A tile takes 2 x 2 images, of the finest level at which these cover it. An image that is not there is
        told once, and the coarser one is shown. `drape.close()` takes the map off; drape.counts, gpu_bytes and error
        say how it is. The world has to know where it lies: baked with a georeference, or on the globe (then
        place="local").

        Raises:
            ConfigError, KindError, ShapeError: an argument is not what it should be. LayerwError: the world is closed.
        """
        from layerw.content.drapes import Drape
        from layerw.stream.maps import Template, checked_area, checked_levels

        template, kept = Template(url, scheme), checked_levels(levels)
        share = checks.number("World.drape opacity", opacity, 0, 1)
        mib = checks.number("World.drape budget_mib", budget_mib, 1, 4096)
        where = checked_area(area)
        if self.state == "closed":
            raise LayerwError(f"The world {self.url} is closed; no map can be draped on it.")
        if self._drape is not None:
            self._drape.close()
        most = min(int(mib * 1024 * 1024), self._store.ledger.budget_bytes // 4)
        self._drape = Drape(self._streamer, self._store, self._images, template, levels=kept, area=where, opacity=share,
                            budget_bytes=most)  # fmt: skip
        return self._drape

    def feature(self, origin: npt.ArrayLike, direction: npt.ArrayLike, *,
                max_distance: float = math.inf) -> asyncio.Future[Feature | None]:  # fmt: skip
        """The feature (a house, a tree, a point) that a ray meets first in the tiles that are drawn, and its row:
        `hit = await world.feature(*app.ray_at())`, some frames later; None where it meets no tile.

        hit.id, hit.row (a dict of its columns), hit.tile (its file), hit.distance and hit.point. Ids of batch tables
        (b3dm, i3dm, pnts), and EXT_mesh_features by vertices and textures with their property tables. The tile's file
        is read once more for it, usually from the browser's cache, and the last few stay read.

        origin, direction, max_distance: as for `App.raycast`.

        Raises:
            ShapeError: an argument is not what it should be. LayerwError: 64 are on their way.
        """
        ray = checked_ray(origin, direction, max_distance)
        if self._features is None:
            from layerw.content.features import Features

            self._features = Features(self._streamer, self._loader, self._user.future)
        return self._features.ask(ray)

    def on_ready(self, callback: Callback) -> Callback:
        """Decorator: calls the function once tileset and ground are here (now, when they are)."""
        return self._outcomes.add("World", READY, self.state, callback)

    def on_failed(self, callback: Callback) -> Callback:
        """Decorator: calls the function once its tileset came whole and can't be used (now, when it is so); `error`
        says why. What may still come is retried instead, see `state`; a failed one that is mended becomes ready."""
        return self._outcomes.add("World", FAILED, self.state, callback)

    def _ground_is_settled(self) -> bool:
        """The grid is here, failed, or there is none."""
        return not self._streamer.ground_pending

    def close(self) -> None:
        """Takes the world out of the scene and frees what it took."""
        if self._features is not None:
            self._features.close()
        if self._drape is not None:
            self._drape.close()
        self._edits._close()
        self._horizon.release()
        self._lights.close()
        self._actors.close()
        self._streamer.release()
        self.state = "closed"
        self._outcomes.clear()

    # -- for the engine --------------------------------------------------------------------------

    def _device_lost(self, is_lost: Callable[[Content], bool]) -> None:
        if self._drape is not None:
            self._drape._let_go()
        self._streamer.device_lost(is_lost)

    def _hidden(self, camera: CameraFrame) -> npt.NDArray[np.bool_] | None:
        """Which of what is drawn lies behind its own hills."""
        return self._horizon.hidden(camera.planes) if self._looks(camera) else None

    def _behind(self, camera: CameraFrame) -> Behind | None:
        """What else does."""
        return behind(self._horizon, camera.planes) if self._looks(camera) else None

    def _looks(self, camera: CameraFrame) -> bool:
        edits = self._edits._drawn()
        if edits is None or len(self._drawn.mesh) != len(self._streamer.residency.rows.tiles):
            return False
        return self._horizon.look(camera.position, -float(camera.planes[4, 3]), *edits)

    def _step(self, camera: CameraFrame, time_s: float) -> list[str]:
        """One frame of streaming; returns messages about what went wrong."""
        if self.state == "closed":
            return []
        self._streamer.step(camera, time_s)
        told = self._edits._step()  # before the map, which covers what is painted
        told += [] if self._features is None else self._features.step()
        self._lights.step()
        told += self._actors.step()
        if self._drape is not None:
            told += self._drape._step(time_s, camera.position)
        if self.state == "ready":
            return told + self._streamer.take_errors()
        if self._streamer.state == "failed":
            self.state = "failed"
        elif not self._ground_is_settled():
            self.state = "retrying" if self._streamer.error else "loading"
        else:
            self.state = "ready"
        self._outcomes.tell(self.state)
        return told + self._streamer.take_errors()


def _point(raw: Any, name: str) -> F64 | None:
    value = raw.get(name) if isinstance(raw, dict) else None
    if isinstance(value, list) and len(value) == 3 and all(isinstance(v, (int, float)) for v in value):
        return np.array(value, np.float64)
    return None


def joined(parts: list[TileDraw]) -> TileDraw:
    """All tiles of a frame in one TileDraw; a single one is passed through."""
    filled = [part for part in parts if len(part.mesh)]
    if len(filled) == 1:
        return filled[0]
    if not filled:
        return TileDraw()
    names = ("mesh", "material", "blend", "origin", "rotation", "scale", "center", "radius", "fade")
    return TileDraw(*(np.concatenate([getattr(part, name) for part in filled]) for name in names))
