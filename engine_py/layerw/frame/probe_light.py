"""Light probes from files: what `app.light_probes(file=...)` reads, and what `layerw bake --probes` asks a page for.

Owns: what is told where a file is missing or of something else; the program goes on with probes that look around.
"""

from __future__ import annotations

import json
import os
from os import PathLike
from typing import TYPE_CHECKING

from layerw.base.errors import KindError
from layerw.base.log import Log
from layerw.scene import probe_files
from layerw.scene.probes import LightProbes

if TYPE_CHECKING:
    from layerw.frame.probes import Probes


def take_file(probes: LightProbes, file: str | PathLike[str], log: Log) -> None:
    """Gives the probes what a file knows of them. Raises KindError: `file` is no path."""
    if not isinstance(file, (str, PathLike)):
        raise KindError(f"light_probes file is {type(file).__name__}; it takes the path of an .npz file.")
    path = os.fspath(file)
    try:
        if os.path.getsize(path) > probe_files.FILE_BYTES_MAX:
            raise probe_files.ProbeFileError(f"it has more than {probe_files.FILE_BYTES_MAX} bytes")
        with open(path, "rb") as opened:
            grids = probe_files.read(opened.read(probe_files.FILE_BYTES_MAX + 1))
    except OSError:
        log.info(f"There is no file {path!r} of light probes; they look around now. `layerw bake --probes PROGRAM "
                 f"{path}` makes it.")  # fmt: skip
        return
    except probe_files.ProbeFileError as error:
        log.warning(f"Light probes can't be read from {path!r}: {error}. They look around now.")
        return
    for grid in grids:
        if grid.fits(probes._center, probes._size, probes._grid.counts):
            probes._take(grid.light)
            return
    log.warning(f"{path!r} has no grid of light probes at {probes.center.tolist()} with sides of "
                f"{probes.size.tolist()} metres and {probes.counts} probes; they look around now. Bake it again.")


def bake_state(probes: Probes | None, *, settled: bool, begins: bool) -> str:
    """JSON for `layerw bake --probes`, in which a page is asked again until `progress` is 1. settled: whether all is
    loaded. begins: for the first time; what files said is captured anew then."""
    if probes is None or not probes.plan():
        return json.dumps({"grids": [], "progress": 1.0, "settled": settled})
    if begins:
        probes.begin_bake()
    return json.dumps({"grids": probes.plan(), "progress": probes.progress, "settled": settled})
