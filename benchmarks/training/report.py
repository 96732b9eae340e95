"""Tables of text, and line charts as SVG."""

import html
import math


def table(header, rows):
    """A Markdown table whose columns are padded to be read as they are."""
    cells = [list(map(str, row)) for row in [header, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def number(value, digits=0):
    """12,345 or 1.23; a dash for what was not measured."""
    return "-" if value is None else f"{value:,.{digits}f}"


WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 560, 340, 70, 20, 40, 50
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd")


def round_steps(top):
    """0 and up to five round numbers, the last not below `top`."""
    raw = top / 5 or 1
    unit = 10 ** math.floor(math.log10(raw))
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= raw)
    return [step * i for i in range(math.ceil(top / step - 1e-9) + 1)]


def line_chart(title, x_label, y_label, series):
    """SVG text. series: {name: [(x, y)]}, x above 0 on a logarithmic axis, y from 0 up."""
    points = [point for line in series.values() for point in line]
    xs = sorted({x for x, _ in points})
    steps = round_steps(max(y for _, y in points))
    low, high = math.log(xs[0]), math.log(xs[-1])

    def at(x, y):
        across = (math.log(x) - low) / (high - low) if high > low else 0.5
        return (LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - y / steps[-1] * (HEIGHT - TOP - BOTTOM))

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
             'font-size="12">', f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']

    def text(x, y, content, anchor="middle", more=""):
        parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{html.escape(content)}</text>')

    text(WIDTH / 2, 20, title, more=' font-size="14"')
    text(WIDTH / 2, HEIGHT - 10, x_label)
    text(15, HEIGHT / 2, y_label, more=f' transform="rotate(-90 15 {HEIGHT / 2:.1f})"')
    for y in steps:
        _, height = at(xs[0], y)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{height:.1f}" y2="{height:.1f}" stroke="#ddd"/>')
        text(LEFT - 6, height + 4, f"{y:,g}", "end")
    for x in xs:
        text(at(x, 0)[0], HEIGHT - BOTTOM + 18, f"{x:,}")
    for index, (name, line) in enumerate(series.items()):
        colour = COLOURS[index % len(COLOURS)]
        path = " ".join("{:.1f},{:.1f}".format(*at(*point)) for point in sorted(line))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += ['<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="{}"/>'.format(*at(*point), colour) for point in line]
        if len(series) > 1:
            text(WIDTH - RIGHT, TOP + 14 * index, name, "end", f' fill="{colour}"')
    return "\n".join([*parts, "</svg>", ""])
