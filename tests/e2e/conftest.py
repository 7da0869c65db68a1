"""A real browser on the running site. Without Chromium these tests are skipped by name."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    StorageState,
    expect,
    sync_playwright,
)

from app import jobs
from app.database import engine as db
from tests.loading import BranchRow, load_days
from tests.oracle import rows
from tests.running import ADA, Site, port, provider, site

# Only ends a hang: a machine that is busy with other tests may take its time.
WAIT_MS = 90_000
expect.set_options(timeout=WAIT_MS)

__all__ = ["port", "provider", "site"]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is not installed: CI must run the browser tests")
        pytest.skip("needs the system package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module", autouse=True)
def loaded(site: Site) -> None:
    """Three days of acme at three branches, one day missing between them."""
    db.configure(site.config, role="worker")
    jobs.configure(site.config)
    tables = {f"events_2025040{day}": _day(day) for day in (1, 2, 4)}
    branches = [BranchRow("D01", "Harbour", "Boston"), BranchRow("D02", "Uptown", is_active=False)]
    load_days(site.acme, tables, branches=branches)
    db.configure(site.config)


def _day(day: int) -> list[rows.Row]:
    made = []
    for number in range(6):
        about = {"branch": f"D0{number % 3 + 1}", "time_zone": "America/New_York"}
        at, who = f"2025-04-0{day}T1{number}:00:00Z", (f"p{number}.1", 100 * day + number)
        made.append(rows.page_view(at, *who, **about))
        made.append(rows.failed_search(at, "valve", *who, **about))
        if number % 2:
            order = {"transaction_id": f"T{day}{number}", "revenue": 250 * day}
            made.append(rows.purchase(at, *who, **order, **about))
    return made


@pytest.fixture(scope="module")
def signed_in(site: Site, chromium: Browser) -> StorageState:
    """The cookies of acme's admin."""
    context = chromium.new_context()
    context.new_page().goto(site.url(f"/auth/start?login_hint={ADA.email}&next=/docs"))
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def open_page(site: Site, chromium: Browser, signed_in: StorageState) -> Iterator[OpenPage]:
    """Opens a path signed in as the admin of acme; fails on anything the browser complains of."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_one(path: str, *, as_stranger: bool = False, **options: object) -> Page:
        state = None if as_stranger else signed_in
        context = chromium.new_context(storage_state=state, **options)  # type: ignore[arg-type] # playwright's options
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: _note(complaints, said.type, said.text))
        page.goto(site.url(path))
        page.wait_for_load_state("networkidle")
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def _note(complaints: list[str], kind: str, text: str) -> None:
    """Keep errors and warnings; an answer that failed or never came is the page's to show."""
    if kind in ("error", "warning") and not re.search("Failed to (load resource|fetch)", text):
        complaints.append(text)
