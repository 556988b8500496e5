"""Saves: `app.saves`, the scene kept under names.

    app.save("slot1", {"level": 3})
    level = app.restore("slot1")["level"]

Owns: what a save says of the program that made it, its version, and the migrations to this one. The scene itself is
snapshot.py's, its bytes are packed.py's, and where they lie is records.py's. Limits: SAVE_BYTES_MAX a save, packed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import numpy as np

from layerw.base import checks
from layerw.base.errors import KeyMissing, LayerwError, SaveError
from layerw.base.settings import fixed_attributes
from layerw.frame.subsystems import SubsystemPort
from layerw.saves import snapshot
from layerw.saves.looks import Looks
from layerw.saves.packed import pack, unpack
from layerw.saves.planes import decode_column, encode_column
from layerw.saves.store import SAVE, Shelf, checked_name

MAGIC = b"LWSV"
SAVE_BYTES_MAX = 16 * 1024 * 1024
VERSION_MAX = 1_000_000
Migration = TypeVar("Migration", bound=Callable[[dict[str, Any]], Any])


class Edited(Protocol):
    """What of a world is kept."""

    def _pack(self) -> dict[str, Any]: ...
    def _unpack(self, packed: dict[str, Any]) -> None: ...


@fixed_attributes
class Saves:
    """`app.saves`. `name in app.saves`, `app.saves.names()`, `app.saves.delete(name)` for the slots that there are.

    A save holds the entities that the program spawned (`spawn`, `spawn_many`, `light`, the place of what `load` gives):
    transforms, colours, parents, layers, whether they are hidden, components, meshes up to 256 KiB and the values of
    materials; and what was edited of the ground of worlds. It does not hold what code makes at each start: camera, sun
    and air, the inside of models, worlds, drawings, particles, textures, shaders, sounds, and the program's own
    variables, for which there is `data`.
    """

    def __init__(self, port: SubsystemPort, shelf: Shelf, edits: Callable[[], Mapping[str, Edited]]) -> None:
        """edits: of the worlds that there are, by their addresses."""
        self._port, self._shelf, self._edits = port, shelf, edits
        self._looks = Looks(port.table, port.resources, port.visibility)
        self._version = 1
        self._migrations: dict[int, Callable[[dict[str, Any]], Any]] = {}

    @property
    def version(self) -> int:
        """Of the program's saves, 1 at first: raise it when components or data get another meaning."""
        return self._version

    @version.setter
    def version(self, version: int) -> None:
        self._version = checks.whole("app.saves.version", version, 1, VERSION_MAX)

    def migrate(self, version: int) -> Callable[[Migration], Migration]:
        """Decorator: the function makes a save of that version one of the next, in place.

            @app.saves.migrate(1)
            def with_shield(save):
                hp = save["components"]["Health"]["hp"]
                save["components"]["Health"]["shield"] = hp * 0.5

        It gets {"data": …, "components": {name: {field: array, "ids": array of entities' numbers}}}. Fields that a
        component has got since need none: they begin as declared.
        """
        checks.whole("app.saves.migrate version", version, 1, VERSION_MAX)

        def add(function: Migration) -> Migration:
            self._migrations[version] = checks.callback("app.saves.migrate's function", function, "save")
            return function

        return add

    def names(self) -> list[str]:
        """Of the saves that there are."""
        return self._shelf.names(SAVE)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._shelf.find(SAVE, name) is not None

    def delete(self, name: str) -> None:
        """Forgets a save. Raises KeyMissing."""
        self._found(name)
        self._shelf.put(SAVE, name, None)

    def save(self, name: str, data: Any = None) -> None:
        """See App.save."""
        self._keep(checked_name("app.save", name), self.pack(data))

    def restore(self, name: str) -> Any:
        """See App.restore."""
        return self.unpack(self._found(name), f"The save {name!r}")

    def pack(self, data: Any = None) -> bytes:
        """The scene as bytes, for a file or another store."""
        scene = snapshot.take(self._port.table, self._looks)
        edits = {url: packed for url, one in self._edits().items() if (packed := one._pack())}
        save = {"program": self._port.config.title, "version": self._version, "data": data, "scene": scene}
        return pack(MAGIC, save | {"edits": edits} if edits else save)

    def unpack(self, data: bytes, what: str = "The save") -> Any:
        """As `restore`, from bytes that `pack` made. what: how messages call it."""
        if not isinstance(data, bytes | bytearray):
            raise SaveError(f"{what} is {checks.shown(data)}; it takes the bytes that app.saves.pack() gave.")
        save = unpack(MAGIC, bytes(data), what)
        try:
            assert isinstance(save, dict)
            program, version = save["program"], save["version"]
            assert isinstance(program, str) and type(version) is int and 1 <= version <= VERSION_MAX
            given, scene, edits = save["data"], save["scene"], save.get("edits", {})
            assert isinstance(edits, dict) and all(isinstance(one, dict) for one in edits.values())
        except (AssertionError, KeyError) as error:
            raise SaveError(f"{what} is damaged.") from error
        if program != self._port.config.title:
            raise SaveError(f"{what} is of the program {program!r}, and this is {self._port.config.title!r}.")
        if version > self._version:
            raise SaveError(f"{what} is of version {version} of this program, and this is version {self._version}.")
        if version < self._version:
            given = self._migrated(what, version, given, scene)
        checked = snapshot.check(self._port.table, scene)
        self._restore_edits(edits, checked)
        snapshot.apply(self._port.table, self._looks, checked)
        for told in checked.told:
            self._port.log.warning(f"{what} is restored without {told}.")
        return given

    def _restore_edits(self, edits: dict[str, Any], checked: snapshot.Checked) -> None:
        worlds = self._edits()
        for url in edits.keys() - worlds.keys():
            checked.tell(f"the edits of {url}, a world that this program does not stream now")
        for url, one in worlds.items():
            try:
                one._unpack(edits.get(url, {}))
            except LayerwError as error:
                checked.tell(f"the edits of {url} ({error})")

    def hooks(self) -> Mapping[str, Callable[..., Any]]:
        """For the frame: see frame/subsystems.py."""
        return {}

    def close(self) -> None:
        """The program ended."""
        self._migrations.clear()

    def _found(self, name: str) -> bytes:
        data = self._shelf.find(SAVE, checks.text("app.restore name", name))
        if data is None:
            raise KeyMissing(f"There is no save {checks.shown(name)}.{checks.did_you_mean(name, self.names())}")
        return data

    def _keep(self, name: str, data: bytes) -> None:
        if len(data) > SAVE_BYTES_MAX:
            raise SaveError(f"The save {name!r} takes {len(data)} bytes; at most {SAVE_BYTES_MAX} are kept of one.")
        self._shelf.put(SAVE, name, data)

    def _migrated(self, what: str, version: int, data: Any, scene: Any) -> Any:
        """Runs the migrations on the save's components, one version at a time. Raises SaveError."""
        missing = [one for one in range(version, self._version) if one not in self._migrations]
        if not isinstance(scene, dict) or not isinstance(scene.get("components"), dict):
            raise SaveError(f"{what} is damaged.")
        if missing:  # what fits is taken: new fields begin as declared, others are told
            lacking = ", ".join(map(str, missing[:8])) + (" …" if len(missing) > 8 else "")
            self._port.log.warning(f"{what} is of version {version} of this program, and this is version "
                                   f"{self._version}, without app.saves.migrate({lacking}): it is taken as it is.")
            return data
        save = {"data": data, "components": {name: _opened(name, one) for name, one in scene["components"].items()}}
        for one in range(version, self._version):
            try:
                self._migrations[one](save)
            except Exception as error:
                raise SaveError(f"{what} is of version {version}; its migration from {one} to {one + 1} failed: "
                                f"{type(error).__name__}: {error}") from error  # fmt: skip
        components = save.get("components")
        if not isinstance(components, dict):
            raise SaveError(f"{what} has no components after its migration from {version}: they are a dict.")
        scene["components"] = {name: _closed(name, one) for name, one in components.items()}
        return save.get("data")


def _opened(name: str, one: Any) -> dict[str, Any]:
    """A component's arrays, for a migration."""
    try:
        fields = {field: decode_column(column, f"{name}.{field}") for field, column in one["fields"].items()}
        return {"ids": decode_column(one["ids"], f"The component {name}").cumsum(dtype="uint32"), **fields}
    except (KeyError, TypeError, AttributeError) as error:
        raise SaveError(f"The component {name} of the save is damaged.") from error


def _closed(name: str, one: dict[str, Any]) -> dict[str, Any]:
    try:
        ids = np.diff(np.asarray(one["ids"], np.uint32), prepend=np.uint32(0))
        fields = {field: np.asarray(values) for field, values in one.items() if field != "ids"}
        return {"ids": encode_column(ids), "fields": {field: encode_column(values) for field, values in fields.items()}}
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise SaveError(f"The component {name} is no longer one after a migration: {error}") from error


