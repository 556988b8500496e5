"""Saves of the scene: what they hold, across visits and versions, damaged in every way; headless."""

from __future__ import annotations

import json
import random
import struct
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerw as lw
from layerw.base.errors import SaveError
from layerw.hosts.headless import HeadlessHost
from layerw.saves.packed import pack, unpack
from layerw.saves.saves import MAGIC
from layerw.scene.components import BY_NAME

GOLDEN = Path(__file__).parents[1] / "golden" / "save-1.lw"


@lw.component
class Health:
    hp: lw.f32 = 100.0
    team: lw.u8 = 0


class Visit:
    """A program that begins as it did the last time."""

    def __init__(self, folder: Path, title: str = "Game") -> None:
        self.app = lw.App(title, host=HeadlessHost(options={"store": str(folder)}))
        self.hero = self.app.spawn(lw.Mesh.box(), lw.Material(color="tomato"), position=(1, 2, 3))
        self.crowd = self.app.spawn_many(lw.Mesh.sphere(0.5, 8), 10, position=np.arange(30).reshape(10, 3))
        self.crowd.add(Health)

    def hash(self) -> str:
        return str(self.app.report(state_hash=True)["state_hash"])

    def told(self) -> list[str]:
        self.app.host.step(self.app, 2)  # type: ignore[attr-defined]
        return [text for _, text in self.app.host.logs if "restored without" in text]  # type: ignore[attr-defined]


def test_components_and_transforms_come_back_to_the_same_handles(tmp_path: Path) -> None:
    v = Visit(tmp_path)
    v.crowd[Health].hp[:] = np.arange(10)
    v.hero.parent = v.crowd[3]
    v.crowd[2].visible, v.crowd[4].layer, v.hero.casts_shadow = False, 5, False
    before = v.hash()
    v.app.save("slot1", {"level": 3, "map": np.arange(4)})
    v.crowd[Health].hp[:] = 0
    v.crowd[Health].team[:] = 7
    v.crowd.position[:] = 9
    v.hero.parent, v.hero.position, v.hero.color = None, (0, 0, 0), "red"
    v.hero.add(Health)
    v.crowd[5].remove(Health)
    v.crowd[2].visible, v.crowd[4].layer, v.hero.casts_shadow = True, 0, True
    later = v.app.spawn(lw.Mesh.cone())
    data = v.app.restore("slot1")
    assert v.hash() == before and not later.alive and v.hero.parent == v.crowd[3]
    assert data["level"] == 3 and data["map"].tolist() == [0, 1, 2, 3]


def test_what_was_despawned_is_made_again_with_its_parent_and_look(tmp_path: Path) -> None:
    v = Visit(tmp_path)
    child = v.app.spawn(lw.Mesh.box(), parent=v.crowd[9], position=(0, 1, 0))
    child.add(Health, hp=5.0)
    v.crowd[Health].hp[:] = np.arange(10)
    v.app.save("slot1")
    v.crowd[8:].despawn()
    v.hero.despawn()
    v.app.host.step(v.app, 3)  # type: ignore[attr-defined]
    v.app.restore("slot1")
    v.app.host.step(v.app, 3)  # type: ignore[attr-defined]
    rows = v.app.each(Health)
    assert sorted(rows[Health].hp.tolist()) == sorted([*range(10), 5.0])
    (again,) = [one for one in rows.entities if one[Health].hp == 5.0 and one.parent is not None]
    assert again.parent[Health].hp == 9.0 and np.allclose(again.world_position, (27, 29, 29))
    assert v.app.report()["entities"] == 12 and v.told() == [] and v.app.report()["errors"] == []
    v.app.save("slot2")
    v.app.restore("slot1")
    assert v.app.report()["entities"] == 12


def test_the_next_visit_finds_it(tmp_path: Path) -> None:
    v = Visit(tmp_path)
    v.crowd[Health].hp[:] = np.arange(10)
    shot = v.app.spawn(lw.Mesh.cylinder(0.1, 0.3), lw.Material(color=(0.1, 0.2, 0.3), metallic=1.0), static=True)
    lamp = v.app.light("spot", position=(0, 5, 0), intensity=55.0)
    lods = v.app.spawn(lw.Lods([(lw.Mesh.sphere(0.5, 16), 10.0), (lw.Mesh.sphere(0.5, 6), 90.0)]), position=(7, 7, 7))
    v.crowd[0].despawn()
    shot.position = (4, 4, 4)
    assert lods.alive and lamp.alive
    v.app.save("slot1", "level 2")
    v.app.close()

    later = Visit(tmp_path)
    assert later.app.saves.names() == ["slot1"] and "slot1" in later.app.saves
    assert later.app.restore("slot1") == "level 2"
    assert later.crowd.alive_mask.tolist() == [False] + [True] * 9, "its handles are those of the program's start"
    assert later.crowd[1:][Health].hp.tolist() == list(range(1, 10)) and later.hero.alive
    later.app.host.step(later.app, 3)  # type: ignore[attr-defined]
    assert later.app.report()["entities"] == 13 and later.told() == [] and later.app.report()["errors"] == []
    lights = later.app.each(lw.Light)
    assert lights[lw.Light].intensity.tolist() == [55.0]
    spawned = later.app.spawn(lw.Mesh.box())
    assert later.app.table.serial[spawned.first_row] == 15, "it counts on where the saved program was"


def test_fields_that_came_and_went_need_no_migration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @lw.component
    class Ship:
        hull: lw.f32 = 10.0
        crew: lw.i32 = 3

    app = lw.App("Game", host=HeadlessHost(options={"store": str(tmp_path)}))
    app.spawn(lw.Mesh.box()).add(Ship, hull=4.0)
    app.save("slot1")
    app.close()

    @lw.component
    class Ship:  # type: ignore[no-redef]
        hull: lw.f64 = 10.0
        shield: lw.f32 = 7.0

    app = lw.App("Game", host=HeadlessHost(options={"store": str(tmp_path)}))
    ship = app.spawn(lw.Mesh.box())
    app.restore("slot1")
    assert (ship[Ship].hull, ship[Ship].shield) == (4.0, 7.0)
    app.host.step(app, 2)  # type: ignore[attr-defined]
    assert any("without Ship.crew" in text for _, text in app.host.logs)  # type: ignore[attr-defined]
    monkeypatch.delitem(BY_NAME, "Ship")
    app = lw.App("Game", host=HeadlessHost(options={"store": str(tmp_path)}))
    app.restore("slot1")
    app.host.step(app, 2)  # type: ignore[attr-defined]
    assert any("does not declare" in text for _, text in app.host.logs)  # type: ignore[attr-defined]


def test_migrations_run_one_version_at_a_time(tmp_path: Path) -> None:
    v = Visit(tmp_path)
    v.crowd[Health].hp[:] = np.arange(10)
    v.app.save("slot1", {"score": 1})
    saves = v.app.saves
    saves.version = 3
    seen: list[int] = []

    @saves.migrate(1)
    def first(save: dict[str, Any]) -> None:
        seen.append(1)
        save["components"]["Health"]["hp"] = save["components"]["Health"]["hp"] * 2
        save["data"]["coins"] = save["data"].pop("score")

    @saves.migrate(2)
    def second(save: dict[str, Any]) -> None:
        seen.append(2)
        health = save["components"]["Health"]
        health["team"] = (health["ids"] % 2).astype(np.uint8)

    assert v.app.restore("slot1") == {"coins": 1} and seen == [1, 2]
    assert v.crowd[Health].hp.tolist() == (np.arange(10) * 2).tolist()
    assert v.crowd[Health].team.tolist() == [0, 1] * 5


def test_a_version_without_a_migration_is_told(tmp_path: Path) -> None:
    v = Visit(tmp_path)
    v.app.saves.version = 3
    v.app.save("slot1", {"score": 1})
    v.app.saves.version = 5
    v.app.saves.migrate(4)(lambda save: None)
    assert v.app.restore("slot1") == {"score": 1}
    v.app.host.step(v.app, 2)  # type: ignore[attr-defined]
    told = [text for _, text in v.app.host.logs if "is of version 3" in text]  # type: ignore[attr-defined]
    assert len(told) == 1 and "this is version 5, without app.saves.migrate(3): it is taken as it is." in told[0]


def test_a_migration_that_fails_leaves_the_scene(tmp_path: Path) -> None:
    v = Visit(tmp_path)
    v.app.save("slot1")
    v.app.saves.version = 2
    v.app.saves.migrate(1)(lambda save: save["components"]["Shield"])
    v.crowd[Health].hp[:] = 1
    before = v.hash()
    with pytest.raises(SaveError, match="migration from 1 to 2 failed: KeyError: 'Shield'"):
        v.app.restore("slot1")
    assert v.hash() == before


def test_another_program_a_newer_version_and_no_save_are_refused(tmp_path: Path) -> None:
    v = Visit(tmp_path)
    v.app.saves.version = 4
    data = v.app.saves.pack()
    v.app.saves.version = 3
    v.crowd.position[:] = 5
    before = v.hash()
    with pytest.raises(SaveError, match="is of version 4 of this program, and this is version 3"):
        v.app.saves.unpack(data)
    other = Visit(tmp_path, "Another")
    with pytest.raises(SaveError, match="of the program 'Game', and this is 'Another'"):
        other.app.saves.unpack(data)
    with pytest.raises(lw.KeyMissing, match="no save 'slt1'"):
        v.app.restore("slt1")
    with pytest.raises(SaveError, match="begins with"):
        v.app.saves.unpack(pack(b"LWST", 1))
    assert v.hash() == before


def test_the_bytes_of_version_1_are_read_for_ever(tmp_path: Path) -> None:
    v = Visit(tmp_path)
    assert v.app.saves.unpack(GOLDEN.read_bytes(), "The golden save") == {"level": 3}
    assert v.crowd[Health].hp.tolist() == list(range(10)) and v.crowd[Health].team.tolist() == [1] * 10
    assert np.allclose(v.hero.position, (4, 5, 6)) and v.hero.parent == v.crowd[3]
    assert v.app.report()["entities"] == 11 and v.told() == []
    (golden, columns), (now, written) = map(taken_apart, (GOLDEN.read_bytes(), v.app.saves.pack({"level": 3})))
    assert columns == written and is_within(golden, now), "and so they are written, with what materials have since"


def taken_apart(save: bytes) -> tuple[Any, bytes]:
    """What a save says, and its columns."""
    data = zlib.decompress(save[16:])
    size = int.from_bytes(data[:4], "little")
    return json.loads(data[4:4 + size]), data[4 + size:]


def is_within(old: Any, new: Any) -> bool:
    """Whether the new one says the same, and perhaps more."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(key in new and is_within(old[key], new[key]) for key in old)
    if isinstance(old, list):
        return isinstance(new, list) and len(old) == len(new) and all(map(is_within, old, new))
    return bool(old == new)


def damaged(good: bytes) -> list[bytes]:
    """Cut, flipped, and with a right sum over wrong contents."""
    rng = random.Random(11)
    bad = [good[:length] for length in range(0, len(good), 7)] + [good + b"x"]
    for _ in range(150):
        at = rng.randrange(len(good))
        bad.append(good[:at] + bytes([good[at] ^ 1 << rng.randrange(8)]) + good[at + 1 :])
    message = bytearray(zlib.decompress(good[16:]))
    for _ in range(250):
        wrong = bytearray(message)
        for _ in range(rng.randrange(1, 4)):
            wrong[rng.randrange(len(wrong))] = rng.randrange(256)
        body = zlib.compress(bytes(wrong))
        bad.append(struct.pack("<4sHHII", MAGIC, 1, 0, len(wrong), zlib.crc32(body)) + body)
    return bad


def test_what_is_damaged_is_refused_whole_or_is_a_scene(tmp_path: Path) -> None:
    v = Visit(tmp_path)
    good = v.app.saves.pack()
    for number, data in enumerate(damaged(good)):
        before = v.hash()
        try:
            v.app.saves.unpack(data)
        except SaveError:
            assert v.hash() == before, number
        v.app.host.step(v.app)  # type: ignore[attr-defined]
    assert v.app.report()["errors"] == []


def test_values_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    v = Visit(tmp_path)
    save = unpack(MAGIC, v.app.saves.pack(), "it")
    assert isinstance(save, dict)
    entities = save["scene"]["entities"]
    entities["position"] = {**entities["position"], "planes": np.full_like(entities["position"]["planes"], 255)}
    with pytest.raises(SaveError, match="not finite"):
        v.app.saves.unpack(pack(MAGIC, save))


def test_a_budget_without_room_leaves_the_scene(tmp_path: Path) -> None:
    big = Visit(tmp_path)
    big.app.spawn_many(lw.Mesh.box(), 5000)
    data = big.app.saves.pack()
    small = Visit(tmp_path)
    app = lw.App("Game", host=HeadlessHost(), entities_max=2048)
    app.spawn(lw.Mesh.box())
    before = app.report(state_hash=True)["state_hash"]
    with pytest.raises(lw.BudgetError):
        app.saves.unpack(data)
    assert app.report(state_hash=True)["state_hash"] == before
    assert small.app.saves.unpack(data) is None


def test_models_keep_their_place_and_are_not_made_again(tmp_path: Path) -> None:
    v = Visit(tmp_path)
    model = v.app.load("nowhere.glb", position=(1, 1, 1))
    v.app.save("slot1")
    model.root.position = (2, 2, 2)
    v.app.restore("slot1")
    assert np.allclose(model.root.position, (1, 1, 1))
    model.root.despawn()
    v.app.restore("slot1")
    assert v.told() == ["The save 'slot1' is restored without 1 models that are gone, which app.load makes."]


def test_a_texture_is_found_or_told(tmp_path: Path) -> None:
    v = Visit(tmp_path)
    checker = lw.Texture(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))
    painted = v.app.spawn(lw.Mesh.box(), lw.Material(base_color_texture=checker, color="white"))
    data = v.app.saves.pack()
    painted.despawn()
    v.app.saves.unpack(data)
    assert v.told() == []
    later = Visit(tmp_path)
    later.app.saves.unpack(data)
    assert ["texture" in text for text in later.told()] == [True]


def test_slots_are_listed_and_forgotten(tmp_path: Path) -> None:
    v = Visit(tmp_path)
    v.app.save("b")
    v.app.save("a")
    v.app.store["a"] = 1
    assert v.app.saves.names() == ["a", "b"] and list(v.app.store) == ["a"]
    v.app.saves.delete("a")
    assert v.app.saves.names() == ["b"] and v.app.store["a"] == 1
    with pytest.raises(lw.KeyMissing):
        v.app.saves.delete("a")


@pytest.mark.parametrize(("call", "words"), [
    (lambda app: app.save(""), "empty"), (lambda app: app.save(3), "takes a text"),
    (lambda app: app.save("x" * 201), "201 characters"), (lambda app: app.save("a", {1, 2}), "set"),
    (lambda app: app.restore(None), "takes a text"), (lambda app: app.saves.unpack(3), "takes the bytes"),
    (lambda app: setattr(app.saves, "version", 0), "from 1"), (lambda app: app.saves.migrate("a"), "whole number"),
    (lambda app: app.saves.migrate(1)(lambda: 0), "called as"),
])  # fmt: skip
def test_mistakes_say_what_is_meant(tmp_path: Path, call: Any, words: str) -> None:
    v = Visit(tmp_path)
    before = v.hash()
    with pytest.raises(lw.LayerwError, match=words):
        call(v.app)
    assert v.hash() == before and v.app.saves.names() == []


def test_emitters_are_in_nobodys_way(tmp_path: Path) -> None:
    v = Visit(tmp_path)
    v.app.emitter(position=(0, 1, 0))
    v.app.save("slot1")
    v.hero.despawn()
    v.app.restore("slot1")
    assert v.told() == []


@pytest.mark.parametrize("spoil", [
    dict.clear, lambda save: save.update(components=None), lambda save: save["components"].update(Health=5),
    lambda save: save["components"].update(Health=np.zeros(3)), lambda save: save["components"]["Health"].clear(),
    lambda save: save["components"]["Health"].update(ids=np.array([5, 6, 700])),
])  # fmt: skip
def test_what_a_migration_leaves_is_checked(tmp_path: Path, spoil: Any) -> None:
    v = Visit(tmp_path)
    v.app.save("slot1")
    v.app.saves.version = 2
    v.app.saves.migrate(1)(lambda save: spoil(save))
    before = v.hash()
    with pytest.raises(SaveError):
        v.app.restore("slot1")
    assert v.hash() == before


def test_ten_thousand_entities_are_quick_and_small(tmp_path: Path) -> None:
    app = lw.App("Game", host=HeadlessHost(options={"store": str(tmp_path)}))
    rng = np.random.default_rng(3)
    crowd = app.spawn_many(lw.Mesh.box(), 10_000, position=rng.uniform(-50, 50, (10_000, 3)))
    crowd.add(Health)
    crowd[Health].hp[:] = rng.uniform(0, 100, 10_000)
    spent = []
    for _ in range(5):
        begun = time.perf_counter()
        app.save("slot1")
        app.restore("slot1")
        spent.append(time.perf_counter() - begun)
    assert app.store.size_bytes <= 200_000
    assert min(spent) < 0.1, "10 ms each where nothing else runs"


class Part(lw.Scene):
    """As a level of a game: it spawns what it always does."""

    def enter(self) -> None:
        self.hero = self.app.spawn(lw.Mesh.box(), position=(1, 2, 3))
        self.crowd = self.app.spawn_many(lw.Mesh.sphere(0.5, 8), 10, position=self.random.uniform(0, 9, (10, 3)))
        self.crowd.add(Health)


@pytest.mark.parametrize("before", [1, 3])
def test_a_scene_that_begins_again_finds_its_handles(tmp_path: Path, before: int) -> None:
    """However many scenes there were before it, in this visit and in the one that saved."""
    v = Visit(tmp_path)
    for _ in range(before):
        v.app.enter(Part())
        v.app.spawn(lw.Mesh.box())
        v.app.enter(None)
    first = Part()
    v.app.enter(first)
    first.hero.position, v.hero.position = (5, 5, 5), (7, 7, 7)
    first.crowd[3][Health].hp, first.crowd[4].visible = 1.0, False
    v.app.save("slot1")
    for visit in (v, Visit(tmp_path)):
        again = Part()
        visit.app.enter(again)
        again.crowd[9].position = (1, 1, 1)
        visit.hero.position = (0, 0, 0)
        wanted = Part().random.uniform(0, 9, (10, 3))
        count = visit.app.report()["entities"]
        visit.app.restore("slot1")
        assert visit.app.report()["entities"] == count and visit.told() == []
        assert tuple(again.hero.position) == (5, 5, 5) and tuple(visit.hero.position) == (7, 7, 7)
        assert list(again.crowd[Health].hp) == [1.0 if k == 3 else 100.0 for k in range(10)]
        assert not again.crowd[4].visible and np.allclose(again.crowd.position, wanted)
        visit.app.enter(None)
        assert visit.hero.alive and not again.hero.alive and visit.app.report()["entities"] == 11
