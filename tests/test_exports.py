"""A running export stops when its reader loses access."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from app.http import exports
from app.settings import provision
from tests.running import ADA, DAN, Browser, Site, port, provider, site

__all__ = ["port", "provider", "site"]

Superuser = psycopg.Connection[Any]
APP = Path(exports.__file__).parent
ROWS = 60_000
EXPORT = "/auth/audit/export.csv"

# What happens to Dan, an admin, while he reads; and back.
ENDS = [
    ("update membership set is_active = false where email = %s", "deactivated"),
    ("update membership set role = 'viewer' where email = %s", "another role"),
    ("update membership set location_ids = '{D01}' where email = %s", "other branches"),
    ("delete from membership where email = %s", "gone"),
]


@pytest.fixture(scope="module")
def long_log(site: Site, superuser: Superuser) -> None:
    """Far more entries than a connection holds unread."""
    superuser.execute(
        "insert into audit_entry (tenant_id, member_email, action, subject, via)"
        " select %s, 'x@acme.example', 'member.changed', repeat('y', 400), 'page'"
        " from generate_series(1, %s)",
        (site.acme, ROWS),
    )


@pytest.fixture
def dan(
    site: Site, superuser: Superuser, long_log: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[bytes]:
    """The export of a long audit log, of which Dan has read the beginning."""
    monkeypatch.setattr(exports, "CHECK_S", 0.05)
    superuser.execute("delete from membership where email = %s", (DAN.email,))
    provision.add_member(site.acme, DAN.email, "admin")
    with Browser(site) as browser:
        browser.sign_in(DAN)
        answer = browser.get(site.url(EXPORT), stream=True)
        assert answer.status_code == 200
        pieces: Iterator[bytes] = answer.iter_content(10_000)
        assert next(pieces)
        return pieces


@pytest.mark.parametrize(("end", "_why"), ENDS)
def test_it_stops_for_a_reader_who_lost_access(
    superuser: Superuser, dan: Iterator[bytes], end: str, _why: str
) -> None:
    superuser.execute(end, (DAN.email,))
    with pytest.raises(requests.exceptions.RequestException):
        for _ in dan:
            pass


def test_it_goes_on_for_a_reader_who_has_it_still(
    superuser: Superuser, dan: Iterator[bytes]
) -> None:
    superuser.execute("update membership set is_active = false where email = %s", (ADA.email,))
    read = sum(piece.count(b"\n") for piece in dan)
    superuser.execute("update membership set is_active = true where email = %s", (ADA.email,))
    assert read > ROWS - 100


def test_every_file_goes_through_download() -> None:
    """No view hands a file out by itself."""
    found = [
        path.name
        for path in APP.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name) and node.id == "file_response"
    ]
    assert found == ["exports.py"]
