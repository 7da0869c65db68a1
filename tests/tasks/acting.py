"""Taking steps as the pages' forms do."""

from __future__ import annotations

from uuid import UUID

import requests

from tests.page import Html, check_fragment
from tests.running import Browser
from tests.tasks.task_rows import TaskRows


def act(
    browser: Browser,
    task_id: UUID,
    action: str,
    version: int = 0,
    *,
    is_htmx: bool = True,
    **form: str,
) -> requests.Response:
    """Post one step of a task."""
    fields = {"csrf_token": browser.csrf_token(), "version": str(version), **form}
    return post(browser, f"/analytics/tasks/{task_id}/{action}", fields, is_htmx=is_htmx)


def post(
    browser: Browser, path: str, fields: dict[str, object], *, is_htmx: bool = True
) -> requests.Response:
    """Post a form as htmx does, or as a browser without it."""
    headers = {"Origin": browser.site.base_url} | ({"HX-Request": "true"} if is_htmx else {})
    fields = {"csrf_token": browser.csrf_token()} | fields
    return browser.post(browser.site.url(path), fields, headers=headers)


def changed(response: requests.Response, task_id: UUID) -> Html:
    """The task's fragment after a step that worked."""
    assert response.status_code == 200, response.text
    assert response.headers["HX-Trigger"] == "tasks-changed"
    return check_fragment(response, f"task_{task_id}")


def state_of(tasks: TaskRows, task_id: UUID) -> tuple[object, ...]:
    """State, outcome, owner and version of a task's row."""
    row = tasks.superuser.execute(
        "select state, outcome, owner, version from task where task_id = %s", (task_id,)
    ).fetchone()
    assert row is not None
    return row


def undo_path(html: Html) -> str:
    """Where the Undo button of the toast posts to."""
    toast = html.by_id("toasts")
    (form,) = toast.iter("form")
    return form.get("action") or ""
