"""Lines over two logarithmic axes, as SVG."""

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 860, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 300, 40, 50  # margins; the names stand on the right
COLOURS = ("#1b6ac9", "#c2410c", "#15803d", "#7e22ce", "#b91c1c", "#0e7490", "#a16207", "#475569", "#be185d")


def lines(
    title: str, below: str, xs: Sequence[float], series: Mapping[str, Sequence[float]], *, floor: float, mark: float = 0
) -> str:
    """`floor`: less is not shown. `mark`: a line of its own, across. Each line's name stands at its end."""
    highest = max(max(values) for values in series.values())
    bottom, top = math.floor(math.log10(floor)), math.ceil(math.log10(highest))
    first, last = math.log10(xs[0]), math.log10(xs[-1])

    def x(value: float) -> float:
        return LEFT + (math.log10(value) - first) / (last - first) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        part = (math.log10(max(value, 10.0**bottom)) - bottom) / (top - bottom)
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)

    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"',
        'font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="22" font-size="15" fill="#111">{escape(title)}</text>',
    ]
    for power in range(bottom, top + 1):
        at = y(10.0**power)
        drawn.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        drawn.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end" fill="#444">{10.0**power:,g}</text>')
    for value in xs:
        text = (
            f'<text x="{x(value):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle" fill="#444">{value:,.0f}</text>'
        )
        drawn.append(text)
    middle = (LEFT + WIDTH - RIGHT) / 2
    drawn.append(f'<text x="{middle:.0f}" y="{HEIGHT - 10}" text-anchor="middle" fill="#111">{escape(below)}</text>')
    if mark:
        at = y(mark)
        drawn.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="#111" stroke-dasharray="6 4"/>'
        )
    names = _apart([(y(values[-1]), name) for name, values in series.items()])
    for colour, (name, values) in zip(COLOURS * 2, series.items(), strict=False):
        points = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in zip(xs, values, strict=True))
        drawn.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        drawn.append(f'<text x="{WIDTH - RIGHT + 8}" y="{names[name] + 4:.1f}" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*drawn, "</svg>", ""])


def _apart(places: list[tuple[float, str]], least: float = 15) -> dict[str, float]:
    """From top to bottom, none of them over another; pushed up again where they would leave the picture."""
    at, found = 0.0, {}
    for place, name in sorted(places):
        at = max(place, at + least)
        found[name] = at
    over = max(0.0, at - (HEIGHT - BOTTOM))
    return {name: place - over for name, place in found.items()}
