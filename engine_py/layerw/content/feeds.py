"""Textures that show pictures of the page: canvases and videos that it has, and videos that it plays for the program.

Owns: the number of each feed between here and the page, and which GPU texture its pictures go into. Does not make
pictures (web/page/feeds.js) nor carry them (web/engine/feeds.js). Limits: at most one picture of a feed is on its way;
a frame uploads each feed once at most, past the upload allowance.
"""

from __future__ import annotations

import json
import weakref
from functools import partial
from itertools import count

from layerw.base.errors import BudgetError
from layerw.base.log import Log
from layerw.base.outcomes import FAILED, READY
from layerw.frame.looks import Looks
from layerw.gpu.gen import events as ev
from layerw.gpu.store import Store
from layerw.gpu.submission import Submission
from layerw.scene.texture_origin import TextureFeed
from layerw.scene.textures import SIDE_MAX, Texture


class Feed:
    """One texture's, from when something first showed it. `shown`: what it shows, None where it shows nothing; `note`:
    what a video waits for, with or without pictures."""

    def __init__(self, number: int, texture: Texture, origin: TextureFeed) -> None:
        self.number, self.texture, self.origin = number, weakref.ref(texture), origin
        self.orders = 0  # those that the page has
        self.shown: tuple[int, int, int] | None = None  # handle, width, height
        self.note = ""

    @property
    def live(self) -> Texture | None:
        """Its texture, where that still is one."""
        texture = self.texture()
        return None if texture is None or texture.life.destroyed else texture


class Feeds:
    """`receive` what the page tells, `step` once a frame. has_page: whether pictures can come at all."""

    def __init__(self, store: Store, submission: Submission, looks: Looks, log: Log, *, has_page: bool) -> None:
        self._store, self._submission, self._looks, self._log = store, submission, looks, log
        self._has_page = has_page
        self._numbers = count(1)
        self._open: dict[int, Feed] = {}

    def open(self, texture: Texture, origin: TextureFeed) -> None:
        """A material shows it now, or again after a lost device."""
        feed = next((one for one in self._open.values() if one.texture() is texture), None)
        if feed is None:
            feed = Feed(next(self._numbers), texture, origin)
            self._open[feed.number] = feed
        if self._has_page:
            origin.state = "loading"
        feed.orders = origin.orders
        data = json.dumps(origin.request | ({"playing": origin.playing} if origin.is_video else {})).encode()
        self._submission.encoder.feed_open(feed.number, self._submission.keep_bytes(data), len(data))

    @property
    def settled(self) -> bool:
        """Whether every video has its first picture; what the page gives may come whenever it likes."""
        return all(one.origin.state != "loading" or not one.origin.is_video for one in self._open.values())

    def step(self) -> None:
        """Once a frame: ends feeds whose textures are gone, and passes on what was called for."""
        for feed in list(self._open.values()):
            if feed.live is None:
                self._end(feed)
            elif feed.orders != feed.origin.orders:
                feed.orders = feed.origin.orders
                self._submission.encoder.feed_play(feed.number, int(feed.origin.playing))

    def receive(self, event: ev.FeedPicture | ev.FeedTrouble) -> None:
        """What the page tells of a feed; nothing where it has ended."""
        feed = self._open.get(event.feed)
        texture = feed.live if feed is not None else None
        if feed is None or texture is None:
            return
        if isinstance(event, ev.FeedTrouble):
            self._tell(feed, event.message, failed=bool(event.failed))
        elif max(event.width, event.height) > SIDE_MAX:
            size = f"{event.width} x {event.height}"
            self._refuse(feed, f"Its picture has {size} pixels; a side takes at most {SIDE_MAX}.")
        else:
            self._take(feed, texture, event.width, event.height)

    def _take(self, feed: Feed, texture: Texture, width: int, height: int) -> None:
        """A picture of this size waits: into the texture."""
        if feed.shown is None or feed.shown[1:] != (width, height):
            self._hide(feed, texture)
            try:
                handle = self._store.create_empty(width, height, srgb=texture.srgb, sampler=texture.sampler,
                                                  mips=texture.mips)  # fmt: skip
            except BudgetError as error:
                return self._refuse(feed, str(error))
            feed.shown = handle, width, height
            self._store.fill_texture(handle, feed.number)
            self._looks.show(texture, feed.shown, partial(self._store.destroy_texture, handle))
            feed.origin.error = feed.note
            return feed.origin.outcomes.tell(READY)
        self._store.fill_texture(feed.shown[0], feed.number)
        if feed.origin.state != "ready":
            feed.origin.tell("ready", feed.note)

    def _hide(self, feed: Feed, texture: Texture) -> None:
        if feed.shown is not None:
            self._looks.hide(texture)
            feed.shown = None

    def _refuse(self, feed: Feed, message: str) -> None:
        """A picture that can't be shown; the next one may."""
        self._submission.encoder.texture_feed(0, feed.number)
        self._tell(feed, message, failed=True)

    def _tell(self, feed: Feed, message: str, *, failed: bool) -> None:
        """Once, until something else is told; nothing: what was told is over."""
        origin = feed.origin
        if origin.error == message:
            return
        origin.tell("failed" if failed else origin.state, message)
        feed.note = message if origin.is_video and not failed else ""
        if failed:
            origin.outcomes.tell(FAILED)
        if message:
            (self._log.error if failed else self._log.warning)(f"The texture {origin.called}: {message}")

    def device_lost(self) -> None:
        """What was shown went with it; it comes again where something shows it (Looks.reopen_lost)."""
        for feed in self._open.values():
            feed.shown = None

    def _end(self, feed: Feed) -> None:
        del self._open[feed.number]
        self._submission.encoder.feed_close(feed.number)

    def close(self) -> None:
        """No picture comes any more."""
        for feed in list(self._open.values()):
            if feed.live is not None:
                feed.live.gone()
            self._end(feed)
