"""What meshes, materials and LOD sets take is given back once neither the program nor a row has them."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import layerw as lw
from layerw.hosts.headless import HeadlessHost


def make(**settings: object) -> tuple[lw.App, HeadlessHost]:
    host = HeadlessHost()
    return lw.App(host=host, entities_max=4096, **settings), host  # type: ignore[arg-type]


def held(app: lw.App) -> tuple[int, int, int, int]:
    """Meshes, materials, and the bytes of both ledgers."""
    app.report()
    store, gpu, heap = app._engine.store, app._engine.gpu_ledger, app._engine.heap_ledger
    return len(store.meshes), len(store.materials), gpu.used_bytes, heap.used_bytes


def test_a_mesh_and_a_material_go_with_the_last_row_and_the_last_reference() -> None:
    app, host = make()
    host.step(app)
    before = held(app)
    gc.disable()
    try:
        mesh, look = lw.Mesh.plane(1, 1, 10), lw.Material(color=(1, 0, 0, 0.5))
        one, two = app.spawn(mesh, look), app.spawn_many(mesh, 10, look)
        host.step(app)
        assert held(app)[:2] == (before[0] + 1, before[1] + 1)
        del mesh, look
        one.despawn()
        two[2:].despawn()
        host.step(app, 2)
        assert held(app)[:2] == (before[0] + 1, before[1] + 1), "two rows have them"
        two[:2].despawn()
        host.step(app)
        assert held(app)[:2] == before[:2] and held(app)[3] == before[3]
    finally:
        gc.enable()
    assert host.errors == []


def test_what_the_program_keeps_stays_and_is_not_uploaded_again() -> None:
    app, host = make()
    mesh, look = lw.Mesh.sphere(), lw.Material()
    app.spawn(mesh, look).despawn()
    host.step(app, 2)
    handles = set(app._engine.store.meshes)
    app.spawn(mesh, look)
    host.step(app, 2)
    assert set(app._engine.store.meshes) == handles


def test_meshes_made_anew_each_frame_take_flat_bytes() -> None:
    app, host = make(budgets=lw.Budgets(gpu_mib=64))
    figures = []
    entity = None
    for number in range(300):
        if entity is not None:
            entity.despawn()
        entity = app.spawn(lw.Mesh.plane(10, 10, 60), lw.Material(color=(number / 300, 0, 0)))
        host.step(app)
        figures.append(held(app))
    assert host.errors == [] and len(set(figures[2:])) == 1


def test_a_full_budget_takes_back_what_nobody_needs_before_it_refuses() -> None:
    app, host = make(budgets=lw.Budgets(gpu_mib=32))
    host.step(app)
    for _ in range(40):  # within one frame
        app.spawn(lw.Mesh.plane(10, 10, 120)).despawn()
    assert host.errors == []


def test_lods_keep_their_meshes_and_give_them_back() -> None:
    app, host = make()
    app.spawn(lw.Mesh.box())
    host.step(app, 2)
    before = held(app)
    for _ in range(5):
        trees = app.spawn_many(lw.Lods([(lw.Mesh.sphere(segments=16), 10), (lw.Mesh.sphere(segments=4), 90)]), 3,
                               static=True)  # fmt: skip
        host.step(app, 2)
        assert held(app)[0] == before[0] + 2
        trees.despawn()
        host.step(app, 2)
    assert held(app) == before and len(app._engine.visibility.lod_table.sets) == 2, "numbers are used again"


@pytest.mark.parametrize("what", ["mesh", "material", "lods"])
def test_destroy_frees_now_tells_once_and_draws_nothing(what: str) -> None:
    app, host = make()
    app.shadows.enabled = False
    mesh, look = lw.Mesh.box(), lw.Material(color="red")
    shape = lw.Lods([(mesh, 100)]) if what == "lods" else mesh
    logged: list[str] = []
    warning = app._engine.log.warning
    app._engine.log.warning = lambda text: (logged.append(text), warning(text))[1]  # type: ignore[method-assign]
    crowd, other = app.spawn_many(shape, 5, look), app.spawn(lw.Mesh.sphere())
    host.step(app, 2)
    before = held(app)
    thing = look if what == "material" else mesh
    thing.destroy()
    thing.destroy()
    assert held(app)[:2] == (before[0] - (what != "material"), before[1] - (what == "material"))
    host.step(app, 3)
    assert app.report()["seen"] == 1 and crowd.alive and host.errors == []
    assert len([text for text in logged if "was destroyed" in text]) == 1
    with pytest.raises(lw.HandleError, match=r"destroyed by (Mesh|Material)\.destroy"):
        app.spawn(shape, look)
    assert app.raycast((0, 0, 5), (0, 0, -1)).entity == other  # type: ignore[union-attr]
    crowd.despawn()
    host.step(app)
    assert host.errors == []


def test_rows_of_one_spawn_count_once_whatever_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    from layerw.scene.uses import Uses

    calls: list[int] = []
    drop = Uses.drop
    monkeypatch.setattr(Uses, "drop", lambda self, handle, count: (calls.append(count), drop(self, handle, count))[1])
    app, _ = make()
    crowd = app.spawn_many(lw.Mesh.box(), 4000)
    crowd.despawn()
    assert len(calls) == 3 and max(calls) == 4000


def test_a_mesh_of_two_apps_is_freed_in_both() -> None:
    mesh = lw.Mesh.box()
    apps = [make() for _ in range(2)]
    entities = [app.spawn(mesh) for app, _ in apps]
    for app, host in apps:
        host.step(app)
    entities[0].despawn()
    apps[0][0].close()
    assert entities[1].alive and len(apps[1][0]._engine.store.meshes) >= 1 and len(mesh.life.watched_by) == 1


def test_close_gives_every_ledger_back() -> None:
    app, host = make()
    host.step(app, 2)
    engine = app._engine
    ledgers = (engine.heap_ledger, engine.layer_ledger, engine.gpu_ledger)
    app.report()
    before = [ledger.used_bytes for ledger in ledgers]
    for _ in range(3):
        app.spawn_many(lw.Mesh.box(), 100, position=np.random.default_rng(1).random((100, 3)))
        app.spawn(lw.Lods([(lw.Mesh.sphere(), 50)]), lw.Material(color=(1, 1, 1, 0.5)))
        app.sea.level = -1.0
        host.step(app, 2)
        app.raycast((0, 0, 5), (0, 0, -1))
        app.close()
        app.sea.level = None
        host.step(app)
        assert app.report()["entities"] == 0 and not engine.store.meshes and not engine.store.materials
        assert [ledger.used_bytes for ledger in ledgers] == before
    assert host.errors == []


def test_fifty_apps_leave_nothing_without_the_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        left = []
        mesh = lw.Mesh.box()
        for _ in range(50):
            app, host = make()
            app.frame(lambda dt: None)
            app.spawn(mesh, lw.Material(color="red"))
            host.step(app, 2)
            app.raycast((0, 0, 5), (0, 0, -1))
            app.close()
            left += [weakref.ref(app), weakref.ref(app._engine), weakref.ref(app._engine.table)]
            del app, host
        assert [ref() for ref in left if ref() is not None][3:] == [], "the last is still the running one"
        assert mesh.life.watched_by == []
    finally:
        gc.enable()
