"""Logs: one JSON object per line, in the three services' files and their -error twins.

Events have names, not sentences: `logger.info("ingest.day.loaded", event_date=day, rows=n)`.
`bound(…)` adds request, tenant and job ids to every line in its block. Addresses, tokens and
credentials are removed by name and by pattern before a line is written, also from tracebacks. Files
are reopened when something else moves them away.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from loguru import logger

from app.config import Config, ConfigError
from app.redaction import describe_error, describe_traceback, redact, redact_text

if TYPE_CHECKING:
    from loguru import Record

__all__ = ["Service", "bind_request", "bound", "configure", "logger", "request_scope"]

Service = Literal["analytics", "data", "auth"]
_FILES: dict[Service, str] = {
    "analytics": "analytics-service",
    "data": "data-ingestion-service",
    "auth": "auth-service",
}
_LINE = "_line"
_scope: ContextVar[ExitStack | None] = ContextVar("request_scope", default=None)
_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
_READABLE = "<dim>{time:HH:mm:ss}</dim> <level>{level: <7}</level> {extra[_readable]}\n"
_NOISY = ("sqlalchemy", "werkzeug", "urllib3", "authlib", "rq.worker", "google", "paramiko")


def configure(config: Config, service: Service | None = None) -> None:
    """Open the log files of this process.

    `service` names the file for lines not bound to another service; defaults to the service of the
    process.

    Raises:
        ConfigError: LOG_DIR cannot be written.
    """
    fallback: Service = service or (
        "analytics" if config.app_service == "all" else config.app_service
    )
    folder = Path(config.log_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        logger.remove()
        logger.configure(extra={"service": fallback}, patcher=_clean)
        for name, file in _FILES.items():
            _add_files(folder, name, file)
    except OSError as error:
        raise ConfigError(f"LOG_DIR: {folder} cannot be written ({error.strerror})") from None
    if config.app_env == "development":
        logger.add(sys.stderr, level="INFO", format=_as_readable, diagnose=False)
    logging.basicConfig(handlers=[_FromLogging()], level=logging.INFO, force=True)
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)


def bound(**fields: object) -> AbstractContextManager[None]:
    """Add these fields to every line written in the block."""
    return logger.contextualize(**fields)


@contextmanager
def request_scope(request_id: str, **fields: object) -> Iterator[None]:
    """Add these fields, and those of `bind_request()`, to every line of one request.

    The jobs it queues get its id too.
    """
    with ExitStack() as stack:
        stack.enter_context(bound(request_id=request_id, **fields))
        token, id_token = _scope.set(stack), _request_id.set(request_id)
        try:
            yield
        finally:
            _request_id.reset(id_token)
            _scope.reset(token)


def current_request_id() -> str | None:
    """The id of the current request; None elsewhere."""
    return _request_id.get()


def bind_request(**fields: object) -> None:
    """Add these fields to all further lines of the current request, if any."""
    stack = _scope.get()
    if stack is not None:
        stack.enter_context(bound(**fields))


def _add_files(folder: Path, service: Service, file: str) -> None:
    def belongs(record: Record) -> bool:
        return record["extra"].get("service") == service

    for name, level in ((file, "INFO"), (f"{file}-error", "ERROR")):
        logger.add(
            folder / f"{name}.log",
            level=level,
            filter=belongs,
            format=_as_line,
            diagnose=False,
            delay=True,
            watch=True,
            encoding="utf-8",
        )


def _clean(record: Record) -> None:
    """Redact a record before any sink gets it."""
    record["message"] = redact_text(record["message"])
    record["extra"] = {key: redact(key, value) for key, value in record["extra"].items()}


def _as_line(record: Record) -> str:
    fields = _fields(record)
    line = {
        "time": record["time"].isoformat(),
        "level": record["level"].name.lower(),
        "event": record["message"],
        "source": f"{record['name']}:{record['line']}",
        **fields,
    }
    if record["exception"]:
        line["traceback"] = _traceback(record)
    record["extra"][_LINE] = json.dumps(line, default=str, ensure_ascii=False)
    return "{extra[_line]}\n"


def _as_readable(record: Record) -> str:
    fields = "".join(f" {k}={v}" for k, v in _fields(record).items() if k != "service")
    trace = f"\n{_traceback(record)}" if record["exception"] else ""
    record["extra"]["_readable"] = f"{record['message']}{fields}{trace}"
    return _READABLE


def _fields(record: Record) -> Mapping[str, object]:
    return {key: value for key, value in record["extra"].items() if not key.startswith("_")}


def _traceback(record: Record) -> str:
    """The traceback as text, redacted: third parties' messages quote their input."""
    error = record["exception"]
    if error is None:
        return ""
    return describe_traceback(error.value) if error.value is not None else ""


class _FromLogging(logging.Handler):
    """Adds the lines that libraries write to the standard library's log."""

    def emit(self, record: logging.LogRecord) -> None:
        level: str | int = record.levelname
        if record.levelno not in (10, 20, 30, 40, 50):
            level = record.levelno
        opened = logger.opt(depth=6, exception=_complete(record))
        opened.bind(logger=record.name).log(level, "{}", _message(record))


def _message(record: logging.LogRecord) -> str:
    """The library's line, with its errors redacted."""
    parts = record.args if isinstance(record.args, tuple) else ()
    if any(isinstance(part, BaseException) for part in (record.msg, *parts)):
        record.msg, record.args = _without_values(record.msg), tuple(map(_without_values, parts))
    return record.getMessage()


def _without_values(part: object) -> object:
    return describe_error(part) if isinstance(part, BaseException) else part


def _complete(
    record: logging.LogRecord,
) -> tuple[type[BaseException], BaseException, TracebackType | None] | None:
    if record.exc_info and record.exc_info[0] is not None:
        return record.exc_info
    return None
