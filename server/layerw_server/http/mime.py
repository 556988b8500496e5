"""Content types by suffix, and which of them are worth compressing.

Owns: the three tables. Python's `mimetypes` reads the machine's registry, which differs from machine to machine
(on Windows `.js` is often text/plain), so that nothing here asks it.
"""

from __future__ import annotations

DEFAULT_TYPE = "application/octet-stream"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".py": "text/x-python; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".wgsl": "text/plain; charset=utf-8",
    ".glsl": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".glb": "model/gltf-binary",
    ".gltf": "model/gltf+json",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".svg": "image/svg+xml",
    ".ico": "image/x-icon",
    ".ktx2": "image/ktx2",
    ".hdr": "image/vnd.radiance",
    ".ogg": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".aac": "audio/aac",
    ".weba": "audio/webm",
    ".woff2": "font/woff2",
    ".zip": "application/zip",
    ".whl": "application/zip",
}
_PACKED = frozenset({".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".ktx2", ".ogg", ".mp3", ".oga", ".opus",
                     ".flac", ".m4a", ".aac", ".weba", ".woff2", ".gz", ".br", ".zst"})

# What worlds, models and their media are made of: any page may stream these.
_CONTENT = frozenset({".json", ".glb", ".gltf", ".bin", ".b3dm", ".i3dm", ".pnts", ".cmpt", ".subtree", ".png", ".jpg",
                      ".jpeg", ".webp", ".avif", ".gif", ".svg", ".ktx2", ".hdr", ".exr", ".npy", ".npz", ".ogg",
                      ".mp3", ".wav", ".flac", ".oga", ".opus", ".m4a", ".aac", ".weba", ".woff2", ".ttf",
                      ".otf"})  # fmt: skip


def content_type(suffix: str) -> str:
    """Return the content type of a file with this suffix (`.glb`); unknown ones are octet streams."""
    return TYPES.get(suffix.lower(), DEFAULT_TYPE)


def is_compressible(suffix: str) -> bool:
    """Tell whether trying to compress is worth the time. Archives are: ours hold stored, not deflated, members."""
    return suffix.lower() not in _PACKED


def is_content(suffix: str) -> bool:
    """Tell whether files with this suffix are content that any origin may read, rather than part of a program."""
    return suffix.lower() in _CONTENT
