"""How many bytes a frame uploads: as many as `upload_ms` take, as measured; more where frames take longer than FRAME_S,
as sparing milliseconds would only make such a machine wait for its tiles. Where frames take SLOW_S in
the mean, `bytes_max`: what uploads measure there is the wait for a picture, and nothing moves that could stutter.

Owns: what is known of the speed. Limits: `bytes_max` a frame, whatever the speed, and that until the first measurement;
BYTES_MIN a frame, however slow, so that everything arrives at last.
"""

from __future__ import annotations

BYTES_MIN = 64 * 1024
_KEEPS = 0.8  # of what older frames say, each time: a dozen frames with uploads count
_LEARN_BYTES = 4 * 1024  # less says nothing: the call itself is what takes its time
FRAME_S = 1 / 60  # of which upload_ms are a part
SLOW_S = 0.05  # a frame, in the mean: the clock tells 0.1 s at most, and pictures that queue up come in twos
_OLDER = 0.8  # of that mean: three long frames in a row reach it, a hitch or two do not
_SPAN_MS = 0.05  # clocks of browsers may be coarse, and then say 0


class UploadPace:
    """`learn` what frames measured, and set `frame_s`; `bytes_per_frame` follows."""

    def __init__(self, upload_ms: float, bytes_max: int) -> None:
        """upload_ms: milliseconds of a frame of FRAME_S; bytes_max: of a frame."""
        self.upload_ms, self.bytes_max = upload_ms, bytes_max
        self._frame_s = self._mean_s = FRAME_S
        self._bytes = self._ms = 0.0

    @property
    def frame_s(self) -> float:
        """What the last frame took, seconds."""
        return self._frame_s

    @frame_s.setter
    def frame_s(self, taken_s: float) -> None:
        self._frame_s = taken_s
        self._mean_s = _OLDER * self._mean_s + (1 - _OLDER) * taken_s

    @property
    def bytes_per_frame(self) -> int:
        """What this frame may upload."""
        if not self._bytes or self._mean_s >= SLOW_S:
            return self.bytes_max
        allowed = self.upload_ms * max(self.frame_s / FRAME_S, 1.0) * self._bytes / max(self._ms, _SPAN_MS)
        return int(min(max(allowed, BYTES_MIN), self.bytes_max))

    @property
    def bytes_per_ms(self) -> float | None:
        """The speed, None where nothing was measured."""
        return self._bytes / max(self._ms, _SPAN_MS) if self._bytes else None

    def learn(self, size_bytes: int, taken_ms: float) -> None:
        """A frame uploaded so many bytes in so many milliseconds."""
        if size_bytes < _LEARN_BYTES or not taken_ms >= 0.0:
            return
        self._bytes = _KEEPS * self._bytes + size_bytes
        self._ms = _KEEPS * self._ms + taken_ms
