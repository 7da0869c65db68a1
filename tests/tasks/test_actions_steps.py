"""One step at a time: what each does, what is refused, and taking it back."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from app.dates import today, utc_now
from tests.page import check_fragment, check_page
from tests.running import Browser, path_of
from tests.tasks.acting import act, changed, post, state_of, undo_path
from tests.tasks.task_rows import HTMX, TaskRows, acme, ada, tasks

__all__ = ["acme", "ada", "tasks"]

ADA = "ada@acme.example"


@pytest.mark.parametrize(
    ("action", "form", "expected"),
    [
        ("call", {"note": "Will look at it"}, ("in_progress", None, None, 1)),
        ("done", {"outcome": "won"}, ("done", "won", None, 1)),
        (
            "done",
            {"outcome": "not_interested", "reason": "price"},
            ("done", "not_interested", None, 1),
        ),
        ("done", {"outcome": "no_answer"}, ("snoozed", "no_answer", None, 1)),
        ("snooze", {"snoozed_until": "tomorrow"}, ("snoozed", None, None, 1)),
        ("assign", {"owner": "rae@acme.example"}, ("open", None, "rae@acme.example", 1)),
        ("note", {"note": "Prefers mail"}, ("open", None, None, 0)),
    ],
)
def test_each_step_is_taken_shown_and_said(
    ada: Browser,
    tasks: TaskRows,
    action: str,
    form: dict[str, str],
    expected: tuple[object, ...],
) -> None:
    task_id = tasks.add("cart", "A")
    html = changed(act(ada, task_id, action, **form), task_id)
    assert state_of(tasks, task_id) == expected
    assert html.text(html.by_id("toasts")).startswith(("Call", "Done", "Snoo", "Assi", "Note"))
    assert html.by_id(f"state_{task_id}").get("hx-swap-oob") == "true"
    (box,) = html.by_id(f"pick_{task_id}").iter("input")
    assert box.get("value") == f"{task_id}~{expected[3]}"
    assert form.get("note", "") in html.text()


def test_a_task_is_woken_and_reopened(ada: Browser, tasks: TaskRows) -> None:
    task_id = tasks.add("cart", "A")
    act(ada, task_id, "snooze", 0, snoozed_until="next_week")
    changed(act(ada, task_id, "wake", 1), task_id)
    assert state_of(tasks, task_id) == ("open", None, None, 2)
    act(ada, task_id, "done", 2, outcome="not_relevant", reason="internal")
    changed(act(ada, task_id, "reopen", 3), task_id)
    assert state_of(tasks, task_id) == ("open", None, None, 4)


def test_an_expired_task_is_opened_again(ada: Browser, tasks: TaskRows) -> None:
    task_id = tasks.add("cart", "A", expires_at="2025-05-10")
    assert "Expired" in check_page(ada.open(f"/analytics/tasks/{task_id}")).text()
    html = changed(act(ada, task_id, "reopen"), task_id)
    assert html.text(html.by_id(f"state_{task_id}")).startswith("Open")


def test_a_pause_after_a_contact_is_explained_and_not_to_be_woken(
    ada: Browser, tasks: TaskRows
) -> None:
    task_id = tasks.add("cart", "A", cool_until="2098-06-01 12:00+00")
    html = check_page(ada.open(f"/analytics/tasks/{task_id}"))
    assert "spoke with this customer recently, so this waits until 1 Jun 2098 08:00" in html.text()
    assert "Resume now" not in html.text()
    assert "Log a call" in html.text()


def test_a_task_that_closed_itself_takes_notes_alone(ada: Browser, tasks: TaskRows) -> None:
    task_id = tasks.add("cart", "A", closed_at="2025-04-12", closed_reason="recovered")
    html = check_page(ada.open(f"/analytics/tasks/{task_id}"))
    offered = {e.get("action") for e in html.all("form") if "tasks" in (e.get("action") or "")}
    assert offered == {f"/analytics/tasks/{task_id}/note"}


def test_a_reminder_is_due_in_the_morning_of_that_day(ada: Browser, tasks: TaskRows) -> None:
    task_id = tasks.add("cart", "A")
    day = today("America/New_York") + timedelta(days=20)
    form = {"outcome": "will_order_later", "snoozed_until": day.isoformat()}
    changed(act(ada, task_id, "done", **form), task_id)
    row = tasks.superuser.execute(
        "select (snoozed_until at time zone 'America/New_York')::text from task"
    ).fetchone()
    assert row == (f"{day} 08:00:00",)


def test_an_order_placed_elsewhere_is_kept_with_its_amount(ada: Browser, tasks: TaskRows) -> None:
    task_id = tasks.add("cart", "A")
    form = {"outcome": "won", "reason": "ordered_elsewhere", "amount": "1250.50"}
    html = changed(act(ada, task_id, "done", **form), task_id)
    assert "Ordered by phone or at the counter: $1,250.50" in html.text()


WRONG = [
    ("done", {}, "Choose how it ended."),
    ("done", {"outcome": "won", "reason": "price"}, "“Won” has no such reason."),
    ("done", {"outcome": "won", "reason": "ordered_elsewhere"}, "Enter what was ordered"),
    ("done", {"outcome": "won", "reason": "ordered_elsewhere", "amount": "-5"}, "Enter what"),
    ("done", {"outcome": "won", "reason": "ordered_elsewhere", "amount": "1,5"}, "Enter what"),
    ("done", {"outcome": "will_order_later"}, "Choose until when."),
    ("snooze", {"snoozed_until": "2020-01-01"}, "Choose a day after today."),
    ("snooze", {"snoozed_until": "soon"}, "is not a day"),
    ("assign", {"owner": "gus@globex.example"}, "Choose a colleague who works here."),
    ("assign", {"owner": "vic@acme.example"}, "Choose a colleague who works here."),
    ("note", {"note": " "}, "Write something into the note."),
    ("note", {"note": "x" * 2001}, "at most 2000 characters"),
    ("call", {"version": "x"}, "which state it changes"),
]


@pytest.mark.parametrize(("action", "form", "said"), WRONG)
def test_what_is_wrong_is_said_and_changes_nothing(
    ada: Browser, tasks: TaskRows, action: str, form: dict[str, str], said: str
) -> None:
    task_id = tasks.add("cart", "A")
    fields: dict[str, object] = {"version": "0", "note": "typed", **form}
    answer = post(ada, f"/analytics/tasks/{task_id}/{action}", fields)
    assert answer.status_code == 422
    html = check_fragment(answer, f"task_{task_id}")
    assert said in html.text()
    assert state_of(tasks, task_id) == ("open", None, None, 0)
    page = post(ada, f"/analytics/tasks/{task_id}/{action}", fields, is_htmx=False)
    assert page.status_code == 422
    assert said in check_page(page).text()
    if action == "done":
        assert "typed" in html.text()


def test_a_step_works_without_javascript(ada: Browser, tasks: TaskRows) -> None:
    task_id = tasks.add("cart", "A")
    page = act(ada, task_id, "done", is_htmx=False, outcome="won")
    assert path_of(page) == f"/analytics/tasks/{task_id}"
    html = check_page(page)
    assert "Done. Thank you." in html.text()
    undo = [e.get("action") or "" for e in html.all("form") if "undo" in (e.get("action") or "")]
    again = check_page(post(ada, undo[0], {}, is_htmx=False))
    assert "Undone." in again.text()
    assert state_of(tasks, task_id)[0] == "open"


def test_undo_puts_back_what_was(ada: Browser, tasks: TaskRows) -> None:
    task_id = tasks.add("cart", "A")
    html = changed(act(ada, task_id, "done", outcome="won"), task_id)
    assert html.by_id("toasts")[0].get("data-lives-ms") == "10000"
    back = changed(post(ada, undo_path(html), {}), task_id)
    assert back.by_id(f"task_{task_id}").get("hx-swap-oob") == "true"
    assert state_of(tasks, task_id) == ("open", None, None, 2)
    assert "undid a step" in back.text()
    twice = post(ada, undo_path(html), {})
    assert twice.status_code == 409
    assert "data-toast" in twice.text


def test_undo_after_a_colleague_was_there_is_refused(ada: Browser, tasks: TaskRows) -> None:
    task_id = tasks.add("cart", "A")
    html = changed(act(ada, task_id, "call"), task_id)
    changed(act(ada, task_id, "snooze", 1, snoozed_until="3_days"), task_id)
    refused = post(ada, undo_path(html), {})
    assert refused.status_code == 409
    assert "snoozed it since you opened it" in check_fragment(refused, f"task_{task_id}").text()
    assert state_of(tasks, task_id)[0] == "snoozed"


def test_a_note_and_an_old_step_offer_no_undo(ada: Browser, tasks: TaskRows) -> None:
    task_id = tasks.add("cart", "A")
    assert "undo" not in act(ada, task_id, "note", note="x").text
    act(ada, task_id, "call")
    tasks.superuser.execute(
        "update task_history set happened_at = %s", (utc_now() - timedelta(minutes=11),)
    )
    assert "undo" not in ada.open(f"/analytics/tasks/{task_id}", headers=HTMX).text


def test_what_is_not_there_is_not_found(ada: Browser, tasks: TaskRows) -> None:
    assert ada.open(f"/analytics/tasks/{uuid4()}").status_code == 404
    assert act(ada, uuid4(), "call").status_code == 404
    assert post(ada, f"/analytics/tasks/steps/{uuid4()}/undo", {}).status_code == 404
    assert ada.open("/analytics/tasks/no-such-list/export.csv").status_code == 404
