"""How a figure is written, compared and drawn."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import plotly.graph_objects as go
import pytest

from app.dashboard.blocks import sort_branches
from app.dashboard.charts import Series, chart_rows, figure, sparkline
from app.dashboard.comparison import Change, point_change, relative_change
from app.dashboard.queries import BranchStats, ChartPoint
from app.format import Format

FMT = Format()
MONDAY = datetime(2026, 3, 2)  # noqa: DTZ001 - a wall clock, as charts use it


def relative(now: Any, base: Any, better: bool = True) -> Change:
    return relative_change(now, base, FMT, more_is_better=better)


def test_a_change_is_relative_to_the_base() -> None:
    assert relative(112, 100) == Change("up", "12%", True)
    assert relative(Decimal("97.5"), Decimal(100)) == Change("down", "2.5%", False)


def test_more_abandoned_carts_are_worse() -> None:
    assert relative(12, 10, better=False) == Change("up", "20%", False)


def test_a_base_of_zero_reads_new_and_nothing_on_both_sides_no_change() -> None:
    assert relative(5, 0) == Change("new", "new")
    assert relative(0, 0) == Change("same", "no change")


def test_what_cannot_be_computed_reads_dash() -> None:
    assert relative(None, 4).text == "–"
    assert point_change(Decimal(3), None, FMT, more_is_better=True).text == "–"


def test_a_negative_base_says_nothing() -> None:
    assert relative(Decimal(50), Decimal("-3.125")) == Change("unknown", "–")


def test_percentages_differ_in_points() -> None:
    change = point_change(Decimal("3.40"), Decimal("3.20"), FMT, more_is_better=True)
    assert change == Change("up", "0.20 pt", True)


def point(bucket: datetime, revenue: int, sessions: int = 10) -> ChartPoint:
    return ChartPoint(bucket, sessions, sessions, 1, Decimal(revenue), Decimal(0), 1, 0, 2, 1)


def series(days: int, metric: str = "net_revenue", compared: int | None = None) -> Series:
    points = [point(MONDAY + timedelta(days=n), 100 * n) for n in range(days)]
    base = None
    if compared is not None:
        base = [point(MONDAY - timedelta(days=compared - n), 50) for n in range(compared)]
    return Series(metric, "daily", points, base, frozenset({date(2026, 3, 3)}), "USD")


def drawn(shown: Series) -> dict[str, Any]:
    return figure(shown, chart_rows(shown, FMT))


@pytest.mark.parametrize("metric", ["net_revenue", "orders", "conversion_rate", "failed_searches"])
@pytest.mark.parametrize("days", [1, 7, 90])
def test_every_figure_is_one_that_plotly_accepts_and_bears_our_look_alone(
    metric: str, days: int
) -> None:
    made = drawn(series(days, metric, compared=days))
    assert [len(trace["x"]) for trace in made["data"]] == [days, days]
    assert "template" not in made["layout"]
    assert go.Figure(made).to_plotly_json() == made  # here with every check against the schema


def test_colours_are_style_tokens() -> None:
    written = json.dumps([drawn(series(n, compared=n)) for n in (3, 70)])
    assert set(re.findall(r'color": "([^"]*)"', written)) == {
        f"var(--{name})"
        for name in (
            "chart-base",
            "chart-fill",
            "chart-grid",
            "chart-now",
            "ink-2",
            "line",
            "surface",
            "surface-raised",
        )
    }


def test_provisional_days_are_hatched() -> None:
    assert drawn(series(3))["data"][0]["marker"]["pattern"]["shape"] == ["", "/", ""]


def test_many_buckets_become_a_line() -> None:
    assert [drawn(series(n))["data"][0]["type"] for n in (62, 63)] == ["bar", "scatter"]


def test_the_table_holds_the_charts_numbers() -> None:
    rows = chart_rows(series(2, compared=1), FMT)
    assert [(row.label, row.value, row.base, row.is_provisional) for row in rows] == [
        ("Mon 2 Mar 2026", "$0.00", "$50.00", False),
        ("Tue 3 Mar 2026", "$100.00", None, True),
    ]


def test_a_longer_compared_period_is_cut_to_the_chart() -> None:
    assert len(drawn(series(2, compared=5))["data"][1]["x"]) == 2


def test_a_bucket_without_sessions_has_no_conversion() -> None:
    empty = Series("conversion_rate", "daily", [point(MONDAY, 0, 0)], None, frozenset(), "USD")
    assert drawn(empty)["data"][0]["y"] == [None]
    assert chart_rows(empty, FMT)[0].value == "–"


@pytest.mark.parametrize(
    ("granularity", "buckets", "values"),
    [
        ("daily", [0, 1, 2], ["$7.00", "not loaded", "$7.00"]),
        ("hourly", [0, 1, 2], ["$7.00", "not loaded", "$7.00"]),
        ("weekly", [0, 7, 14], ["$7.00", "not loaded", "not loaded"]),
        ("monthly", [-1, 30], ["$7.00", "not loaded"]),
    ],
)
def test_what_is_not_loaded_is_a_gap_and_never_zero(
    granularity: str, buckets: list[int], values: list[str]
) -> None:
    points = [point(MONDAY + timedelta(days=n), 7) for n in buckets]
    loaded = frozenset({date(2026, 3, 2), date(2026, 3, 4)})
    shown = Series("net_revenue", granularity, points, None, frozenset(), "USD", loaded)
    assert [row.value for row in chart_rows(shown, FMT)] == values
    drawn_values = drawn(shown)["data"][0]["y"]
    assert [value is None for value in drawn_values] == [v == "not loaded" for v in values]


def test_a_sparkline_spans_its_box_and_one_day_has_none() -> None:
    assert sparkline((Decimal(0), Decimal(10))) == "M1.0 22.0L95.0 2.0"
    assert sparkline((Decimal(-5), Decimal(5))) == "M1.0 22.0L95.0 2.0"
    assert sparkline((Decimal(3),)) == ""
    assert sparkline((Decimal(0), Decimal(0))).startswith("M1.0 22.0")


def branch(name: str, revenue: int, sessions: int) -> BranchStats:
    return BranchStats(
        name, name, "active", sessions, 0, 0, 0, Decimal(revenue), Decimal(0), 0, 0, 0, 0, ()
    )


def test_branches_sort_by_any_column_and_what_cannot_be_computed_stands_last() -> None:
    found = [branch("b", 1, 10), branch("C", 9, 0), branch("a", 9, 5)]
    names = lambda field, order: [b.name for b in sort_branches(found, field, order)]  # noqa: E731
    assert names("net_revenue", "desc") == ["a", "C", "b"]
    assert names("net_revenue", "asc") == ["b", "a", "C"]
    assert names("name", "desc") == ["C", "b", "a"]
    assert names("conversion_rate", "asc")[-1] == "C"
    assert names("conversion_rate", "desc")[-1] == "C"
