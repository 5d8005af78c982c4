"""Plots as SVG text that lives inside a page: text stays text, ink takes the page's colour, nothing is fetched."""

import re
from collections.abc import Iterable
from html import escape
from io import StringIO
from typing import Any
from zlib import crc32

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import dates
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK = "#123456"  # replaced by currentColor, so that light and dark pages both work
RISE, FALL, MAIN = "#1a9850", "#d73027", "#2b7bba"
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "tayho",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": INK,
    "grid.alpha": 0.15,
    "legend.frameon": False,
}
NAMES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
PAUSE = pd.Timedelta(minutes=10)


@mpl.rc_context(STYLE)
def line_chart(lines: dict[str, pd.Series], label: str) -> str:
    """Draw series over dates, each with its name; the index of a series holds its dates."""
    figure, (axes,) = _paper(1)
    for place, (name, values) in enumerate(lines.items()):
        axes.plot(
            values.index, values.to_numpy(dtype=float), color=(MAIN, FALL, RISE)[place % 3], linewidth=1.4, label=name
        )
    if len(lines) > 1:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(lines))
    return _finish(figure, (axes,), label)


@mpl.rc_context(STYLE)
def risk_chart(returns: pd.Series, limit: pd.Series, label: str) -> str:
    """Draw a portfolio's daily returns, per cent, over the loss it was not to exceed; breaches are marked."""
    figure, (axes,) = _paper(1)
    breaches = returns[returns < -limit]
    axes.fill_between(returns.index, returns.to_numpy(dtype=float), step="mid", color=MAIN, alpha=0.55, linewidth=0)
    axes.plot(limit.index, -limit.to_numpy(dtype=float), color=FALL, linewidth=1.4, label="value at risk 99 %")
    axes.plot(breaches.index, breaches.to_numpy(dtype=float), "x", color=FALL, label=f"exceeded: {len(breaches)}")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return _finish(figure, (axes,), label)


@mpl.rc_context(STYLE)
def minute_chart(bars: pd.DataFrame, label: str) -> str:
    """Draw one session of one instrument: closes within their range above, volume below; pauses stay open."""
    figure, (prices, volumes) = _paper(2)
    colour = RISE if bars["close"].iloc[-1] >= bars["open"].iloc[0] else FALL
    numbers = bars.assign(**{name: bars[name].astype(float) for name in ("low", "high", "close")})
    for _, part in numbers.groupby((numbers["bar_time"].diff() > PAUSE).cumsum()):
        prices.fill_between(part["bar_time"], part["low"], part["high"], color=colour, alpha=0.25, linewidth=0)
        prices.plot(
            part["bar_time"], part["close"], color=colour, linewidth=1.2, marker="." if len(part) == 1 else None
        )
        volumes.fill_between(part["bar_time"], part["volume"] / 1000, step="mid", color=INK, alpha=0.45, linewidth=0)
    volumes.set_ylabel("thousands")
    return _finish(figure, (prices, volumes), label, "%H:%M")


@mpl.rc_context(STYLE)
def bar_chart(names: Iterable[str], values: Iterable[float], label: str) -> str:
    """Draw one horizontal bar per name, gains and losses in their colours, the first on top."""
    words, numbers = list(names), np.array(list(values), dtype=float)
    figure, (axes,) = _paper(1, height=0.5 + 0.26 * len(words))
    axes.barh(words[::-1], numbers[::-1], color=np.where(numbers[::-1] >= 0, RISE, FALL), alpha=0.75)
    return _finish(figure, (axes,), label, "")


def _paper(rows: int, height: float = 2.5) -> tuple[Figure, tuple[Axes, ...]]:
    """Take a figure of phone width without pyplot, which would keep it."""
    figure = Figure(figsize=(5.2, height), layout="constrained")
    FigureCanvasSVG(figure)
    grid = figure.subplots(rows, 1, sharex=True, squeeze=False, height_ratios=[3, 1][:rows])
    return figure, tuple(grid[:, 0])


def _finish(figure: Figure, axes: tuple[Axes, ...], label: str, clock: str | None = None) -> str:
    """Write a figure as SVG text with a spoken label."""
    for part in axes:
        part.grid(visible=True, axis="both" if clock != "" else "x")
        if clock != "":
            place = dates.AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]  # matplotlib's own
            words = dates.DateFormatter(clock) if clock else dates.ConciseDateFormatter(place)  # type: ignore[no-untyped-call]  # as above
            part.xaxis.set_major_locator(place)
            part.xaxis.set_major_formatter(words)
    out = StringIO()
    figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _inlined(out.getvalue(), label)


def _inlined(svg: str, label: str) -> str:
    """Make a written SVG fit to stand in a page among others: own ids, the page's ink, no metadata, a name."""
    drawing = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL).replace(
        INK, "currentColor"
    )
    mark = f"c{crc32(f'{label}{drawing}'.encode()):08x}"
    drawing = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{mark}-", drawing)
    size = drawing[drawing.index("viewBox") : drawing.index(">")].split('"')[1]
    opening = f'<svg viewBox="{size}" role="img" aria-label="{escape(label)}" {NAMES}>'
    return opening + drawing[drawing.index(">") + 1 :]
