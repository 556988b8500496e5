"""What games need beside a picture: sound, words, bodies, paths, things that are remembered."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any, TypeVar

from layerw.base import checks
from layerw.face.part import Part

if TYPE_CHECKING:  # imported where they are first used
    from layerw.audio.audio import Audio
    from layerw.audio.buses import Buses
    from layerw.audio.music import Track
    from layerw.audio.sound import Sound
    from layerw.content.edits import Edits
    from layerw.drawing.labelling import Labelling
    from layerw.navigation.navigation import Navigation
    from layerw.physics.physics import Physics
    from layerw.saves.desk import Clipboard, Files
    from layerw.saves.saves import Saves
    from layerw.saves.store import Store
    from layerw.ui.ui import Ui

Value = TypeVar("Value")


class Kit(Part):
    """What games need beside a picture: sound, words, bodies, paths, things that are remembered."""

    __slots__ = ()

    @property
    def audio(self) -> Audio:
        """What is heard, from where the main view's camera is: see lw.Sound."""
        from layerw.audio.audio import Audio

        return self._engine.subsystems.get("audio", Audio)

    @property
    def buses(self) -> Buses:
        """Groups of sounds with a gain: `app.buses["music"].gain = 0.5`; also "main", "sfx", "voice", "ui"."""
        return self.audio.buses

    def music(self, url: str | PathLike[str] | Sound | None, *, fade: float = 1.0, gain: float = 1.0,
              loop: bool = True) -> Track | None:  # fmt: skip
        """Plays a piece of music on the bus "music"; what played before fades out meanwhile.

        Args:
            url: a file, which the browser streams, however long it is; or a lw.Sound. None: only ends what plays.
            fade: seconds, 0 to 600.
            gain: 0 to 16.
            loop: again and again.

        Returns a Track (`gain`, `fade(gain, seconds)`, `stop(fade)`, `playing`, `time`), or None.
        """
        return self.audio._music.change(url, fade, gain, loop)

    @property
    def ui(self) -> Ui:
        """Words and controls above the picture: `app.ui.text("Score 0")`; see layerw.ui."""
        from layerw.ui.ui import Ui

        return self._engine.subsystems.get("ui", Ui)

    def _labels(self) -> Labelling:
        """For lw.Label."""
        return self._engine.drawings.labels

    @property
    def store(self) -> Store:
        """What is kept between visits: `app.store["best"] = 12`, `app.store.get("best", 0)`; see Store."""
        from layerw.saves.store import Shelf, Store

        return Store(self._engine.subsystems.get("store", Shelf))

    @property
    def saves(self) -> Saves:
        """What `save` and `restore` know: versions, migrations, the slots that there are; see Saves."""
        from layerw.saves.saves import Saves

        return self._engine.subsystems.get("saves", lambda port: Saves(port, self.store._shelf, self._edits))

    def _edits(self) -> dict[str, Edits]:
        """Of the worlds that are streamed, by their addresses."""
        return {world.url: world.edits for world in self._engine.contents.worlds}

    @property
    def files(self) -> Files:
        """Files of the user's machine: `await app.files.open(".json")`, `app.files.save("level.json", text)`."""
        from layerw.saves.desk import Desk, Files

        return Files(self._engine.subsystems.get("desk", Desk))

    @property
    def clipboard(self) -> Clipboard:
        """Text of the clipboard: `app.clipboard.write("Hello")`, `await app.clipboard.read()`."""
        from layerw.saves.desk import Clipboard, Desk

        return Clipboard(self._engine.subsystems.get("desk", Desk))

    @property
    def locale(self) -> str:
        """The user's language: "de-CH"; lw.Table has a program's words in several."""
        from layerw.saves.words import language

        return language(self._engine.host.options())

    def save(self, name: str, data: Any = None) -> None:
        """Keeps the scene as it is now: the entities that the program spawned, with their transforms, looks, parents
        and components. data: what else belongs to it, as for app.store; `restore` gives it back.

        Raises:
            SaveError, BudgetError: it can't be kept; what was kept under that name stays.
        """
        self.saves.save(name, data)

    def restore(self, name: str) -> Any:
        """Makes the scene as it was saved, and gives back the save's `data`. Handles of entities that are still there
        stay good; what was spawned since goes.

        Raises:
            KeyMissing: there is no such save. SaveError: it is cut, damaged, newer or of another program; the scene
            stays as it is.
        """
        return self.saves.restore(name)

    def keep(self, name: str, default: Value) -> Value:
        """A value that survives when a development server's page starts the program again (a saved file that can't be
        taken in place): the one from before, else the default. `counter = app.keep("counter", 0)` keeps the global.

        Args:
            name: of the value; default: what JSON can hold, or a numpy array.
        """
        checks.instance("app.keep name", name, str, "a text (str)")
        if self._engine.kept is None:
            from layerw.saves.kept import Kept

            self._engine.kept = Kept((self._engine.host.options().get("kept") or {}).get("values") or {})
        return self._engine.kept.take(name, default)

    @property
    def physics(self) -> Physics:
        """Rigid bodies: gravity, contacts, rays; `app.physics.add(crowd, "dynamic", shape="box")`; see Physics."""
        from layerw.physics.physics import Physics

        return self._engine.subsystems.get("physics", Physics)

    @property
    def navigation(self) -> Navigation:
        """Where one can walk, ways there and crowds: `app.navigation.bake(ground)`, `.path(a, b)`; see Navigation."""
        from layerw.navigation.navigation import Navigation

        return self._engine.subsystems.get("navigation", Navigation)
