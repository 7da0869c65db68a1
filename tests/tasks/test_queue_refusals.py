"""What a press does not do: nonsense, other people's tasks, other people's steps."""

from __future__ import annotations

import threading
from uuid import UUID, uuid4

import pytest

from tests.customers.world import World, ago
from tests.page import check_fragment, check_page
from tests.running import GUS, Browser
from tests.tasks.queue_page import (
    QUEUE,
    ada,
    card,
    card_id,
    form_of,
    panel_of,
    press,
    rae,
    reasons,
    rows,
    send,
    vic,
    world,
)

__all__ = ["ada", "rae", "reasons", "vic", "world"]


@pytest.mark.parametrize(
    ("action", "fields", "words"),
    [
        ("done", {}, "Choose how it ended."),
        ("done", {"outcome": "gone"}, "Choose how it ended."),
        ("done", {"outcome": "won", "amount": "NaN"}, "Enter what was ordered"),
        ("done", {"outcome": "will_order_later"}, "Choose until when."),
        ("snooze", {"until": "2020-01-01"}, "Choose a day after today."),
        ("snooze", {"until": "soon"}, "is not a day"),
        ("snooze", {"days": "0"}, "Choose a day after today."),
        ("note", {"note": "  "}, "Write something into the note."),
    ],
)
def test_what_makes_no_sense_is_refused_on_the_card(
    ada: Browser, world: World, reasons: list[UUID], action: str, fields: dict[str, str], words: str
) -> None:
    answer = press(ada, action, **fields)
    assert answer.status_code == 422
    html = check_fragment(answer, card_id("k:K1"))
    assert words in html.text(card(html, "k:K1"))
    assert rows(world, "state") == [("open",)] * 2


def test_a_card_names_sixty_tasks_at_most(ada: Browser, world: World, reasons: list[UUID]) -> None:
    html = check_page(ada.open(QUEUE))
    form = form_of(html, card(html, "k:K1"), "call")
    for element in form.iter("input"):
        if element.get("name") == "task":
            element.set("value", ",".join(f"{uuid4()}~0" for _ in range(61)))
    answer = send(ada, form)
    assert answer.status_code == 422 and "At most 60 tasks" in answer.text
    assert rows(world, "count(*)", "task_history") == [(0,)]


def test_a_viewer_cannot_act(ada: Browser, vic: Browser, world: World, reasons: list[UUID]) -> None:
    html = check_page(ada.open(QUEUE))
    form = form_of(html, card(html, "k:K1"), "call")
    for element in form.iter("input"):
        if element.get("name") == "csrf_token":
            element.set("value", vic.csrf_token())
    assert send(vic, form).status_code == 403
    assert rows(world, "count(*)", "task_history") == [(0,)]


def test_nobody_reaches_a_task_of_another_branch_customer_or_tenant(
    rae: Browser, browser: Browser, world: World, reasons: list[UUID]
) -> None:
    far = world.task("cart", ago(days=1), company="K9", branch="D09")
    values = {"task_id": str(far), f"version_{far}": "0"}
    assert rae.submit(f"{QUEUE}/k:K9/call", **values).status_code == 404
    own = {"task_id": str(reasons[0]), f"version_{reasons[0]}": "0"}
    assert rae.submit(f"{QUEUE}/k:K9/call", **own).status_code == 404
    browser.sign_in(GUS)
    assert browser.submit(f"{QUEUE}/k:K1/call", **own).status_code == 404
    assert rows(world, "count(*)", "task_history") == [(0,)]


def test_a_customer_with_a_hostile_key_can_be_worked_on(ada: Browser, world: World) -> None:
    key = "k:a/../b?x=1&y#z%2F~41<'\">"
    world.task("cart", ago(days=1), company=key[2:], name="Odd")
    html = check_page(ada.open(QUEUE))
    answer = send(ada, form_of(html, card(html, key), "call"))
    assert answer.status_code == 200
    check_fragment(answer, card_id(key))


def test_only_the_own_recent_steps_are_undone(
    ada: Browser, rae: Browser, world: World, reasons: list[UUID]
) -> None:
    press(ada, "call")
    ids = [str(row[0]) for row in rows(world, "history_id", "task_history")]
    assert rae.submit(f"{QUEUE}/undo", history_id=ids[0]).status_code == 409
    world.superuser.execute("update task_history set happened_at = happened_at - interval '1 h'")
    assert ada.submit(f"{QUEUE}/undo", history_id=ids[0]).status_code == 409
    assert ada.submit(f"{QUEUE}/undo", history_id="x").status_code == 422


def test_two_presses_at_once_are_one(
    ada: Browser, rae: Browser, world: World, reasons: list[UUID]
) -> None:
    forms = []
    for browser in (ada, rae):
        html = check_page(browser.open(f"{QUEUE}?owner=any"))
        forms.append((browser, panel_of(browser, html, card(html, "k:K1"), "done")))
    answers: list[int] = []

    def finish(browser: Browser, form: object) -> None:
        answers.append(send(browser, form, outcome="won").status_code)  # type: ignore[arg-type]

    threads = [threading.Thread(target=finish, args=pair) for pair in forms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 409]
    assert rows(world, "count(*), count(distinct done_by)", "task_history") == [(2, 1)]


def test_a_form_without_its_token_is_refused(
    ada: Browser, world: World, reasons: list[UUID]
) -> None:
    values = {"task_id": str(reasons[0]), f"version_{reasons[0]}": "0", "csrf_token": "x"}
    assert ada.submit(f"{QUEUE}/k:K1/call", **values).status_code == 400
    assert rows(world, "count(*)", "task_history") == [(0,)]


def test_a_reason_belongs_to_its_outcome(ada: Browser, world: World, reasons: list[UUID]) -> None:
    wrong = press(ada, "done", outcome="not_relevant", reason="price")
    assert wrong.status_code == 422
    words = check_fragment(wrong, card_id("k:K1")).text()
    assert "“Not relevant or wrong data” has no such reason." in words
    press(ada, "done", outcome="not_interested", reason="price")
    assert rows(world, "reason, outcome", "task_history") == [("price", "not_interested")] * 2
