"""What a press on a card does: a step of every reason, or of none, and how it is taken back."""

from __future__ import annotations

from uuid import UUID

import pytest

from app.database.engine import tenant_transaction
from app.tasks.steps.change import Actor, Change, change_task
from tests.customers.world import World, ago
from tests.page import check_fragment, check_page
from tests.running import ADA, REP, Browser
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
SAM = Actor("sam@acme.example", "page")


def test_done_takes_every_reason_and_the_card_leaves(
    ada: Browser, world: World, reasons: list[UUID]
) -> None:
    answer = press(ada, "done", outcome="not_interested", note="Has another supplier")
    html = check_fragment(answer, card_id("k:K1"))
    assert html.by_id(card_id("k:K1")).get("hidden") is not None
    assert "Done: not interested · Customer A" in html.text()
    assert answer.headers["HX-Trigger"] == "queue-changed"
    assert rows(world, "state, outcome, version") == [("done", "not_interested", 1)] * 2
    assert (
        rows(world, "note, done_by, via", "task_history")
        == [("Has another supplier", ADA.email, "page")] * 2
    )
    assert "1 done this week" in check_page(ada.open(QUEUE)).text()


def test_undo_takes_back_all_steps_of_the_press(
    ada: Browser, world: World, reasons: list[UUID]
) -> None:
    answer = check_fragment(press(ada, "done", outcome="won"), card_id("k:K1"))
    undo = next(f for f in answer.all("form") if "/undo" in (f.get("action") or ""))
    back = send(ada, undo)
    html = check_fragment(back, "queue")
    assert html.text(card(html, "k:K1")).count("Customer A") == 1
    assert "Undone." in html.text()
    assert rows(world, "state, outcome") == [("open", None)] * 2
    again = send(ada, undo)
    assert again.status_code == 409
    assert rows(world, "count(*)", "task_cooldown") == [(0,)]


def test_a_call_keeps_the_card_and_marks_it(
    ada: Browser, world: World, reasons: list[UUID]
) -> None:
    html = check_fragment(press(ada, "call"), card_id("k:K1"))
    assert "In progress" in html.text(card(html, "k:K1"))
    assert "Call logged · Customer A" in html.text()
    assert rows(world, "action, is_contact", "task_history") == [("call", True)] * 2


def test_an_amount_is_told_once(ada: Browser, world: World, reasons: list[UUID]) -> None:
    press(ada, "done", outcome="won", amount="250.50")
    told = rows(world, "coalesce(amount::text, ''), coalesce(reason, '')", "task_history")
    assert told == [("", ""), ("250.50", "ordered_elsewhere")]


@pytest.mark.parametrize("fields", [{"days": "3"}, {"until": f"{ago(days=-5).date()}"}])
def test_snooze_until_the_morning_of_a_day(
    ada: Browser, world: World, reasons: list[UUID], fields: dict[str, str]
) -> None:
    answer = press(ada, "snooze", **fields)
    assert check_fragment(answer, card_id("k:K1")).by_id(card_id("k:K1")).get("hidden") is not None
    assert (
        rows(world, "state, to_char(snoozed_until at time zone 'America/New_York', 'HH24')")
        == [("snoozed", "08")] * 2
    )
    assert "1 snoozed" in check_page(ada.open(QUEUE)).text()


def test_assigning_gives_all_reasons_to_one_person(
    ada: Browser, world: World, reasons: list[UUID]
) -> None:
    html = check_fragment(press(ada, "assign", owner=REP.email), card_id("k:K1"))
    assert REP.email in html.text(card(html, "k:K1"))
    assert rows(world, "owner") == [(REP.email,)] * 2
    refused = press(ada, "assign", owner="stranger@nowhere.example")
    assert refused.status_code == 422
    assert "Choose a colleague who works here." in check_fragment(refused, card_id("k:K1")).text()


def test_giving_ones_own_card_away_takes_it_from_mine(
    rae: Browser, world: World, reasons: list[UUID]
) -> None:
    answer = press(rae, "assign", owner=ADA.email)
    gone = check_fragment(answer, card_id("k:K1")).by_id(card_id("k:K1"))
    assert gone.get("hidden") is not None


def test_a_note_changes_no_version(ada: Browser, world: World, reasons: list[UUID]) -> None:
    press(ada, "note", note="<b>Ask for Ann</b>")
    assert rows(world, "version") == [(0,), (0,)]
    page = ada.open("/analytics/customers/k:K1")
    assert "<b>Ask for Ann" not in page.text and "<b>Ask for Ann</b>" in check_page(page).text()


def test_a_conflict_on_one_reason_changes_none(
    ada: Browser, world: World, reasons: list[UUID]
) -> None:
    html = check_page(ada.open(QUEUE))
    form = panel_of(ada, html, card(html, "k:K1"), "done")
    with tenant_transaction(world.tenant_id) as conn:
        change = Change("done", version=0, outcome="won")
        change_task(conn, world.tenant_id, reasons[1], change, SAM)
    answer = send(ada, form, outcome="not_interested")
    assert answer.status_code == 409
    fresh = check_fragment(answer, card_id("k:K1"))
    words = fresh.text(card(fresh, "k:K1"))
    assert "sam@acme.example finished it (Won)" in words
    assert "Cart $900" in words and "visits" not in words
    assert dict(rows(world, "task_type, state")) == {"cart": "open", "repeat_visit": "done"}
    assert len(rows(world, "history_id", "task_history")) == 1
    assert (
        send(ada, panel_of(ada, fresh, card(fresh, "k:K1"), "done"), outcome="won").status_code
        == 200
    )


def test_a_conflict_without_javascript_is_a_page(
    ada: Browser, world: World, reasons: list[UUID]
) -> None:
    html = check_page(ada.open(QUEUE))
    form = form_of(html, card(html, "k:K1"), "call")
    with tenant_transaction(world.tenant_id) as conn:
        for task_id in reasons:
            change = Change("done", version=0, outcome="won")
            change_task(conn, world.tenant_id, task_id, change, SAM)
    answer = send(ada, form, htmx=False)
    assert answer.status_code == 409
    page = check_page(answer)
    assert "Nothing was changed" in page.text() and "sam@acme.example finished it" in page.text()


def test_without_javascript_a_press_leads_back_and_can_be_undone(
    ada: Browser, world: World, reasons: list[UUID]
) -> None:
    page = check_page(press(ada, "done", htmx=False, outcome="won"))
    assert "Done: won." in page.text()
    undo = next(f for f in page.all("form") if "/undo" in (f.get("action") or ""))
    back = check_page(send(ada, undo, htmx=False))
    assert "Customer A" in back.text(card(back, "k:K1"))
