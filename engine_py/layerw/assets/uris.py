"""Addresses inside of a glTF file, relative to that file. Owns nothing else.

Limits: a data URI has at most DATA_URI_CHARS_MAX characters. Percent-encoding stays as it is: whoever fetches
decodes it, once.
"""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from layerw.assets.items import GltfError, Item, shown

DATA_URI_CHARS_MAX = 64 * 1024 * 1024


def resolve_uri(base_url: str, item: Item) -> str:
    """The `uri` of a buffer or an image as seen from the file at `base_url`; raises GltfError where none is fetched."""
    uri = item.text("uri")
    if not uri:
        raise item.error("has neither a uri nor a buffer view.")
    if uri.startswith("data:"):
        if len(uri) > DATA_URI_CHARS_MAX:
            raise item.error(f"has a data URI of {len(uri)} characters; at most {DATA_URI_CHARS_MAX} are read.")
        return uri
    try:
        scheme = urlsplit(uri).scheme
        joined = urljoin(base_url, uri)
    except ValueError as error:
        raise GltfError(f"{item.at('uri')} is {shown(uri)}, which is no URL: {error}.") from error
    if scheme not in ("", "http", "https"):
        raise item.wrong("uri", "relative, http, https or a data URI")
    if base_url.startswith("data:") and not scheme:
        raise item.wrong("uri", "a data URI or a whole address, because the model itself is a data URI")
    return joined
