"""Addresses inside of a glTF file, relative to that file. Owns nothing else.

Limits: a data URI has at most DATA_URI_CHARS_MAX characters. Percent-encoding stays as it is: whoever fetches
decodes it, once.
"""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from layerw.assets.gltf import GltfError

DATA_URI_CHARS_MAX = 64 * 1024 * 1024


def resolve_uri(base_url: str, uri: object, user: str) -> str:
    """`uri` as seen from the file at `base_url`; raises GltfError where it can't be fetched."""
    if not isinstance(uri, str) or not uri:
        raise GltfError(f"{user} has the uri {uri!r}; it must be a text.")
    if uri.startswith("data:"):
        if len(uri) > DATA_URI_CHARS_MAX:
            raise GltfError(f"{user} has a data URI of {len(uri)} characters; at most {DATA_URI_CHARS_MAX} are read.")
        return uri
    try:
        scheme = urlsplit(uri).scheme
        joined = urljoin(base_url, uri)
    except ValueError as error:
        raise GltfError(f"{user} has the uri {uri[:80]!r}, which is no URL: {error}.") from error
    if scheme not in ("", "http", "https"):
        raise GltfError(f"{user} has the uri {uri[:80]!r}; only relative, http, https and data URIs are fetched.")
    return joined
