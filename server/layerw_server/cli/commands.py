"""The commands' options, one function each; see `layerw COMMAND --help`."""

from __future__ import annotations

import json
import shlex
import tempfile
import threading
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

import typer

from . import checks, together
from .checks import Backend, Host, Quality, Template, Textures, Thread
from .console import STDERR, CommandError, page_says, steps

if TYPE_CHECKING:
    from ..runtime.packages import PageWheels

HEADLESS_FRAMES = 600
Program = Annotated[Path, typer.Argument(
    metavar="APP", help="Your program: a .py file, or a folder with main.py.", show_default=False)]
BackendOption = Annotated[Backend, typer.Option(help="What draws; auto picks the best that works.")]
ThreadOption = Annotated[Thread, typer.Option(help="Where the engine runs: a worker keeps the page responsive.")]
MountOption = Annotated[list[str] | None, typer.Option(metavar="NAME=FOLDER", help=(
    "Another folder that APP reads as NAME/, for example models=../data/models; repeat it for more."))]


WithOption = Annotated[list[str] | None, typer.Option("--with", metavar="PACKAGE", help=(
    "A Python package that APP imports in the page, for example noise or 'msgpack>=1.1', besides those of its "
    "`# /// script` block; repeat it for more."))]


def ensure_wheels(program: Path, extra: list[str] | None, runtime: Path) -> PageWheels:
    """The packages that APP asks for, as wheels for the page."""
    from ..runtime.packages import resolve
    from ..runtime.requirements import requirements

    asked = requirements(program, extra or [])
    if not asked:
        return resolve([], runtime)
    with steps("Packages") as report:
        report(", ".join(asked), 0.1)
        found = resolve(asked, runtime)
        report(f"{len(found.wheels)} wheels", 1.0)
    return found


def ensure_runtime() -> Path:
    """The folder to serve as /runtime/, with progress."""
    from .. import runtime

    with steps("Runtime") as report:
        return runtime.ensure(report)


def export_single(program: Path, out: Path, export_to: Callable[[Path], object]) -> None:
    """Write one file out of an export that is made for it."""
    from ..tools.single import SingleError, write_single

    if out.suffix not in (".html", ".htm"):
        raise CommandError(f"--single writes one file, and {out} is no .html; try {out.with_suffix('.html')}.")
    if out.is_dir():
        raise CommandError(f"{out} is a folder; --single writes a file.")
    with tempfile.TemporaryDirectory() as folder:
        export_to(Path(folder) / "site")
        try:
            size = write_single(Path(folder) / "site", out)
        except SingleError as error:
            raise CommandError(str(error)) from None
    typer.echo(f"{out}: one file, {size / 1e6:.1f} MB; open it in a browser")


def poster_of(program: Path, poster: str, folders: Mapping[str, Path]) -> tuple[str, bytes]:
    """A poster's suffix and bytes."""
    if poster != "shot":
        try:
            return Path(poster).suffix.lower(), Path(poster).read_bytes()
        except OSError as error:
            raise CommandError(f"The poster {poster} can't be read: {error.strerror or error}.") from None
    native, result = checks.piece("tools.native_shot"), checks.piece("tools.shot_result")
    try:
        taken = native.take_native_shot(program, result.ShotOptions(size=(1280, 720), settled=True), dict(folders))
    except result.ShotError as error:
        raise CommandError(f"The poster can't be taken: {error}") from None
    if taken.png is None:
        raise CommandError("The poster can't be taken: the program drew nothing.")
    return ".png", taken.png


def ensure_parts(runtime: Path, report: Callable[[str, float], None]) -> Path | None:
    """What exports choose from, or None with a warning."""
    from ..runtime import slim

    parts = slim.ensure(runtime, report)
    if parts is None:
        STDERR.print("note: there is no node to compile with, so the export starts with all of Python and numpy")
    return parts


def run(
    program: Program,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 shows it to the network.")] = "127.0.0.1",
    backend: BackendOption = Backend.AUTO,
    thread: ThreadOption = Thread.WORKER,
    allow_origin: Annotated[list[str] | None, typer.Option(metavar="ORIGIN", help=(
        "Origin that may use the control endpoints and the WebSocket, for example http://192.168.1.5:8000; "
        "repeat it for more."))] = None,
    allow_host: Annotated[list[str] | None, typer.Option(metavar="HOST", help=(
        "Host name under which the server may be reached besides localhost; repeat it for more."))] = None,
    mount: MountOption = None,
    packages: WithOption = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Don't open a browser.")] = False,
    inspect: Annotated[bool, typer.Option("--inspect", help=(
        "Open the inspector (F9 in the page), and let it write into APP's source."))] = False,
    headless: Annotated[bool, typer.Option("--headless", help="Run it here, without a page and a picture.")] = False,
    native: Annotated[bool, typer.Option("--native", help="Run it here, in a window drawn by wgpu.")] = False,
    size: Annotated[str, typer.Option(metavar="WxH", help="With --native: of the window.")] = "1080x720",
    connect: Annotated[str | None, typer.Option(metavar="URL", show_default=False, help=(
        "With --headless: the address of `layerw serve`, whose room app.connect() joins."))] = None,
    frames: Annotated[int | None, typer.Option(min=2, max=100_000_000, show_default=str(HEADLESS_FRAMES), help=(
        "With --headless: frames of 1/60 s; with --native: the window closes after them."))] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --headless: print the figures as JSON.")] = False,
) -> None:
    """Serve APP on this machine until Ctrl-C and reload the page on every save.

    layerw run APP --headless --connect http://127.0.0.1:8000/ is a player without a page; --native opens a window.
    """
    path = checks.program(program)
    if native:
        raise typer.Exit(checks.piece("tools.native_run").run(path, checks.size(size), frames,
                                                             checks.folders(mount or [])))
    if headless:
        raise typer.Exit(together.headless(path, HEADLESS_FRAMES if frames is None else frames, connect, as_json))
    for option, is_given in (("--connect", connect is not None), ("--frames", frames is not None), ("--json", as_json)):
        if is_given:
            raise CommandError(f"{option} goes with --headless; add that, or leave {option} away for a page.")
    serve = checks.piece("http.serve")
    if port:
        serve.bind(host, port).close()  # a taken port is known before anything is obtained
    runtime = ensure_runtime()
    wheels = ensure_wheels(path, packages, runtime)
    query = {"backend": backend.value, "thread": thread.value}
    shown = {key: value for key, value in query.items() if value not in ("auto", "worker")}

    def ready(address: str) -> None:
        place, mark, token = address.partition("#")
        target = place + ("?" + urlencode(shown) if shown else "") + mark + token
        typer.echo(f"layerw is ready at {target} (Ctrl-C ends it)")
        if not no_open and serve.has_browser():
            threading.Thread(target=webbrowser.open, args=(target,), daemon=True).start()

    serve.serve(path, port, host, runtime=runtime, web=checks.web_folder(), allow_hosts=allow_host or [],
                allow_origins=allow_origin or [], folders=checks.folders(mount or []), wheels=wheels,
                open_browser=False, inspect=inspect, on_ready=ready, on_log=page_says)


def shot(
    program: Program,
    backend: BackendOption = Backend.AUTO,
    thread: ThreadOption = Thread.WORKER,
    size: Annotated[str, typer.Option(metavar="WxH", help="Size of the canvas in pixels.")] = "1080x720",
    frames: Annotated[int, typer.Option(min=1, max=1_000_000, help="Frames to run, 1/60 s each.")] = 60,
    settled: Annotated[bool, typer.Option("--settled", help="Go on until no tile is wanted.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="PNG", help="Write the last frame there (null draws none).",
                                             show_default=False)] = None,
    audio: Annotated[Path | None, typer.Option(metavar="WAV", help="Write there what is heard, 16 bits, 48 kHz.",
                                               show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")] = False,
    budget: Annotated[list[str] | None, typer.Option(metavar="NAME=MIB", help=(
        "Override one budget, for example gpu_mib=64; repeat it for more."))] = None,
    quality: Annotated[Quality, typer.Option(help="What app.quality is at first.")] = Quality.MEDIUM,
    query: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help=(
        "A parameter of the page's address that the program reads; repeat it for more."))] = None,
    mount: MountOption = None,
    packages: WithOption = None,
    timeout_s: Annotated[float, typer.Option(min=1, help="Give up after this many seconds.")] = 180.0,
    host: Annotated[Host, typer.Option(help="What runs it: native is this Python, drawn by wgpu, without a browser.")
                    ] = Host.BROWSER,
) -> None:
    """Run APP in headless Chromium, or natively, on a virtual clock; take a picture and figures.

    Exit status 1 when anything logged an error.
    """
    path, pair = checks.program(program), checks.size(size)
    checks.picture(out, backend)
    checks.sound_file(audio)
    asked = dict(text.partition("=")[::2] for text in query or [])
    if host is Host.NATIVE:
        for option, is_given in (("--backend", backend is not Backend.AUTO), ("--thread", thread is not Thread.WORKER),
                                 ("--with", bool(packages))):
            if is_given:
                raise CommandError(f"{option} goes with a page; leave it away with --host native.")
        options = checks.piece("tools.shot_result").ShotOptions(
            "auto", pair, frames, settled, "worker", timeout_s, checks.budgets(budget or []) or None, quality.value,
            audio is not None, asked)
        raise typer.Exit(checks.piece("tools.native_shot").shot(path, options, out=out, audio=audio, json=as_json,
                                                             folders=checks.folders(mount or [])))
    checks.playwright()
    runtime = ensure_runtime()
    raise typer.Exit(checks.piece("tools.shot").shot(
        path, backend=backend.value, thread=thread.value, size=pair, frames=frames, settled=settled, out=out,
        audio=audio, json=as_json, runtime=runtime, web=checks.web_folder(), timeout_s=timeout_s,
        quality=quality.value, budgets=checks.budgets(budget or []) or None, query=asked,
        folders=checks.folders(mount or []), wheels=ensure_wheels(path, packages, runtime)))


def bake(
    paths: Annotated[list[Path], typer.Argument(metavar="[SOURCE...] OUT", show_default=False, help=(
        "Elevations in metres (.npz with `elevation`, .tif, .png, .asc, .hgt), models (.glb, .gltf) or splats "
        "(.ply, .spz); and the folder for what is made. No SOURCE with --procedural."))],
    procedural: Annotated[str | None, typer.Option(metavar="NAME", show_default=False,
                                                   help=(
        "Make a world instead of reading one: island, archipelago, alps, desert, city, or a recipe (.toml)."))] = None,
    recipe_of: Annotated[str | None, typer.Option(metavar="NAME", show_default=False, help=(
        "Write a recipe of island, archipelago, alps, desert or city into OUT, to change and bake."))] = None,
    size_km: Annotated[float | None, typer.Option(min=1, max=128, show_default=False, help=(
        "With --procedural: kilometres a side."))] = None,
    seed: Annotated[int | None, typer.Option(min=0, show_default=False, help=(
        "With --procedural: equal seeds make equal worlds; by default 1, or what the recipe says."))] = None,
    levels: Annotated[int | None, typer.Option(min=1, max=16, show_default=False,
                                               help="Levels of the quadtree; by default from the size.")] = None,
    cell_m: Annotated[float | None, typer.Option(min=0.001, show_default=False, help=(
        "Metres between two samples of SOURCE; by default what the file says."))] = None,
    latitude: Annotated[float | None, typer.Option(min=-85, max=85, show_default=False, help=(
        "Latitude of SOURCE where its cells are in degrees."))] = None,
    key: Annotated[str, typer.Option(help="Name of the elevation array in SOURCE.")] = "elevation",
    heights_m: Annotated[str | None, typer.Option(metavar="LOW:HIGH", show_default=False, help=(
        "Metres that the darkest and the brightest grey of a .png stand for."))] = None,
    imagery: Annotated[Path | None, typer.Option(metavar="PICTURE", show_default=False, help=(
        "The ground from above: a GeoTIFF, or a picture of exactly the same ground."))] = None,
    texels: Annotated[int | None, typer.Option(min=16, max=1024, show_default=False,
                                               help="Side of a tile's texture in pixels.")] = None,
    quality: Annotated[int, typer.Option(min=1, max=100, help="Quality of the textures.")] = 84,
    dress: Annotated[bool, typer.Option("--dress", help="Put trees and rocks on the ground.")] = False,
    textures: Annotated[Textures | None, typer.Option(show_default=False, help=(
        "JPEG, or KTX2 as ETC1S (small) or UASTC (good); by default JPEG for worlds, ETC1S for models."))] = None,
    meshopt: Annotated[bool | None, typer.Option("--meshopt/--no-meshopt", show_default=False, help=(
        "Pack meshes (EXT_meshopt_compression); by default only those of models."))] = None,
    image_side: Annotated[int, typer.Option(min=4, max=16384, help="Largest side of a model's images.")] = 4096,
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 takes one for each core.")] = 0,
    scheduler: Annotated[str | None, typer.Option(metavar="ADDRESS", show_default=False, help=(
        "Make the tiles on a dask cluster (tcp://HOST:8786), with layerw[cluster]; --jobs is not used then."))] = None,
    probes: Annotated[bool, typer.Option("--probes", help=(
        "Run a program (SOURCE) in headless Chromium until its light probes have looked around; OUT is an .npz file "
        "that app.light_probes(file=...) reads."))] = False,
    timeout_s: Annotated[float, typer.Option(min=1, help="With --probes: give up after this many seconds.")] = 600.0,
    packages: WithOption = None,
) -> None:
    """Cut a height field into a world of streamed tiles (OGC 3D Tiles 1.1), or make models smaller, with levels of
    detail; many models become one tileset.

    layerw bake dem.tif world/ --imagery photo.tif

    layerw bake --procedural island world/

    layerw bake --recipe-of alps my.toml     then     layerw bake --procedural my.toml world/

    layerw bake statue.glb statue/        or        layerw bake city/*.glb city-tiles/

    layerw bake scan.ply scan.spz         or        layerw bake scan.spz scan.glb

    layerw bake --probes room.py light.npz
    """
    *sources, out = paths
    if probes:
        _bake_probes(sources, out, timeout_s, packages)
        return
    if recipe_of is not None:
        if sources or procedural:
            raise CommandError("bake --recipe-of NAME takes one path, the recipe to write: "
                               "layerw bake --recipe-of alps my.toml.")
        checks.piece("bake").cli_recipe(recipe_of, out)
        return
    if bool(sources) == bool(procedural):
        raise CommandError("bake needs SOURCE OUT, or --procedural island OUT.")
    module = checks.piece("bake")
    more = {} if texels is None else {"texels": texels}
    module.cli_bake(sources, out, procedural=procedural, seed=seed, levels=levels, jobs=jobs or None, cell_m=cell_m,
                    latitude=latitude, key=key, heights_m=checks.heights(heights_m), quality=quality, imagery=imagery,
                    textures=None if textures is None else textures.value, meshopt=meshopt,
                    side_max=image_side, dress=dress, size_km=size_km, scheduler=scheduler, **more)


def _bake_probes(sources: list[Path], out: Path, timeout_s: float, packages: list[str] | None) -> None:
    if len(sources) != 1:
        raise CommandError("bake --probes needs a program and an .npz file: layerw bake --probes room.py light.npz.")
    program = checks.program(sources[0])
    checks.probe_file(out)
    module = checks.piece("tools.probes")
    checks.playwright()
    runtime = ensure_runtime()
    grids = module.bake_probes(program, out, runtime=runtime, timeout_s=timeout_s,
                               wheels=ensure_wheels(program, packages, runtime))  # fmt: skip
    for grid in grids:
        x, y, z = grid.counts
        typer.echo(f"{x * y * z} light probes ({x} x {y} x {z}) around {tuple(grid.center.tolist())}")
    typer.echo(f"wrote {out}, {out.stat().st_size} bytes")


def export(
    program: Program,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to write: new, empty, or an older export.",
                                        show_default=False)],
    everything: Annotated[bool, typer.Option("--everything", help=(
        "Take all of the program's folder, also what its sources never name."))] = False,
    mount: MountOption = None,
    packages: WithOption = None,
    backend: BackendOption = Backend.AUTO,
    thread: ThreadOption = Thread.WORKER,
    unchecked: Annotated[bool, typer.Option("--unchecked", help=(
        "Write it also when a check finds a syntax error, a missing package or a missing file."))] = False,
    single: Annotated[bool, typer.Option("--single", help=(
        "Write one HTML file, which opens without a server; OUT is its name."))] = False,
    poster: Annotated[str | None, typer.Option(metavar="FILE|shot", help=(
        "A picture that the page shows until the first frame; shot takes one of the program, natively."))] = None,
    whole: Annotated[bool, typer.Option("--whole", help=(
        "Start with all of Python, numpy and the engine, also what the program never imports."))] = False,
) -> None:
    """Write APP as a static folder for any web host; it makes no request to anywhere else.

    What an older export wrote is replaced; .git, CNAME and all else in OUT stays.
    """
    path = checks.program(program)
    module = checks.piece("tools.export")
    runtime = ensure_runtime()
    shown = {"backend": backend.value, "thread": thread.value}
    attributes = {name: value for name, value in shown.items() if value not in ("auto", "worker")}
    options = module.ExportOptions(everything, checks.folders(mount or []), ensure_wheels(path, packages, runtime),
                                   attributes, unchecked)
    if poster is not None:
        options = replace(options, poster=poster_of(path, poster, options.folders))
    with steps("Export") as report:
        if not whole:
            options = replace(options, parts=ensure_parts(runtime, report))
        if single:
            return export_single(path, out, lambda folder: module.export_app(
                path, folder, runtime=runtime, web=checks.web_folder(), options=options, progress=report))
        made = module.export_app(path, out, runtime=runtime, web=checks.web_folder(), options=options, progress=report)
    for text in made.notes:
        STDERR.print(f"note: {text}", markup=False)
    typer.echo(f"{out}: {made.files} files, {made.size_bytes / 1e6:.1f} MB, of which a start fetches "
               f"{made.start_bytes / 1e6:.1f} MB (brotli); try it with: python -m http.server -d {out}")
    if made.kept:
        typer.echo(f"Kept, because the export did not write it: {', '.join(made.kept)}")
    if made.left_out:
        typer.echo(f"Left out, because the program never names it: {', '.join(made.left_out)} (--everything takes all)")


def runtime(
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the cache and obtain everything again.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Read every file; what is damaged is made anew.")] = False,
    path_only: Annotated[bool, typer.Option("--path", help="Print only the folder.")] = False,
) -> None:
    """Obtain, check and precompile Pyodide and numpy into the user's cache.

    Sources in order: the cache, LAYERW_RUNTIME_DIR, LAYERW_RUNTIME_URL, the official CDN, npm and PyPI.
    LAYERW_CACHE moves the cache; LAYERW_NODE names a node for precompiling.
    """
    from .. import runtime as parts

    if fresh:
        parts.clear()
    if check:
        with steps("Checking") as report:
            parts.check(report)
    folder = ensure_runtime()
    if path_only:
        typer.echo(str(folder))
        return
    kind = "precompiled" if parts.is_precompiled(folder) else "as shipped (no node was found: it boots slower)"
    typer.echo(f"Runtime ready, {kind}: {folder}")


def inspect(
    path: Annotated[Path, typer.Argument(metavar="FILE|TILESET", show_default=False, help=(
        "A .glb, .gltf, .ktx2, elevations, or a tileset (its folder or tileset.json)."))],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what a file holds, what its bytes are spent on, and what is wrong with it.

    Exit status 1 when something is wrong that keeps it from being shown as it should.
    """
    report = checks.piece("tools.inspection").inspect(path)
    typer.echo(json.dumps(report.json(), indent=2, ensure_ascii=False) if as_json else report.text())
    raise typer.Exit(1 if report.failed else 0)


def new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder that is new or empty.",
                                           show_default=False)],
    template: Annotated[Template, typer.Option("--template", "-t", help=(
        "; ".join(f"{one.value}: {one.says}" for one in Template) + "."))] = Template.EMPTY,
) -> None:
    """Begin a program: main.py with a test, CI and an editor's settings.

    Nothing that is there is overwritten.
    """
    written = checks.piece("tools.new").create(folder, template.value)
    for path in written:
        typer.echo(path)
    command = checks.piece("tools.new").command(template.value)
    STDERR.print(f"Now: cd {shlex.quote(str(folder))} && {command}", markup=False)


def doctor(
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Start Chromium and ask it too.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what this machine and its browser can do, and how to get what is missing.

    Exit status 1 when something is missing that `layerw run` needs.
    """
    findings = []
    for found in checks.piece("tools.doctor").examine(browser=browser):
        findings.append(found)
        if not as_json:
            typer.echo(f"{found.state:8} {found.name:14} {found.text}")
    if as_json:
        typer.echo(json.dumps([vars(found) for found in findings], indent=2, ensure_ascii=False))
    raise typer.Exit(1 if any(found.state == "fails" for found in findings) else 0)


def dap(
    program: Annotated[Path | None, typer.Argument(metavar="[APP]", show_default=False, help=(
        "The program to debug, which is served where it does not run yet; by default the one that runs."))] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, show_default=False,
                                      help="That of the `layerw run` to debug.")] = 0,
    listen: Annotated[int | None, typer.Option(metavar="PORT", min=0, max=65535, show_default=False, help=(
        "Take editors on 127.0.0.1:PORT, one after another, in place of standard input and output."))] = None,
) -> None:
    """Debug a program that `layerw run` serves: editors start this (Debug Adapter Protocol), see docs/debugging.md."""
    adapter = checks.piece("debugging.adapter")
    path = None if program is None else checks.program(program)
    if listen is None:
        raise typer.Exit(adapter.over_stdio(path, port))
    try:
        adapter.over_tcp(path, port, listen, lambda taken: typer.echo(f"layerw dap listens on 127.0.0.1:{taken}"))
    except OSError as error:
        raise CommandError(f"Can't listen on port {listen}: {error.strerror}; give another --listen.") from None
    except KeyboardInterrupt:
        pass


def register(app: typer.Typer) -> None:
    """Add every command to the application."""
    for command in (new, run, shot, bake, inspect, export, doctor, runtime, dap):
        app.command()(command)
