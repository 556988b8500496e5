"""Navigation: Recast's and Detour's sources, compiled with ours into layerw/_kernels/navigation.

    python engine_py/kernels/navigation.py            builds, or says in a sentence why there is none; exit status 0
    python engine_py/kernels/navigation.py --strict   the same, with status 1 then

Owns: the pinned archive, Debian's source package of recastnavigation 1.6.0, and how it is asked for. alone.py does the
rest. LAYERW_RECAST names the archive for machines that reach no mirror.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import alone  # beside this file, also in a build hook

from layerw_server.runtime.pins import Pin
from layerw_server.runtime.ranges import open_url

ARCHIVE = Pin("recastnavigation_1.6.0+dfsg.orig.tar.gz", 1190414,
              "d2f4a25e6e21d72f0cea4dd45152c790ffb312d7675582126602242102bdfec7")
PLACE = "r/recastnavigation/recastnavigation_1.6.0%2bdfsg.orig.tar.gz"
MIRRORS = (f"https://deb.debian.org/debian/pool/main/{PLACE}", f"http://deb.debian.org/debian/pool/main/{PLACE}",
           f"https://archive.ubuntu.com/ubuntu/pool/universe/{PLACE}")
FETCH_TIMEOUT_S = 20.0
FLAGS = ("-DDT_POLYREF64", "-DRC_DISABLE_ASSERTS")


def fetch(_: bool) -> bytes | None:
    """The archive from a mirror of Debian's or Ubuntu's; its sum is what counts."""
    for address in MIRRORS:
        try:
            with open_url(address, timeout_s=FETCH_TIMEOUT_S) as answer:
                data: bytes = answer.read(ARCHIVE.size_bytes + 1)
        except (OSError, ValueError):
            continue
        if len(data) == ARCHIVE.size_bytes:
            return data
    return None


MODULE = alone.Module(
    name="navigation", archive=ARCHIVE, inside="recastnavigation-1.6.0/",
    wanted=("Recast/", "Detour/", "DetourCrowd/", "License.txt"),
    sources=("Recast/Source/*.cpp", "Detour/Source/*.cpp", "DetourCrowd/Source/*.cpp"),
    includes=("Recast/Include", "Detour/Include", "DetourCrowd/Include"), defines=FLAGS, licence="License.txt",
    licence_as="LICENSE-Recast.txt", variable="LAYERW_RECAST", origin="Debian's mirrors", fetch=fetch,
    absent="Built without navigation: {error}. Everything else works; `make navigation` tries again.")

if __name__ == "__main__":
    sys.exit(alone.main(MODULE, sys.argv[1:]))
