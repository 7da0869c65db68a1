"""Texts that attack whoever shows them, everywhere a visitor, a file or a member can put one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from html import escape
from typing import Any

import openpyxl
import psycopg
import pytest
import requests

from app.auth.tokens.api_tokens import create_api_token
from app.database.engine import tenant_transaction
from app.email.message.subject import one_line
from tests.customers.world import World, ago, item
from tests.page import _parse, check_page
from tests.routes import asking, matrix
from tests.routes.asking import Asker
from tests.routes.world import CALLERS, Things, furnish
from tests.running import ADA, VIEWER, Browser, Site, port, provider, site

__all__ = ["port", "provider", "site"]

TEXTS = {
    "markup": "\"'><script>pwned(1)</script><img src=x onerror=pwned(1)><a href=javascript:pwned>",
    "template": "{{7*7}}${7*7}<%= 7*7 %>#{7*7}{% raw %}",
    "formula": '=HYPERLINK("http://pwned.example","x")',
    "formula by plus": "+1+cmd|' /C calc'!A0",
    "formula by at": "@SUM(1+1)",
    "formula by tab": "\t=1+1",
    "formula by minus": "-1+1",
    "bidi": "\u202egnp.exe\u2066\u200f",
    "header": "x\r\nSet-Cookie: pwned=1\r\n\r\n<b>",
    "long": "W" * 5_000,
    "astral": "\U0001f4a3" * 50,
    "closing": "</textarea></select></title>",
}
ROLES = {"admin": ADA, "viewer": VIEWER}
MASKED = ("markup", "bidi", "long", "astral")  # what shortening could tear apart


def plant(superuser: psycopg.Connection[Any], site: Site, text: str) -> Things:
    """One thing of each kind, with that text wherever somebody else writes it."""
    things = furnish(superuser, site.acme, "A")
    world, at, line = World(superuser, site.acme), ago(days=3), item(text, 5, name=text)
    world.branch(text[:100], text)
    world.contact(
        "H1",
        text,
        name=text,
        email=f"{text[:200]}@x.example",
        phone=text,
        buying_company_name=text,
        branch_id=text[:100],
        account_owner=text,
    )
    detail = {
        "lines": [line],
        "terms": [{"term": text, "searches": 2, "sessions": 2}],
        "items": [line | {"category": text, "views": 2}],
        "transaction_id": text,
        "visits": 2,
        "page_views": 2,
        "bounces": 2,
        "line_count": 1,
        "refunded": 0,
        "is_first": True,
    }
    for number, kind in enumerate(
        ("purchase", "cart", "no_results", "no_conversion", "repeat_visit", "bounce")
    ):
        world.task(
            kind,
            at - timedelta(hours=number),
            company=text,
            name=text,
            detail=detail,
            branch="D01",
            owner=ADA.email,
        )
    session = world.session("hp", 7, at, contact="H1", company=text, page_views=2, item_views=1)
    superuser.execute(
        "update session set entry_url = %s, city = %s, device_category = %s, traffic_source = %s"
        " where session_id = %s",
        (text, text, text, text, session),
    )
    world.order("HT", at, 10, contact="H1", company=text, items=[line], session_id=session)
    world.event("page_view", at, "hp", 7, page_title=text, page_url=text)
    world.event("view_item", at, "hp", 7, item_id=text, item_name=text)
    world.insert("customer_note", customer_key=f"k:{text}", body=text[:2_000], created_by=text)
    world.insert("exclusion", kind="email_domain", value=text[:200], reason=text, created_by=text)
    world.insert("branch_email_mappings", branch_id=text[:100], email=ADA.email, name=text[:120])
    world.insert("membership", email=f"m@{len(text)}.example", role="rep", name=text)
    row = superuser.execute("select member_id from member where email = %s", (ADA.email,))
    with tenant_transaction(site.acme) as conn:
        create_api_token(
            conn, site.acme, row.fetchone()[0], name=text[:80], scopes=["read"], lifetime_days=30
        )
    superuser.execute(
        "update processing_jobs set message = %s, detail = %s, warnings = array[%s]",
        (text, text, text),
    )
    superuser.execute(
        "update email_send_history set subject = %s, html_body = %s, text_body = %s,"
        " server_answer = %s, reason = %s, recipient_name = %s, branch_ids = array[%s]",
        (one_line(text)[:200], f"<p>{escape(text)}</p>", text, text, text, text[:100], text[:100]),
    )
    superuser.execute(
        "update email_sending_jobs set started_by = %s, location_ids = array[%s]", (text, text)
    )
    return things | {"customer": f"k:{text}"[:500], "session": session}


@pytest.fixture(scope="module")
def browsers(site: Site) -> Iterator[dict[str, Browser]]:
    """One for each role, signed in once."""
    opened = {role: Browser(site) for role in ROLES}
    for role, browser in opened.items():
        browser.sign_in(ROLES[role])
    yield opened
    for browser in opened.values():
        browser.close()


@pytest.fixture
def planted(
    site: Site,
    browsers: dict[str, Browser],
    superuser: psycopg.Connection[Any],
    request: pytest.FixtureRequest,
) -> Iterator[tuple[Site, Things]]:
    for table in (
        "task",
        "task_work",
        "task_history",
        "session",
        "shop_order",
        "users",
        "locations",
        "customer_note",
        "exclusion",
        "api_token",
        "term_visit",
        "held_file",
        "processing_jobs",
        "page_view",
        "view_item",
        "branch_email_mappings",
        "email_send_history",
        "email_sending_jobs",
    ):
        superuser.execute(f"delete from {table}")
    superuser.execute("delete from membership where member_id is null")
    yield site, plant(superuser, site, TEXTS[request.param])


@pytest.mark.parametrize(
    ("planted", "role"),
    [*((name, "admin") for name in TEXTS), *((name, "viewer") for name in MASKED)],
    indirect=["planted"],
)
def test_nothing_that_was_planted_comes_alive(
    planted: tuple[Site, Things], browsers: dict[str, Browser], role: str
) -> None:
    site, things = planted
    caller = next(caller for caller in CALLERS if caller.name == role)
    endpoints, seen, browser = matrix.endpoints_of(site.app), 0, browsers[role]
    asker = Asker(caller, browser, site.headers(ROLES[role]), browser.csrf_token())
    for key, route in matrix.load().items():
        if route.is_change or role not in route.may:
            continue
        names = asking.names_for(route, "own", things, things)
        answer = asking.ask(site, asker, route, endpoints[key], names)
        assert answer.status_code < 500, (key, answer.status_code)
        assert "pwned" not in {name.lower() for name in answer.headers}, key
        assert not [v for v in answer.headers.values() if "pwned=" in v or "\n" in v], key
        seen += answer.status_code == 200
        check(key, answer)
    assert seen > 30


def check(key: str, answer: requests.Response) -> None:
    """A page, a part of one, a table or a workbook without a live word in it."""
    kind = answer.headers.get("Content-Type", "")
    if answer.status_code == 200 and key.endswith((".html", "/html")):
        assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert not _parse(answer).all("script")  # a mail: it has styles of its own
    elif answer.status_code == 200 and "text/html" in kind and "<html" in answer.text:
        check_page(answer)
    elif "text/html" in kind:
        _parse(answer)
    elif "text/csv" in kind:
        lines = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
        cells = [cell for line in lines for cell in line]
        assert not [c for c in cells if c.startswith(("=", "+", "@", "\t", "\r"))], key
        assert not [c for c in cells if c.startswith("-") and not is_number(c)], key
    elif answer.content.startswith(b"PK"):
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
        assert not [c for row in sheet.iter_rows() for c in row if c.data_type == "f"], key


def is_number(text: str) -> bool:
    """A negative number is no formula."""
    return text.lstrip("-").replace(".", "", 1).isdigit()
