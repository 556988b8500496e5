"""A hook of mkdocs: the pages of the gallery, one for each example, beside the pages of docs/.

Owns: their markdown, and their place in the navigation. The posters, the editor and what runs a program come after
mkdocs (build.py); without them a page shows the source.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from catalog import Example, catalog
from mkdocs.structure.files import File, Files

FOLDER = "gallery"
TITLE = "Gallery"
STYLE = Path(__file__).parent / "pages" / "site.css"


def on_config(config: Any) -> Any:
    """The gallery's place: after the page that it begins with."""
    pages: list[Any] = [{"All examples": f"{FOLDER}/index.md"}]
    for example in catalog():
        if not any(example.group in page for page in pages):
            pages.append({example.group: []})
        pages[-1][example.group].append({example.title: f"{FOLDER}/{example.name}.md"})
    config.nav.insert(1, {TITLE: pages})
    return config


def on_files(files: Files, config: Any) -> Files:
    """One page each, and one that shows all."""
    examples = catalog()
    files.append(File.generated(config, f"{FOLDER}/index.md", content=index(examples)))
    files.append(File.generated(config, "assets/site.css", content=STYLE.read_text("utf-8")))
    for example in examples:
        files.append(File.generated(config, f"{FOLDER}/{example.name}.md", content=page(example)))
    return files


def index(examples: list[Example]) -> str:
    """All posters, by group."""
    lines = [f"# {TITLE}", "", f"{len(examples)} programs, each about something that no other is about. All of "
             "them run here, in the page, and can be changed beside their picture.", ""]
    for group in dict.fromkeys(example.group for example in examples):
        lines += [f"## {group}", "", '<div class="lw-cards">']
        lines += [card(example) for example in examples if example.group == group]
        lines += ["</div>", ""]
    return "\n".join(lines)


def card(example: Example) -> str:
    """Raw HTML: mkdocs translates no links in it."""
    return (f'<a class="lw-card" href="{example.name}.html">{picture(example)}'
            f"<b>{html.escape(example.title)}</b><span>{inline(example.summary)}</span></a>")


def picture(example: Example) -> str:
    """Its poster."""
    return f'<img src="posters/{example.name}.webp" alt="" loading="lazy" width="640" height="360">'


def inline(text: str) -> str:
    """Text as HTML, with `code`."""
    parts = html.escape(text).split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))


def page(example: Example) -> str:
    """What it says, the stage and the editor, and its source for those without JavaScript."""
    note = ["", '!!! note', f"    {example.note}"] if example.note else []
    words = ["", *(part + "\n" for part in example.details)]
    others = [path for path in sorted(example.folder.glob("*.py")) if path != example.program] if example.folder else []
    more = [line for path in others
            for line in (f'??? note "{path.name}"', indented(fenced(path.read_text("utf-8"))), "")]
    return "\n".join([
        "---", "hide: [toc]", "---", f"# {example.title}", "", example.summary, *note, "",
        f'<div class="lw-example" data-name="{example.name}" data-program="{example.program.name}">',
        f'<div class="lw-stage">{picture(example)}</div></div>', "",
        fenced(example.source), *words, *(["The other files of it:", "", *more] if more else []),
        '<script type="module" src="../assets/playground.js"></script>', ""])


def fenced(source: str) -> str:
    return f"````python\n{source.rstrip()}\n````"


def indented(text: str) -> str:
    return "\n".join("    " + line if line else line for line in text.split("\n"))


