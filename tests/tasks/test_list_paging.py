"""Lists page by page: by number, and by the rows themselves, there and back."""

from __future__ import annotations

import pytest

from tests.page import Html, check_fragment, check_page
from tests.running import VIEWER, Browser
from tests.tasks.task_rows import HTMX, SLUGS, TaskRows, acme, ada, list_path, tasks
from tests.tasks.test_list_pages import names_of

__all__ = ["acme", "ada", "tasks"]

COUNT = 60


@pytest.fixture(scope="module")
def many(acme: TaskRows) -> TaskRows:
    """Sixty carts, three of each value, last seen in the order of their numbers."""
    acme.clear()
    for number in range(COUNT):
        acme.add(
            "cart",
            f"N{number:02}",
            value=number // 3,
            branch_id=f"D0{number % 2 + 1}",
            last_at=f"2025-04-10 10:{number:02}:00+00",
        )
    return acme


def follow(browser: Browser, html: Html, label: str) -> Html:
    """The fragment that a paging link swaps in."""
    (link,) = [e for e in html.all("a") if html.text(e) == label]
    return check_fragment(browser.open(link.get("hx-get") or "", headers=HTMX), "task_list")


@pytest.mark.parametrize("field", ["score", "value", "last_at", "customer", "branch"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_next_and_previous_show_every_row_once(
    ada: Browser, many: TaskRows, field: str, order: str
) -> None:
    path = list_path("cart", f"limit=25&sort_field={field}&sort_order={order}")
    first = check_page(ada.open(path))
    second = follow(ada, first, "Next")
    third = follow(ada, second, "Next")
    pages = [names_of(html) for html in (first, second, third)]
    assert [len(names) for names in pages] == [25, 25, 10]
    assert len({name for names in pages for name in names}) == COUNT
    back = follow(ada, third, "Previous")
    assert names_of(back) == pages[1]
    assert names_of(follow(ada, back, "Previous")) == pages[0]


@pytest.mark.parametrize("kind", sorted(set(SLUGS) - {"cart"}))
def test_every_list_goes_there_and_back(ada: Browser, many: TaskRows, kind: str) -> None:
    for number in range(27):
        many.add(kind, f"N{number:02}", value=number)
    only = f"&type={kind}" if SLUGS[kind] == "search-analysis" else ""
    more = f"limit=25&sort_field=value{only}"
    first = check_page(ada.open(list_path(kind, more)))
    second = follow(ada, first, "Next")
    assert names_of(second) == ["Customer N01", "Customer N00"]
    assert names_of(follow(ada, second, "Previous")) == names_of(first)


def test_names_with_odd_letters_are_no_obstacle(ada: Browser, many: TaskRows) -> None:
    statement = "update task set customer_name = %s || customer_name where tenant_id = %s"
    many.superuser.execute(statement, ("A\u00a0&=\u200b", many.tenant_id))
    first = check_page(ada.open(list_path("cart", "limit=25&sort_field=customer")))
    assert len({*names_of(first), *names_of(follow(ada, first, "Next"))}) == 50


def test_numbers_lead_to_the_same_pages(ada: Browser, many: TaskRows) -> None:
    first = check_page(ada.open(list_path("cart", "limit=25&sort_field=last_at")))
    by_row, by_number = follow(ada, first, "Next"), follow(ada, first, "2")
    assert names_of(by_row) == names_of(by_number)
    assert "26–50 of 60" in by_number.text()
    assert "51–60 of 60" in follow(ada, first, "3").text()


def test_scores_stand_still_over_the_pages(ada: Browser, many: TaskRows) -> None:
    first = check_page(ada.open(list_path("cart", "limit=25")))
    nows = {
        (e.get("href") or "").partition("now=")[2].partition("&")[0]
        for e in first.all("a")
        if (e.get("href") or "").find("now=") > 0
    }
    assert len(nows) == 1


def test_rows_a_page_can_be_chosen(ada: Browser, many: TaskRows) -> None:
    assert len(names_of(check_page(ada.open(list_path("cart"))))) == 50
    assert len(names_of(check_page(ada.open(list_path("cart", "limit=100"))))) == 60
    assert len(names_of(check_page(ada.open(list_path("cart", "limit=7"))))) == 50


def test_a_page_past_the_end_leads_to_the_first(ada: Browser, many: TaskRows) -> None:
    html = check_page(ada.open(list_path("cart", "page=9")))
    assert "This page is empty. Go to the first page" in html.text()


def test_a_viewers_addresses_hold_no_name(browser: Browser, many: TaskRows) -> None:
    browser.sign_in(VIEWER)
    path = list_path("cart", "limit=25&sort_field=customer")
    first = check_page(browser.open(path))
    assert "after=" not in browser.open(path).text
    assert len(names_of(follow(browser, first, "Next"))) == 25
