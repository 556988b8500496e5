"""Every example has the same state on the native host as without pictures, to the bit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PROGRAMS = [path for path in sorted([*EXAMPLES.glob("*.py"), *EXAMPLES.glob("*/main.py")])
            if "lw.App(" in path.read_text("utf-8")]  # others lie beside one

# One process for all: it is started once, and drivers print as they like. Frames that nobody sees are drawn only where
# later ones build on them, the commands of all are carried out.
STATES = """
import asyncio, json, sys
from pathlib import Path
from layerw.hosts.begin import begin
from layerw.hosts.headless import HeadlessHost
from layerw.hosts.native.host import native_host

FRAMES, SIZE = 4, (96, 64)

def state(program, make):
    frames = 2 if program.parent.name == "camp" else FRAMES  # its probes take minutes where a processor draws
    options = {"clock": "virtual", "frames": frames, "quality": "medium", "width": SIZE[0], "height": SIZE[1]}
    host = make(program.parent, options=options, size=SIZE)
    host.sink.is_watched = False
    app = asyncio.run(begin(program, host))
    host.step(app, frames)
    report = app.report(state_hash=True)
    app.close()
    return [report["state_hash"], report["states"], host.name, host.sink.commands["frame_end"]]

for text in sys.argv[2:]:
    found = [state(Path(text), make) for make in (HeadlessHost, native_host)]
    with open(sys.argv[1], "a") as file:
        file.write(json.dumps([text, found]) + chr(10))
"""


def test_every_example_has_one_state(adapter: None, tmp_path: Path) -> None:
    told = tmp_path / "states.jsonl"
    done = subprocess.run([sys.executable, "-c", STATES, told, *map(str, PROGRAMS)], capture_output=True, text=True,
                          timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    states = [json.loads(line) for line in told.read_text().splitlines()]
    assert [Path(text) for text, _ in states] == PROGRAMS
    for text, (headless, native) in states:
        assert headless[:2] == native[:2], text
        assert (headless[2], native[2]) == ("headless", "native") and native[3] == headless[3] >= 2
