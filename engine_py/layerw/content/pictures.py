"""Textures that come from outside: from files, on their way and what they hold once they are there, and the feeds.

Owns: one lease on a file for each texture that a material shows. Shares, fetches and decodes nothing itself (shared.py,
assets/); pictures of the page are feeds.py's. Limits: those of images in models: 8,192 pixels a side, PNG, JPEG, WebP,
AVIF.
"""

from __future__ import annotations

import weakref

from layerw.base.failures import Failures
from layerw.base.log import Log
from layerw.base.outcomes import FAILED, READY
from layerw.base.ports import ImageFile
from layerw.base.weak import weakly
from layerw.content.feeds import Feeds
from layerw.content.opening import Opening
from layerw.content.shared import Lease
from layerw.frame.looks import Looks
from layerw.gpu import spec
from layerw.scene.texture_origin import TextureFeed, TextureFile
from layerw.scene.textures import Texture

PRIORITY = 1.0e6  # as models: before tiles


class Picture:
    """One texture on its way, until it is `over`."""

    def __init__(self, texture: Texture, file: TextureFile) -> None:
        self.texture, self.file = weakref.ref(texture), file
        self.lease: Lease | None = None
        self.over = False


class Pictures:
    """Files come by `opening`, pictures of the page by `feeds`; both are asked for and shown by `looks`."""

    def __init__(self, opening: Opening, looks: Looks, feeds: Feeds, log: Log, failures: Failures) -> None:
        self._opening, self._looks, self._log, self._failures = opening, looks, log, failures
        self.feeds, self._call = feeds, opening.user.call
        self._open: list[Picture] = []
        looks.open_origin = weakly(self.open)

    def open(self, texture: Texture) -> None:
        """A material shows it now."""
        origin = texture.origin
        assert origin is not None
        origin.outcomes.call = self._call
        if isinstance(origin, TextureFeed):
            self.feeds.open(texture, origin)
        elif isinstance(origin, TextureFile):
            origin.state = "loading"
            self._open.append(Picture(texture, origin))

    @property
    def settled(self) -> bool:
        """Whether none is on its way; those that were not reached are waited for as tiles are."""
        return self.feeds.settled and all(
            one.lease is not None and one.lease.state == "failed" and not one.lease.heals_soon for one in self._open)

    def online(self) -> None:
        """The network is back."""
        self._opening.online()

    def step(self) -> None:
        """Once a frame. A program's function that is called in it may close the App."""
        self.feeds.step()
        for picture in list(self._open):
            if not picture.over:
                with self._failures.alone(f"The texture {picture.file.called}"):
                    self._step(picture)
        self._open = [one for one in self._open if not one.over]

    def _step(self, picture: Picture) -> None:
        texture, picture.over = picture.texture(), True
        if texture is None or texture.life.destroyed:
            self._drop(picture)
        else:
            picture.over = self._is_over(picture, texture)

    def _is_over(self, picture: Picture, texture: Texture) -> bool:
        """Whatever goes wrong is this texture's own: it has failed then."""
        try:
            return self._load(picture, texture, picture.file)
        except Exception as error:
            picture.file.tell("failed", _named(picture.file, f"{type(error).__name__}: {error}"))
            self._drop(picture)
            picture.file.outcomes.tell(FAILED)
            raise

    def _load(self, picture: Picture, texture: Texture, file: TextureFile) -> bool:
        if picture.lease is None:
            picture.lease = self._opening.models.try_open(
                file.url, priority=PRIORITY, max_texture_side=file.max_side, flags=spec.FETCH_PATIENT,
                image=ImageFile(texture.srgb, texture.sampler))  # fmt: skip
            return False
        lease = picture.lease
        lease.step()
        if lease.state == "failed":
            if file.state != "failed":
                again = " It is asked for again." if lease.may_heal else ""
                file.tell("failed", _named(file, lease.error) + again)
                self._log.error(f"The texture {file.error}")
                file.outcomes.tell(FAILED)
            if lease.may_heal:
                return False
            lease.release()
        elif lease.state == "ready":
            self._looks.show(texture, lease.content.picture, lease.release)
            file.outcomes.tell(READY)
        return lease.state in ("failed", "ready")

    def device_lost(self) -> None:
        """Load again what came from files and could not be made again."""
        for picture in self._open:
            self._drop(picture)
            picture.lease = None
        self.feeds.device_lost()
        self._looks.reopen_lost()

    def _drop(self, picture: Picture) -> None:
        if picture.lease is not None:
            picture.lease.release()

    def close(self) -> None:
        """Frees what is on its way."""
        for picture in self._open:
            picture.over = True
            self._drop(picture)
            texture = picture.texture()
            if texture is not None:
                texture.gone()
        self._open.clear()
        self.feeds.close()


def _named(file: TextureFile, error: str) -> str:
    """With its address in front."""
    return error if error.startswith(file.url[:16]) else f"{file.called}: {error}"
