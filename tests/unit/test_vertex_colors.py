"""Colours that programs give are sRGB, of vertices too; vertices hold them linear."""

from __future__ import annotations

import numpy as np
import pytest

import layerw as lw
from layerw.base.mathx import linear_from_srgb
from layerw.scene.shapes import with_linear_colors

CORNERS = [(0, 0, 0), (1, 0, 0), (0, 1, 0)]


@pytest.mark.parametrize("colors", [np.full((3, 3), 0.5), np.full((3, 3), 128, np.uint8),
                                    np.full((3, 4), (0.5, 0.5, 0.5, 0.25))])
def test_vertex_colours_are_srgb_as_the_materials(colors: np.ndarray) -> None:
    data = lw.Mesh(CORNERS, [0, 1, 2], colors=colors).data
    wanted = lw.Material(color=(0.5, 0.5, 0.5)).desc().base_color[0]
    assert data.colors is not None and data.colors[:, :3] / 255 == pytest.approx(wanted, abs=0.006)
    alpha = 64 if colors.shape[1] == 4 else 255
    assert (data.colors[:, 3] == alpha).all(), "alpha is no colour"


def test_merged_parts_keep_their_colours() -> None:
    grey = lw.Mesh(CORNERS, [0, 1, 2], colors=np.full((3, 3), 0.5))
    merged = lw.Mesh.merge([(grey, "white", (0, 0, 0)), (lw.Mesh(CORNERS, [0, 1, 2]), "#808080", (0, 0, 1))]).data
    assert merged.colors is not None
    assert merged.colors[:, 0] / 255 == pytest.approx(float(linear_from_srgb(0.5)), abs=0.01)


def test_linear_colours_stay_as_they_are() -> None:
    mesh = with_linear_colors(lw.Mesh(CORNERS, [0, 1, 2]), np.full((3, 3), 0.2))
    assert mesh.data.colors is not None and (mesh.data.colors[:, :3] == 51).all()
