"""Addresses as programs give them: a text or a pathlib.Path, checked at the line that gives it.

Owns nothing. Limits: URL_BYTES_MAX bytes, a data URI DATA_URI_BYTES_MAX.
"""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import PurePath

from layerw.base.checks import shown as shown_value
from layerw.base.errors import ConfigError, KindError

URL_BYTES_MAX = 16 * 1024
DATA_URI_BYTES_MAX = 64 * 1024 * 1024  # a data URI is the file itself
PROGRAM_FOLDER = PurePath("/app")  # where a page has the program's files (web/engine/boot.js)
SHOWN_CHARS = 96


def checked_address(given: object, call: str) -> str:
    """The URL that is meant, relative to the program's folder; a path's odd characters are percent-encoded.

    Raises:
        KindError: it is neither a text nor a path. ConfigError: it is empty, too long or no Unicode text.
    """
    if isinstance(given, PathLike):
        path = PurePath(fspath(given))
        if path.is_relative_to(PROGRAM_FOLDER):
            path = path.relative_to(PROGRAM_FOLDER)
        from urllib.parse import quote  # only here: it takes as long as a tenth of the engine

        url = quote(path.as_posix())
    elif isinstance(given, str):
        url = given
    else:
        raise KindError(f"{call} url is {shown_value(given)}; it takes a URL (str) or a pathlib.Path.")
    limit = DATA_URI_BYTES_MAX if url.startswith("data:") else URL_BYTES_MAX
    try:
        size = len(url.encode())
    except UnicodeEncodeError as error:
        raise ConfigError(f"{call} url is {shown_value(url)}; its character {error.start} is half of a pair, which no "
                          f"address can hold.") from error  # fmt: skip
    if not 0 < size <= limit:
        raise ConfigError(f"{call} url has {size} bytes; it must have 1 to {limit}.")
    return url


def shown(url: str) -> str:
    """A URL as messages name it: the beginning of a long one."""
    return url if len(url) <= SHOWN_CHARS else f"{url[:SHOWN_CHARS]}..."
