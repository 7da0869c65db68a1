"""Log lines are JSON in the right file, with ids, and without what is private."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from loguru import logger
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from app import log
from app.config import Config
from app.database.engine import make_engine
from app.email.recipients.api import MappingBody
from app.redaction import redact, redact_text
from tests.conftest import KEY, SECRET


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where the log of this test goes; logging is put back afterwards."""
    config = Config(
        app_env="production",
        database_url="postgresql://app_web@127.0.0.1/x",
        redis_url="redis://127.0.0.1:1/0",
        secret_key=SECRET,
        credential_keys=KEY,
        log_dir=str(tmp_path / "logs"),
    )
    log.configure(config)
    yield tmp_path / "logs"
    logger.remove()
    logging.basicConfig(handlers=[], force=True)


def lines(folder: Path, name: str) -> list[dict[str, Any]]:
    path = folder / f"{name}.log"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_an_event_is_one_json_line_with_its_fields(folder: Path) -> None:
    with log.bound(service="data", job_id="j1"):
        logger.info("ingest.day.loaded", event_date="2024-01-31", rows=5)
    (line,) = lines(folder, "data-ingestion-service")
    assert {k: line[k] for k in ("level", "event", "service", "job_id", "event_date", "rows")} == {
        "level": "info",
        "event": "ingest.day.loaded",
        "service": "data",
        "job_id": "j1",
        "event_date": "2024-01-31",
        "rows": 5,
    }


def test_files_that_are_moved_away_lose_no_line_and_are_opened_anew(folder: Path) -> None:
    """As logrotate moves them: all six, again and again."""
    for number in range(3):
        for service in ("analytics", "data", "auth"):
            with log.bound(service=service):
                logger.error("line", number=number)
        files = [*folder.glob("*.log")]
        assert len(files) == 6
        for file in files:
            (line,) = file.read_text().splitlines()
            assert json.loads(line)["number"] == number
            file.rename(file.with_suffix(f".log-{number}"))
    assert len([*folder.iterdir()]) == 18


def test_each_service_has_its_file_and_errors_have_a_twin(folder: Path) -> None:
    for service in ("analytics", "data", "auth"):
        with log.bound(service=service):
            logger.info(f"{service}.fine")
            logger.error(f"{service}.broken")
    for service, file in (
        ("analytics", "analytics-service"),
        ("data", "data-ingestion-service"),
        ("auth", "auth-service"),
    ):
        assert [x["event"] for x in lines(folder, file)] == [f"{service}.fine", f"{service}.broken"]
        assert [x["event"] for x in lines(folder, f"{file}-error")] == [f"{service}.broken"]


def test_what_is_bound_in_a_request_ends_with_it(folder: Path) -> None:
    with log.request_scope(request_id="r1"):
        log.bind_request(tenant_id="t1")
        logger.info("inside")
    logger.info("outside")
    inside, outside = lines(folder, "analytics-service")
    assert (inside["request_id"], inside["tenant_id"]) == ("r1", "t1")
    assert "request_id" not in outside
    assert "tenant_id" not in outside


def test_a_traceback_is_kept_and_cleaned(folder: Path) -> None:
    try:
        raise ValueError("login of ada@acme.example with password=hunter2 failed")
    except ValueError:
        logger.exception("auth.failed")
    (line,) = lines(folder, "analytics-service-error")
    assert "ValueError: login of [email] with password=[redacted] failed" in line["traceback"]


def test_a_message_with_line_breaks_stays_one_line(folder: Path) -> None:
    logger.info("{}", 'term\n{"event": "forged"}')
    (line,) = lines(folder, "analytics-service")
    assert line["event"] == 'term\n{"event": "forged"}'


def test_libraries_log_into_the_same_files(folder: Path) -> None:
    logging.getLogger("some.library").warning("sent to %s", "ada@acme.example")
    (line,) = lines(folder, "analytics-service")
    assert (line["event"], line["logger"]) == ("sent to [email]", "some.library")


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("ada.l+x@mail.acme.example wrote", "[email] wrote"),
        ("postgresql://app_web:s3cr%40t@db:5432/x", "postgresql://[redacted]@db:5432/x"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer [redacted]"),
        ("id eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln end", "id [token] end"),
        ("GET /auth/callback?code=SplxlOB&state=af0ifj", None),
        ('{"client_secret": "abc"}', '{"client_secret": "[redacted]"}'),
        ("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", "[key]"),
        ("events_20240131: 5 rows at 10:15", "events_20240131: 5 rows at 10:15"),
    ],
)
def test_private_shapes_are_taken_out(text: str, clean: str | None) -> None:
    expected = clean or "GET /auth/callback?code=[redacted]&state=[redacted]"
    assert redact_text(text) == expected


def test_private_fields_are_taken_out_at_any_depth() -> None:
    fields = {"user": {"E-Mail": "x", "password": "y", "rows": 3}, "token": "z", "table": "t"}
    assert redact("fields", fields) == {
        "user": {"E-Mail": "[redacted]", "password": "[redacted]", "rows": 3},
        "token": "[redacted]",
        "table": "t",
    }


NOTE, PERSON, PHONE = "calls back on Tuesday", 'Cara "Canary" Diaz', "555-0199"
# Statements that fail with a person's values in them, each in another way.
FAILING = {
    "check": ("insert into t (id, name) values (9, :name)", {"name": PERSON}),
    "unique": ("insert into t (id, phone) values (9, :phone)", {"phone": PHONE}),
    "not null": (
        "insert into t (id, name, phone) values (null, :name, :phone)",
        {"name": PERSON, "phone": PHONE},
    ),
    "number": ("select cast(:note as integer)", {"note": NOTE}),
    "day": ("select cast(:phone as date)", {"phone": PHONE}),
    "JSON": ("select cast(:note as jsonb)", {"note": NOTE}),
    "too long": ("insert into t (id, short) values (9, :note)", {"note": NOTE}),
    "raised": ("select pg_temp.refuse(:name)", {"name": PERSON}),
    "no such table": ("select :name from nowhere", {"name": PERSON}),
    "NUL": ("select cast(:note as text)", {"note": NOTE + "\x00"}),
    "no such type": ("select :note", {"note": {"a": object(), "b": NOTE}}),
}


@pytest.fixture(scope="module")
def table(server_url: str) -> Iterator[Connection]:
    """A table with every kind of constraint, that one row is in."""
    engine = make_engine(server_url, pooled=False)
    with engine.connect() as connection:
        connection.exec_driver_sql("""
            create temp table t (
                id integer not null, name text check (name is null), phone text unique,
                short varchar(3)
            )
        """)
        connection.exec_driver_sql(f"insert into t values (1, null, '{PHONE}')")
        connection.exec_driver_sql("""
            create function pg_temp.refuse(p_name text) returns void language plpgsql as $$
            begin
                raise exception 'refused: "%%"', p_name using detail = p_name, hint = p_name;
            end $$
        """)
        connection.commit()
        yield connection


@pytest.mark.parametrize("way", FAILING)
def test_a_failing_statement_logs_no_value(folder: Path, table: Connection, way: str) -> None:
    statement, values = FAILING[way]
    try:
        table.execute(text(statement), values)
    except SQLAlchemyError as error:
        logger.exception("request.crashed")
        logger.error("job.failed", reason=error, cause=error.__cause__)
        logging.getLogger("some.library").exception("it failed: %s", error)
    finally:
        table.rollback()
    written = (folder / "analytics-service-error.log").read_text()
    assert written.count("Traceback (most recent call last)") >= 2
    assert not [value for value in (NOTE, "Canary", "Diaz", PHONE) if value in written]


def test_a_failing_copy_logs_no_value(folder: Path, table: Connection) -> None:
    wire = table.connection.driver_connection
    assert isinstance(wire, psycopg.Connection)
    try:
        with wire.cursor() as cursor, cursor.copy("copy t (id, name) from stdin") as copy:
            copy.write_row(("x", PERSON))
    except psycopg.Error:
        logger.exception("job.failed")
    finally:
        wire.rollback()
    written = (folder / "analytics-service-error.log").read_text()
    assert "22P02" in written and "Canary" not in written and "CONTEXT" not in written


def test_a_model_that_refuses_a_value_does_not_log_it(folder: Path) -> None:
    try:
        MappingBody.model_validate({"location_id": "", "email": PERSON, "name": [PHONE]})
    except ValueError:
        logger.exception("request.crashed")
    written = (folder / "analytics-service-error.log").read_text()
    assert "3 validation errors" in written or "2 validation errors" in written
    assert not [value for value in ("Canary", PHONE) if value in written]
