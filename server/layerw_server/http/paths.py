"""From the path of a request to a file that may be served: canonicalise first, then authorise.

Owns: decoding a raw URL path (once), and resolving it under a root. Does not read files.
Limits: hidden files, caches and names that some platform reads differently are not found, by design.
Source: the list in docs/security.md; RFC 3986.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

PATH_BYTES_MAX = 2048
SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "site-packages", "venv"})
_ESCAPE = re.compile(rb"%(..)?", re.DOTALL)
_HEX = re.compile(rb"[0-9A-Fa-f]{2}")
# `:` names drives and streams on Windows; `\` separates there; the rest are control characters.
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\\:\u2028\u2029]")


class PathRefused(Exception):
    """The path is malformed (400). The text is a full sentence without the path itself."""


class PathNotFound(Exception):
    """There is no such file that may be served (404)."""


def decode_path(raw_path: bytes) -> str:
    """Percent-decode a URL path exactly once and check its form; raises PathRefused."""
    if len(raw_path) > PATH_BYTES_MAX:
        raise PathRefused(f"The path has {len(raw_path)} bytes; the limit is {PATH_BYTES_MAX}.")
    if not raw_path.startswith(b"/"):
        raise PathRefused("The path does not start with a slash.")
    try:
        text = _ESCAPE.sub(_unescape, raw_path).decode("utf-8")
    except UnicodeDecodeError:
        raise PathRefused("The path is not UTF-8 after percent-decoding.") from None
    if _FORBIDDEN.search(text):
        raise PathRefused("The path holds a control character, a backslash or a colon.")
    return text


def _unescape(match: re.Match[bytes]) -> bytes:
    digits = match[1]
    if digits is None or not _HEX.fullmatch(digits):
        raise PathRefused("The path holds a percent sign without two hexadecimal digits.")
    value = bytes([int(digits, 16)])
    if value == b"/":
        raise PathRefused("The path holds an encoded slash.")
    return value


def resolve(root: Path, relative: str) -> Path:
    """Return the canonical path of the regular file `relative` (decoded, slashes) under `root`.

    A symlink is followed, then judged by where it leads: outside of `root`, or to a hidden file, is not found.

    Raises:
        PathRefused: a segment is empty, `.` or `..`.
        PathNotFound: no regular file that may be served.
    """
    parts = relative.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise PathRefused("The path holds an empty segment, a `.` or a `..`.")
    if not all(is_served_name(part) for part in parts):
        raise PathNotFound
    try:
        real_root = os.path.realpath(root, strict=True)
        real = os.path.realpath(os.path.join(real_root, *parts), strict=True)
        mode = os.stat(real).st_mode
        # commonpath compares whole segments: `static_x` is not inside of `static`.
        inside = os.path.commonpath([real_root, real]) == real_root
    except (OSError, ValueError):  # ValueError: another drive, or a device name of Windows
        raise PathNotFound from None
    if not inside or not stat.S_ISREG(mode):
        raise PathNotFound
    if not all(is_served_name(part) for part in os.path.relpath(real, real_root).split(os.sep)):
        raise PathNotFound
    return Path(real)


def is_served_name(name: str) -> bool:
    """Tell whether a file or folder of this name may be served: not hidden, no cache, no alternate spelling."""
    return not name.startswith(".") and not name.endswith((".", " ")) and name not in SKIPPED_FOLDERS


def printable(text: str | bytes, length_max: int = 120) -> str:
    """Make foreign text safe for one line of a log or a terminal: ASCII, escaped, cut."""
    if isinstance(text, bytes):
        text = text[: length_max + 1].decode("latin-1")
    shown = text[:length_max].encode("unicode_escape").decode("ascii")
    return shown + "..." if len(text) > length_max else shown
