"""The options of `layerw build`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from . import checks
from .commands import MountOption, Program, WithOption, ensure_parts, ensure_runtime, ensure_wheels
from .console import STDERR, CommandError, steps


def build(
    program: Program,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to write: new, empty, or an older build.",
                                        show_default=False)],
    linux: Annotated[bool, typer.Option("--linux", help="For Linux: this machine's Python comes along.")] = False,
    windows: Annotated[bool, typer.Option("--windows", help="For 64-bit Windows, made on any system.")] = False,
    web: Annotated[bool, typer.Option("--web", help="For any web host: an export, with sums.")] = False,
    name: Annotated[str, typer.Option(help="What players start; by default APP's name.", show_default=False)] = "",
    python: Annotated[Path | None, typer.Option(metavar="PATH", show_default=False, help=(
        "A Python for the target: for --windows python.org's embeddable package (.zip), for both the folder or archive "
        "of a standalone build."))] = None,
    sign: Annotated[Path | None, typer.Option(metavar="KEY", show_default=False, help=(
        "Sign the list of sums with this SSH key."))] = None,
    everything: Annotated[bool, typer.Option("--everything", help=(
        "Take all of the program's folder, also what its sources never name."))] = False,
    mount: MountOption = None,
    packages: WithOption = None,
) -> None:
    """Write APP as a folder to give away: it runs where neither Python nor layerw is installed.

    layerw build game.py out/game --linux        layerw build game.py out/game --windows --python python-embed.zip

    layerw build game.py out/site --web --sign ~/.ssh/id_ed25519
    """
    if linux + windows + web != 1:
        raise CommandError("build needs one of --linux, --windows and --web.")
    if web and python is not None:
        raise CommandError("--python goes with --linux and --windows; a page brings its own.")
    path, folders, module = checks.program(program), checks.folders(mount or []), checks.piece("tools.building")
    target = module.Target.LINUX if linux else module.Target.WINDOWS if windows else module.Target.WEB
    options = module.BuildOptions(name, everything, folders, tuple(packages or ()), python, sign)
    prepared = (ensure_runtime(), checks.web_folder()) if web else None
    wheels = ensure_wheels(path, packages, prepared[0]) if prepared else None
    with steps("Build") as report:
        export = None
        if prepared:
            exporting, (runtime, page) = checks.piece("tools.export"), prepared
            given = exporting.ExportOptions(everything, folders, wheels, parts=ensure_parts(runtime, report))
            export = partial(exporting.export_app, path, runtime=runtime, web=page, options=given)
        made = module.build_app(path, target, out, options, export=export, progress=report)
    for text in made.notes:
        STDERR.print(f"note: {text}", markup=False)
    needs = f"Python {made.python}" + (f", glibc {made.glibc} or newer" if made.glibc else "")
    typer.echo(f"{out}: {made.files} files, {made.size_bytes / 1e6:.1f} MB"
               + (f"; players start {made.start} ({needs})" if made.python else ""))  # fmt: skip
    typer.echo(f"Sums: {out / 'SHA256SUMS'}" + (f", signed by {sign}" if sign else ""))
    if made.kept:
        typer.echo(f"Kept, because the build did not write it: {', '.join(made.kept)}")
    if made.left_out:
        typer.echo(f"Left out, because the program never names it: {', '.join(made.left_out)} (--everything takes all)")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(build)
