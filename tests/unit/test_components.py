"""Components: declared once; added, read, written, queried; gone with their entities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost


@lw.component
class Health:
    """What a thing can take."""

    hp: lw.f32 = 100.0
    team: lw.u8 = 0


@lw.component
class Motion:
    """How it moves."""

    velocity: lw.f32x3 = (0.0, 1.0, 0.0)
    on_ground: bool = False


@pytest.fixture
def app() -> lw.App:
    return lw.App(host=HeadlessHost(), entities_max=8192)


def test_defaults_and_given_values(app: lw.App) -> None:
    crowd = app.spawn_many(lw.Mesh.box(), 5)
    assert crowd.add(Health) is crowd
    crowd[:2].add(Motion, velocity=[(1, 2, 3), (4, 5, 6)])
    assert crowd[Health].hp.tolist() == [100.0] * 5 and crowd[Health].team.dtype == np.uint8
    assert crowd[:2][Motion].velocity.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert [entity.has(Motion) for entity in crowd] == [True, True, False, False, False]
    assert not crowd.has(Motion) and crowd.has(Health) and crowd.has(lw.Position)


def test_one_entity_has_plain_numbers(app: lw.App) -> None:
    box = app.spawn(lw.Mesh.box())
    box.add(Health, hp=7).add(Motion)
    assert box[Health].hp == 7.0 and type(box[Health].hp) is float and type(box[Health].team) is int
    box[Health].hp -= 2
    box[Motion].velocity[1] = 9
    box[Motion].on_ground = True
    assert box[Health].hp == 5.0 and box[Motion].velocity.tolist() == [0, 9, 0] and box[Motion].on_ground is True


def test_nobody_has_fields_too(app: lw.App) -> None:
    app.spawn_many(lw.Mesh.box(), 3)
    for ever in (False, True):
        rows = app.each(Motion, Health, lw.Position)
        rows[lw.Position] += rows[Motion].velocity * 0.5
        rows[Health].hp -= 1
        rows.entities[rows[Health].hp <= 0].despawn()
        assert rows[Motion].velocity.shape == (0, 3) and rows[Health].hp.shape == (0,) and not len(rows), ever
        app.spawn(lw.Mesh.box()).add(Motion).despawn()
    assert app.report()["entities"] == 3


def test_views_write_and_groups_apart_write_back(app: lw.App) -> None:
    crowd = app.spawn_many(lw.Mesh.box(), 10)
    crowd.add(Health)
    crowd[Health].hp[:] = np.arange(10)
    odd = crowd[np.arange(10) % 2 == 1]
    odd[Health].hp[:] = -1
    odd[Health].hp += 3
    odd[Health].team = 4
    assert crowd[Health].hp.tolist() == [0, 2, 2, 2, 4, 2, 6, 2, 8, 2]
    assert crowd[Health].team.tolist() == [0, 4] * 5


def test_queries_give_arrays_over_all_that_have_everything(app: lw.App) -> None:
    first, second = app.spawn_many(lw.Mesh.box(), 4), app.spawn_many(lw.Mesh.box(), 3)
    first.add(Health)
    second.add(Health).add(Motion)
    assert len(app.each(Health)) == 7 and len(app.each(Health, Motion)) == 3
    rows = app.each(Motion, lw.Position)
    rows[lw.Position] += rows[Motion].velocity
    assert np.array_equal(second.position, np.tile(np.float32([0, 1, 0]), (3, 1))) and not first.position.any()
    assert rows.entities == second
    assert len(app.each(lw.Position)) == 7
    first[0].despawn()
    assert len(app.each(Health)) == 6


def test_a_freed_row_has_nothing(app: lw.App) -> None:
    old = app.spawn(lw.Mesh.box())
    row = old.first_row
    old.add(Health, hp=1)
    old.despawn()
    new = app.spawn(lw.Mesh.box())
    assert new.first_row == row and not new.has(Health)
    with pytest.raises(lw.HandleError, match="has no Health|have no Health"):
        new[Health]
    with pytest.raises(lw.HandleError, match="despawned"):
        old[Health]


def test_a_view_over_a_despawn_writes_to_nobody(app: lw.App) -> None:
    old = app.spawn_many(lw.Mesh.box(), 4)
    old.add(Health)
    view = old[Health].hp
    old.despawn()
    new = app.spawn_many(lw.Mesh.box(), 4)
    new.add(Health)
    view[:] = -5
    assert new[Health].hp.tolist() == [100.0] * 4


def test_events_come_once_before_the_frame(app: lw.App) -> None:
    log: list[Any] = []
    app.on_added(Health)(lambda group: log.append(("added", len(group))))
    app.on_removed(Health)(lambda rows: log.append(("removed", rows.tolist())))
    app.frame(lambda dt: log.append("frame"))
    crowd = app.spawn_many(lw.Mesh.box(), 3)
    crowd.add(Health)
    host: Any = app.host
    host.step(app)
    row = crowd[1].first_row
    crowd[0].remove(Health)
    crowd[1].despawn()
    host.step(app, 2)
    assert log == [("added", 3), "frame", ("removed", [row - 1, row]), "frame", "frame"]


def test_what_changed_is_told_by_blocks(app: lw.App) -> None:
    crowd = app.spawn_many(lw.Mesh.box(), 3000)
    crowd.add(Health)
    host: Any = app.host
    host.step(app)
    assert len(app.each(Health, changed=True)) == 3000
    host.step(app)
    assert len(app.each(Health, changed=True)) == 0
    crowd[2500][Health].hp = 1
    host.step(app)
    changed = app.each(Health, changed=True)
    assert 0 < len(changed) <= 1024 and crowd[2500] in list(changed.entities)


def test_the_state_hash_follows_the_values(app: lw.App) -> None:
    box = app.spawn(lw.Mesh.box())
    before = app.report(state_hash=True)["state_hash"]
    box.add(Health)
    added = app.report(state_hash=True)["state_hash"]
    box[Health].hp = 3
    assert len({before, added, app.report(state_hash=True)["state_hash"]}) == 3


def test_its_columns_are_charged_and_refused_without_room() -> None:
    host = HeadlessHost()
    app = lw.App(host=host, entities_max=4096, budgets=lw.Budgets(heap_mib=1))
    before = app.report()["heap_bytes"]
    box = app.spawn(lw.Mesh.box()).add(Health)
    assert app.report()["heap_bytes"] - before >= 4096 * (4 + 1 + 1)

    huge = [lw.component(type(f"Huge{k}", (), {"__annotations__": {"values": lw.f32x4}})) for k in range(20)]

    def add_all() -> None:
        for kind in huge:
            box.add(kind)

    with pytest.raises(lw.BudgetError):
        add_all()
    assert box[Health].hp == 100.0


@pytest.mark.parametrize(("fields", "defaults"), [
    ({"name": str}, {}), ({"hp": "nothing"}, {}), ({"hp": list[int]}, {}), ({}, {}), ({"_hp": lw.f32}, {}),
    ({"team": lw.u8}, {"team": 300}), ({"team": lw.u8}, {"team": -1}), ({"team": lw.u8}, {"team": 1.5}),
    ({"hp": lw.f32}, {"hp": float("nan")}), ({"hp": lw.f32}, {"hp": (1, 2)}), ({"hp": lw.f32}, {"hp": "full"}),
    ({"place": lw.f32x3}, {"place": (1, 2)}), ({"open": lw.flag}, {"open": "yes please"}),
])  # fmt: skip
def test_bad_declarations_fail_at_their_line(fields: dict[str, Any], defaults: dict[str, Any]) -> None:
    kind = type("Bad", (), {"__annotations__": fields, **defaults})
    if fields == {"open": lw.flag}:
        lw.component(kind)  # any truth value is one
        return
    with pytest.raises(lw.LayerwError, match=r"Bad"):
        lw.component(kind)


@pytest.mark.parametrize(("values", "match"), [
    ({"hp": "x"}, r"Health\.hp is 'x'"), ({"hp": [1, 2]}, r"Health\.hp has shape"),
    ({"team": 256}, r"Health\.team is 256"), ({"hpp": 1}, "Did you mean 'hp'"), ({"hp": float("inf")}, "finite"),
])  # fmt: skip
def test_bad_values_change_nothing(values: dict[str, Any], match: str, app: lw.App) -> None:
    crowd = app.spawn_many(lw.Mesh.box(), 3)
    with pytest.raises(lw.LayerwError, match=match):
        crowd.add(Health, **values)
    assert not crowd[0].has(Health)
    crowd.add(Health)
    for name, value in values.items():
        with pytest.raises(lw.LayerwError):
            setattr(crowd[Health], name, value)
    assert crowd[Health].hp.tolist() == [100.0] * 3 and crowd[Health].team.tolist() == [0] * 3


def test_what_is_no_component_is_refused(app: lw.App) -> None:
    box = app.spawn(lw.Mesh.box())
    for wrong in (int, type("Plain", (), {})):
        for use in (box.add, box.remove, box.has, lambda kind: box[kind], app.each, app.on_added, app.on_removed):
            with pytest.raises(lw.KindError, match="no component"):
                use(wrong)
    with pytest.raises(lw.ConfigError, match="at least one"):
        app.each()
    with pytest.raises(lw.ConfigError, match="neither added nor removed"):
        box.add(lw.Position)
    for typo in ("hpp", "health"):
        with pytest.raises(lw.AttributeMissing):
            getattr(box.add(Health)[Health], typo)
    with pytest.raises(lw.KindError):
        app.on_added(Health)(3)  # type: ignore[type-var]
