"""Which URL is which file, and under what policy: web/, runtime/, app/ and the two generated files.

Owns: the map from a decoded URL path to an asset and its headers. Does not speak HTTP.
Policy: names (or a `?v=` query) with a content digest are immutable, everything else is revalidated by ETag.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from hashlib import sha256
from pathlib import Path

from ..runtime.packages import NONE as NO_WHEELS
from ..runtime.packages import PageWheels
from .cache import Asset, Headers, Signature, content_etag, file_signature, read_regular
from .engine_zip import engine_signature, engine_zip
from .manifest import build_manifest
from .mime import content_type, is_compressible, is_content
from .paths import PathNotFound, resolve

IMMUTABLE = b"public, max-age=31536000, immutable"
REVALIDATE = b"no-cache"
# A digest is a part of its own between separators; a letter and a digit, so that a date is none.
_DIGEST = re.compile(r"(?:^|[.\-_])(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{8,64}(?=\.)")
_DIGEST_QUERY = re.compile(rb"(?:^|&)(?:v|h|hash|sha256)=[0-9a-f]{8,64}(?:&|$)")
_PAGES = ("/", "/index.html")


@dataclass(frozen=True, slots=True)
class Served:
    """One file that may be served, before it is read."""

    name: str  # of the file, for its type
    path: Path | None  # None = generated
    restricted: bool
    load: Callable[[int], tuple[bytes, Signature]]
    source: Callable[[], Signature]


class Mounts:
    """The served tree of docs: page, web/, kernels/, runtime/, engine/, app/."""

    def __init__(self, *, program: Path, runtime: Path, web: Path, engine: Path | None,
                 kernels: Path, folders: Mapping[str, Path] | None = None, wheels: PageWheels = NO_WHEELS) -> None:
        self.program = program.resolve()
        self.folders = dict(folders or {})  # /app/NAME/ -> a folder elsewhere
        self.roots = {"web": web, "runtime": runtime, "app": self.program.parent, "kernels": kernels}
        self.engine = engine
        self.wheels = wheels
        if wheels.wheels:
            self.roots["wheels"] = wheels.folder

    def owns(self, path: str) -> bool:
        """Tell whether a URL path belongs to the tree, whether or not the file exists."""
        return path in _PAGES or path.split("/", 2)[1] in (*self.roots, "engine")

    def find(self, path: str) -> Served:
        """Return the file behind a decoded URL path; raises PathNotFound or PathRefused."""
        if path in _PAGES:
            return _file(self.roots["web"], "index.html", restricted=False)
        if path == "/app/manifest.json":
            return self._manifest()
        if path == "/engine/layerw.zip" and self.engine is not None:
            return self._engine_zip(self.engine)
        mount, _, relative = path[1:].partition("/")
        root = self.roots.get(mount)
        if root is None:
            raise PathNotFound
        name, slash, inside = relative.partition("/")
        if mount == "app" and slash and name in self.folders:
            root, relative = self.folders[name], inside
        return _file(root, relative, restricted=is_program(path))

    def _manifest(self) -> Served:
        def load(bytes_max: int) -> tuple[bytes, Signature]:
            data = build_manifest(self.program, engine="zip" if self.engine else "wheel",
                                  folders=self.folders, wheels=self.wheels, place=_place(self.program))
            return data, (0, len(data))

        return Served("manifest.json", None, True, load, _never_fresh)

    def _engine_zip(self, package: Path) -> Served:
        def load(bytes_max: int) -> tuple[bytes, Signature]:
            signature = engine_signature(package)
            return engine_zip(package, self.roots["runtime"]), signature

        return Served("layerw.zip", None, False, load, lambda: engine_signature(package))


def _place(program: Path) -> str:
    """A name for the program's folder that does not say where it is."""
    return sha256(str(program.resolve().parent).encode()).hexdigest()[:8]


def _never_fresh() -> Signature:
    # Looking for modules may take long: that is done anew on a reader thread, never on the event loop to check a list.
    raise OSError("A generated list is never fresh.")


def is_program(path: str) -> bool:
    """Tell whether a URL path belongs to the user's program, which not every origin may read.

    Only files of types that worlds and models are made of are open to all: `main.py~`, `hello.py.bak` and `id_rsa`
    belong to the program as much as `main.py` does.
    """
    if not path.startswith("/app/"):
        return False
    return path == "/app/manifest.json" or not is_content(Path(path).suffix)


def _file(root: Path, relative: str, *, restricted: bool) -> Served:
    path = resolve(root, relative)
    # Freshness is asked of the path as it was named: where a symlink leads now, not where it led when it was read.
    named = root / relative
    return Served(path.name, path, restricted, lambda bytes_max: read_regular(path, bytes_max),
                  lambda: file_signature(named))


def make_asset(key: bytes, served: Served, bytes_max: int) -> Asset:
    """Read the file and prepare its headers. Runs on a reader thread."""
    data, signature = served.load(bytes_max)
    suffix = Path(served.name).suffix
    modified_s = signature[0] / 1e9 if served.path else None
    return Asset(key=key, data=data, etag=content_etag(data), signature=signature, source=served.source,
                 compressible=is_compressible(suffix), restricted=served.restricted,
                 common=common_headers(served, modified_s), page_name=served.name)


def common_headers(served: Served, modified_s: float | None) -> Headers:
    """Return the headers that every answer with this file carries, whatever its encoding."""
    suffix = Path(served.name).suffix
    immutable = served.path is not None and is_content_addressed(served.name)
    headers: Headers = [
        (b"content-type", content_type(suffix).encode("ascii")),
        (b"cache-control", IMMUTABLE if immutable else REVALIDATE),
        (b"accept-ranges", b"bytes"),
        (b"x-content-type-options", b"nosniff"),
        (b"vary", b"Accept-Encoding, Origin" if served.restricted else b"Accept-Encoding"),
        (b"cross-origin-resource-policy", b"same-origin" if served.restricted else b"cross-origin"),
    ]
    if not served.restricted:
        headers += [(b"access-control-allow-origin", b"*"), (b"timing-allow-origin", b"*"), EXPOSED]
    if modified_s is not None:
        headers.append((b"last-modified", formatdate(modified_s, usegmt=True).encode("ascii")))
    return headers


EXPOSED = (b"access-control-expose-headers", b"Content-Length, Content-Range, ETag, Accept-Ranges")


def is_content_addressed(name: str) -> bool:
    """Tell whether a file name carries a digest of its content, like `5-3-7.1a2b3c4d5e6f.glb`."""
    return _DIGEST.search(name) is not None


def has_digest_query(query: bytes) -> bool:
    """Tell whether a query names a digest, like `v=1a2b3c4d5e6f`."""
    return len(query) < 512 and _DIGEST_QUERY.search(query) is not None
