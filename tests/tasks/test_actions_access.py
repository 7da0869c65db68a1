"""Who may see and do what with tasks; nobody overwrites anybody."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from tests.page import check_fragment, check_page
from tests.running import ADA, GUS, REP, VIEWER, Browser
from tests.tasks.acting import act, changed, post, state_of, undo_path
from tests.tasks.task_rows import DAYS, HTMX, SLUGS, TaskRows, acme, ada, list_path, tasks
from tests.tasks.test_list_pages import names_of, rows_of

__all__ = ["acme", "ada", "tasks"]


def test_the_slower_of_two_is_told_who_did_what(
    browser: Browser, ada: Browser, tasks: TaskRows
) -> None:
    task_id = tasks.add("cart", "A")
    browser.sign_in(REP)
    assert act(browser, task_id, "done", outcome="won").status_code == 200
    late = act(ada, task_id, "done", outcome="not_interested")
    assert late.status_code == 409
    html = check_fragment(late, f"task_{task_id}")
    assert "rae@acme.example finished it (Won) since you opened it." in html.text()
    assert html.text(html.by_id(f"state_{task_id}")) == "Done Won"
    assert state_of(tasks, task_id) == ("done", "won", None, 1)
    page = act(ada, task_id, "done", is_htmx=False, outcome="not_interested")
    assert page.status_code == 409
    assert "finished it (Won)" in check_page(page).text()


def test_of_many_at_the_same_moment_one_wins(
    browser: Browser, ada: Browser, tasks: TaskRows
) -> None:
    task_id = tasks.add("cart", "A")
    browser.sign_in(REP)
    with ThreadPoolExecutor() as threads:
        running = [
            threads.submit(act, who, task_id, "done", outcome="won")
            for who in (browser, ada, browser, ada)
        ]
    assert sorted(one.result().status_code for one in running) == [200, 409, 409, 409]
    assert state_of(tasks, task_id) == ("done", "won", None, 1)


def test_a_step_of_somebody_else_cannot_be_undone(
    browser: Browser, ada: Browser, tasks: TaskRows
) -> None:
    task_id = tasks.add("cart", "A")
    act(ada, task_id, "call")
    row = tasks.superuser.execute("select history_id from task_history").fetchone()
    assert row is not None
    browser.sign_in(REP)
    assert "/undo" not in browser.open(f"/analytics/tasks/{task_id}").text
    refused = post(browser, f"/analytics/tasks/steps/{row[0]}/undo", {})
    assert refused.status_code == 409
    assert "Only your own step" in refused.text


@pytest.fixture
def jo(tasks: TaskRows) -> UUID:
    """A cart of Jo Doe, who is no company, with a note about her."""
    tasks.superuser.execute("delete from users where user_id = 'JO'")
    tasks.add_contact("JO", name="Jo Doe", email="jo@buyer.test", phone="+1 555-0142")
    return tasks.add("cart", "JO", customer_name="Jo Doe")


def test_a_viewer_sees_contacts_shortened_and_no_action(
    browser: Browser, ada: Browser, tasks: TaskRows, jo: UUID
) -> None:
    act(ada, jo, "note", note="Call her at home: 555-9999")
    browser.sign_in(VIEWER)
    for path in (list_path("cart"), f"/analytics/tasks/{jo}"):
        html = check_page(browser.open(path))
        for hidden in ("Jo", "Doe", "jo@buyer.test", "0142", "555", "9999"):
            assert hidden not in html.response.text.replace(str(jo), "")
        assert "J••• D•••" in html.text()
        posts = [e.get("action") or "" for e in html.all("form") if e.get("method") == "post"]
        assert not [action for action in posts if "/tasks/" in action]
    assert "j•••@buyer.test" in browser.open(f"/analytics/tasks/{jo}").text
    assert "•••42" in browser.open(f"/analytics/tasks/{jo}").text


@pytest.mark.parametrize("action", ["done", "call", "snooze", "wake", "assign", "note", "reopen"])
def test_a_viewer_cannot_act(browser: Browser, tasks: TaskRows, jo: UUID, action: str) -> None:
    browser.sign_in(VIEWER)
    refused = act(browser, jo, action, note="x", outcome="won", snoozed_until="tomorrow")
    assert refused.status_code == 403
    form = {"task": f"{jo}~0", "action": "assign"}
    bulk = post(browser, "/analytics/tasks/cart-abandonment/bulk", form)
    assert bulk.status_code == 403
    assert state_of(tasks, jo) == ("open", None, None, 0)


@pytest.mark.parametrize("kind", list(SLUGS))
def test_a_rep_sees_only_the_own_branches(browser: Browser, tasks: TaskRows, kind: str) -> None:
    tasks.add(kind, "MINE", branch_id="D01")
    foreign = tasks.add(kind, "THEIRS", branch_id="D77")
    browser.sign_in(REP)
    html = check_page(browser.open(list_path(kind)))
    assert names_of(html) == ["Customer MINE"]
    assert "THEIRS" not in browser.open(f"/analytics/tasks/{SLUGS[kind]}/export.csv?{DAYS}").text
    assert browser.open(list_path(kind, "location_id=D77")).status_code == 403
    part = browser.open(list_path(kind, "location_id=D77"), headers=HTMX)
    assert "You see only the branches" in check_fragment(part, "task_list").text()
    assert browser.open(f"/analytics/tasks/{foreign}").status_code == 404
    part = browser.open(f"/analytics/tasks/{foreign}", headers=HTMX)
    assert part.status_code == 404
    assert "There is no such task." in check_fragment(part, f"task_{foreign}").text()
    assert act(browser, foreign, "call").status_code == 404


def test_a_task_given_to_a_rep_opens_wherever_it_lies(browser: Browser, tasks: TaskRows) -> None:
    task_id = tasks.add("cart", "A", branch_id="D77", owner=REP.email)
    browser.sign_in(REP)
    assert browser.open(f"/analytics/tasks/{task_id}").status_code == 200


def test_who_gives_a_task_away_is_told_that_it_is_out_of_sight(
    browser: Browser, tasks: TaskRows
) -> None:
    task_id = tasks.add("cart", "A", branch_id="D77", owner=REP.email)
    browser.sign_in(REP)
    given = act(browser, task_id, "assign", owner=ADA.email)
    assert given.status_code == 200
    assert "belongs to a colleague" in check_fragment(given, f"task_{task_id}").text()
    assert state_of(tasks, task_id)[2] == ADA.email
    assert browser.open(f"/analytics/tasks/{task_id}").status_code == 404


@pytest.mark.parametrize("kind", list(SLUGS))
def test_globex_sees_nothing_of_acme(browser: Browser, tasks: TaskRows, kind: str) -> None:
    task_id = tasks.add(kind, "A")
    browser.sign_in(GUS)
    assert rows_of(check_page(browser.open(list_path(kind)))) == []
    assert (
        "Customer A" not in browser.open(f"/analytics/tasks/{SLUGS[kind]}/export.csv?{DAYS}").text
    )
    assert browser.open(f"/analytics/tasks/{task_id}").status_code == 404
    assert act(browser, task_id, "call").status_code == 404
    form = {"task": f"{task_id}~0", "action": "snooze", "snoozed_until": "tomorrow"}
    bulk = post(browser, f"/analytics/tasks/{SLUGS[kind]}/bulk?{DAYS}", form)
    assert "Snoozed 0" in bulk.text
    assert state_of(tasks, task_id) == ("open", None, None, 0)


def test_globex_cannot_take_back_a_step_of_acme(
    browser: Browser, ada: Browser, tasks: TaskRows
) -> None:
    task_id = tasks.add("cart", "A")
    html = changed(act(ada, task_id, "call"), task_id)
    browser.sign_in(GUS)
    assert post(browser, undo_path(html), {}).status_code == 404
    assert state_of(tasks, task_id)[0] == "in_progress"


def test_a_change_needs_the_token_and_the_own_site(ada: Browser, tasks: TaskRows) -> None:
    task_id = tasks.add("cart", "A")
    path = f"/analytics/tasks/{task_id}/call"
    fields: dict[str, object] = {"version": "0", "csrf_token": "x"}
    assert post(ada, path, fields).status_code == 400
    refused = ada.submit(path, origin="https://evil.example", version="0")
    assert refused.status_code == 403
    assert state_of(tasks, task_id) == ("open", None, None, 0)
