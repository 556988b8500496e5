"""What every benchmark does with its figures: holds them against what was asked, and keeps them."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.site import RESULTS


def verdict(ratio: float, asked: float, *, at_most: bool) -> str:
    """ "met", or by how much it was missed."""
    missed = ratio / asked if at_most else asked / ratio
    return "met" if missed <= 1 else f"missed by {missed:.2f}x"


def publish(name: str, document: Any, text: str) -> None:
    """Writes benchmarks/results/NAME.json and .md, and prints the tables."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(document) + "\n")
    (RESULTS / f"{name}.md").write_text(text)
    print(text)
