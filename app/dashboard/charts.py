"""The charts of Overview as Plotly figures, and sparklines as SVG paths.

Colours are style tokens ("var(--chart-now)"): app.js puts the theme's values in,
so one figure suits light and dark.

Plotly would check every property against its schema, 5 ms a figure; `_validate` turns that off,
and the tests check the same figures in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from plotly.graph_objects import Bar, Figure, Scatter
from plotly.io import templates

from app.dashboard.filters import METRICS
from app.dashboard.queries import ChartPoint
from app.format import Format

templates.default = None  # the look is ours; Plotly's own adds 7 KB to every figure

_BARS_UP_TO = 62
_CLOCK = ("hourly", "4hours", "12hours")
_DAYS_OF = {"weekly": 7, "monthly": 31}


@dataclass(frozen=True)
class ChartRow:
    """One bucket as the table beneath the chart shows it."""

    label: str
    value: str
    base: str | None
    is_provisional: bool


@dataclass(frozen=True)
class Series:
    """The points of one chart: a metric now, and in the compared period if there is one.

    `loaded` are the loaded days of both periods; None: every day is.
    """

    metric: str
    granularity: str
    points: Sequence[ChartPoint]
    compared: Sequence[ChartPoint] | None
    provisional: frozenset[date]
    currency: str
    loaded: frozenset[date] | None = None

    def value(self, point: ChartPoint) -> int | Decimal | None:
        """The metric's value of one bucket; None where it cannot be computed or is not loaded."""
        if not self.is_loaded(point):
            return None
        found: int | Decimal | None = getattr(point, self.metric)
        return found

    def is_loaded(self, point: ChartPoint) -> bool:
        """Whether any day of the bucket is loaded: the others are gaps, never zeros."""
        if self.loaded is None:
            return True
        first = point.bucket.date()
        days = (first + timedelta(days=n) for n in range(_DAYS_OF.get(self.granularity, 1)))
        is_monthly = self.granularity == "monthly"
        return any(d in self.loaded and (d.month == first.month or not is_monthly) for d in days)

    def is_provisional(self, point: ChartPoint) -> bool:
        """Whether the bucket's figures may still change."""
        return point.bucket.date() in self.provisional and self.granularity in ("daily", *_CLOCK)


def chart_rows(series: Series, fmt: Format) -> list[ChartRow]:
    """The chart's numbers in words, one row a bucket."""
    compared = series.compared or []
    pairs = list(zip_longest(series.points, compared[: len(series.points)]))
    return [
        ChartRow(
            bucket_label(now.bucket, series.granularity, fmt),
            _written(series, now, fmt),
            None if base is None else _written(series, base, fmt),
            series.is_provisional(now),
        )
        for now, base in pairs
    ]


def bucket_label(bucket: datetime, granularity: str, fmt: Format) -> str:
    """What a bucket is called: a day, an hour of it, a week or a month."""
    if granularity == "monthly":
        return fmt.month(bucket.date())
    if granularity == "weekly":
        return f"week of {fmt.day(bucket.date())}"
    if granularity in _CLOCK:
        return f"{fmt.day(bucket.date())}, {bucket:%H:%M}"
    return fmt.day(bucket.date())


def figure(series: Series, rows: Sequence[ChartRow]) -> dict[str, Any]:
    """The Plotly figure: bars (a line when there are many), the comparison dashed.

    `rows` are those of chart_rows(), for the words at the pointer. Ready to be written as JSON.
    """
    traces = [_current(series, rows)]
    if series.compared is not None:
        traces.append(_base(series, rows))
    made: dict[str, Any] = Figure(traces, _layout(series), _validate=False).to_plotly_json()
    return made


def _current(series: Series, rows: Sequence[ChartRow]) -> Bar | Scatter:
    shared = {
        "name": METRICS[series.metric],
        "x": [point.bucket.isoformat() for point in series.points],
        "y": [_plotted(series.value(point)) for point in series.points],
        "customdata": [[row.label, row.value] for row in rows],
        "hovertemplate": "<b>%{customdata[1]}</b><extra>%{customdata[0]}</extra>",
    }
    if len(series.points) > _BARS_UP_TO or series.metric == "conversion_rate":
        return Scatter(
            **shared,
            mode="lines",
            fill="tozeroy",
            fillcolor="var(--chart-fill)",
            line={"color": "var(--chart-now)", "width": 2},
            _validate=False,
        )
    shapes = ["/" if series.is_provisional(point) else "" for point in series.points]
    return Bar(
        **shared,
        marker={
            "color": "var(--chart-now)",
            "cornerradius": 3,
            "pattern": {"shape": shapes, "fillmode": "replace", "size": 6, "solidity": 0.5},
        },
        _validate=False,
    )


def _base(series: Series, rows: Sequence[ChartRow]) -> Scatter:
    compared = list(series.compared or ())[: len(series.points)]
    return Scatter(
        name="compared",
        mode="lines",
        x=[now.bucket.isoformat() for now, _ in zip(series.points, compared, strict=False)],
        y=[_plotted(series.value(point)) for point in compared],
        customdata=[row.base for row in rows][: len(compared)],
        hovertemplate="%{customdata} compared<extra></extra>",
        line={"color": "var(--chart-base)", "width": 2, "dash": "dot"},
        _validate=False,
    )


def _layout(series: Series) -> dict[str, Any]:
    axis = {
        "color": "var(--ink-2)",
        "gridcolor": "var(--chart-grid)",
        "linecolor": "var(--line)",
        "fixedrange": True,
    }
    return {
        "xaxis": axis | _TIME_AXIS | _time_format(series),
        "yaxis": axis | _VALUE_AXIS | _value_range(series),
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "hovermode": "x unified",
        "showlegend": False,
        "bargap": 0.35,
        "paper_bgcolor": "var(--surface)",
        "plot_bgcolor": "var(--surface)",
        "font": {"family": "var(--font)", "size": 12, "color": "var(--ink-2)"},
        "hoverlabel": {"bgcolor": "var(--surface-raised)", "bordercolor": "var(--line)"},
    }


_TIME_AXIS = {"type": "date", "showgrid": False, "nticks": 10}
_VALUE_AXIS = {"rangemode": "tozero", "nticks": 6, "zeroline": False, "separatethousands": True}


def _value_range(series: Series) -> dict[str, Any]:
    """What the scale of values depends on; a chart of nothing but zeros gets a height too."""
    given: dict[str, Any] = {"ticksuffix": "%"} if series.metric == "conversion_rate" else {}
    drawn = (*series.points, *(series.compared or ()))
    return given if any(map(series.value, drawn)) else given | {"range": [0, 1]}


def _time_format(series: Series) -> dict[str, Any]:
    """Day before month, as everywhere on the pages; every bucket named when they are few."""
    if series.granularity == "monthly":
        return {"tickformat": "%b %Y", "hoverformat": "%B %Y"}
    if series.granularity in _CLOCK:
        return {"tickformat": "%H:%M\n%-d %b", "hoverformat": "%a %-d %b, %H:%M"}
    named: dict[str, Any] = {"tickformat": "%-d %b", "hoverformat": "%a %-d %b %Y"}
    if len(series.points) <= 14:
        named |= {"tickmode": "array", "tickvals": [p.bucket.isoformat() for p in series.points]}
    return named


def _plotted(value: int | Decimal | None) -> float | int | None:
    return float(value) if isinstance(value, Decimal) else value


def _written(series: Series, point: ChartPoint, fmt: Format) -> str:
    if not series.is_loaded(point):
        return "not loaded"
    value = series.value(point)
    if series.metric == "net_revenue":
        return fmt.money(value, series.currency)
    if series.metric == "conversion_rate":
        return fmt.percent(value, 2)
    return fmt.number(value)


def sparkline(values: Sequence[Decimal], width: int = 96, height: int = 24) -> str:
    """An SVG path through the values, from the first day to the last; empty under two days."""
    if len(values) < 2:
        return ""
    low, high = min(Decimal(0), *values), max(Decimal(0), *values)
    span = (high - low) or Decimal(1)
    step = (width - 2) / (len(values) - 1)
    points = (
        f"{1 + index * step:.1f} {height - 2 - float((value - low) / span) * (height - 4):.1f}"
        for index, value in enumerate(values)
    )
    return "M" + "L".join(points)
