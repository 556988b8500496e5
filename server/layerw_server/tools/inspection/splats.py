"""A file of Gaussian splats: how many, their harmonics, where they lie, what they take."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from layerw.splats.packing import size_bytes
from layerw_server.bake.errors import BakeError
from layerw_server.bake.splats import read_file
from layerw_server.tools.inspection.report import ERROR, NOTE, Report, size

SUFFIXES = (".ply", ".spz")
FAINT = 1 / 255
LARGE = 0.1  # of the cloud's size


def inspect_splats(path: Path) -> Report:
    """All of it."""
    report = Report("Gaussian splats", path.name, [("bytes", size(path.stat().st_size))])
    try:
        found = read_file(path)
    except BakeError as error:
        report.find(ERROR, str(error).removeprefix(f"{path}: "))
        return report
    count, degree = len(found.position), found.harmonics.degree
    low, high = found.position.min(axis=0), found.position.max(axis=0)
    share = path.stat().st_size / count
    report.facts += [
        ("splats", f"{count:,}, {share:.1f} bytes each"),
        ("harmonics", f"degree {degree}" if degree else "none: colours are the same from all sides"),
        ("extent", " x ".join(f"{one:.2f}" for one in high - low) + " m"),
        ("half of them", " x ".join(f"{one:.2f}" for one in _middle_half(found.position)) + " m"),
        ("scales", f"{np.median(found.scale):.4g} m in the middle, {found.scale.max():.4g} m the largest"),
        ("on the GPU", f"{size(size_bytes(count, degree) + 4 * count)} ({size(size_bytes(count, 0) + 4 * count)} "
                       f"with degree=0)"),
    ]  # fmt: skip
    if found.is_smooth:
        report.facts.append(("alphas", "follow the blur of a pixel (antialiased training)"))
    faint = int((found.color[:, 3] < FAINT).sum())
    if faint:
        report.find(NOTE, f"{faint:,} of its splats are too faint to be seen.")
    large = int((found.scale.max(axis=1) > LARGE * float(np.linalg.norm(high - low))).sum())
    if large:
        report.find(NOTE, f"{large:,} of its splats are larger than a tenth of the whole.")
    report.data |= {"splats": count, "degree": degree, "low": low.tolist(), "high": high.tolist()}
    return report


def _middle_half(position: np.ndarray) -> np.ndarray:
    low, high = np.percentile(position, (25, 75), axis=0)
    found: np.ndarray = high - low
    return found
