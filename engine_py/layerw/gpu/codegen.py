"""Writes the command stream's code from spec.py: `python -m layerw.gpu.codegen [--check]`.

Owns: gpu/gen/{encoder,events,decoder}.py, web/gen/{commands,events,layouts,passes}.js, web/shaders/gen/*.wgsl,
wit/frame.wit.
`--check` writes nothing and exits with status 1 when a file is stale. Needs a checkout: an installed wheel has no
web/ beside it.

Does not: decide any layout; that is spec.py. Limits: commands have fixed sizes; only an event's last field may
be `text`. An event longer than 65,535 words has 0 in the header's word count, and its text's byte count tells
its size (a glTF document may be larger than 256 KiB).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from .codegen_common import validate
from .codegen_js import commands_js, events_js, layouts_js
from .codegen_materials import material_desc_py, material_py
from .codegen_passes import passes_js, targets_wgsl
from .codegen_python import decoder_py, encoder_py, events_py
from .codegen_wgsl import air_wgsl, blocks_wgsl, slots_wgsl
from .codegen_wit import frame_wit
from .kinds import slot_lists
from .kinds import validate as validate_kinds
from .passes import validate as validate_passes
from .spec import COMMANDS, EVENTS

ROOT = Path(__file__).resolve().parents[3]

OUTPUTS: dict[str, Callable[[], str]] = {
    "engine_py/layerw/gpu/gen/encoder.py": encoder_py,
    "engine_py/layerw/gpu/gen/events.py": events_py,
    "engine_py/layerw/gpu/gen/decoder.py": decoder_py,
    "web/gen/commands.js": commands_js,
    "web/gen/events.js": events_js,
    "web/gen/layouts.js": layouts_js,
    "web/shaders/gen/blocks.wgsl": blocks_wgsl,
    "web/shaders/gen/air.wgsl": air_wgsl,
    "web/gen/passes.js": passes_js,
    "engine_py/layerw/base/material_desc.py": material_desc_py,
    "engine_py/layerw/scene/material.py": material_py,
    "web/shaders/gen/targets.wgsl": targets_wgsl,
    "wit/frame.wit": frame_wit,
    **{f"web/shaders/gen/slots_{kind}.wgsl": partial(slots_wgsl, names) for kind, names in slot_lists().items()},
}


def stale(root: Path = ROOT) -> list[str]:
    """The generated files whose text differs from what spec.py gives now."""
    def text(path: Path) -> str:
        return path.read_text("utf-8") if path.is_file() else ""
    return [name for name, make in OUTPUTS.items() if text(root / name) != make()]


def main(arguments: list[str]) -> int:
    """Write the files, or with --check say which are stale."""
    validate(COMMANDS)
    validate(EVENTS)
    validate_passes()
    validate_kinds()
    old = stale()
    if "--check" in arguments:
        if old:
            print(f"Stale: {', '.join(old)}. Run `python -m layerw.gpu.codegen` and commit the result.")
        return 1 if old else 0
    for name in old:
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(OUTPUTS[name](), "utf-8")
        print(f"wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
