"""What an address names on this machine: a file below a folder, or a data URI. For the headless host.

Owns nothing. Limits: no network; what is no file fails as a server's 404 would.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from layerw.gpu import spec
from layerw.hosts.faults import FetchFailed

SHOWN_CHARS = 96
Folders = Mapping[str, Path]
NO_FOLDERS: Folders = MappingProxyType({})


def local_path(root: Path, url: str, folders: Folders = NO_FOLDERS) -> Path | None:
    """The file that a URL names; None where it names none. folders: others, by the first part of what is theirs."""
    try:
        parts = urlsplit(url)
        first, _, rest = unquote(parts.path).partition("/")
        path = folders[first] / rest if first in folders else root / unquote(parts.path)
        return path if parts.scheme in ("", "file") and path.is_file() else None
    except (ValueError, OSError):  # no URL, a null byte, a name too long
        return None


def local_size(root: Path, url: str, folders: Folders = NO_FOLDERS) -> int:
    """Bytes behind a URL; 0 where there are none."""
    path = local_path(root, url, folders)
    return 0 if path is None else path.stat().st_size


def read_local(root: Path, url: str, max_bytes: int, folders: Folders = NO_FOLDERS) -> bytes:
    """The bytes behind a URL; raises FetchFailed."""
    if url.startswith("data:"):
        data = _data_uri(url)
        _check_size(url, len(data), max_bytes)
        return data
    path = local_path(root, url, folders)
    if path is None:
        raise FetchFailed(spec.FAIL_NETWORK, 404, 0, f"{url[:SHOWN_CHARS]} is not a file in {root.resolve()}.")
    _check_size(url, path.stat().st_size, max_bytes)
    return path.read_bytes()


def _check_size(url: str, size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise FetchFailed(spec.FAIL_TOO_LARGE, size, 0,
                          f"{url[:SHOWN_CHARS]} has {size} bytes; at most {max_bytes} were allowed.")  # fmt: skip


def _data_uri(url: str) -> bytes:
    head, comma, body = url.partition(",")
    try:
        if not comma:
            raise ValueError("it has no comma")
        return base64.b64decode(unquote(body), validate=True) if head.endswith(";base64") else unquote_to_bytes(body)
    except (ValueError, binascii.Error) as error:
        raise FetchFailed(spec.FAIL_NETWORK, 0, 0,
                          f"The data URI {url[:SHOWN_CHARS]} can't be read: {error}.") from error  # fmt: skip
