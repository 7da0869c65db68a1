"""Several cards of My queue at once."""

from __future__ import annotations

from tests.customers.world import World, ago
from tests.page import Html, check_fragment, check_page
from tests.running import REP, Browser
from tests.tasks.queue_page import HTMX, QUEUE, ada, card, rae, vic, world
from tests.tasks.test_queue_pages import names

__all__ = ["ada", "rae", "vic", "world"]


def box(html: Html, key: str) -> str:
    """What the box of a card sends."""
    boxes = (e for e in card(html, key).iter("input") if e.get("type") == "checkbox")
    (found,) = [e for e in boxes if e.get("name") == "task"]
    assert found.get("form") == "bulk" and html.by_id("bulk").get("action")
    return found.get("value") or ""


def owners(world: World) -> list[object]:
    rows = world.superuser.execute("select owner from task order by customer_key, task_type")
    return [owner for (owner,) in rows]


def test_every_reason_of_the_chosen_cards_is_assigned(ada: Browser, world: World) -> None:
    for company in ("K1", "K2", "K3"):
        world.task("cart", ago(days=1), company=company, name=company)
    world.task("bounce", ago(days=1), company="K1", name="K1")
    html = check_page(ada.open(QUEUE))
    chosen = [box(html, "k:K1"), box(html, "k:K2")]
    assert [part.count("~") for part in chosen] == [2, 1]
    fields = {"csrf_token": ada.csrf_token(), "task": chosen}
    fields |= {"action": "assign", "owner": REP.email}
    origin = {"Origin": ada.site.base_url}
    answer = ada.post(ada.site.url(f"{QUEUE}/bulk"), fields, headers=HTMX | origin)
    assert "Assigned 3 reasons." in answer.text
    assert owners(world) == [REP.email, REP.email, REP.email, None]
    assert sorted(names(check_fragment(answer, "queue"))) == ["K1", "K2", "K3"]


def test_what_changed_meanwhile_is_left_alone(ada: Browser, rae: Browser, world: World) -> None:
    first = world.task("cart", ago(days=1), company="K1", name="K1")
    world.task("cart", ago(days=1), company="K2", name="K2")
    html = check_page(ada.open(QUEUE))
    chosen = [box(html, "k:K1"), box(html, "k:K2")]
    assert rae.submit(f"/analytics/tasks/{first}/call", version="0").status_code == 200
    page = check_page(
        ada.submit(f"{QUEUE}/bulk", task=chosen, action="snooze", snoozed_until="tomorrow")
    )
    assert "Snoozed 1 reason. 1 was changed by someone else" in page.text()


def test_nothing_chosen_is_said_and_viewers_may_not(
    ada: Browser, vic: Browser, world: World
) -> None:
    world.task("cart", ago(days=1), company="K1", name="K1")
    answer = ada.submit(f"{QUEUE}/bulk", action="snooze", snoozed_until="tomorrow")
    assert answer.status_code == 422
    assert "Choose at least one task first." in check_page(answer).text()
    assert 'name="task"' not in vic.open(QUEUE).text
    assert vic.submit(f"{QUEUE}/bulk", action="snooze", snoozed_until="tomorrow").status_code == 403
