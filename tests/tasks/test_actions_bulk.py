"""Many tasks at once: those that changed meanwhile are left alone, and counted."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.page import check_fragment, check_page
from tests.running import REP, Browser
from tests.tasks.acting import act, post, state_of
from tests.tasks.task_rows import DAYS, TaskRows, acme, ada, list_path, tasks
from tests.tasks.test_list_pages import names_of

__all__ = ["acme", "ada", "tasks"]

CARTS = f"/analytics/tasks/cart-abandonment/bulk?{DAYS}"


@pytest.fixture
def three(tasks: TaskRows) -> list[UUID]:
    """Three open carts."""
    return [tasks.add("cart", name) for name in "ABC"]


def ticked(*ids: UUID, version: int = 0) -> list[str]:
    """The values of their boxes."""
    return [f"{task_id}~{version}" for task_id in ids]


def test_the_chosen_are_assigned(ada: Browser, tasks: TaskRows, three: list[UUID]) -> None:
    form = {"task": ticked(*three[:2]), "action": "assign", "owner": REP.email}
    html = check_fragment(post(ada, CARTS, form), "task_list")
    assert html.text(html.by_id("toasts")).startswith("Assigned 2 carts.")
    assert [state_of(tasks, i)[2] for i in three] == [REP.email, REP.email, None]


def test_the_chosen_are_snoozed_and_the_list_keeps_its_filters(
    ada: Browser, tasks: TaskRows, three: list[UUID]
) -> None:
    form = {"task": ticked(*three[:2]), "action": "snooze", "snoozed_until": "next_week"}
    html = check_fragment(post(ada, f"{CARTS}&state=open", form), "task_list")
    assert names_of(html) == ["Customer C"]
    assert html.by_id("state_open").get("aria-current") == "true"


def test_what_a_colleague_changed_is_left_alone_and_counted(
    browser: Browser, ada: Browser, tasks: TaskRows, three: list[UUID]
) -> None:
    browser.sign_in(REP)
    act(browser, three[0], "done", outcome="won")
    form = {"task": ticked(*three), "action": "snooze", "snoozed_until": "tomorrow"}
    html = check_fragment(post(ada, CARTS, form), "task_list")
    said = "Snoozed 2 carts. 1 was changed by someone else meanwhile and skipped."
    assert html.text(html.by_id("toasts")).startswith(said)
    assert [state_of(tasks, i)[0] for i in three] == ["done", "snoozed", "snoozed"]


def test_without_javascript_the_list_comes_back(
    ada: Browser, tasks: TaskRows, three: list[UUID]
) -> None:
    form = {"task": ticked(three[0]), "action": "assign", "owner": ""}
    page = post(ada, f"{CARTS}&state=open", form, is_htmx=False)
    assert page.url.endswith(f"/analytics/tasks/cart-abandonment?state=open&{DAYS}")
    assert "Assigned 1 cart." in check_page(page).text()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"action": "assign"}, "Choose at least one task first."),
        ({"action": "assign", "task": "x~y"}, "A chosen task cannot be read."),
        ({"action": "done", "task": "ONE"}, "Choose whether to assign or to snooze them."),
        ({"action": "snooze", "task": "ONE"}, "Choose until when."),
        ({"action": "assign", "task": "ONE", "owner": "x@y.z"}, "Choose a colleague"),
        ({"action": "assign", "task": "MANY"}, "At most 100 tasks can be changed at once."),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(
    ada: Browser, tasks: TaskRows, three: list[UUID], form: dict[str, str], said: str
) -> None:
    chosen = {"ONE": ticked(three[0]), "MANY": [f"{UUID(int=n)}~0" for n in range(101)]}
    fields = form | {"task": chosen.get(form.get("task", ""), form.get("task", []))}
    answer = post(ada, CARTS, fields)
    assert answer.status_code == 422
    html = check_fragment(answer, "task_list")
    assert said in html.text()
    assert len(names_of(html)) == 3
    assert state_of(tasks, three[0]) == ("open", None, None, 0)


def test_boxes_name_the_version_they_were_shown_with(
    ada: Browser, tasks: TaskRows, three: list[UUID]
) -> None:
    act(ada, three[0], "call")
    html = check_page(ada.open(list_path("cart", "query=customer a")))
    (box,) = html.by_id(f"pick_{three[0]}").iter("input")
    assert (box.get("value"), box.get("form")) == (f"{three[0]}~1", "bulk")
