"""An ingest that never ends, in a process of its own: one month of one tenant again and again."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from uuid import UUID

from app import jobs
from app.config import Config
from app.database import engine as db
from bench.ground import count_events, load, spool
from bench.history import Month, month_tables


@contextmanager
def ingesting(config: Config, tenant_id: UUID, month: Month) -> Iterator[Synchronized[int]]:
    """Load that month until the end of the block; the number counts the events loaded."""
    context = multiprocessing.get_context("spawn")
    loaded = context.Value("q", 0)
    process = context.Process(target=_load_on, args=(config, tenant_id, month, loaded), daemon=True)
    process.start()
    while loaded.value == 0 and process.is_alive():
        time.sleep(0.1)
    try:
        yield loaded
        if not process.is_alive():
            raise RuntimeError("the ingest has ended; its error stands above")
    finally:
        process.terminate()
        process.join()


def _load_on(config: Config, tenant_id: UUID, month: Month, loaded: Synchronized[int]) -> None:
    db.configure(config, role="worker")
    jobs.configure(config)
    tables = month_tables(month)
    with tempfile.TemporaryDirectory(prefix="load-spool-") as folder:
        extractions = spool(tables, Path(folder))
        while True:
            load(tenant_id, extractions, *_days(month))
            loaded.value += count_events(tables)


def _days(month: Month) -> tuple[date, date]:
    return month.first, month.last
