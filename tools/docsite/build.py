"""`make docs`: the documentation as a static site in build/docs, with every example live beside its source.

Owns: the order of the parts. mkdocs makes the pages (docs/ and gallery.py), esbuild the editor, play.py what runs the
examples, posters.py their pictures; strict.py and a service worker come last, over everything.
Limits: asks no other host for anything, neither here (the runtime is in the user's cache) nor in the page.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from layerw_server.tools import offline
from layerw_server.tools.export import HEADERS_FILE
from layerw_server.tools.replace import sums

from . import play, posters, strict, typed
from .catalog import ROOT, Example, catalog

SITE = ROOT / "build" / "docs"
CONFIG = ROOT / "mkdocs.yml"


def build(site: Path, examples: list[Example], *, config: Path = CONFIG, pictures: bool = True,
          whole: bool = False) -> None:  # fmt: skip
    """Write the site.

    Args:
        site: its folder, which is emptied.
        examples: those that run; the others show their source.
        config: of mkdocs.
        pictures: whether examples get posters that have none yet: some seconds each.
        whole: start with all of Python, numpy and the engine, which takes no choosing.
    """
    say("pages")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--config-file", config, "--site-dir", site]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, check=False)
    if done.returncode != 0:
        raise SystemExit(done.returncode)
    bundle(site)
    typed.write(site / "assets" / "typing")
    write_posters(site / "gallery" / "posters", examples, pictures=pictures)
    play.write(site, examples, lambda text, _: say(text), whole=whole)
    strict.make_strict(site)
    (site / "_headers").write_text(HEADERS_FILE, "utf-8")
    write_service_worker(site)


def bundle(site: Path) -> None:
    """The editor and what is around it, as one script of the site."""
    say("editor")
    command = [ROOT / "tools" / "node.sh", Path(__file__).parent / "bundle.mjs", site / "assets" / "playground.js"]
    subprocess.run(command, cwd=ROOT, check=True)


def write_posters(folder: Path, examples: list[Example], *, pictures: bool) -> None:
    """One WebP for each example of the gallery, a plain one for those without a picture."""
    folder.mkdir(parents=True, exist_ok=True)
    for example in catalog():
        if pictures and example in examples:
            say(f"poster of {example.name}, {examples.index(example) + 1} of {len(examples)}")
        taken = posters.poster(example) if pictures and example in examples else posters.plain()
        (folder / f"{example.name}.webp").write_bytes(taken)


def write_service_worker(site: Path) -> None:
    """The site for a visit without a network; playground.js says when."""
    offline.write_service_worker(site, sums(site))
    worker = site / offline.SERVICE_WORKER
    worker.write_text(worker.read_text("utf-8").replace("'web/offline", "'play/web/offline"), "utf-8")


def say(text: str) -> None:
    """On a terminal, one line that is written over."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tools.docsite",
                                     description="Write the documentation as a static site.")
    parser.add_argument("--site", type=Path, default=SITE, help="folder to write (default: build/docs)")
    parser.add_argument("--only", help="names of the examples that run, with commas; the others show their source")
    parser.add_argument("--no-posters", action="store_true", help="take no pictures")
    given = parser.parse_args()
    wanted = set(given.only.split(",")) if given.only else None
    examples = [example for example in catalog() if wanted is None or example.name in wanted]
    build(given.site.resolve(), examples, pictures=not given.no_posters)
    say("")
    print(f"{given.site / 'index.html'}: try it with: python -m http.server -d {given.site}")
