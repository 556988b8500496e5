"""Where boxes lie: rows, columns and grids as a page's flex boxes lay them out, as far as widgets need it.

Owns: `measure` (how large a box wants to be in some width) and `place` (where it and what lies in it are). What was
measured is kept in the box until `forget`.
"""

from __future__ import annotations

from layerw.ui.native import text
from layerw.ui.native.boxes import COLUMN, GRID, PICTURE, ROW, ROWS, TEXT, Box, Look
from layerw.ui.native.css import Length

FAR = 1e6


def measure(box: Box, room: float) -> tuple[float, float]:
    """Its size, without margin, where there is so much room across."""
    found = box.measured.get(room)
    if found is None:
        if len(box.measured) > 8:
            box.measured.clear()
        found = box.measured[room] = _measure(box, room)
    return found


def edges(look: Look) -> tuple[float, float]:
    """What padding and border take, across and down."""
    top, right, bottom, left = look.padding
    return left + right + 2 * look.line_px, top + bottom + 2 * look.line_px


def _limited(value: float, low: Length | None, high: Length | None, room: float) -> float:
    value = min(value, high.of(room)) if high is not None else value
    return max(value, low.of(room)) if low is not None else value


def _measure(box: Box, room: float) -> tuple[float, float]:
    look = box.look
    across, down = edges(look)
    whole = look.width.of(room) if look.width is not None else room
    whole = min(_limited(whole, look.width_min, look.width_max, room), max(room, across))
    width, height = _content(box, max(whole - across, 0.0))
    width = look.width.of(room) if look.width is not None else width + across
    height = look.height.px if look.height is not None and look.height.px else height + down
    width = min(_limited(width, look.width_min, look.width_max, room), room)
    return width, _limited(height, look.height_min, look.height_max, FAR)


def row_height(look: Look) -> float:
    """Of a list."""
    return look.size * look.leading + 0.6 * look.size


def _content(box: Box, room: float) -> tuple[float, float]:
    look = box.look
    if box.kind == TEXT:
        said = lines_of(box, room)
        return max(one[2] for one in said) * look.size, len(said) * look.size * look.leading
    if box.kind == PICTURE:
        width, height = box.picture_size
        scale = min(1.0, room / width) if width else 1.0
        return width * scale, height * scale
    if box.kind == ROWS:
        return 0.0, row_height(look) * len(box.rows)
    children = list(box.shown())
    if not children:
        return 0.0, 0.0
    if box.kind == COLUMN:
        sizes = [outer(child, room) for child in children]
        return max(w for w, _ in sizes), sum(h for _, h in sizes) + look.gap * (len(sizes) - 1)
    if box.kind == ROW:
        lines = wrapped(box, children, room)
        wide = max(sum(w for _, w, _ in line) + look.gap * (len(line) - 1) for line in lines)
        return wide, sum(max(h for _, _, h in line) for line in lines) + look.gap * (len(lines) - 1)
    if box.kind == GRID:
        widest = max(outer(child, room)[0] for child in children)
        across = min(widest * look.columns + look.gap * (look.columns - 1), room)
        return across, sum(_grid_rows(box, children, across)) + look.gap * (-(-len(children) // look.columns) - 1)
    return 0.0, 0.0


def lines_of(box: Box, room: float) -> text.Lines:
    """A text's lines in so much room, em."""
    look = box.look
    width = room / look.size if look.breaks else FAR
    return text.broken(box.text, round(width, 3), look.mono, look.spacing / look.size)


def outer(box: Box, room: float) -> tuple[float, float]:
    """Its size with margin."""
    top, right, bottom, left = box.look.margin
    width, height = measure(box, max(room - left - right, 0.0))
    return width + left + right, height + top + bottom


def wrapped(box: Box, children: list[Box], room: float) -> list[list[tuple[Box, float, float]]]:
    """The lines of a row: what lies beside each other, with its size. Without breaks there is one, and what grows has
    what the others leave."""
    if not box.look.breaks:
        fixed = [None if child.look.grow else outer(child, room) for child in children]
        rest = room - sum(size[0] for size in fixed if size) - box.look.gap * (len(children) - 1)
        return [[(child, *(size or outer(child, max(rest, 0.0)))) for child, size in zip(children, fixed, strict=True)]]
    lines: list[list[tuple[Box, float, float]]] = [[]]
    used = 0.0
    for child in children:
        width, height = outer(child, room)
        if lines[-1] and used + width > room + 0.01:
            lines.append([])
            used = 0.0
        lines[-1].append((child, width, height))
        used += width + box.look.gap
    return lines


def _grid_rows(box: Box, children: list[Box], across: float) -> list[float]:
    columns = box.look.columns
    width = (across - box.look.gap * (columns - 1)) / columns
    heights = [outer(child, width)[1] for child in children]
    return [max(heights[at : at + columns]) for at in range(0, len(heights), columns)]


def place(box: Box, x: float, y: float, width: float, height: float) -> None:
    """Puts it there, and what lies in it."""
    box.x, box.y, box.w, box.h = x, y, width, height
    look = box.look
    across, down = edges(look)
    left, top = x + look.padding[3] + look.line_px, y + look.padding[0] + look.line_px
    room, high = max(width - across, 0.0), max(height - down, 0.0)
    if box.kind == TEXT:
        box.lines = list(lines_of(box, room))
        return
    if box.scrolls:
        box.reach = _content(box, room)[1]
        box.scroll = min(max(box.scroll, 0.0), max(box.reach - high, 0.0))
        top -= box.scroll
    children = list(box.shown())
    if box.kind == COLUMN:
        _place_column(box, children, (left, top, room, high))
    elif box.kind == ROW:
        _place_row(box, children, (left, top, room, high))
    elif box.kind == GRID:
        _place_grid(box, children, (left, top, room))


def _along(look: Look, free: float, count: int) -> tuple[float, float]:
    """Where the first begins, and what more lies between two."""
    free = max(free, 0.0)
    if look.justify == "center":
        return free / 2, 0.0
    if look.justify == "end":
        return free, 0.0
    if look.justify == "space-between" and count > 1:
        return 0.0, free / (count - 1)
    if look.justify in ("space-around", "space-evenly"):
        return free / (count + 1), free / (count + 1)
    return 0.0, 0.0


def _across(parent: Look, child: Box, at: float, room: float, size: float, *, fixed: bool) -> tuple[float, float]:
    """Where it begins across, and how far it goes; fixed: it has a size of its own."""
    align = child.look.align_self or parent.align
    if align == "stretch" and not fixed:
        return at, room
    if align == "center":
        return at + (room - size) / 2, size
    return (at + room - size, size) if align == "end" else (at, size)


def _inset(child: Box, x: float, y: float, width: float, height: float) -> None:
    top, right, bottom, left = child.look.margin
    place(child, x + left, y + top, max(width - left - right, 0.0), max(height - top - bottom, 0.0))


def _place_column(box: Box, children: list[Box], area: tuple[float, float, float, float]) -> None:
    left, top, room, high = area
    look = box.look
    spans = []
    for child in children:
        width, _ = outer(child, room)
        fixed = child.look.width is not None
        x, wide = _across(look, child, left, room, width, fixed=fixed)
        limit = child.look.width_max
        wide = min(wide, limit.of(room)) if limit is not None else wide
        spans.append((x, wide, outer(child, wide)[1]))
    free = high - sum(tall for _, _, tall in spans) - look.gap * max(len(spans) - 1, 0)
    grows = sum(child.look.grow for child in children)
    begin, more = (0.0, 0.0) if grows else _along(look, free, len(children))
    y = top + (0.0 if box.scrolls else begin)
    for child, (x, wide, tall) in zip(children, spans, strict=True):
        tall += max(free, 0.0) * child.look.grow / grows if grows else 0.0
        _inset(child, x, y, wide, tall)
        y += tall + look.gap + (0.0 if box.scrolls else more)


def _place_row(box: Box, children: list[Box], area: tuple[float, float, float, float]) -> None:
    left, top, room, high = area
    look = box.look
    lines = wrapped(box, children, room) if children else []
    y = top
    for line in lines:
        free = room - sum(width for _, width, _ in line) - look.gap * (len(line) - 1)
        tall = high if len(lines) == 1 else max(height for _, _, height in line)
        grows = sum(child.look.grow for child, _, _ in line)
        begin, more = (0.0, 0.0) if grows else _along(look, free, len(line))
        x = left + begin
        for child, width, height in line:
            wide = width + (max(free, 0.0) * child.look.grow / grows if grows else 0.0)
            at, size = _across(look, child, y, tall, height, fixed=child.look.height is not None)
            _inset(child, x, at, wide, size)
            x += wide + look.gap + more
        y += tall + look.gap


def _place_grid(box: Box, children: list[Box], area: tuple[float, float, float]) -> None:
    left, top, room = area
    look = box.look
    width = (room - look.gap * (look.columns - 1)) / look.columns
    y = top
    for number, tall in enumerate(_grid_rows(box, children, room) if children else []):
        for column, child in enumerate(children[number * look.columns : (number + 1) * look.columns]):
            _inset(child, left + column * (width + look.gap), y, width, tall)
        y += tall + look.gap
