"""Export files become tables of the emulator."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import pytest
from google.api_core.exceptions import BadRequest, NotFound

from dev import bigquery
from dev.bigquery import BigQuery
from dev.process import StackError
from tests.dev.bigquery_peer import PROJECT, SESSION, ask, client, dataset, event, load, write


def test_values_come_back_as_exported(server: BigQuery, tmp_path: Path) -> None:
    full = event(
        "purchase",
        1,
        user_pseudo_id="é1.2",
        is_active_user=True,
        ecommerce={"purchase_revenue": "NaN", "total_item_quantity": "3"},
        items=[{"item_id": "A", "price": 2.5, "quantity": "3"}],
        user_properties=[{"key": "WebUserId", "value": {"string_value": "u1"}}],
    )
    write(tmp_path / "export", "events_20261101", [full, event("page_view", 2, not_a_column="x")])
    report = load(server, tmp_path)
    assert (report.loaded, report.unchanged, report.dropped) == ({"events_20261101": 2}, (), ())
    rows = ask(
        server,
        f"select event_name, event_timestamp, {SESSION}, user_pseudo_id, is_active_user,"
        " ecommerce.purchase_revenue, ecommerce.total_item_quantity, array_length(items),"
        " (select i.price from unnest(items) as i), geo.country,"
        " (select p.value.string_value from unnest(user_properties) as p)"
        f" from {dataset(tmp_path)}.events_20261101 order by event_timestamp",
    )
    assert math.isnan(rows[0][5])
    assert rows[0][:5] + rows[0][6:] == (
        "purchase",
        1_793_500_000_000_001,
        1,
        "é1.2",
        True,
        3,
        1,
        2.5,
        None,
        "u1",
    )
    assert rows[1] == (
        ("page_view", 1_793_500_000_000_002, 2, None, None, None, None, 0, None, None, None)
    )


def test_unchanged_files_are_kept_and_a_grown_day_is_replaced(
    tmp_path: Path, bigquery_venv: Path
) -> None:
    export, name = tmp_path / "export", f"{PROJECT}.{dataset(tmp_path)}"
    for day in ("events_20261101", "events_intraday_20261102"):
        write(export, day, [event("page_view", 1)])
    with bigquery.start(tmp_path, venv=bigquery_venv) as first:
        load(first, tmp_path)
        before = {t: client(first).get_table(f"{name}.{t}").modified for t in report_of(export)}
    write(export, "events_intraday_20261102", [event("page_view", n) for n in range(3)])
    with bigquery.start(tmp_path, venv=bigquery_venv) as second:
        assert second.endpoint == first.endpoint
        report = load(second, tmp_path)
        assert report.loaded == {"events_intraday_20261102": 3}
        assert report.unchanged == ("events_20261101",)
        after = {t: client(second).get_table(f"{name}.{t}").modified for t in report_of(export)}
        assert after["events_20261101"] == before["events_20261101"]
        assert after["events_intraday_20261102"] > before["events_intraday_20261102"]
        counted = ask(second, f"select count(*) from `{name}.events_intraday_20261102`")
        assert counted == [(3,)]


def report_of(export: Path) -> list[str]:
    return [path.name.removesuffix(".json.gz") for path in export.iterdir()]


def test_tables_whose_file_is_gone_are_dropped_only_when_asked(
    server: BigQuery, tmp_path: Path
) -> None:
    for day in ("events_20261101", "events_fresh_20261102"):
        write(tmp_path / "export", day, [event("page_view", 1)])
    load(server, tmp_path)
    (tmp_path / "export" / "events_fresh_20261102.json.gz").unlink()
    table = f"{PROJECT}.{dataset(tmp_path)}.events_fresh_20261102"
    assert load(server, tmp_path).dropped == ()
    assert client(server).get_table(table).num_rows == 1
    assert load(server, tmp_path, prune=True).dropped == ("events_fresh_20261102",)
    with pytest.raises(NotFound):
        client(server).get_table(table)
    with pytest.raises((NotFound, BadRequest)):
        ask(server, f"select count(*) from `{table}`")


@pytest.mark.parametrize(
    "content",
    [b"not gzip", gzip.compress(b'{"event_date": ')],
    ids=["not gzip", "no whole line"],
)
def test_unreadable_file_is_named_and_the_old_table_stands(
    server: BigQuery, tmp_path: Path, content: bytes
) -> None:
    write(tmp_path / "export", "events_20261101", [event("page_view", 1)])
    load(server, tmp_path)
    (tmp_path / "export" / "events_20261101.json.gz").write_bytes(content)
    with pytest.raises(StackError, match=r"events_20261101\.json\.gz"):
        load(server, tmp_path)
    assert ask(server, f"select count(*) from {dataset(tmp_path)}.events_20261101") == [(1,)]


def test_missing_directory_and_other_names_are_errors(server: BigQuery, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="not a directory"):
        load(server, tmp_path)
    write(tmp_path / "export", "visits_20261101", [])
    with pytest.raises(StackError, match="not named events_YYYYMMDD"):
        load(server, tmp_path)
