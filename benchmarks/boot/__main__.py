"""Boot to the first frame of a small program, against bare Pyodide with `import numpy` of the same variant.

Owns: one exported site with a bare page beside it, alternating starts, and benchmarks/results/boot.{json,md}.
Method: one persistent profile is warmed by visiting every page twice; then every start is a new browser process on
that profile, the pages in turn, and the median of each counts. Milliseconds are since the page's navigation.
`export` is what `layerw export` writes, cut to what the program imports; the bare page has all of Python and numpy, as
`dev`, which is what `layerw run` serves; all on equal servers.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.site import RESULTS, ROOT
from layerw_server import runtime
from layerw_server.http.app import create_app
from layerw_server.http.background import background_server
from layerw_server.runtime import slim
from layerw_server.tools.browser import chromium_flags, find_chromium
from layerw_server.tools.export import ExportOptions, export_app

LIMIT = 1.3
PROGRAM = ROOT / "examples" / "hello.py"
BARE_JS = "() => globalThis.bootMarks"
LAYERW_JS = """() => {
  const report = document.querySelector('layer-w')?.host?.report;
  if (report?.errors?.length) throw new Error(report.errors.join('\\n'));
  const marks = report?.boot_marks_ms;
  return marks && 'first_frame' in marks ? marks : undefined;
}"""
ASK_JS = "() => { document.querySelector('layer-w')?.host?.request('report', 0); }"
Marks = dict[str, float]


@contextmanager
def pages(folder: Path, backend: str) -> Iterator[dict[str, str]]:
    """Serve the export and the development tree; yields the page's address by contender."""
    site = folder / "site"
    program = folder / "app" / PROGRAM.name
    program.parent.mkdir()
    shutil.copyfile(PROGRAM, program)
    whole = runtime.ensure()
    options = ExportOptions(parts=slim.ensure(whole, lambda text, done: None))
    export_app(program, site, runtime=whole, web=ROOT / "web", options=options)
    shutil.copyfile(ROOT / "web" / "index.html", site / "web" / "index.html")
    shutil.copyfile(Path(__file__).with_name("bare.html"), site / "web" / "bare.html")
    web = {"web": site / "web"}
    with ExitStack() as stack:
        export = stack.enter_context(background_server(create_app(program=site / "app" / PROGRAM.name, dev=False,
                                                                  runtime=site / "runtime", **web)))
        dev = stack.enter_context(background_server(create_app(program=program, runtime=whole, **web)))
        yield {"bare": f"{dev}web/bare.html", "export": f"{export}?backend={backend}",
               "dev": f"{dev}?backend={backend}"}


def start(playwright: Any, profile: Path, name: str, address: str) -> Marks:
    """One browser start on the profile: the page's marks."""
    context = playwright.chromium.launch_persistent_context(
        str(profile), executable_path=find_chromium(), args=chromium_flags(), headless=True,
        viewport={"width": 320, "height": 200})
    try:
        page = context.new_page()
        page.goto(address)
        script = BARE_JS if name == "bare" else LAYERW_JS
        for _ in range(400):
            if name != "bare":
                page.evaluate(ASK_JS)
            marks: Marks | None = page.evaluate(script)
            if marks:
                page.wait_for_timeout(400)  # let the browser write its caches
                return marks
            page.wait_for_timeout(250)
        raise TimeoutError(f"The page {address} showed no first frame within 100 s.")
    finally:
        context.close()


def measure(rounds: int, backend: str) -> dict[str, list[Marks]]:
    """All starts, by contender."""
    from playwright.sync_api import sync_playwright

    found: dict[str, list[Marks]] = {}
    with tempfile.TemporaryDirectory() as name, pages(Path(name), backend) as addresses, sync_playwright() as play:
        profile = Path(name) / "profile"
        for turn in range(-2, rounds):
            for contender, address in addresses.items():
                marks = start(play, profile, contender, address)
                print(turn, contender, marks, flush=True)
                if turn >= 0:
                    found.setdefault(contender, []).append(marks)
    return found


def table(found: dict[str, list[Marks]], backend: str) -> str:
    """Markdown: medians, and the ratio to the bare page."""
    total = {name: median(marks["first_frame"] for marks in runs) for name, runs in found.items()}
    lines = ["# Boot to the first frame, warm", "",
             f"Second browser start on one persistent profile, {backend}; ms since navigation, medians of "
             f"{len(found['bare'])} alternating starts; load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} "
             "cores. bare: Pyodide and `import numpy`. A start takes two cores: other work lengthens it unevenly.",
             "",
             "| page | ms | ratio to bare | asked | |", "|---|---|---|---|---|",
             f"| bare | {total['bare']:.0f} | | | |"]
    for name in ("export", "dev"):
        ratio = total[name] / total["bare"]
        verdict = "met" if ratio <= LIMIT else f"missed by {ratio / LIMIT:.2f}x"
        lines.append(f"| {name} | {total[name]:.0f} | {ratio:.2f} | <= {LIMIT} | {verdict} |")
    lines += ["", "Where the time goes (ms since navigation, medians):", ""]
    for name, runs in found.items():
        steps = sorted((median(m[step] for m in runs if step in m), step) for step in runs[-1])
        lines.append(f"- {name}: " + ", ".join(f"{step} {ms:.0f}" for ms, step in steps))
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description="Warm boot to the first frame against bare Pyodide and numpy.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--backend", default="webgl2")
    args = parser.parse_args()
    found = measure(args.rounds, args.backend)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "boot.json").write_text(json.dumps(found, indent=1) + "\n")
    text = table(found, args.backend)
    (RESULTS / "boot.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
