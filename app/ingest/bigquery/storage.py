"""Reads a table's rows by the Storage Read API, resuming where a stream broke off.

The library's own reader retries a broken stream endlessly without pause, waits for a silent one as
long as the whole job may take, and cannot be cancelled.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from google.cloud.bigquery import TableReference
from google.cloud.bigquery_storage_v1 import types
from google.cloud.bigquery_storage_v1.services.big_query_read import BigQueryReadClient

from app.errors import Upstream
from app.ingest.attempts import Limits
from app.ingest.bigquery.client import BigQuerySettings
from app.ingest.bigquery.errors import translated


def read_table(
    client: BigQueryReadClient, settings: BigQuerySettings, table: TableReference, limits: Limits
) -> Iterator[pa.RecordBatch]:
    """Every row of `table` once, in the service's batches.

    Raises:
        Upstream: BigQuery refused, or a stream sent nothing within `call_timeout_s`.
        Cancelled: the job was cancelled.
    """
    with translated(settings.account):
        session = _open_session(client, settings, table, limits)
    for stream in session.streams:
        yield from _read_stream(client, settings, session, stream.name, limits)


def _open_session(
    client: BigQueryReadClient, settings: BigQuerySettings, table: TableReference, limits: Limits
) -> types.ReadSession:
    lz4 = types.ArrowSerializationOptions.CompressionCodec.LZ4_FRAME
    serialization = types.ArrowSerializationOptions(buffer_compression=lz4)
    asked = types.ReadSession(
        table=table.to_bqstorage(),
        data_format=types.DataFormat.ARROW,
        read_options=types.ReadSession.TableReadOptions(arrow_serialization_options=serialization),
    )
    return client.create_read_session(
        parent=f"projects/{settings.project_id}",
        read_session=asked,
        max_stream_count=1,
        retry=None,
        timeout=limits.within(settings.call_timeout_s),
    )


def _read_stream(
    client: BigQueryReadClient,
    settings: BigQuerySettings,
    session: types.ReadSession,
    stream: str,
    limits: Limits,
) -> Iterator[pa.RecordBatch]:
    """The stream's batches.

    A call that ends early is resumed from the next row, unless it sent no rows, which is a fault.
    """
    rows = 0
    while True:
        start = rows
        try:
            with translated(settings.account):
                for message in client.read_rows(
                    read_stream=stream,
                    offset=start,
                    retry=None,
                    timeout=limits.within(settings.call_timeout_s),
                ):
                    batch = _batch(session, message)
                    rows += batch.num_rows
                    yield batch
        except Upstream as error:
            if error.permanent or error.extra.get("kind") == "timeout" or rows == start:
                raise
        else:
            return


def _batch(session: types.ReadSession, message: types.ReadRowsResponse) -> pa.RecordBatch:
    form = pa.py_buffer(session.arrow_schema.serialized_schema)
    packed = pa.py_buffer(message.arrow_record_batch.serialized_record_batch)
    try:
        return pa.ipc.read_record_batch(packed, pa.ipc.read_schema(form))
    except (pa.ArrowException, OSError) as error:
        raise Upstream(
            "BigQuery sent rows that cannot be read; they are not used. If it keeps happening, "
            "see status.cloud.google.com.",
            kind="transient",
        ) from error
