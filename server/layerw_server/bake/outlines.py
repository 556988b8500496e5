"""The outline of a set of grid cells as a polygon, its longest ring."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from layerw_server.bake.drainage import I64


def outline(cells: I64, side: int, cell_m: tuple[float, float]) -> npt.NDArray[np.float64]:
    """(n, 2) x and z in world metres of the longest border around `cells` (flat numbers of a grid of `side` corners).

    Each corner stands for the square around it. Straight stretches have no points inside.
    """
    rows, columns = cells // side, cells % side
    inside = set(zip(rows.tolist(), columns.tolist(), strict=True))
    after: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for r, c in inside:  # edges with the inside on their right: clockwise seen from above, z down
        for dr, dc, start, end in ((-1, 0, (r, c), (r, c + 1)), (0, 1, (r, c + 1), (r + 1, c + 1)),
                                   (1, 0, (r + 1, c + 1), (r + 1, c)), (0, -1, (r + 1, c), (r, c))):
            if (r + dr, c + dc) not in inside:
                after.setdefault(start, []).append(end)
    best: list[tuple[int, int]] = []
    while after:
        start = min(after)
        ring, here = [], start
        while here in after:
            ring.append(here)
            ends = after[here]
            there = ends.pop()
            if not ends:
                del after[here]
            here = there
        best = max(best, ring, key=len)
    points = np.array(best, np.float64)
    turns = np.any(np.roll(points, 1, 0) - points != points - np.roll(points, -1, 0), axis=1)
    middle = (side - 1) / 2 + 0.5
    out: npt.NDArray[np.float64] = (points[turns][:, ::-1] - middle) * np.array(cell_m)
    return out
