"""Names of files as addresses.

A program names files as they are on its disk, `models/50% off.glb`, or as addresses, `models/50%25%20off.glb`. Both are
meant kindly: what can't be part of an address is escaped, what is escaped already stays.
"""

from __future__ import annotations

import re

_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def address(name: str) -> str:
    """The address of a name: a `%` that escapes nothing and every `#` are part of a file's name.

    Spaces and letters of other scripts are escaped by whoever asks the network; `?` starts a query, as in any address.
    """
    if name.startswith(("data:", "blob:")):
        return name
    return _LONE_PERCENT.sub("%25", name).replace("#", "%23")
