"""Team board: how every rep stands, what nobody owns, and giving it away."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from app.database.engine import tenant_transaction
from app.settings import provision
from app.tasks.steps.change import Actor, Change, change_task, undo
from tests.customers.world import World, ago, item
from tests.page import Html, check_fragment, check_page
from tests.running import ADA, GUS, REP, Browser, Site
from tests.tasks.queue_page import HTMX, ada, rae, send, vic, world

__all__ = ["ada", "rae", "vic", "world"]
BOARD = "/analytics/team-board"
RAE = Actor(REP.email, "page")


def row_of(html: Html, owner: str) -> list[str]:
    """The cells of a person's row."""
    for row in html.all("tr"):
        if owner in html.text(row):
            return [html.text(cell) for cell in row.iter("td")]
    raise AssertionError(f"{owner} has no row: {html.text()}")


def step(world: World, task_id: UUID, change: Change) -> UUID:
    with tenant_transaction(world.tenant_id) as conn:
        return change_task(conn, world.tenant_id, task_id, change, RAE)


def test_an_empty_board_says_so(ada: Browser, world: World) -> None:
    html = check_page(ada.open(BOARD))
    assert "No tasks yet" in html.text()
    assert "$0.00 in 0 orders after 0 contacts" in html.text()


def test_a_row_a_rep_with_what_is_open_overdue_worked_and_won(
    ada: Browser, rae: Browser, world: World
) -> None:
    ready = ago(hours=5)
    world.task("cart", ago(days=1), company="K1", name="By branch")
    world.task(
        "cart",
        ago(days=1),
        company="K2",
        owner=REP.email,
        state="snoozed",
        version=1,
        snoozed_until=ago(hours=1),
    )
    world.contact("U3", "K3", account_owner="Sam Oak")
    world.task("cart", ago(days=1), company="K3")
    world.contact("U6", "K6", account_owner="RAE@acme.example")
    for number in (1, 2):
        world.task("cart", ago(days=number), company="K6", branch="D09")
    won = world.task("cart", ago(days=1), company="K4", ready_at=ready)
    called = world.task("cart", ago(days=1), company="K5", ready_at=ready)
    step(world, won, Change("done", version=0, outcome="won"))
    taken_back = step(world, called, Change("call", version=0))
    with tenant_transaction(world.tenant_id) as conn:
        undo(conn, world.tenant_id, taken_back, RAE)
    html = check_page(ada.open(BOARD))
    customers, open_tasks, overdue, worked, first, wins, credit, _ = row_of(html, REP.email)
    assert customers.startswith("4 ")
    assert (open_tasks, overdue, worked, wins) == ("5", "1", "1", "1")
    assert first.startswith("5\xa0h") or first == "5 h 0 min"
    assert credit == "$0.00 0 orders"
    assert "Sam Oak · 1" in html.text()


def test_recovered_revenue_stands_beside_who_spoke(ada: Browser, world: World) -> None:
    task = world.task("cart", ago(days=9), company="K1", detail={"lines": [item("A", 900)]})
    step(world, task, Change("call", version=0))
    world.superuser.execute("update task_history set happened_at = %s", (ago(days=8),))
    world.order("T1", ago(days=4), 900, company="K1", items=[item("A", 900)])
    html = check_page(ada.open(BOARD))
    assert "$900.00 in 1 order after 1 contact, $900.00 of it for items in the carts" in html.text()
    assert row_of(html, REP.email)[-2] == "$900.00 1 order"
    assert row_of(html, "Cart")[2] == "–"


def test_what_nobody_owns_is_given_away_in_place(ada: Browser, world: World) -> None:
    world.branch("D07", "Old Town")
    for number in range(2):
        world.task("cart", ago(days=1), company=f"K{number}", branch="D07")
    html = check_page(ada.open(BOARD))
    assert "D07 Old Town · 2" in html.text()
    form = next(f for f in html.all("form") if f.get("action") == f"{BOARD}/assign")
    answer = send(ada, form, owner=REP.email)
    part = check_fragment(answer, "board")
    assert f"2 customers assigned to {REP.email}." in part.text()
    assert "Unassigned" not in part.text()
    owners = world.superuser.execute("select owner, version from task").fetchall()
    assert owners == [(REP.email, 1)] * 2
    again = send(ada, form, owner=REP.email)
    assert again.status_code == 422
    assert "No one is waiting there anymore." in again.text


def test_giving_away_is_undone_whole_and_once(ada: Browser, world: World) -> None:
    for number in range(3):
        world.task("cart", ago(days=1), company=f"K{number}", branch="D07")
    form = next(
        f for f in check_page(ada.open(BOARD)).all("form") if f.get("action") == f"{BOARD}/assign"
    )
    answer = send(ada, form, owner=REP.email)
    toasts = check_fragment(answer, "board")
    undo_form = next(f for f in toasts.all("form") if "/undo/" in str(f.get("action")))
    undone = send(ada, undo_form)
    assert "Undone: 3 customers given back." in undone.text
    assert undone.headers["HX-Retarget"] == "#board"
    assert "D07 · 3" in check_fragment(undone, "board").text()
    assert send(ada, undo_form).status_code == 409


def test_only_members_can_be_given_tasks(ada: Browser, world: World) -> None:
    world.task("cart", ago(days=1), company="K1", branch="D07")
    for owner in ("", "stranger@nowhere.example", "vic@acme.example"):
        answer = ada.submit(f"{BOARD}/assign", holder="-D07", owner=owner)
        assert answer.status_code == 422
    assert world.superuser.execute("select owner from task").fetchall() == [(None,)]


def test_without_javascript_assigning_leads_back(ada: Browser, world: World) -> None:
    world.task("cart", ago(days=1), company="K1", branch="")
    page = check_page(ada.submit(f"{BOARD}/assign", holder="-", owner=ADA.email))
    assert "1 customer assigned to" in page.text()


@pytest.fixture
def limited(site: Site) -> Iterator[None]:
    """Ada as a manager of D02 alone."""
    provision.add_member(site.acme, ADA.email, "manager", ["D02"])
    yield
    provision.add_member(site.acme, ADA.email, "admin")


def test_a_manager_of_some_branches_sees_these(ada: Browser, world: World, limited: None) -> None:
    for number, (branch, owner) in enumerate((("D02", "here"), ("D05", "there")), start=1):
        world.contact(f"U{number}", f"K{number}", account_owner=owner)
        world.task("cart", ago(days=1), company=f"K{number}", branch=branch)
    world.task("cart", ago(days=1), company="K3", branch="D05")
    text = check_page(ada.open(BOARD)).text()
    assert "here" in text and "only D02" in text
    assert "there" not in text and "D05" not in text
    assert ada.submit(f"{BOARD}/assign", holder="-D05", owner=REP.email).status_code == 422


def test_reps_and_viewers_do_not_see_it(rae: Browser, vic: Browser, world: World) -> None:
    for browser in (rae, vic):
        assert browser.open(BOARD).status_code == 403
        assert browser.submit(f"{BOARD}/assign", holder="-", owner=REP.email).status_code == 403
        assert BOARD not in [e.get("href") for e in check_page(browser.open("/docs")).all("a")]


def test_globex_sees_nothing_of_acme(browser: Browser, world: World) -> None:
    world.contact("U1", "K1", account_owner="Sam Oak")
    world.task("cart", ago(days=1), company="K1")
    browser.sign_in(GUS)
    assert "Sam Oak" not in check_page(browser.open(BOARD)).text()
    check_fragment(browser.open(BOARD, headers=HTMX), "board")
