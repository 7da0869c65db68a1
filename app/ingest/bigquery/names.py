"""Names allowed in SQL: a project, a dataset, a GA4 events table; nothing else."""

from __future__ import annotations

import re

from app.errors import Invalid

_PROJECT = re.compile(r"[a-z][a-z0-9.:-]{4,61}[a-z0-9]")
_DATASET = re.compile(r"[A-Za-z0-9_]{1,1024}")
_EVENTS_TABLE = re.compile(r"events_(?:intraday_|fresh_)?[0-9]{8}")


def check_project(project_id: str) -> str:
    """The project id, checked.

    Raises:
        Invalid: it is not a Google Cloud project id.
    """
    if not _PROJECT.fullmatch(project_id):
        raise Invalid(f"“{project_id[:80]}” is not a Google Cloud project id.")
    return project_id


def check_dataset(dataset_id: str) -> str:
    """The dataset id, checked.

    Raises:
        Invalid: it is not a BigQuery dataset id.
    """
    if not _DATASET.fullmatch(dataset_id):
        raise Invalid(
            f"“{dataset_id[:80]}” is not a BigQuery dataset id. "
            "GA4's look like analytics_123456789."
        )
    return dataset_id


def check_events_table(name: str) -> str:
    """The table's name, checked.

    Raises:
        Invalid: it is not the name of a GA4 events table.
    """
    if not _EVENTS_TABLE.fullmatch(name):
        raise Invalid(f"“{name[:80]}” is not the name of a GA4 events table.")
    return name
