"""The order of splats against numpy: from far to near, and renewed where the eye moves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from splat_files import arrays

from layerw.splats import order
from layerw.splats.order import DepthOrder


def sorted_by(cloud: DepthOrder, eye: npt.ArrayLike) -> DepthOrder:
    for _ in cloud.renew(np.eye(3), -np.asarray(eye, np.float64)):
        pass
    return cloud


@pytest.mark.parametrize("count", [1, 2, 1000, order.SLICE + 5])
def test_the_order_is_from_far_to_near(count: int) -> None:
    places, eye = arrays(count).position, np.array((1.0, 2.0, 3.0))
    cloud = sorted_by(DepthOrder(places), eye)
    away = np.linalg.norm(places - eye, axis=1)[cloud.order]
    steps = 16 / 65535  # octaves: the eye is inside
    assert (np.sort(cloud.order) == np.arange(count)).all()
    assert (np.diff(np.log2(away)) <= 1.5 * steps + 1e-6).all(), "farther first, to 16 bits"


def test_the_order_is_renewed_where_the_eye_moves_enough() -> None:
    cloud = sorted_by(DepthOrder(arrays().position), (0, 0, 20))
    assert not cloud.is_stale(np.eye(3), np.array((0, 0, -20.1)))
    assert cloud.is_stale(np.eye(3), np.array((0, 0, -21.0)))
    assert cloud.is_stale(np.diag((1.0, 1.0, 2.0)), np.array((0, 0, -20.0)))


def test_equal_distances_keep_their_order_across_slices() -> None:
    count = 2 * order.SLICE + 100
    ring = np.linspace(0, 2 * np.pi, count, endpoint=False)
    places = np.stack([np.cos(ring), np.sin(ring), np.where(np.arange(count) % 2, 3.0, -3.0)], axis=1)
    found = sorted_by(DepthOrder(places.astype(np.float32)), (0, 0, 9)).order
    wanted = np.concatenate([np.arange(0, count, 2), np.arange(1, count, 2)])
    assert (found == wanted).all()
