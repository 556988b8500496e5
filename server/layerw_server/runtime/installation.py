"""How this layerw was installed, for messages that say how to mend it."""

from __future__ import annotations

from pathlib import Path


def is_checkout() -> bool:
    """Whether the sources lie in their repository, with its Makefile."""
    return (Path(__file__).parents[3] / "Makefile").is_file()


def repair(extra: str = "") -> str:
    """The command that completes the installation: `make` is there only in a checkout."""
    wanted = f"layerw[{extra}]" if extra else "layerw"
    return "run `make setup`" if is_checkout() else f"run `pip install --upgrade '{wanted}'`"
