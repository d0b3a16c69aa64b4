#!/usr/bin/env python3
"""Draws one column of the tables that a benchmark printed as bars, in an SVG file.

A table is a heading and its rows, between empty lines; columns stand at least two spaces apart, and the first is the label.
A line directly above a heading is the table's title.

usage: plot.py TABLES COLUMN SVG     e.g. plot.py docs/bench/cache.txt 'x bare' docs/bench/cache.svg
"""

import re
import sys
from html import escape

LABEL, WIDTH, ROW = 230, 460, 20


def cells(line: str) -> list[str]:
    return re.split(r"\s{2,}", line.strip())


def number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def tables(text: str, column: str) -> list[tuple[str, list[tuple[str, float]]]]:
    """Title and bars (label, value) of each table that has the column."""
    found = []
    for block in re.split(r"\n\s*\n", text):
        lines = [line for line in block.splitlines() if line.strip()]
        heading = next((i for i, line in enumerate(lines) if column in cells(line)), None)
        if heading is None:
            continue
        from_right = cells(lines[heading])[::-1].index(column)
        bars = []
        for line in lines[heading + 1 :]:
            row = cells(line)
            value = number(row[-1 - from_right]) if len(row) > from_right + 1 else None
            if value is not None:
                bars.append((row[0], value))
        title = lines[heading - 1] if heading else cells(lines[heading])[0]
        if bars:
            found.append((title, bars))
    return found


def drawing(text: str, column: str) -> str:
    groups = tables(text, column)
    if not groups:
        raise SystemExit(f"plot.py: no table with column {column!r}")
    most = max(value for _, bars in groups for _, value in bars) or 1
    parts, y = [], ROW
    for title, bars in groups:
        parts.append(f'<text x="4" y="{y + 4}" font-weight="bold">{escape(title)}</text>')
        for label, value in bars:
            y += ROW
            length = max(1, WIDTH * value / most)
            parts.append(f'<text x="{LABEL - 8}" y="{y + 4}" text-anchor="end">{escape(label)}</text>')
            parts.append(f'<rect x="{LABEL}" y="{y - 8}" width="{length:.1f}" height="14" fill="#336791"/>')
            parts.append(f'<text x="{LABEL + length + 6:.1f}" y="{y + 4}">{value:g}</text>')
        y += 2 * ROW
    machine = next(line for line in text.splitlines() if line.strip())
    parts.append(f'<text x="4" y="{y}" fill="#555">{escape(column)}. {escape(machine)}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABEL + WIDTH + 90}" height="{y + ROW}" '
        'font-family="sans-serif" font-size="12" role="img">\n'
        f"<title>{escape(column)}</title>\n"
        '<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def main() -> None:
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as source:
        svg = drawing(source.read(), sys.argv[2])
    with open(sys.argv[3], "w", encoding="utf-8") as target:
        target.write(svg)


if __name__ == "__main__":
    main()
