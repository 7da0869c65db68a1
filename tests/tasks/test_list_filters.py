"""Lists under filters: words, states, kinds, branches, values, order, and their chips."""

from __future__ import annotations

import pytest

from tests.page import Html, check_fragment, check_page
from tests.running import Browser
from tests.tasks.task_rows import DAYS, HTMX, SLUGS, TaskRows, acme, ada, list_path, tasks
from tests.tasks.test_list_pages import names_of

__all__ = ["acme", "ada", "tasks"]

TYPES = list(SLUGS)


def listed(ada: Browser, task_type: str, more: str = "") -> list[str]:
    """Whom the list is about under these filters, without the word Customer."""
    html = check_fragment(ada.open(list_path(task_type, more), headers=HTMX), "task_list")
    return [name.removeprefix("Customer ") for name in names_of(html)]


def chips(html: Html, name: str) -> dict[str, str]:
    """The counts on the chips of that kind."""
    found = [e for e in html.all("a") if (e.get("id") or "").startswith(f"{name}_")]
    return {(e.get("id") or "").removeprefix(f"{name}_"): html.text(e.find("small")) for e in found}


@pytest.fixture
def three(tasks: TaskRows) -> TaskRows:
    """Of each type: A worth 10 at D01, B worth 30 at D02 and done, C worth 20, unreachable."""
    for kind in TYPES:
        tasks.add(kind, "A", value=10, last_at="2025-04-03 14:00:00+00")
        tasks.add(
            kind,
            "B",
            value=30,
            branch_id="D02",
            state="done",
            outcome="won",
            last_at="2025-04-02 14:00:00+00",
        )
        tasks.add(kind, "C", value=20, reach=0, last_at="2025-04-01 14:00:00+00")
    return tasks


@pytest.mark.parametrize("kind", TYPES)
def test_each_filter_narrows_the_list(ada: Browser, three: TaskRows, kind: str) -> None:
    kinds = f"&type={kind}" if "search" in SLUGS[kind] else ""
    expected = {
        "": {"A", "B", "C"},
        "query=customer b": {"B"},
        "query=CUST": {"A", "B", "C"},
        "query=zzz": set(),
        "state=open": {"A", "C"},
        "state=done": {"B"},
        "state=open&state=done": {"A", "B", "C"},
        "state=expired": set(),
        "reachable=1": {"A", "B"},
        "least_value=20": {"B", "C"},
        "location_id=D02": {"B"},
        "location_id=D01&location_id=D02&state=open&least_value=15": {"C"},
    }
    found = {more: set(listed(ada, kind, more + kinds)) for more in expected}
    assert found == expected


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(
    ("field", "ascending"),
    [
        ("value", "ACB"),
        ("last_at", "CBA"),
        ("customer", "ABC"),
        ("branch", "B last"),
        ("score", "any"),
    ],
)
def test_each_order_goes_both_ways_and_is_marked(
    ada: Browser, three: TaskRows, kind: str, field: str, ascending: str
) -> None:
    kinds = f"&type={kind}" if "search" in SLUGS[kind] else ""
    both = [
        "".join(listed(ada, kind, f"sort_field={field}&sort_order={order}{kinds}"))
        for order in ("asc", "desc")
    ]
    assert both[0] == both[1][::-1]
    if len(ascending) == 3 and ascending != "any":
        assert both[0] == ascending
    if field == "branch":
        assert both[0][-1] == "B"
    html = check_page(ada.open(list_path(kind, f"sort_field={field}&sort_order=asc{kinds}")))
    marked = {e.get("aria-sort") for e in html.all("th") if e.get("aria-sort")}
    assert marked == {"ascending"}


def test_chips_count_what_choosing_them_would_show(ada: Browser, three: TaskRows) -> None:
    html = check_page(ada.open(list_path("no_results", "state=done")))
    assert chips(html, "state") == {"open": "4", "done": "2"}
    assert chips(html, "type") == {"no_results": "1", "no_conversion": "1"}
    html = check_page(ada.open(list_path("no_results", "type=no_results")))
    assert chips(html, "state") == {"open": "2", "done": "1"}
    assert chips(html, "type") == {"no_results": "3", "no_conversion": "3"}


def test_a_chip_adds_its_state_and_takes_it_away(ada: Browser, three: TaskRows) -> None:
    html = check_page(ada.open(list_path("cart", "state=done")))
    links = {name: html.by_id(f"state_{name}").get("href") or "" for name in ("open", "done")}
    assert links["open"].endswith(f"?state=done&state=open&{DAYS}")
    assert links["done"].endswith(f"?{DAYS}")
    assert html.by_id("state_done").get("aria-current") == "true"


def test_the_filter_form_keeps_what_the_chips_chose(ada: Browser, three: TaskRows) -> None:
    html = check_page(ada.open(list_path("cart", "state=done&state=open&sort_field=value")))
    held = [
        (e.get("name"), e.get("value"))
        for e in html.all("input")
        if e.get("form") == "task_filters"
    ]
    assert held == [("state", "done"), ("state", "open"), ("sort_field", "value")]


def test_the_total_and_its_value_are_of_all_pages(ada: Browser, three: TaskRows) -> None:
    text = check_page(ada.open(list_path("cart"))).text()
    assert "3 carts worth $60.00 from 1 to 30 Apr 2025" in text
    assert (
        "1 purchase worth $30.00"
        in check_page(ada.open(list_path("purchase", "state=done"))).text()
    )


def test_first_refunded_and_recovered_are_lists_of_their_own(ada: Browser, three: TaskRows) -> None:
    three.add("purchase", "F", detail={"is_first": True})
    three.add("purchase", "R", detail={"refunded": 12.5})
    three.add("cart", "X", closed_at="2025-04-12", closed_reason="recovered")
    assert listed(ada, "purchase", "only=first") == ["F"]
    assert listed(ada, "purchase", "only=refunded") == ["R"]
    assert listed(ada, "cart", "only=recovered") == ["X"]
    assert "$12.50 refunded" in check_page(ada.open(list_path("purchase"))).text()
    assert (
        "Closed automatically Recovered: the customer ordered"
        in check_page(ada.open(list_path("cart", "only=recovered"))).text()
    )


def test_a_cart_is_listed_once_its_day_is_over(ada: Browser, tasks: TaskRows) -> None:
    tasks.add("cart", "A", ready_at="2025-05-01 03:59+00")
    tasks.add("cart", "B", ready_at="2025-05-01 04:01+00")
    assert listed(ada, "cart") == ["A"]
