"""Measured numbers against the goals of DESIGN §11: a table, bench/results.json and .md."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Result:
    """One number; `reached` is None where it is shown without a goal."""

    name: str
    value: float
    unit: str
    goal: str | None = None
    reached: bool | None = None


def at_most(name: str, value: float, unit: str, limit: float) -> Result:
    """A number that must not be greater than `limit`."""
    return Result(name, _short(value), unit, f"≤ {limit:,g}", value <= limit)


def at_least(name: str, value: float, unit: str, limit: float) -> Result:
    """A number that must not be smaller than `limit`."""
    return Result(name, _short(value), unit, f"≥ {limit:,g}", value >= limit)


def shown(name: str, value: float, unit: str) -> Result:
    """A number without a goal, there to understand the others."""
    return Result(name, _short(value), unit)


def table(results: Sequence[Result]) -> str:
    """The results as a Markdown table."""
    lines = ["| What | Measured | Goal | Reached |", "|---|---:|---:|---|"]
    for result in results:
        mark = {True: "yes", False: "**no**", None: ""}[result.reached]
        value = f"{result.value:,} {result.unit}".strip()
        lines.append(f"| {result.name} | {value} | {result.goal or ''} | {mark} |")
    return "\n".join(lines)


def write(results: Sequence[Result], heading: str, folder: Path = HERE) -> None:
    """Both files, each replaced as a whole."""
    listed = [asdict(result) for result in results]
    (folder / "results.json").write_text(json.dumps(listed, indent=1, ensure_ascii=False) + "\n")
    (folder / "results.md").write_text(f"# {heading}\n\n{table(results)}\n")


def _short(value: float) -> float:
    if abs(value) >= 100:
        return float(round(value))
    return float(f"{value:.3g}")
