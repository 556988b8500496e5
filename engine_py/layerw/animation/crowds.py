"""Crowds: many characters of one file that are drawn from baked poses, each at its own clip and time.

Owns: which poses each member shows (kernels/animation/crowd.h), and the texels of that. Does not: make poses (bake.py),
or say what programs may (content/crowds.py). Limits: see bake.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from layerw.animation.bake import BakedClip, BakedSkin
from layerw.animation.poses import PoseTexels
from layerw.base.log import Log
from layerw.base.ports import F32, U32
from layerw.kernels.animation import ANIMATION

MEMBER = np.dtype([("clip", np.int32), ("time", np.float32), ("speed", np.float32), ("previous", np.int32),
                   ("previous_time", np.float32), ("blend", np.float32), ("gain", np.float32),
                   ("loop", np.uint32)])  # fmt: skip


def members_of(count: int) -> npt.NDArray[np.void]:
    """So many members, at the begin of the first clip."""
    found = np.zeros(count, MEMBER)
    found["speed"] = found["blend"] = found["loop"] = 1
    return found


@dataclass(slots=True, eq=False)
class Herd:
    """A crowd as it is drawn. parts: the first row of each part's rows, one a member, and the skin that moves them."""

    name: str
    members: npt.NDArray[np.void]
    clips: list[BakedClip]
    skins: dict[int, BakedSkin]
    parts: Sequence[tuple[int, int]]
    ended: Callable[[], None]  # hears that nobody of it lives
    layouts: list[_Layout] = field(default_factory=list)
    told: set[int] = field(default_factory=set)

    @property
    def texels(self) -> int:
        """What it takes: the poses, and a head and a fade of each member, for each skin."""
        return sum(skin.matrices.size // 4 + 2 * len(self.members) for skin in self.skins.values())

    @property
    def rows_end(self) -> int:
        """The row behind its last one."""
        return max((first for first, _ in self.parts), default=0) + len(self.members)


@dataclass(slots=True, eq=False)
class _Layout:
    """Where a skin's texels are. clips: as the kernel takes them; about: texels of a pose, first of the fades."""

    heads: int
    clips: F32
    about: U32


class Crowds:
    """`add` and `remove` herds; the animator steps, lays out and places them with its characters."""

    def __init__(self, log: Log) -> None:
        self.herds: list[Herd] = []
        self._log = log

    def step(self, dt_s: float) -> None:
        """Some seconds of the program pass."""
        seconds = np.array([dt_s], np.float32)
        for herd in self.herds:
            clips = _clips(herd.clips, 0, 0)
            ANIMATION.lw_crowd_step(herd.members, len(herd.members), clips, len(clips), seconds)

    def drop_dead(self, birth: U32) -> None:
        """Ends those without a member. birth: of each row of the table, 0: it is not alive."""
        for herd in list(self.herds):
            first = herd.parts[0][0]
            if not birth[first : first + len(herd.members)].any():
                self.herds.remove(herd)
                herd.ended()

    def fill(self, texels: PoseTexels, numbers: F32) -> None:
        """Its part of a new layout. numbers: where a row's head lies, by row."""
        for herd in self.herds:
            herd.layouts = []
            count = len(herd.members)
            for number, skin in herd.skins.items():
                heads, fades = texels.take(count), texels.take(count)
                poses, joints, _ = skin.matrices.shape
                first, size = texels.take(3 * poses * joints), 3 * joints
                texels.texels[first : first + poses * size] = skin.matrices.reshape(-1, 4)
                about = np.array([size, fades], np.uint32)
                herd.layouts.append(_Layout(heads, _clips(herd.clips, first, size), about))
                for row, own in herd.parts:
                    if own == number:
                        numbers[row : row + count] = np.arange(heads, heads + count)

    def place(self, texels: PoseTexels) -> None:
        """What each member shows now."""
        for herd in self.herds:
            count = len(herd.members)
            self._look(herd)
            for own in herd.layouts:
                heads, fades = texels.texels[own.heads :], texels.texels[int(own.about[1]) :]
                if ANIMATION.lw_crowd_heads(herd.members, count, own.clips, len(own.clips), own.about, heads, fades):
                    fading = bool((herd.members["blend"] < 1).any())
                    texels.touch(own.heads, 2 * count if fading else count)  # fades follow the heads

    def _look(self, herd: Herd) -> None:
        """Tells of clips that there are not, each once."""
        for column in ("clip", "previous"):
            numbers = herd.members[column]
            for number in {int(numbers.min(initial=0)), int(numbers.max(initial=0))}:
                if not 0 <= number < len(herd.clips) and number not in herd.told:
                    herd.told.add(number)
                    which = int(np.flatnonzero(numbers == number)[0])
                    self._log.error(f"{herd.name}: {column}[{which}] is {number}, but its clips are "
                                    f"{listed([clip.name for clip in herd.clips])}; it shows the nearest.")  # fmt: skip


def listed(names: list[str]) -> str:
    """Clips with their numbers, for people."""
    found = ", ".join(f"{number} {name!r}" for number, name in enumerate(names[:20]))
    return found + (" and more" if len(names) > 20 else "")


def _clips(clips: list[BakedClip], first: int, size: int) -> F32:
    """As kernels/animation/crowd.h has them, of a skin whose first texel and texels a pose these are."""
    return np.array([(first + size * clip.first, clip.poses - 1, clip.rate, clip.duration_s) for clip in clips],
                    np.float32)
