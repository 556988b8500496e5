"""The views and what surrounds the scene: sun, sky, weather; pictures of it."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from types import NoneType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layerw.base import checks
from layerw.base.distinct import distinct
from layerw.face.part import Part
from layerw.frame.views import View
from layerw.scene.camera import Camera
from layerw.scene.entity import Entities
from layerw.scene.environment import Ambient, Clouds, Fog, Moon, Sea, Shadows, Sky, Sun, Weather, Wind

if TYPE_CHECKING:  # imported where they are first used
    from layerw.scene.surroundings import Environment
    from layerw.scene.textures import Texture
    from layerw.surface.panels import Panel
    from layerw.surface.screenshots import Screenshot


class Viewing(Part):
    """The views and what surrounds the scene: sun, sky, weather; pictures of it."""

    __slots__ = ()

    @property
    def camera(self) -> Camera:
        """Where the picture is taken from; another camera may be set."""
        return self._engine.view.camera

    @camera.setter
    def camera(self, camera: Camera) -> None:
        self._engine.view.camera = checks.instance("app.camera", camera, Camera, "a Camera")

    @property
    def view(self) -> View:
        """The main view, on the whole canvas: exposure, bloom, tone map, colour grade."""
        return self._engine.view

    @property
    def quality(self) -> str:
        """How much of light and air is drawn: "low", "medium", "high", or "auto", which begins at medium and follows
        what the GPU takes. "low" also draws fewer pixels than it shows, where nobody set the view's `scale` or
        `antialias`. `app.report()["quality"]` says which it is now."""
        return self._engine.quality.wanted

    @quality.setter
    def quality(self, value: str) -> None:
        self._engine.quality.choose(value)

    @property
    def views(self) -> list[View]:
        """All views that are drawn; the first is the main one."""
        return [self._engine.view, *(one.view for one in self._engine.more_views)]

    def add_view(self, camera: Camera, viewport: npt.ArrayLike | None = None,
                 target: Texture | None = None) -> View:  # fmt: skip
        """One more view of the scene, drawn each frame until its `close()`.

        Args:
            camera: where it is taken from.
            viewport: the part of the picture that it fills: x, y, width, height, 0 to 1 from the upper left.
            target: a lw.Texture.target(width, height) that it draws into instead, for a material to show.

        Raises:
            KindError, ConfigError, ShapeError: an argument is not what it should be, or there are 16 views.
            BudgetError: the GPU budget has no room for what it is drawn with.
        """
        view = self._engine.more_views.open(View(camera, viewport, target), self._engine.targets.refit)
        self._engine.scenes.own(view.close, lambda: view.closed)
        return view

    @property
    def sun(self) -> Sun:
        """The first directional light: it casts shadows, and colours the sky."""
        return self._engine.environment.sun

    @property
    def moon(self) -> Moon:
        """Light of the night."""
        return self._engine.environment.moon

    @property
    def sky(self) -> Sky:
        """The colours of the sky."""
        return self._engine.environment.sky

    @property
    def environment(self) -> Environment | None:
        """A picture that lights the scene in place of the sky: `app.environment = lw.Environment("studio.hdr")`."""
        around = self._engine.contents.around
        return around.wanted if around is not None else None

    @environment.setter
    def environment(self, environment: Environment | None) -> None:
        from layerw.scene.surroundings import Environment

        says = 'a lw.Environment("studio.hdr") or None'
        self._engine.show_environment(checks.instance("app.environment", environment, (Environment, NoneType), says))

    @property
    def clouds(self) -> Clouds:
        """The layer of clouds."""
        return self._engine.environment.clouds

    @property
    def fog(self) -> Fog:
        """Distance fog."""
        return self._engine.environment.fog

    @property
    def sea(self) -> Sea:
        """The sea; `app.sea.level = 0.0` shows it."""
        return self._engine.environment.sea

    @property
    def wind(self) -> Wind:
        """What sways trees and drives waves."""
        return self._engine.environment.wind

    @property
    def weather(self) -> Weather:
        """Rain, snow, and how wet things are."""
        return self._engine.environment.weather

    @property
    def shadows(self) -> Shadows:
        """The sun's shadows."""
        return self._engine.environment.shadows

    @property
    def ambient(self) -> Ambient:
        """What hides the sky's light: occlusion in corners and under things."""
        return self._engine.environment.ambient

    @property
    def size(self) -> tuple[int, int]:
        """Of the picture in pixels: the canvas's device pixels, or less where the GPU budget has no room for them."""
        return self._engine.targets.size

    def seen(self, entities: Entities) -> npt.NDArray[np.intp]:
        """Which of the entities the last frame drew in view: ascending indices into them, a copy.

        Static ones are drawn by the cells that they lie in, so some beside the view are among them.
        """
        rows, first = self._engine.shown.seen_rows, self._own("app.seen entities", entities).first_row
        return distinct(rows[(rows >= first) & (rows < first + len(entities))]).astype(np.intp) - first

    def screenshot(self, to: str | PathLike[str] | Callable[[Screenshot], Any] | None = None) -> Screenshot:
        """The next picture that is drawn, some frames later: nothing waits for it. The first one opens `memory`.

        Args:
            to: a path that ends with .png: the page offers the file as a download, `layerw shot` writes it. Or a
                function, called with the Screenshot once its `pixels` are there. Or nothing: look at its `ready`.
        """
        return self._engine.surface.screenshots.take(to)

    def panel(self, width: int, height: int, *, left: float = 0.0, top: float = 0.0, scale: float = 1.0,
              smooth: bool = False) -> Panel:  # fmt: skip
        """Pixels in Layer memory, for kernels to draw, which `show()` shows above the canvas.

        Args:
            width, height: pixels, 1 to 4096.
            left, top: CSS pixels from the canvas's upper left; below 0: from its right and lower edge.
            scale: CSS pixels a pixel.
            smooth: blend them when scaled.

        Raises:
            BudgetError, OutOfBudget: the layer budget or Layer memory has no room.
        """
        panel = self._engine.surface.panels.create(width, height, left=left, top=top, scale=scale, smooth=smooth)
        self._engine.scenes.own(panel.close)
        return panel

    def show_image(self, pixels: npt.ArrayLike, *, left: float = 0.0, top: float = 0.0, scale: float = 1.0,
                   smooth: bool = False) -> Panel:  # fmt: skip
        """Shows (height, width, 4 or 3) uint8 sRGB pixels above the canvas; the Panel takes new ones: `write`.

        left, top, scale, smooth: as for `panel`.
        """
        panel = self._engine.surface.panels.show(pixels, left=left, top=top, scale=scale, smooth=smooth)
        self._engine.scenes.own(panel.close)
        return panel
