"""Sound files: what one is and how long it lasts, told from its bytes; WAV is decoded here as well.

Owns: the headers of WAV, Ogg (Vorbis, Opus), FLAC, MP3 and MP4, read before anybody decodes: a file of an hour is
refused while it is small. Does not: decode what is compressed; a page does.
Source: RIFF/WAVE, RFC 3533, 7845, 9639, ISO 11172-3.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layerw.base.errors import LayerwError

F32 = npt.NDArray[np.float32]
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
CHANNELS_MAX = 2
RATE_MIN, RATE_MAX = 3000, 192_000
_MP3_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)  # MPEG 1, layer III
_MP3_KBPS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)  # MPEG 2 and 2.5


class FormatError(LayerwError, ValueError):
    """Bytes that are no sound file, or one that is damaged."""


class Head(NamedTuple):
    """What a file says of itself; seconds: 0 where it does not say."""

    format: str
    seconds: float
    channels: int
    rate: int


def read_head(data: bytes) -> Head:
    """What the file is.

    Raises:
        FormatError: none of those that are known.
    """
    try:
        if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
            wav = _wav(data)
            return Head("WAV", len(wav.body) / wav.frame_bytes / wav.rate, wav.channels, wav.rate)
        if data[:4] == b"OggS":
            return _ogg(data)
        if data[:4] == b"fLaC":
            packed = int.from_bytes(data[18:26], "big")  # 20 bits rate, 3 channels, 5 depth, 36 samples
            rate = packed >> 44
            return Head("FLAC", (packed & (1 << 36) - 1) / rate, (packed >> 41 & 7) + 1, rate)
        if data[4:8] == b"ftyp":
            return _mp4(data)
        if data[:4] == b"\x1a\x45\xdf\xa3":
            return Head("WebM", 0.0, 2, 48_000)
        if data[:3] == b"ID3" or (len(data) > 4 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0):
            return _mp3(data)
    except (struct.error, IndexError, ZeroDivisionError, ValueError) as error:
        raise FormatError(f"it is damaged: {_fault(error)}") from error
    begins = data[:8].hex(" ") if data else "nothing"
    raise FormatError(f"it is no sound file: WAV, Ogg, FLAC, MP3, MP4 and WebM are, and it begins with {begins}")


class _Wav(NamedTuple):
    kind: int
    channels: int
    rate: int
    bits: int
    frame_bytes: int
    body: memoryview


def _wav(data: bytes) -> _Wav:
    at, form = 12, None
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        if name == b"fmt ":
            kind, channels, rate, _, frame_bytes, bits = struct.unpack_from("<HHIIHH", data, at + 8)
            if kind == EXTENSIBLE:
                (kind,) = struct.unpack_from("<H", data, at + 8 + 24)
            form = kind, channels, rate, bits, frame_bytes
        elif name == b"data":
            if form is None:
                raise ValueError("its samples come before their format")
            kind, channels, rate, bits, frame_bytes = form
            if not (frame_bytes and RATE_MIN <= rate <= RATE_MAX and frame_bytes == channels * bits // 8):
                raise ValueError(f"{channels} channels of {bits} bits at {rate} Hz in {frame_bytes} bytes")
            body = memoryview(data)[at + 8 : at + 8 + size]  # a stream's size may be too large
            return _Wav(kind, channels, rate, bits, frame_bytes, body[: len(body) // frame_bytes * frame_bytes])
        at += 8 + size + size % 2
    raise ValueError("it has no samples")


def _fault(error: Exception) -> str:
    """What is wrong, in words that are not Python's."""
    if isinstance(error, struct.error | IndexError):
        return "it ends within its head"
    return "its head has a 0 that is none" if isinstance(error, ZeroDivisionError) else str(error)


def decode_wav(data: bytes) -> tuple[F32, int]:
    """(channels, n) float32 from -1 to 1, and samples a second; of more than two channels the first two.

    Raises:
        FormatError: it is damaged, or compressed inside.
    """
    try:
        wav = _wav(data)
    except (struct.error, ValueError) as error:
        raise FormatError(f"it is damaged: {_fault(error)}") from error
    samples = _samples(wav).reshape(-1, wav.channels)[:, :CHANNELS_MAX]
    if not len(samples):
        raise FormatError("it is damaged: it has no samples")
    return np.ascontiguousarray(samples.T), wav.rate


def _samples(wav: _Wav) -> F32:
    if (wav.kind, wav.bits) in ((FLOAT, 32), (FLOAT, 64)):
        found: F32 = np.frombuffer(wav.body, f"<f{wav.bits // 8}").astype(np.float32)
        found[~np.isfinite(found)] = 0
        return found
    if wav.kind == PCM and wav.bits == 8:
        return (np.frombuffer(wav.body, np.uint8).astype(np.float32) - np.float32(128)) * np.float32(1 / 128)
    if wav.kind == PCM and wav.bits in (16, 32):
        scale = np.float32(2.0 ** (1 - wav.bits))
        return np.frombuffer(wav.body, f"<i{wav.bits // 8}").astype(np.float32) * scale
    if wav.kind == PCM and wav.bits == 24:
        parts = np.frombuffer(wav.body, np.uint8).reshape(-1, 3).astype(np.int32)
        return (parts[:, 0] << 8 | parts[:, 1] << 16 | parts[:, 2] << 24).astype(np.float32) * np.float32(2.0**-31)
    raise FormatError(f"it is a WAV of kind {wav.kind} with {wav.bits} bits; whole numbers of 8, 16, 24, 32 bits and "
                      "floats of 32, 64 are read")  # fmt: skip


def encode_wav(samples: npt.NDArray[np.int16], rate: int) -> bytes:
    """A WAV file; samples: (n, channels) int16."""
    channels, body = samples.shape[1], samples.astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", PCM, channels, rate, rate * channels * 2, channels * 2, 16)
    parts = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(parts)) + parts


def _ogg(data: bytes) -> Head:
    last = data.rfind(b"OggS")
    (samples,) = struct.unpack_from("<q", data, last + 6)  # of the last page that begins here
    vorbis, opus = data[:256].find(b"\x01vorbis"), data[:256].find(b"OpusHead")
    if vorbis >= 0:
        channels, rate = struct.unpack_from("<BI", data, vorbis + 11)
        return Head("Ogg", max(samples, 0) / rate, channels, rate)
    if opus >= 0:
        return Head("Ogg", max(samples, 0) / 48_000, data[opus + 9], 48_000)
    raise FormatError("it is an Ogg file without Vorbis or Opus sound")


def _mp4(data: bytes) -> Head:
    at = data.find(b"mvhd")
    if at < 0:
        return Head("MP4", 0.0, 2, 48_000)
    if data[at + 4] == 1:
        scale, length = struct.unpack_from(">IQ", data, at + 24)
    else:
        scale, length = struct.unpack_from(">II", data, at + 16)
    return Head("MP4", length / scale, 2, 48_000)


def _mp3(data: bytes) -> Head:
    at = 0
    if data[:3] == b"ID3":
        a, b, c, d = data[6:10]
        at = 10 + (a << 21 | b << 14 | c << 7 | d)
    while at + 4 <= len(data) and not (data[at] == 0xFF and data[at + 1] & 0xE0 == 0xE0):
        at += 1
    version, layer, bitrate = data[at + 1] >> 3 & 3, data[at + 1] >> 1 & 3, data[at + 2] >> 4
    rate_code = data[at + 2] >> 2 & 3
    if version == 1 or rate_code == 3 or bitrate in (0, 15):
        raise ValueError("its first frame has no bit rate")
    if layer != 1:  # ADTS (AAC) has 0 there; its frames say no bit rate
        return Head("AAC", 0.0, 2, 48_000)
    rate = (44_100, 48_000, 32_000)[rate_code] >> {3: 0, 2: 1, 0: 2}[version]
    kbps = (_MP3_KBPS if version == 3 else _MP3_KBPS_2)[bitrate]
    samples_a_frame = 1152 if version == 3 else 576
    for name in (b"Xing", b"Info"):  # a variable bit rate says how many frames
        mark = data.find(name, at, at + 200)
        if mark >= 0 and data[mark + 7] & 1:
            frames = int.from_bytes(data[mark + 8 : mark + 12], "big")
            return Head("MP3", frames * samples_a_frame / rate, 2, rate)
    return Head("MP3", (len(data) - at) * 8 / (kbps * 1000), 2, rate)
