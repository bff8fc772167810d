"""A composite schedule as an SVG picture: the profiles in layers, the limit that results, and which bound wins when."""

from collections.abc import Iterator
from datetime import timedelta
from html import escape
from typing import Final

from pilotline.tools.schedule import Drawn, Span

WIDTH: Final = 1000
LEFT: Final = 64
RIGHT: Final = 24
TOP: Final = 64
PLOT: Final = 280
STRIP: Final = 24
LEGEND_ROW: Final = 22
INK: Final = "#1b2733"
FAINT: Final = "#66727f"
GRID: Final = "#e3e8ed"
PALETTE: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#8a4fbf", "#7f5539")
"""Told apart by the colour-blind too; of a ninth profile the first again."""
PRODUCT_COLOUR: Final = "#8c97a3"
SEVERAL_COLOUR: Final = "#3d4752"
STEPS_S: Final = (1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 604_800)
TICKS_MAX: Final = 12
CHARACTER: Final = 6.6
"""The width of one in the strip."""


def picture(schedule: Drawn) -> str:
    """The SVG text."""
    colours = {
        layer.name.partition(",")[0]: PALETTE[number % len(PALETTE)]
        for number, layer in enumerate(schedule.layers)
    }
    limits = [
        span.limit for spans in (schedule.spans, *(one.spans for one in schedule.layers)) for span in spans
    ]
    top = _round_up(max([*limits, schedule.product_limit]) * 1.02)
    height = TOP + PLOT + 74 + STRIP + LEGEND_ROW * (len(schedule.layers) + 3)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'font-family="Helvetica, Arial, DejaVu Sans, sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        _text(LEFT, 28, f"What may be drawn: {schedule.title}", INK, size=18, weight="bold"),
        _text(LEFT, 48, f"from {schedule.start.isoformat()}, in {schedule.unit}", FAINT),
        *_areas(schedule, colours, top),
        *_grid(schedule, top),
        *_composite(schedule, top),
        *_profiles(schedule, colours, top),
        *_strip(schedule, colours),
        *_legend(schedule, colours),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _areas(schedule: Drawn, colours: dict[str, str], top: float) -> Iterator[str]:
    """Under the limit, in the colour of the bound that wins."""
    for span in schedule.spans:
        left, y = _x(schedule, span.begins_s), _y(span.limit, top)
        width, height = round(_x(schedule, span.ends_s) - left, 2), round(_y(0, top) - y, 2)
        yield (
            f'<rect x="{left}" y="{y}" width="{width}" height="{height}" fill="{_colour(span, colours)}" '
            'fill-opacity="0.2"/>'
        )


def _colour(span: Span, colours: dict[str, str]) -> str:
    return PRODUCT_COLOUR if span.name == "product" else colours.get(span.name, SEVERAL_COLOUR)


def _grid(schedule: Drawn, top: float) -> Iterator[str]:
    right = WIDTH - RIGHT
    for part in range(5):
        limit = top * part / 4
        y = _y(limit, top)
        yield f'<line x1="{LEFT}" y1="{y}" x2="{right}" y2="{y}" stroke="{GRID if part else INK}"/>'
        yield _text(LEFT - 8, y + 4, f"{limit:g}", FAINT, anchor="end")
    step_s = next((step for step in STEPS_S if schedule.duration_s / step <= TICKS_MAX), schedule.duration_s)
    offset_s = -schedule.start.timestamp() % step_s
    form = "%H:%M:%S" if step_s < 60 else "%H:%M" if step_s < 86_400 else "%m-%d"
    while offset_s <= schedule.duration_s:
        x = _x(schedule, offset_s)
        yield f'<line x1="{x}" y1="{TOP}" x2="{x}" y2="{TOP + PLOT + 5}" stroke="{GRID}"/>'
        date = schedule.start + timedelta(seconds=offset_s)
        yield _text(x, TOP + PLOT + 20, date.strftime(form), FAINT, anchor="middle")
        offset_s += step_s


def _profiles(schedule: Drawn, colours: dict[str, str], top: float) -> Iterator[str]:
    y = _y(schedule.product_limit, top)
    yield (
        f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="{PRODUCT_COLOUR}" stroke-width="2" '
        'stroke-dasharray="2 4"/>'
    )
    for layer in reversed(schedule.layers):
        colour = colours[layer.name.partition(",")[0]]
        if layer.spans:
            yield (
                f'<path d="{_path(schedule, layer.spans, top)}" fill="none" stroke="{colour}" stroke-width="2" '
                'stroke-dasharray="7 4"/>'
            )


def _composite(schedule: Drawn, top: float) -> Iterator[str]:
    yield f'<path d="{_path(schedule, schedule.spans, top)}" fill="none" stroke="{INK}" stroke-width="5"/>'
    for span in schedule.spans:
        left, right = _x(schedule, span.begins_s), _x(schedule, span.ends_s)
        text = f"{span.limit:g}"
        if right - left > CHARACTER * len(text) + 8:
            y = _y(span.limit, top)
            yield _text(
                (left + right) / 2, y + 18 if span.limit > top / 8 else y - 7, text, INK, anchor="middle"
            )


def _strip(schedule: Drawn, colours: dict[str, str]) -> Iterator[str]:
    """Which bound wins, under the time at which it does; neighbours of one bound are one."""
    y = TOP + PLOT + 52
    yield _text(LEFT, y - 8, "The bound that wins", FAINT)
    joined: list[Span] = []
    for span in schedule.spans:
        if joined and joined[-1].name == span.name:
            joined[-1] = joined[-1]._replace(ends_s=span.ends_s)
        else:
            joined.append(span)
    for span in joined:
        left, right = _x(schedule, span.begins_s), _x(schedule, span.ends_s)
        colour = _colour(span, colours)
        yield (
            f'<rect x="{left}" y="{y}" width="{round(right - left, 2)}" height="{STRIP}" fill="{colour}" '
            'stroke="white">'
            f"<title>{escape(span.name)}</title></rect>"
        )
        for text in (span.name, span.name.rpartition(" ")[2]):
            if right - left > CHARACTER * len(text) + 8:
                yield _text((left + right) / 2, y + 16, text, "white", size=12, anchor="middle")
                break


def _legend(schedule: Drawn, colours: dict[str, str]) -> Iterator[str]:
    entries = [("the limit that results", INK, 'stroke-width="5"')]
    for layer in schedule.layers:
        text = layer.name if layer.spans else f"{layer.name} (says nothing in this time)"
        entries.append(
            (text, colours[layer.name.partition(",")[0]], 'stroke-width="2" stroke-dasharray="7 4"')
        )
    entries.append(("the product's own limit", PRODUCT_COLOUR, 'stroke-width="2" stroke-dasharray="2 4"'))
    for row, (text, colour, stroke) in enumerate(entries):
        y = TOP + PLOT + 52 + STRIP + LEGEND_ROW * (row + 1)
        yield f'<line x1="{LEFT}" y1="{y}" x2="{LEFT + 36}" y2="{y}" stroke="{colour}" {stroke}/>'
        yield _text(LEFT + 46, y + 4, text, INK)


def _path(schedule: Drawn, spans: tuple[Span, ...], top: float) -> str:
    """Steps; where nothing is said, the line is lifted."""
    steps, before = [], None
    for span in spans:
        y = _y(span.limit, top)
        steps.append(f"V{y}" if before == span.begins_s else f"M{_x(schedule, span.begins_s)} {y}")
        steps.append(f"H{_x(schedule, span.ends_s)}")
        before = span.ends_s
    return " ".join(steps)


def _x(schedule: Drawn, second: float) -> float:
    return round(LEFT + second / schedule.duration_s * (WIDTH - LEFT - RIGHT), 2)


def _y(limit: float, top: float) -> float:
    return round(TOP + PLOT * (1 - limit / top), 2)


def _round_up(limit: float) -> float:
    """The next number that is easily read in four parts."""
    scale = 1.0
    while scale * 10 < limit:
        scale *= 10
    return next(
        scale * part for part in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 4.8, 6, 8, 10, 12) if scale * part >= limit
    )


def _text(
    x: float,
    y: float,
    text: str,
    colour: str,
    *,
    size: int = 13,
    weight: str = "normal",
    anchor: str = "start",
) -> str:
    return (
        f'<text x="{round(x, 2)}" y="{round(y, 2)}" fill="{colour}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )
