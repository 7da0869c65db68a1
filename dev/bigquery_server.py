"""The BigQuery emulator with what the demo needs on top. Runs in the emulator's own interpreter.

`python -m dev.bigquery_server SETTINGS.json` with {"state", "port", "storage_port"}.

Added to bqemulator 1.4.0:
- it starts without network: the spatial extension (GEOGRAPHY, unused here) is not downloaded;
- queries and Storage API reads each get a cursor of their own instead of sharing one result;
- the Storage API also reads query results, as BigQuery's does, so clients may fetch Arrow;
- kept results are bounded, oldest first out, and jobs of an earlier start are forgotten;
- a dry run is quick and says bytes: those of the columns named in it, in all tables it reads;
- POST /dev/load makes tables from a directory of export files.
"""

# ruff: noqa: ANN401 - the emulator's own types are not installed where the checks run
from __future__ import annotations

import asyncio
import json
import re
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import bqemulator.jobs.executor as executor
import pyarrow as pa
from bqemulator.catalog.duckdb_repository import DuckDBCatalogRepository
from bqemulator.catalog.etag import generate_etag
from bqemulator.catalog.models import DatasetMeta, TableMeta
from bqemulator.config import LogLevel, PersistenceMode, Settings
from bqemulator.sql.rewriter.wildcard_expander import expand_wildcard_tables
from bqemulator.storage.engine import DuckDBEngine, _annotate_with_duckdb_types

from dev import bigquery_load
from dev.bigquery_load import Loaded, LoadError, Source
from dev.bigquery_schema import EVENTS, rest_field

RESULTS_LIMIT_BYTES = 512 * 1024 * 1024
SESSIONS_LIMIT = 32
ARROW_MESSAGE_BYTES = 4 * 1024 * 1024
ANONYMOUS_RESULT = re.compile(r'"[^"]*___bqemu_anonymous"\."anon([^"]+)"')
TABLE_NAME = re.compile(r"\bevents_(?:intraday_|fresh_)?\d{8}\b")
LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")
STAR = re.compile(r"select\s+\*|\.\*", re.IGNORECASE)


class Results(OrderedDict[str, pa.Table]):
    """Query results by job id; the oldest go when all together are too large."""

    def __setitem__(self, job_id: str, table: pa.Table) -> None:
        super().__setitem__(job_id, table)
        while len(self) > 1 and sum(kept.nbytes for kept in self.values()) > RESULTS_LIMIT_BYTES:
            self.popitem(last=False)

    def find(self, squeezed: str) -> pa.Table:
        """The result of the job whose id without hyphens is `squeezed`."""
        return next(table for job, table in self.items() if job.replace("-", "") == squeezed)


class Sessions(OrderedDict[str, Any]):
    """Storage API sessions by name, the latest ones."""

    def __setitem__(self, name: str, session: Any) -> None:
        super().__setitem__(name, session)
        while len(self) > SESSIONS_LIMIT:
            self.popitem(last=False)


executor.JOB_RESULTS = Results()  # before the modules below take it by name

import bqemulator.api.routes.jobs as jobs  # noqa: E402
import bqemulator.server as server  # noqa: E402
import bqemulator.streaming.read_session as read_session  # noqa: E402


def fetch_arrow(engine: Any, sql: str, parameters: list[Any] | None = None) -> pa.Table:
    """Run on a cursor of its own; results of earlier queries can be read as tables."""
    cursor = engine.connection.cursor()
    cursor.execute("set TimeZone = 'UTC'")
    if match := ANONYMOUS_RESULT.search(sql):
        cursor.register("earlier_result", executor.JOB_RESULTS.find(match[1]))
        return in_messages(cursor.execute(sql.replace(match[0], "earlier_result")))
    done = cursor.execute(sql, parameters) if parameters else cursor.execute(sql)
    description = done.description
    return _annotate_with_duckdb_types(done.to_arrow_table(), description)


def in_messages(rows: Any) -> pa.Table:
    """Rows in chunks that fit a Storage API message, which the stock server exceeds."""
    table = rows.to_arrow_table()
    messages = max(1, table.nbytes // ARROW_MESSAGE_BYTES)
    chunks = table.combine_chunks().to_batches(max_chunksize=max(1, table.num_rows // messages))
    return pa.Table.from_batches(chunks, table.schema)


class Catalogue:
    """Loads directories into the emulator's tables and knows their sizes."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._connection = context.engine.connection
        self._busy = asyncio.Lock()
        bigquery_load.prepare(self._connection)

    async def load(self, body: dict[str, Any]) -> dict[str, Any]:
        """POST /dev/load {project, dataset, directory, prune}: what changed, by table."""
        async with self._busy:
            try:
                return await self._load(
                    body["project"], body["dataset"], Path(body["directory"]), body["prune"]
                )
            except LoadError as error:
                return {"error": str(error)}

    async def _load(
        self, project: str, dataset: str, directory: Path, prune: bool
    ) -> dict[str, Any]:
        sources = await asyncio.to_thread(bigquery_load.list_sources, directory)
        known = bigquery_load.known(self._connection, project, dataset)
        fresh = [s for s in sources if not self._is_current(project, dataset, s, known)]
        self._ensure_dataset(project, dataset)
        schema = f"{project}__{dataset}"
        done = await asyncio.to_thread(bigquery_load.load, self._connection, schema, fresh)
        for loaded in done:
            self._register(project, dataset, loaded)
        gone = sorted(set(known) - {s.table_id for s in sources}) if prune else []
        for table_id in gone:
            self._drop(project, dataset, table_id)
        return {
            "loaded": {loaded.table_id: loaded.row_count for loaded in done},
            "unchanged": [s.table_id for s in sources if s not in fresh],
            "dropped": gone,
            "refused": {loaded.table_id: loaded.refused for loaded in done if loaded.refused},
        }

    def _is_current(
        self, project: str, dataset: str, source: Source, known: dict[str, Loaded]
    ) -> bool:
        before = known.get(source.table_id)
        exists = self._context.catalog.get_table(project, dataset, source.table_id) is not None
        return exists and before is not None and before.fingerprint == source.fingerprint

    def _ensure_dataset(self, project: str, dataset: str) -> None:
        if self._context.catalog.get_dataset(project, dataset) is not None:
            return
        now = self._context.clock.now()
        self._context.catalog.create_dataset(
            DatasetMeta(
                project_id=project,
                dataset_id=dataset,
                creation_time=now,
                last_modified_time=now,
                etag=generate_etag(project, dataset, str(now)),
            )
        )

    def _register(self, project: str, dataset: str, loaded: Loaded) -> None:
        now = self._context.clock.now()
        fields = [rest_field(column) for column in EVENTS]
        table = TableMeta(
            project_id=project,
            dataset_id=dataset,
            table_id=loaded.table_id,
            schema={"fields": fields},
            creation_time=now,
            last_modified_time=now,
            num_rows=loaded.row_count,
            num_bytes=sum(loaded.column_bytes.values()),
            etag=generate_etag(project, dataset, loaded.table_id, str(now)),
        )
        catalogue = self._context.catalog
        catalogue.delete_table(project, dataset, loaded.table_id, not_found_ok=True)
        catalogue.create_table(table)
        bigquery_load.remember(self._connection, project, dataset, loaded)

    def _drop(self, project: str, dataset: str, table_id: str) -> None:
        self._connection.execute(f'drop table if exists "{project}__{dataset}"."{table_id}"')
        self._context.catalog.delete_table(project, dataset, table_id, not_found_ok=True)
        bigquery_load.forget(self._connection, project, dataset, table_id)

    def estimate(self, project: str, sql: str) -> int:
        """Bytes of the columns the query names, over the export tables it reads."""
        expanded = expand_wildcard_tables(sql, project, self._context.catalog)
        bare = LITERAL.sub("", expanded)
        tables = set(TABLE_NAME.findall(bare))
        rows = self._connection.cursor().execute(
            "select dataset, table_id, column_bytes from _dev.source where project = ?", [project]
        )
        total = 0
        for dataset, table_id, column_bytes in rows.fetchall():
            if table_id not in tables or not re.search(rf"\b{re.escape(dataset)}\b", bare):
                continue
            sizes: dict[str, int] = json.loads(column_bytes)
            named = sizes if STAR.search(sql) else set(re.findall(r"\w+", bare)) & set(sizes)
            total += sum(sizes[name] for name in named)
        return total


def add_dry_run(catalogue: Catalogue) -> None:
    """Make dry runs answer without running the query, and with bytes."""
    preview, build = jobs._dry_run_response, jobs._build_dry_run_query_response

    async def quick_preview(*, bq_sql: str, **rest: Any) -> Any:
        if jobs.classify_statement_type(bq_sql) == "SELECT":
            bq_sql = f"select * from ({bq_sql.strip().rstrip(';')}\n) limit 0"
        return await preview(bq_sql=bq_sql, **rest)

    async def build_with_bytes(*, project_id: str, bq_sql: str, **rest: Any) -> Any:
        answer = await build(project_id=project_id, bq_sql=bq_sql, **rest)
        processed = str(catalogue.estimate(project_id, bq_sql))
        answer["statistics"]["totalBytesProcessed"] = processed
        answer["statistics"]["query"]["totalBytesProcessed"] = processed
        return answer

    jobs._dry_run_response = quick_preview
    jobs._build_dry_run_query_response = build_with_bytes


def forget_jobs(repository: Any) -> None:
    """Empty the kept list of jobs: their results did not survive."""
    repository._engine.execute('delete from "_bqemulator_catalog".jobs')


def install() -> None:
    """Put the additions in place."""
    DuckDBCatalogRepository._hydrate_jobs = forget_jobs
    read_session._SESSIONS = Sessions()
    DuckDBEngine._load_spatial = lambda _engine: None
    DuckDBEngine.fetch_arrow = fetch_arrow
    create_app = server.create_app

    def create_app_with_load(context: Any) -> Any:
        app = create_app(context)
        catalogue = Catalogue(context)
        add_dry_run(catalogue)
        app.add_api_route("/dev/load", catalogue.load, methods=["POST"])
        return app

    server.create_app = create_app_with_load


def main() -> None:
    """Serve until SIGTERM."""
    choice = json.loads(Path(sys.argv[1]).read_text())
    install()
    server.run_forever(
        Settings(
            rest_port=choice["port"],
            grpc_port=choice["storage_port"],
            persistence_mode=PersistenceMode.PERSISTENT,
            data_dir=Path(choice["state"]),
            time_travel_retention_days=0,
            enable_format_extensions=False,
            metrics_enabled=False,
            log_level=LogLevel.WARNING,
        )
    )


if __name__ == "__main__":
    main()
