"""Rays on a world's ground: what they hit, what they say, and what they refuse."""

from __future__ import annotations

import gzip
import math

import numpy as np
import pytest

from layerw.base.errors import ShapeError
from layerw.base.rays import checked_ray
from layerw.stream.errors import TilesetError
from layerw.stream.ground import Ground, file_bytes
from layerw_server.bake.ground import packed

SPEC = {"uri": "ground.bin", "samples": 33, "scale_m": 0.1, "offset_m": -10.0, "spacing_x_m": 2.0, "spacing_z_m": 2.0,
        "west_m": -32.0, "north_m": -32.0}


def hill() -> Ground:
    x, z = np.meshgrid(np.linspace(-1, 1, 33), np.linspace(-1, 1, 33))
    return Ground(SPEC, np.round(300 * np.exp(-3 * (x * x + z * z))).astype("<u2").tobytes())


PACKED = SPEC | {"encoding": "gzip-delta"}


def test_a_packed_grid_is_the_same_grid() -> None:
    rng = np.random.default_rng(4)
    for codes in (rng.integers(0, 65536, (33, 33)), np.full((33, 33), 65535), np.indices((33, 33)).sum(0) * 900):
        data = packed(codes.astype(np.uint16))
        assert data == packed(codes.astype(np.uint16)), "no time stands in it"
        assert Ground(PACKED, gzip.decompress(data))._codes.tobytes() == codes.astype("<u2").tobytes()


@pytest.mark.parametrize("size", [0, 2177, 2179, 1 << 20])
def test_a_packed_grid_of_another_size_is_told(size: int) -> None:
    with pytest.raises(TilesetError, match=rf"has {size} bytes; 33 x 33 samples take 2178"):
        Ground(PACKED, bytes(size))


def test_an_encoding_of_later_is_told_and_sizes_are_known_before_they_are_fetched() -> None:
    with pytest.raises(TilesetError, match="encoding is 'lerc'"):
        Ground(SPEC | {"encoding": "lerc"}, b"")
    assert file_bytes(SPEC) == 2178
    found = [file_bytes(PACKED | {"byteLength": size}) for size in (100, -1, 10**9, "a")]
    assert found == [2278, 4356, 4356, 4356]


def test_heights_keep_their_shape_and_broadcast() -> None:
    ground = hill()
    assert ground.height(0, 0) == pytest.approx(20)
    assert ground.heights([[0, 1, 2]], [[0], [5]]).shape == (2, 3)
    assert ground.heights(np.arange(6.0)[::2], 0).shape == (3,)
    assert ground.heights(1e9, -1e9) == ground.heights(32, -32)


def test_a_slanted_ray_meets_the_ground_where_the_height_says_so() -> None:
    ground = hill()
    hit = ground.raycast(checked_ray((-30, 40, 3), (2, -1.4, 0.1), math.inf))
    assert hit is not None
    assert hit.point[1] == pytest.approx(ground.height(hit.point[0], hit.point[2]), abs=1e-9)
    assert hit.distance == pytest.approx(np.linalg.norm(hit.point - (-30, 40, 3)))
    before = np.linspace(0, hit.distance, 500, endpoint=False)
    ray = checked_ray((-30, 40, 3), (2, -1.4, 0.1), math.inf)
    path = ray.origin + before[:, None] * ray.direction
    assert (path[:, 1] > ground.heights(path[:, 0], path[:, 2]) - 1e-9).all(), "nothing was passed through"
    (x, _, z), step = hit.point, 1e-6
    slopes = [(ground.height(x + dx, z + dz) - ground.height(x - dx, z - dz)) / (2 * step)
              for dx, dz in ((step, 0), (0, step))]
    assert np.linalg.norm(hit.normal) == pytest.approx(1)
    assert hit.normal / hit.normal[1] == pytest.approx((-slopes[0], 1, -slopes[1]), abs=1e-6)


def test_a_ray_from_below_hits_too_and_one_that_is_too_short_does_not() -> None:
    ground = hill()
    hit = ground.raycast(checked_ray((0, -5, 0), (0, 1, 0), math.inf))
    assert hit is not None and hit.distance == pytest.approx(25)
    assert ground.raycast(checked_ray((0, 100, 0), (0, -1, 0), 79.0)) is None
    assert ground.raycast(checked_ray((0, 100, 0), (0, -1, 0), 80.0)) is not None
    assert ground.raycast(checked_ray((0, 100, 0), (0, 1, 0), math.inf)) is None
    assert ground.raycast(checked_ray((99, 100, 0), (0, -1, 0), math.inf)) is None, "beyond the rim"


@pytest.mark.parametrize(("origin", "direction", "reach", "words"), [
    ((0, 0), (0, 1, 0), 1.0, "origin is"), ((0, 0, math.nan), (0, 1, 0), 1.0, "origin is"),
    ((0, 0, 0), (0, 0, 0), 1.0, "direction is"), ((0, 0, 0), "up", 1.0, "direction is"),
    ((0, 0, 0), (0, 1, 0), -1.0, "max_distance is -1.0"), ((0, 0, 0), (0, 1, 0), math.nan, "max_distance is nan"),
])
def test_a_bad_ray_is_refused_with_its_value(origin: object, direction: object, reach: float, words: str) -> None:
    with pytest.raises(ShapeError, match=words):
        checked_ray(origin, direction, reach)  # type: ignore[arg-type]


def test_a_tiny_or_huge_direction_is_still_one() -> None:
    for size in (1e-300, 1e300):
        assert checked_ray((0, 0, 0), (0, 3 * size, 4 * size), 1.0).direction == pytest.approx((0, 0.6, 0.8))
