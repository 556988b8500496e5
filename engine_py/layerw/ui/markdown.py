"""A small Markdown: lines to a tree of blocks, which the page makes elements of. No HTML comes of it anywhere.

    block: [tag, inline...]  with tag "h1" to "h3", "p", "pre", "li" (of a list) or "ol" (of a numbered one)
    inline: text, or ["b" | "i" | "code", text], or ["a", text, address]

Limits: no nesting, tables, pictures or quotes. Links are http(s), mailto or relative; others stay words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Inline = str | list[str]
Block = list[object]
_INLINE = re.compile(
    r"\*\*(?P<b>[^*\n]{1,2000})\*\*|(?<!\w)[*_](?P<i>[^*_\n]{1,2000})[*_](?!\w)|`(?P<code>[^`\n]{1,2000})`"
    r"|\[(?P<a>[^\]\n]{1,2000})\]\((?P<href>[^)\s]{1,2000})\)")  # fmt: skip
_LINE = re.compile(r"(?P<h>#{1,3}) +(?P<head>.*)|[-*+] +(?P<li>.*)|\d{1,9}[.)] +(?P<ol>.*)|(?P<fence>```)")
_SAFE = re.compile(r"https?://|mailto:|(?![a-z][a-z0-9+.-]*:|//|\\)", re.IGNORECASE)


def blocks(text: str) -> list[Block]:
    """The tree of a text."""
    return list(_blocks(text.split("\n")))


def _blocks(lines: list[str]) -> Iterator[Block]:
    paragraph: list[str] = []
    code: list[str] | None = None
    for line in [*lines, ""]:
        found = _LINE.match(line)
        if code is not None:
            if found and found["fence"]:
                yield ["pre", "\n".join(code)]
                code = None
            else:
                code.append(line)
            continue
        if paragraph and (found or not line.strip()):
            yield ["p", *inlines(" ".join(paragraph))]
            paragraph = []
        if found is None:
            paragraph += [line.strip()] if line.strip() else []
        elif found["h"]:
            yield [f"h{len(found['h'])}", *inlines(found["head"])]
        elif found["fence"]:
            code = []
        else:
            kind = "li" if found["li"] is not None else "ol"
            yield [kind, *inlines(found[kind])]
    if code is not None:  # it was never closed
        yield ["pre", "\n".join(code[:-1])]


def inlines(text: str) -> list[Inline]:
    """Emphasis, code and links of a line."""
    found: list[Inline] = []
    at = 0
    for match in _INLINE.finditer(text):
        kind = str(match.lastgroup)
        kind = "a" if kind == "href" else kind
        if kind == "a" and not _SAFE.match(match["href"]):
            continue
        if match.start() > at:
            found.append(text[at : match.start()])
        found.append([kind, match[kind], match["href"]] if kind == "a" else [kind, match[kind]])
        at = match.end()
    return [*found, text[at:]] if at < len(text) else found
