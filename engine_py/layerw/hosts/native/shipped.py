"""What a folder that `layerw build` made starts: the program in a window, or its picture in a file.

Owns: the options of a built program, and where it tells what goes wrong: on stderr, or, where there is none (a program
of Windows without a console), in log.txt beside what the program keeps. Does not: find its packages (start.py does).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TextIO

from layerw.base.errors import LayerwError
from layerw.base.user_folder import user_folder
from layerw.hosts.begin import begin_stepped
from layerw.hosts.native.host import native_host
from layerw.hosts.native.window import Window

SIZE_MIN_PX, SIZE_MAX_PX = 1, 8192
PICTURE_FRAMES = 60  # of 1/60 s, before a picture is taken


def main(root: Path, name: str, program: str, arguments: Sequence[str] | None = None) -> int:
    """Run the program of a built folder; the exit status.

    Args:
        root: the folder.
        name: what the program is called; what it keeps lies in a folder of that name.
        program: its file in root / "app".
        arguments: of the command line; None: this process's.
    """
    kept = user_folder() / name
    given = _parser(name).parse_args(arguments)
    if sys.stderr is not None:
        return _run(root / "app" / program, given, kept, sys.stderr)
    kept.mkdir(parents=True, exist_ok=True)
    with (kept / "log.txt").open("w", encoding="utf-8", buffering=1) as log, redirect_stdout(log), redirect_stderr(log):
        status = _run(root / "app" / program, given, kept, log)
    if status and sys.platform == "win32":  # else nobody would see that it is gone
        import ctypes

        ctypes.windll.user32.MessageBoxW(None, f"Something went wrong; {kept / 'log.txt'} says what.", name, 0x10)
    return status


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=name, allow_abbrev=False)
    parser.add_argument("--size", type=_size, default=(1080, 720), metavar="WxH", help="pixels, for example 1280x720")
    parser.add_argument("--frames", type=_count, metavar="N", help="end after so many frames")
    parser.add_argument("--picture", type=Path, metavar="PNG", help=(
        f"open no window: draw --frames frames ({PICTURE_FRAMES}) of 1/60 s and write the last one there"))
    return parser


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is not WIDTHxHEIGHT, for example 1280x720")
    pair = int(width), int(height)
    if not all(SIZE_MIN_PX <= side <= SIZE_MAX_PX for side in pair):
        raise argparse.ArgumentTypeError(f"{text}: each side must be {SIZE_MIN_PX} to {SIZE_MAX_PX} pixels")
    return pair


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of frames, 1 or more")
    return int(text)


def _run(program: Path, given: argparse.Namespace, kept: Path, told: TextIO) -> int:
    try:
        if given.picture is not None:
            return _picture(program, given, kept, told)
        window = Window(program, given.size, {"store": str(kept)})
        asyncio.run(window.run(lambda text: print(text, file=told), given.frames))
    except (LayerwError, OSError) as error:
        print(f"error: {error}", file=told)
        return 1
    except KeyboardInterrupt:
        return 0
    return 1 if window.host.errors else 0


def _picture(program: Path, given: argparse.Namespace, kept: Path, told: TextIO) -> int:
    from PIL import Image

    host = native_host(program.parent, given.size, {"clock": "virtual", "store": str(kept)})
    app = begin_stepped(program, host)
    host.step(app, given.frames or PICTURE_FRAMES)
    pixels = host.sink.picture()
    app.close()
    for text in host.errors:
        print(text, file=told)
    if pixels is None:
        print("error: Nothing was drawn.", file=told)
        return 1
    Image.fromarray(pixels[..., :3]).save(given.picture, "PNG")
    return 1 if host.errors else 0
