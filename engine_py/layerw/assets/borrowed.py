"""Images beside a model's file: shares in what others may show too (content/shared.py), not this model's own.

Owns: one share for each image and use of it. A model is shown without those that failed, and with them once they came.
"""

from __future__ import annotations

from layerw.assets.materials import TextureDesc
from layerw.assets.plan import ContentPlan, SourceKey, left_out
from layerw.base.ports import ImageFile, OpenImage, SharedImage


class Borrowed:
    """One image: `handle` of its texture once it is there, `warning` while the model is shown without it."""

    def __init__(self, url: str) -> None:
        self.url, self.handle, self.warning = url, 0, ""
        self.share: SharedImage | None = None

    @property
    def is_over(self) -> bool:
        """Whether it is there, or has failed for now."""
        return self.share is not None and self.share.state in ("ready", "failed")


class BorrowedImages:
    """All of one model. open_image: where they come from; None: it has no images of others."""

    def __init__(self, open_image: OpenImage | None, max_side: int) -> None:
        self._open_image, self._max_side = open_image, max_side
        self._plan: ContentPlan | None = None
        self.by_desc: dict[TextureDesc, Borrowed] = {}

    def takes(self, plan: ContentPlan, source: SourceKey) -> bool:
        """Whether a source of a model's plan is an image that may be shared: it is opened here then."""
        if self._open_image is None or not isinstance(source, tuple) or source[0] != "image":
            return False
        self._plan = plan
        for image in plan.images:
            if image.source == source:
                self.by_desc[image.desc] = Borrowed(plan.sources[source].url)
        return True

    def step(self, priority: float) -> list[str]:
        """Once a frame; the warnings that are over."""
        healed: list[str] = []
        if self._open_image is None or self._plan is None:
            return healed
        for desc, image in self.by_desc.items():
            if image.handle:
                continue
            if image.share is None:
                image.share = self._open_image(image.url, ImageFile(desc.srgb, desc.sampler, desc.directions),
                                               self._max_side, priority)  # fmt: skip
            else:
                image.share.step()
            if image.share is None:
                continue
            if image.share.state == "ready":
                image.handle = image.share.picture[0]
                if image.warning:
                    healed.append(image.warning)
                    image.warning = ""
            elif image.share.state == "failed" and not image.warning:
                again = " It is asked for again." if image.share.may_heal else ""
                image.warning = left_out(self._plan, desc, image.share.error + again)
        return healed

    @property
    def are_over(self) -> bool:
        """Whether nothing is waited for."""
        return all(image.is_over for image in self.by_desc.values())

    @property
    def shown(self) -> dict[TextureDesc, Borrowed]:
        """Those that are there."""
        return {desc: image for desc, image in self.by_desc.items() if image.handle}

    @property
    def warnings(self) -> list[str]:
        """About those that are not."""
        return [image.warning for image in self.by_desc.values() if image.warning]

    @property
    def missing(self) -> list[SharedImage]:
        """The shares in those that failed, for now or for good."""
        return [image.share for image in self.by_desc.values() if image.share is not None and not image.handle]

    @property
    def gpu_bytes(self) -> int:
        """What they take on the GPU."""
        return sum(image.share.gpu_bytes for image in self.by_desc.values() if image.share is not None)

    def release(self) -> None:
        """Gives every share back."""
        for image in self.by_desc.values():
            if image.share is not None:
                image.share.release()
        self.by_desc.clear()
