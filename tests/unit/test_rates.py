"""Models of graphs that are small in the picture, or out of it, are posed less often, with poses between."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from layerw.animation.rates import OUTSIDE, RATED_FROM, Eyes, Rates

PLACES = (-3.0, -15.0, -30.0, -60.0, -200.0, 60.0)  # 60, 30, 15, 7.5 Hz twice, and behind the camera
FAST = 1 / 60


class Somebody:
    """A character of one node, a metre around."""

    def __init__(self, number: int) -> None:
        self.pose_first, self.parts = 10 * number, [(number, None)]
        self.rig = SimpleNamespace(count=1, rest=np.zeros(10, np.float32))


def rates(count: int = 48, *, turned: bool = False, by_distance: bool = True) -> Rates:
    """Looks along -Z, or +Z; models in turn at PLACES."""
    position = np.zeros((count, 3), np.float32)
    position[:, 2] = np.resize(PLACES, count)
    columns: Any = SimpleNamespace(position=position, scale=np.ones((count, 3), np.float32))
    ahead = 1.0 if turned else -1.0
    camera: Any = SimpleNamespace(position=np.zeros(3), planes=np.array([(0, 0, ahead, -0.1)]), tan_y=1.0,
                                  is_parallel=False)  # fmt: skip
    found = Rates(lambda: Eyes([camera], columns, np.ones(count, np.float32)))
    everybody: Any = [Somebody(number) for number in range(count)]
    found.lay_out(everybody, set(everybody) if by_distance else set())
    return found


def steps(one: Rates, frames: int, dt_s: float = FAST) -> tuple[np.ndarray, np.ndarray]:
    """(frames, models): who was posed anew, and how far between their poses all were."""
    due, shares = [], []
    for _ in range(frames):
        one.step(dt_s)
        due.append(one.due.copy())
        shares.append(one.shares.copy())
    return np.array(due), np.array(shares)


def test_levels_go_by_the_size_in_the_picture() -> None:
    one = rates()
    steps(one, 40)
    due, _ = steps(one, 160)
    assert one._level[:6].tolist() == [0, 1, 2, 3, 3, OUTSIDE]
    assert (np.abs(due[:, :6].sum(axis=0) - (160, 80, 40, 20, 20, 10)) <= 1).all()
    assert np.ptp(due.sum(axis=1)) <= 12, "they take turns"


def test_poses_between_go_on_evenly_and_arrive_where_the_next_begin() -> None:
    one = rates()
    steps(one, 40)
    due, shares = steps(one, 64)
    for model, each in ((1, 1 / 2), (2, 1 / 4), (3, 1 / 8)):
        gone = np.diff(shares[:, model]) + due[1:, model]
        assert np.allclose(gone, each, atol=1e-4), model
    assert (shares[:, 0] == 1).all()
    assert np.array_equal(shares[:, 5], np.where(due[:, 5], 1, -1)), "out of the picture nothing lies between"


def test_the_same_frames_give_the_same_turns_at_any_rate_of_frames() -> None:
    a, b = steps(rates(), 50), steps(rates(), 50)
    assert np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1])
    one = rates()
    steps(one, 80, 1 / 120)
    due, _ = steps(one, 320, 1 / 120)
    assert abs(int(due[:, 3].sum()) - 20) <= 1, "7.5 a second, whatever the frames"
    due, _ = steps(one, 5, 0.0)
    assert due[1:, 0].all() and not due[1:, 1:6].any(), "in a pause only those of every frame"


def test_who_comes_into_the_picture_is_posed_soon() -> None:
    one = rates()
    steps(one, 40)
    one._eyes = rates(turned=True)._eyes
    due, _ = steps(one, 5)
    assert due[:, 5].any() and one._level[5] == 3 and one._level[0] == OUTSIDE


def test_few_and_those_of_graphs_that_ask_for_it_are_posed_in_every_frame() -> None:
    for one in (rates(RATED_FROM - 1), rates(by_distance=False)):
        due, shares = steps(one, 20)
        assert not one.used and due.all() and (shares == 1).all()
    assert rates(RATED_FROM).used
