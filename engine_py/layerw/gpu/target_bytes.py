"""What the targets of a frame take on the GPU, from the rows of passes.py alone.

Owns: the rules by which targets share images (web/backends/common/plan.js and graph.js have the same; a test compares
both): a view's targets share an image where their lives do not meet, and views share them one after the other.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from layerw.gpu.passes import FORMAT_BYTES, PASSES, TARGETS, Pass, Target, flag


class SizedView(NamedTuple):
    """What the targets of a view depend on: flags, pixels as it is shown, and with the flag upscaled pixels that are
    drawn."""

    flags: int
    width: int
    height: int
    drawn: tuple[int, int] | None = None

    def sides(self, target: Target) -> tuple[int, int]:
        """A target's texels."""
        shown = (self.width, self.height)
        return target.sides(*(shown if target.shown else self.drawn or shown))


def targets_written(row: Pass) -> tuple[str, ...]:
    """What holds something else after it."""
    return row.targets_drawn if row.depth_write else tuple(filter(None, row.colors))


def targets_used(row: Pass) -> tuple[str, ...]:
    """What it reads, draws into or tests against."""
    return *row.targets_read, *row.targets_drawn


def live_passes(flags: int, passes: Sequence[Pass], targets: Sequence[Target],
                is_empty: Callable[[Pass], bool] = lambda _: False, *, seen: bool = True) -> list[Pass]:  # fmt: skip
    """The passes that run with these flags and whose results reach a target from outside, or one that is read; of
    targets that are the same, one. What draws nothing (`is_empty`) is left out where an earlier pass has written its
    target. seen: whether somebody looks at what is drawn outside; else only what later frames build on is."""
    is_upscaled = flags & flag("upscaled")
    same = {} if is_upscaled else {target.name: target.same for target in targets if target.same}
    wanted = [row.joined(same) for row in passes if row.runs(flags)]
    drawn = {name for row in wanted for name in targets_written(row)}
    reached = [target for target in targets if seen or not target.outside]
    read = {target.name for target in reached if (target.read or target.end) and target.name in drawn}
    needed = read or {target.name for target in reached if target.lasts}
    kept: list[Pass] = []
    for at, row in reversed(list(enumerate(wanted))):
        written = needed.intersection(targets_written(row))
        if not written or (is_empty(row) and (row.tiled or written <= _written_by(wanted[:at]))):
            continue
        needed.update(targets_used(row))
        kept.insert(0, row)
    return kept


def _written_by(rows: Sequence[Pass]) -> set[str]:
    return {name for row in rows for name in targets_written(row)}


def share_images(rows: Sequence[Pass], targets: Sequence[Target], *, upscaled: bool = False) -> list[Target]:
    """One target for each image that a view needs; what is read and never written needs none. upscaled: what is as
    large as the view is shown differs in size from the others."""
    return place_images(rows, targets, upscaled=upscaled)[0]


def place_images(rows: Sequence[Pass], targets: Sequence[Target], *,
                 upscaled: bool = False) -> tuple[list[Target], dict[str, int]]:  # fmt: skip
    """As share_images, and which of them each target has, by name."""
    by_name = {target.name: target for target in targets}
    images: list[tuple[Target, int]] = []  # with the last pass that uses it
    placed: dict[str, int] = {}
    written = {name for row in rows for name in targets_written(row)}
    for at, row in enumerate(rows):
        for name in targets_used(row):
            target = by_name[name]
            if target.lasts or name in placed or name not in written:
                continue
            last = max(later for later, other in enumerate(rows) if name in targets_used(other))
            free = (n for n, (image, until) in enumerate(images)
                    if until < at and _shape(image, upscaled) == _shape(target, upscaled))
            number = next(free, None)
            if number is None:
                number = len(images)
                images.append((target, last))
            else:
                images[number] = (images[number][0], last)
            placed[name] = number
    return [image for image, _ in images], placed


def _shape(target: Target, upscaled: bool) -> tuple[str | int, ...]:
    size = target.divide, target.side, target.height, target.mips
    return target.format, target.samples, *size, target.shown and upscaled


@lru_cache
def view_images(flags: int) -> tuple[Target, ...]:
    """The images of a view with these flags."""
    rows = live_passes(flags, PASSES, TARGETS)
    return tuple(share_images(rows, TARGETS, upscaled=bool(flags & flag("upscaled"))))


@lru_cache
def histories(flags: int) -> tuple[Target, ...]:
    """What a view with these flags keeps from frame to frame, two images of each."""
    written = {name for row in live_passes(flags, PASSES, TARGETS) for name in targets_written(row)}
    return tuple(target for target in TARGETS if target.history and target.name in written)


def history_bytes(view: SizedView) -> int:
    """What a view keeps from frame to frame."""
    return sum(2 * FORMAT_BYTES[target.format] * math.prod(view.sides(target))
               for target in histories(view.flags))


@lru_cache
def kept(flags: int) -> frozenset[Target]:
    """What a view with these flags draws into or reads of what all views share and keep."""
    used = {name for row in live_passes(flags, PASSES, TARGETS) for name in targets_used(row)}
    return frozenset(target for target in TARGETS if target.kept and not target.sized and target.name in used)


def kept_bytes(target: Target) -> int:
    """Of a target that all views share."""
    return FORMAT_BYTES[target.format] * math.prod(target.sides(0, 0))


@lru_cache
def shown_timers(flags: int) -> tuple[str, ...]:
    """What reports call the passes of a view with these flags, in order."""
    return tuple(dict.fromkeys(row.timer for row in live_passes(flags, PASSES, TARGETS)))


def atlas_bytes(size: tuple[int, int]) -> int:
    """Of the target whose size a command says."""
    return sum(FORMAT_BYTES[target.format] for target in TARGETS if target.sized) * size[0] * size[1]


def target_bytes(picture: tuple[int, int], views: Sequence[SizedView], atlas: tuple[int, int] = (0, 0)) -> int:
    """Bytes of all targets: a picture of this size with its canvas, what the views need one after the other, and the
    shadow atlas."""
    most: Counter[tuple[str, int, tuple[int, int], int]] = Counter()  # by what fits each other
    for view in views:
        own: Counter[tuple[str, int, tuple[int, int], int]] = Counter()
        for image in view_images(view.flags):
            own[image.format, image.samples, view.sides(image), image.texels(*view.sides(image))] += 1
        most |= own
    outside = sum(FORMAT_BYTES[target.format] * target.images for target in TARGETS if target.outside)
    inside = sum(FORMAT_BYTES[key[0]] * key[1] * key[3] * count for key, count in most.items())
    lasting = {target for view in views for target in kept(view.flags)}
    stays = sum(map(kept_bytes, lasting))
    return outside * picture[0] * picture[1] + inside + sum(map(history_bytes, views)) + stays + atlas_bytes(atlas)
