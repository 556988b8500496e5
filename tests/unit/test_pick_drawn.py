"""Picking by what is drawn: which view of one pixel answers, and what becomes of questions. No GPU here."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.gpu.passes import flag
from layerw.hosts.headless import HeadlessHost

SIZE = (200, 100)
Answers = list[Any]


def make() -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost(".", size=SIZE, options={"width": SIZE[0], "height": SIZE[1]})
    app = lw.App(host=host)
    app.camera.position, app.camera.near = (0, 0, 10), 0.5
    app.camera.look_at((0, 0, 0))
    host.step(app, 2)
    return app, host


def asked(app: lw.App, *points: tuple[float, float]) -> list[asyncio.Future[Any]]:
    return [app.pick_drawn(*point) for point in points]


def test_nothing_is_drawn_while_nobody_asks() -> None:
    app, host = make()
    app.spawn(lw.Mesh.box())
    host.step(app, 2)
    assert list(host.sink.views) == [0]
    (answer,) = asked(app, (100, 50))
    host.step(app, 1)
    assert [view.flags == flag("picking") for view in host.sink.views.values()] == [False, True]
    host.step(app, 1)
    assert list(host.sink.views) == [0] and answer.done()


def test_a_row_and_a_distance_become_an_entity_and_a_point_of_the_ray() -> None:
    app, host = make()
    box = app.spawn(lw.Mesh.box(2, 2, 2))
    host.picked = (box.first_row + 1, 9.0)
    (answer,) = asked(app, (100, 50))
    host.step(app, 2)
    found = answer.result()
    start, direction = app.ray_at(100.5, 50.5)
    assert found.entity == box and np.allclose(found.point, start + found.distance * direction)
    assert found.point[2] == pytest.approx(1.0)
    app.camera.projection = lw.Orthographic(height=8.0)
    (answer,) = asked(app, (150, 50))
    host.step(app, 2)
    found = answer.result()
    assert found.point[2] == pytest.approx(1.0)
    assert found.point[0] == pytest.approx((2 * 150.5 / 200 - 1) * 8)


@pytest.mark.parametrize("projection", [lw.Perspective(), lw.Perspective(shift=(0.3, -0.2)),
                                        lw.Orthographic(height=5.0, shift=(-0.1, 0.2))])
def test_the_camera_of_a_pixel_sees_it_alone(projection: lw.Perspective | lw.Orthographic) -> None:
    camera = lw.Camera(position=(1, 2, 3), projection=projection)
    whole = camera.frame(*SIZE)
    x, y = 150, 20
    pixel = whole.pixel(x, y, SIZE, 2.0)
    for across, down in ((0.5, 0.5), (0.1, 0.8), (2.9, 0.5), (3.1, 0.5), (0.5, -1.9), (0.5, -2.1)):
        start, direction = whole.ray((x + across) / SIZE[0], (y + down) / SIZE[1])
        for mine, other in zip(pixel.ray(across, down), (start, direction), strict=True):
            assert np.allclose(mine, other, atol=1e-9)
        place = start + 7 * direction - whole.position
        clip = pixel.view_projection.astype(np.float64) @ np.append(place, 1)
        assert np.allclose(clip[:2] / clip[3], (2 * across - 1, 1 - 2 * down), atol=2e-3)
        inside = all(plane[:3] @ place + plane[3] > 0 for plane in pixel.planes)
        assert inside == (-2 < across < 3 and -2 < down < 3)
        back = pixel.inverse_view_projection.astype(np.float64) @ clip
        assert np.allclose(back[:3] / back[3], place, rtol=1e-3, atol=1e-3)


def test_the_view_on_top_answers_with_its_own_camera() -> None:
    app, host = make()
    box = app.spawn(lw.Mesh.box())
    host.picked = (box.first_row + 1, 29.5)
    above = lw.Camera(position=(0, 30, 0.01))
    above.look_at((0, 0, 0))
    app.add_view(above, viewport=(0.5, 0.0, 0.5, 1.0))
    host.step(app, 2)
    answers = asked(app, (150, 50), (50, 50))
    host.step(app, 2)
    top, main = (answer.result() for answer in answers)
    assert top.point[1] == pytest.approx(0.5, abs=0.1)
    assert main.point[2] == pytest.approx(10 - 29.5)


def test_beside_the_picture_nothing_is_and_its_edge_is_in_it() -> None:
    app, host = make()
    box = app.spawn(lw.Mesh.box())
    host.picked = (box.first_row + 1, 5.0)
    answers = asked(app, (-1, 50), (50, 101), (200.01, 50), (0, 0), (SIZE[0], SIZE[1]), (-0.0, 99.99))
    host.step(app, 2)
    assert [answer.result() is None for answer in answers] == [True, True, True, False, False, False]
    for value in (math.nan, math.inf, "a"):
        with pytest.raises(lw.LayerwError, match="pick_drawn x"):
            app.pick_drawn(value, 0)  # type: ignore[arg-type]


def test_what_is_gone_or_came_later_is_not_answered() -> None:
    app, host = make()
    box = app.spawn(lw.Mesh.box())
    host.step(app, 1)
    host.picked = (box.first_row + 1, 5.0)
    (answer,) = asked(app, (100, 50))
    host.step(app, 1)
    row = box.first_row
    box.despawn()
    del box
    later = app.spawn(lw.Mesh.box())
    assert later.first_row == row, "the row has another entity now"
    host.step(app, 1)
    assert answer.result() is None


def test_water_and_ground_are_no_entity() -> None:
    app, host = make()
    app.sea.level = -3.0
    host.step(app, 2)
    host.picked = (app._engine.contents.first_row + 1, 4.0)
    (answer,) = asked(app, (100, 90))
    host.step(app, 2)
    assert answer.result().entity is None and answer.result().point[2] == pytest.approx(6.0)


def test_without_a_gpu_rays_answer_and_a_lost_one_is_told() -> None:
    app, host = make()
    box = app.spawn(lw.Mesh.box(2, 2, 2))
    hit, sky = asked(app, (100, 50), (3, 3))
    host.step(app, 2)
    assert hit.result().entity == box and sky.result() is None
    (answer,) = asked(app, (100, 50))
    host.step(app, 1)
    host.lose_device()
    host.step(app, 1)
    with pytest.raises(lw.LayerwError, match="The GPU was lost"):
        answer.result()
    (again,) = asked(app, (100, 50))
    host.step(app, 2)
    assert again.result().entity == box and app.report()["errors"] == []


def test_many_questions_take_their_turns_and_too_many_are_refused() -> None:
    app, host = make()
    app.spawn(lw.Mesh.box(40, 40, 1))
    answers = [app.pick_drawn(number % 200, 50) for number in range(256)]
    with pytest.raises(lw.LayerwError, match="256 picks are on their way"):
        app.pick_drawn(0, 0)
    host.step(app, 1)
    assert sum(view.flags == flag("picking") for view in host.sink.views.values()) == 16
    host.step(app, 16)
    assert all(answer.result() is not None for answer in answers)


def test_a_program_awaits_it_in_a_task_and_may_stop_waiting() -> None:
    app, host = make()
    app.spawn(lw.Mesh.box(2, 2, 2))
    found: Answers = []

    @app.frame
    async def look(dt: float) -> None:
        if not found:
            found.append(None)
            app.pick_drawn(3, 3).cancel()
            found.append(await app.pick_drawn(100, 50))

    host.step(app, 5)
    assert found[1].entity is not None and app.report()["errors"] == []
    left = app.pick_drawn(100, 50)
    app._engine.close()
    assert left.cancelled()
