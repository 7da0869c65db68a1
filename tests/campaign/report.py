"""Results in a file of JSON lines, and the table they make."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

Line = dict[str, Any]
_TITLES = (
    "fault",
    "trials",
    "struck",
    "a run was lost",
    "reads",
    "torn",
    "wrong rows",
    "false status",
    "needs a person",
    "pages",
    "wrong pages",
    "mails",
    "wrong mails",
    "longest to a true status",
    "longest to the end",
)


def read(path: Path | None) -> list[Line]:
    """The results so far; a line that was cut off by a death of the campaign itself is none."""
    if path is None or not path.exists():
        return []
    whole = path.read_text().rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


def append(path: Path | None, line: Line) -> None:
    """Keep one more result."""
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and not path.read_bytes().endswith(b"\n"):
        kept = read(path)
        path.write_text("".join(json.dumps(found) + "\n" for found in kept))
    with path.open("a") as file:
        file.write(json.dumps(line) + "\n")


def say(line: str) -> None:
    """Print it at once, also into a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def is_clean(lines: Iterable[Line]) -> bool:
    """Whether every trial struck, and nothing was wrong with any."""
    return all(line["is_struck"] and not line["verdict"]["examples"] for line in lines)


def table(lines: Sequence[Line]) -> str:
    """One row a kind of fault, as Markdown."""
    kinds = list(dict.fromkeys(line["trial"]["kind"] for line in lines))
    rows = [_row(kind, [x for x in lines if x["trial"]["kind"] == kind]) for kind in kinds]
    rows.append(_row("**all**", lines))
    return markdown(_TITLES, rows)


def markdown(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column is words and whose others are numbers."""
    marks = ["---", *["---:"] * (len(titles) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [titles, marks, *rows])


def examples(lines: Iterable[Line]) -> str:
    """What was wrong, trial by trial."""
    told = [
        f"{line['name']}: {example}" for line in lines for example in line["verdict"]["examples"]
    ]
    told += [f"{line['name']}: never struck" for line in lines if not line["is_struck"]]
    return "\n".join(told)


def _row(kind: str, lines: Sequence[Line]) -> list[str]:
    verdicts = [line["verdict"] for line in lines]
    counts = (
        "reads",
        "torn_reads",
        "wrong_rows",
        "false_statuses",
        "needs_a_person",
        "pages",
        "wrong_pages",
        "mails",
        "wrong_mails",
    )
    longest = max((verdict["longest_untrue_s"] for verdict in verdicts), default=0.0)
    ended = max((line["ended_after_s"] for line in lines), default=0.0)
    struck = sum(1 for line in lines if line["is_struck"])
    summed = [f"{sum(verdict.get(name, 0) for verdict in verdicts):,}" for name in counts]
    lost = sum(1 for line in lines if max((fence for _, fence in _end(line)), default=0) > 1)
    trials = [kind, str(len(lines)), str(struck), str(lost)]
    return [*trials, *summed, f"{longest:.1f} s", f"{ended:.1f} s"]


def _end(line: Line) -> list[tuple[str, int]]:
    """Status and fence of each job at the end."""
    found: list[tuple[str, int]] = line["course"][-1][1]
    return found
