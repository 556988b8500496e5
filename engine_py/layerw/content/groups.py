"""Groups of files (lw.assets.group): loaded before something shows them, and let go together.

Owns: one share in each file (shared.py), so that what shows it later finds it here; the textures and sounds that groups
give out, one for each address and its settings; the models that a group made. Does not fetch or decode. Limits:
FILES_MAX a group. What a group holds is on the GPU and counts there, whether it is shown or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from layerw.base import checks
from layerw.base.addresses import checked_address, shown
from layerw.base.errors import ConfigError, HandleError, KindError
from layerw.base.outcomes import READY, Callback, Outcomes
from layerw.base.ports import ImageFile
from layerw.base.settings import fixed_attributes
from layerw.content.opening import Opening, checked_side
from layerw.content.shared import Lease
from layerw.gpu import spec
from layerw.scene.entity import Entity
from layerw.scene.shapes import Lods, Mesh
from layerw.scene.textures import Texture

if TYPE_CHECKING:
    from layerw.app import App
    from layerw.audio.sound import Sound
    from layerw.base.ports import Content
    from layerw.content.models import Model
    from layerw.content.surroundings import Making
    from layerw.scene.surroundings import Environment

FILES_MAX = 4096
PRIORITIES = {"high": 2.0e6, "normal": 1.0e6, "low": -1.0}  # normal: as models; low: after all tiles
KINDS = {"model": ("glb", "gltf"), "texture": ("png", "jpg", "jpeg", "webp", "avif", "ktx2"),
         "sound": ("wav", "ogg", "oga", "mp3", "m4a", "flac", "webm"), "environment": ("hdr", "exr")}  # fmt: skip
OF_SUFFIX = {suffix: kind for kind, suffixes in KINDS.items() for suffix in suffixes}
OF_TYPE = {"model/gltf": "model", "image/": "texture", "audio/": "sound"}


class File:
    """One of a group: `thing` where programs hold one, `lease` of a model or a texture, `making` of a picture of light,
    whose panorama takes `held_bytes` of the heap here."""

    def __init__(self, url: str, kind: str, flags: int, image: ImageFile | None = None,
                 thing: Texture | Sound | Environment | None = None) -> None:  # fmt: skip
        self.url, self.kind, self.flags, self.image, self.thing = url, kind, flags, image, thing
        self.lease: Lease | None = None
        self.making: Making | None = None
        self.held_bytes = 0
        self.progress = 0.0
        self.over = False
        self.error = ""

    @property
    def sound(self) -> Sound | None:
        """Itself, where it is one."""
        return self.thing if self.kind == "sound" else None  # type: ignore[return-value]

    @property
    def environment(self) -> Environment | None:
        """Itself, where it is one."""
        return self.thing if self.kind == "environment" else None  # type: ignore[return-value]

    def note(self, progress: float, state: str, error: str) -> None:
        """What has become of it; progress never falls, even where a file begins anew for want of room."""
        self.over = state in ("ready", "failed")
        self.progress = 1.0 if self.over else max(self.progress, progress)
        self.error = error if state == "failed" else ""

    def drop(self) -> None:
        """Gives its share back."""
        if self.lease is not None:
            self.lease.release()
            self.lease = None
        if self.making is not None:
            self.making.close()
            self.making = None


@fixed_attributes
class Group:
    """Files that are loaded together; made by lw.assets.group(app, [...]).

    state: "loading", "ready" (each file is here, or has failed: see `errors`) or "unloaded". What a group loads, others
    find here: `app.load` and `lw.Texture.load` of the same file and `max_texture_side` share it.
    """

    def __init__(self, app: App, priority: str, max_texture_side: int, placeholder: Mesh | Lods | None) -> None:
        self.state = "loading"
        self._app, self._side, self._placeholder = app, max_texture_side, placeholder
        self._opening: Opening = app._engine.opening
        self._others: list[Group] = app._engine.contents.groups
        self._outcomes = Outcomes(self._opening.user.call)
        self._priority = checks.one_of("assets.group priority", priority, PRIORITIES)
        self._files: dict[tuple[object, ...], File] = {}
        self._models: list[Model] = []

    def __repr__(self) -> str:
        return f"Group({len(self._files)} files, {self.state}, {self.progress:.0%})"

    def __len__(self) -> int:
        """How many files it has."""
        return len(self._files)

    @property
    def progress(self) -> float:
        """How much of it is here, 0 to 1: the mean of its files, each by its parts (files, meshes, images) that are. It
        falls where files are added, and nowhere else."""
        files = self._files.values()
        return sum(one.progress for one in files) / len(files) if files else 1.0

    @property
    def errors(self) -> dict[str, str]:
        """Why files have failed, by their addresses. An image that was not reached is asked for again, and leaves here
        once it came."""
        return {one.url: one.error for one in self._files.values() if one.error}

    @property
    def priority(self) -> str:
        """ "high", "normal" or "low"; of files that several want, the highest counts."""
        return self._priority

    @priority.setter
    def priority(self, priority: str) -> None:
        self._priority = checks.one_of("Group.priority", priority, PRIORITIES)
        for one in self._files.values():
            if one.lease is not None:
                one.lease.set_priority(PRIORITIES[priority])

    def on_ready(self, callback: Callback) -> Callback:
        """Decorator: calls the function once each file is here or has failed (now, when that is so)."""
        return self._outcomes.add("Group", READY, self.state, callback)

    def add(self, *files: str | PathLike[str]) -> None:
        """More files, on their way from now on.

        Raises:
            KindError, ConfigError: one is no address, or its ending says nothing of what it is; none is added then.
        """
        self._check_open("add")
        for one in [self._file(given) for given in files]:
            self._keep(one)

    def model(self, url: str | PathLike[str], *, position: npt.ArrayLike | None = None,
              rotation: npt.ArrayLike | None = None, scale: npt.ArrayLike | None = None, parent: Entity | None = None,
              placeholder: Mesh | Lods | None = None) -> Model:  # fmt: skip
        """Shows the model of a url, as `app.load` does; it ends with the group. A file that is not of it is added.

        position, rotation, scale, parent: of its root, as for `app.load`.
        placeholder: what stands there until it is here, and where it fails; None: the group's.
        """
        self._check_open("model")
        address = checked_address(url, "Group.model")
        self._keep(self._file(address, "model"))
        self._models = [model for model in self._models if not model._over]
        stand_in = self._placeholder if placeholder is None else placeholder
        model = self._app.load(address, position=position, rotation=rotation, scale=scale, parent=parent,
                               max_texture_side=self._side, placeholder=stand_in)  # fmt: skip
        self._models.append(model)
        return model

    def texture(self, url: str | PathLike[str], *, filter: str = "linear", wrap: str = "repeat", srgb: bool = True,
                anisotropy: int = 8) -> Texture:  # fmt: skip
        """The texture of a url, the same one for the same settings in all groups. A file that is not of the group is
        added. filter, wrap, srgb, anisotropy: as for lw.Texture.load."""
        self._check_open("texture")
        settings = {"filter": filter, "wrap": wrap, "srgb": srgb, "anisotropy": anisotropy}
        found = self._keep(self._file(checked_address(url, "Group.texture"), "texture", settings)).thing
        assert isinstance(found, Texture)
        return found

    def sound(self, url: str | PathLike[str]) -> Sound:
        """A sound of a file, the same one in all groups: see lw.Sound. A file that is not of the group is added."""
        self._check_open("sound")
        found = self._keep(self._file(checked_address(url, "Group.sound"), "sound")).sound
        assert found is not None
        return found

    def environment(self, url: str | PathLike[str]) -> Environment:
        """The picture of light of a file (.hdr, .exr, a KTX2 cube), the same in all groups: once the group is ready,
        `app.environment = level.environment("dusk.hdr")` shows it at the next frame. A file that is not of the group is
        added. Until it is shown it takes the App's memory (16 MB where it has 2,048 x 1,024 pixels), not the GPU's."""
        self._check_open("environment")
        found = self._keep(self._file(checked_address(url, "Group.environment"), "environment")).environment
        assert found is not None
        return found

    def unload(self) -> None:
        """Ends what the group made and holds: its models, and what no other group and nothing that is shown has. What
        shows a texture of it alone is drawn without."""
        if self.state == "unloaded":
            return
        self.state = "unloaded"
        for model in self._models:
            model.close()
        files, self._files, self._models = self._files, {}, []
        for key, one in files.items():
            one.drop()
            twin = next((other._files[key] for other in self._others if key in other._files), None)
            if twin is not None:
                twin.held_bytes += one.held_bytes
            elif one.kind == "environment":
                self._let_go(one)
            elif one.thing is not None:
                one.thing.destroy()  # type: ignore[union-attr]
        self._outcomes.clear()

    # -- for the engine --------------------------------------------------------------------------

    def _step(self) -> list[str]:
        """Once a frame; what went wrong, to be told."""
        errors: list[str] = []
        for one in list(self._files.values()):
            if not one.over or one.error:
                before = one.error
                self._load(one)
                if one.error and not before and one.sound is None:  # sounds tell it themselves
                    errors.append(f"{shown(one.url)} could not be loaded: {one.error}")
        if self.state == "loading" and all(one.over for one in self._files.values()):
            self.state = "ready"
            self._outcomes.tell(READY)
        return errors

    def _load(self, one: File) -> None:
        if one.sound is not None:
            one.note(0.0, one.sound.state, one.sound.error)
            return
        if one.kind == "environment":
            self._make(one)
            return
        if one.lease is None:
            one.lease = self._opening.models.try_open(
                one.url, priority=PRIORITIES[self._priority], max_texture_side=self._side, flags=one.flags,
                image=one.image)  # fmt: skip
        else:
            one.lease.step()
            one.note(one.lease.progress, one.lease.state, one.lease.error)

    def _make(self, one: File) -> None:
        """A picture of light: its panorama, for when it is shown."""
        from layerw.content.surroundings import Making, reason_of

        engine, environment = self._app._engine, one.environment
        assert environment is not None
        if environment._made is not None:
            one.drop()
            one.note(1.0, "ready", "")
            return
        if one.error:  # a file of light that is wrong stays wrong
            return
        if one.making is None:
            one.making = Making(environment, engine.transfers, engine.layer_ledger, engine.heap_ledger,
                                PRIORITIES[self._priority])  # fmt: skip
        try:
            made = one.making.step()
            if made is not None:
                one.drop()
                engine.heap_ledger.reserve(made.nbytes, "A picture of light that a group holds")
                one.held_bytes, environment._made = made.nbytes, made
                one.note(1.0, "ready", "")
        except Exception as error:
            one.drop()
            one.note(0.0, "failed", reason_of(error))

    def _let_go(self, one: File) -> None:
        self._app._engine.heap_ledger.release(one.held_bytes)
        one.held_bytes = 0
        if one.environment is not None:
            one.environment._made = None

    def _device_lost(self, is_lost: Callable[[Content], bool]) -> None:
        """What went with the device is loaded again."""
        for one in self._files.values():
            if one.lease is not None and not one.error and self._opening.went(one.lease.content, is_lost):
                one.drop()
                one.over = False

    @property
    def _settled(self) -> bool:
        return all(one.over for one in self._files.values())

    def _check_open(self, call: str) -> None:
        if self.state == "unloaded":
            raise HandleError(f"Group.{call}() was called on a group that was unloaded; make a new one by "
                              f"lw.assets.group(app, ...).")  # fmt: skip

    def _keep(self, one: File) -> File:
        """The one of that name and those settings: the group's, another group's, or this."""
        key = (one.url, one.kind, one.image)
        if key in self._files:
            return self._files[key]
        if len(self._files) >= FILES_MAX:
            raise ConfigError(f"The group has {FILES_MAX} files, which is the most; make another group.")
        twin = next((other._files[key] for other in self._others if key in other._files), None)
        if twin is not None:
            one.thing = twin.thing
        elif one.kind == "sound":
            from layerw.audio.sound import Sound

            one.thing = Sound(one.url)
        elif one.kind == "environment":
            from layerw.scene.surroundings import Environment

            one.thing = Environment(one.url)
        self._files[key] = one
        self.state = "loading"
        self._load(one)
        return one

    def _file(self, given: object, wanted: str = "", settings: dict[str, Any] | None = None) -> File:
        url = checked_address(given, "Group file")
        kind = wanted or kind_of(url)
        if kind == "texture":
            texture = Texture.load(url, max_side=self._side, **(settings or {}))
            return File(url, kind, spec.FETCH_PATIENT, ImageFile(texture.srgb, texture.sampler), texture)
        flags = spec.FETCH_PATIENT if kind == "environment" else spec.FETCH_PATIENT | spec.FETCH_DIGEST
        return File(url, kind, flags)


def kind_of(url: str) -> str:
    """What a file is, by its ending or the type of a data URI. Raises ConfigError."""
    if url.startswith("data:"):
        found = next((kind for begin, kind in OF_TYPE.items() if url[5:].startswith(begin)), "")
    else:
        found = OF_SUFFIX.get(url.split("#")[0].split("?")[0].rpartition(".")[2].lower(), "")
    if not found:
        endings = ", ".join(f".{suffix}" for suffix in OF_SUFFIX)
        raise ConfigError(f"The group file {shown(url)!r} says by its ending nothing of what it is; a group takes "
                          f"{endings}, and any address by group.model, .texture or .sound.")
    return found


def open_group(app: App, files: Iterable[str | PathLike[str]], priority: str, max_texture_side: int | str,
               placeholder: Mesh | Lods | None) -> Group:  # fmt: skip
    """See lw.assets.group."""
    from layerw.app import App

    engine = checks.instance("assets.group app", app, App, "an App")._engine
    if isinstance(files, str | PathLike) or not isinstance(files, Iterable):
        raise KindError(f"assets.group files is {checks.shown(files)}; it takes a list of addresses.")
    side = checked_side("assets.group", max_texture_side, engine.targets.size)
    checks.instance("assets.group placeholder", placeholder, (Mesh, Lods, type(None)), "a lw.Mesh, a lw.Lods or None")
    made = Group(app, priority, side, placeholder)
    engine.contents.groups.append(made)
    try:
        made.add(*files)
    except Exception:
        made.unload()
        engine.contents.groups.remove(made)
        raise
    engine.scenes.own(made.unload, lambda: made.state == "unloaded")
    return made
