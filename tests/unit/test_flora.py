"""Trees, rocks, where they stand, and the sea's mesh."""

from __future__ import annotations

import numpy as np
import pytest

from layerw.scene.flora import broadleaf, conifer, rock
from layerw.scene.scatter import scatter
from layerw.scene.sea import sea_mesh


@pytest.mark.parametrize("make", [conifer, broadleaf, rock])
def test_each_lod_is_cheaper_and_the_same_seed_gives_the_same_mesh(make) -> None:  # type: ignore[no-untyped-def]
    lods, again = make(seed=5), make(seed=5)
    triangles = [len(mesh.data.indices) // 3 for mesh in lods.meshes]
    assert triangles == sorted(triangles, reverse=True)
    assert triangles[-1] <= 24 < triangles[0]
    for mesh, twin in zip(lods.meshes, again.meshes, strict=True):
        assert np.array_equal(mesh.data.positions, twin.data.positions)
        assert np.linalg.norm(mesh.data.normals, axis=1) == pytest.approx(1, abs=1e-3)


def ground(x: np.ndarray, z: np.ndarray) -> np.ndarray:
    return np.asarray(x) * 0.5


def test_points_obey_the_rules_and_the_seed() -> None:
    rules = {"area": (-100, -50, 100, 50), "height": (0, 20), "patches_m": 30.0, "sink_m": 0.5}
    points = scatter(ground, 2000, seed=4, **rules)  # type: ignore[arg-type]
    assert points.shape == (2000, 3) and points.dtype == np.float32
    assert points[:, 1] == pytest.approx(points[:, 0] * 0.5 - 0.5, abs=1e-4)
    assert points[:, 0].min() >= 0 and points[:, 0].max() <= 40 and np.abs(points[:, 2]).max() <= 50
    assert np.array_equal(points, scatter(ground, 2000, seed=4, **rules))  # type: ignore[arg-type]
    assert not np.array_equal(points, scatter(ground, 2000, seed=5, **rules))  # type: ignore[arg-type]


def test_rules_that_leave_nothing_are_an_error() -> None:
    with pytest.raises(ValueError, match="leave 0 of"):
        scatter(ground, 10, area=(-10, -10, 10, 10), slope_max=0.1)


def test_the_sea_reaches_the_horizon_and_faces_up() -> None:
    data = sea_mesh().data
    assert np.linalg.norm(data.positions, axis=1).max() == pytest.approx(60_000, rel=1e-3)
    corners = data.positions[data.indices].reshape(-1, 3, 3)
    assert (np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 1] > 0).all()
