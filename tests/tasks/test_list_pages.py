"""Each of the five lists: both shapes, columns, empty states, what an odd address does."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.page import Html, check_fragment, check_page
from tests.running import GUS, Browser
from tests.tasks.task_rows import DAYS, HTMX, SLUGS, TaskRows, acme, ada, list_path, tasks

__all__ = ["acme", "ada", "tasks"]

TYPES = list(SLUGS)
LISTS = sorted(set(SLUGS.values()))


def rows_of(html: Html) -> list[str]:
    """The text of each task's row."""
    return [html.text(e) for e in html.all("tr") if (e.get("id") or "").startswith("row_")]


def names_of(html: Html) -> list[str]:
    """Whom the rows are about, in order."""
    return [html.text(e) for e in html.all("a") if e.get("data-opens")]


@pytest.mark.parametrize("task_type", TYPES)
def test_a_list_comes_alone_to_htmx_and_as_a_page_to_everybody_else(
    ada: Browser, tasks: TaskRows, task_type: str
) -> None:
    tasks.add(task_type, "A1")
    path = list_path(task_type)
    part = ada.open(path, headers=HTMX)
    assert names_of(check_fragment(part, "task_list")) == ["Customer A1"]
    check_page(ada.open(path)).by_id("task_list")
    check_page(ada.open(path, headers=HTMX | {"HX-History-Restore-Request": "true"}))
    check_page(ada.open(path, headers=HTMX | {"HX-Boosted": "true"}))
    assert {"HX-Request", "HX-History-Restore-Request"} <= set(part.headers["Vary"].split(", "))


COLUMNS = {
    "purchase": ["10 Apr 2025 10:00", "Harbour & <Sons>", "SO-1", "2", "$100.00", "Open"],
    "cart": ["10 Apr 2025 10:00", "Harbour & <Sons>", "2", "Cart", "$100.00", "Open"],
    "no_results": ["Found nothing", "“valve 3in” ×4", "10 Apr 2025 10:00", "$100.00"],
    "no_conversion": ["Found, not bought", "“valve 3in” ×4", "10 Apr 2025 10:00", "$100.00"],
    "repeat_visit": ["4", "17", "Valve 3in", "10 Apr 2025 10:00", "$100.00", "Open"],
    "bounce": ["2", "Valve 3in", "10 Apr 2025 10:00", "$100.00", "Open"],
}


@pytest.mark.parametrize("task_type", TYPES)
def test_a_row_says_what_its_kind_is_about(ada: Browser, tasks: TaskRows, task_type: str) -> None:
    tasks.add(task_type, "A1")
    (row,) = rows_of(check_page(ada.open(list_path(task_type))))
    place = 0
    for part in ["Customer A1", *COLUMNS[task_type]]:
        assert part in row[place:], (part, row)
        place = row.index(part, place) + len(part)


EXPANDED = {
    "purchase": ["Order SO-1", "The shop sent no line items", "Earlier orders"],
    "cart": ["Valve 3in V-3 2 $1,000.00 $2,000.00", "Pipe P-1 1 – –"],
    "no_results": ["“valve 3in” 4 2"],
    "no_conversion": ["“valve 3in” 4 2", "Valve 3in V-3 Valves 4 $12.50"],
    "repeat_visit": ["Valve 3in V-3 Valves 4 $12.50", "4 visits, 17 pages"],
    "bounce": ["Valve 3in V-3 Valves 4 $12.50", "2 visits, 2 pages"],
}


@pytest.mark.parametrize("task_type", TYPES)
def test_a_task_opens_in_its_row_and_as_a_page(
    ada: Browser, tasks: TaskRows, task_type: str
) -> None:
    tasks.add_contact(f"U-{task_type}", name="Jo Doe", email="jo@buyer.test", phone="555-0142")
    task_id = tasks.add(task_type, f"U-{task_type}")
    listed = check_page(ada.open(list_path(task_type)))
    assert listed.by_id(f"task_{task_id}").get("hx-get") == f"/analytics/tasks/{task_id}"
    path = f"/analytics/tasks/{task_id}"
    part = check_fragment(ada.open(path, headers=HTMX), f"task_{task_id}")
    for words in [*EXPANDED[task_type], "Jo Doe", "555-0142", "jo@buyer.test", "What happened"]:
        assert words in part.text()
    assert {"tel:5550142", "mailto:jo@buyer.test"} <= set(part.links(part.root))
    page = check_page(ada.open(path))
    assert page.text(page.all("h1")[0]) == f"Customer U-{task_type}"
    tasks.superuser.execute("delete from users where user_id = %s", (f"U-{task_type}",))


def test_a_company_without_a_known_contact_shows_all_of_its_own(
    ada: Browser, tasks: TaskRows
) -> None:
    for name in ("Al Ash", "Bo Birch"):
        tasks.add_contact(f"K-{name}", name=name, buying_company_erp_id="K1")
    task_id = tasks.add("cart", "A1", contact_id=None, company_id="K1")
    text = check_page(ada.open(f"/analytics/tasks/{task_id}")).text()
    assert "Al Ash" in text
    assert "Bo Birch" in text
    tasks.superuser.execute("delete from users where buying_company_erp_id = 'K1'")


@pytest.mark.parametrize("slug", LISTS)
def test_what_is_empty_says_why(browser: Browser, ada: Browser, tasks: TaskRows, slug: str) -> None:
    nothing_found = check_page(ada.open(f"/analytics/tasks/{slug}?{DAYS}"))
    assert "Data is loaded through Wed 30 Apr 2025. Try a longer period." in nothing_found.text()
    no_match = check_page(ada.open(f"/analytics/tasks/{slug}?{DAYS}&query=zzz"))
    assert "under these filters" in no_match.text()
    clear = [e for e in no_match.all("a") if "Clear filters" in no_match.text(e)]
    assert {e.get("href") for e in clear} == {f"/analytics/tasks/{slug}?{DAYS}"}
    browser.sign_in(GUS)
    nothing_loaded = check_page(browser.open(f"/analytics/tasks/{slug}?{DAYS}"))
    assert "No data yet" in nothing_loaded.text()
    assert "/data" in nothing_loaded.links(nothing_loaded.by_id("task_list"))


@pytest.mark.parametrize("slug", LISTS)
@pytest.mark.parametrize(
    "wrong", ["start_date=x", "state=lost", "sort_field=%01", "least_value=-1", "only=best"]
)
def test_a_wrong_address_is_explained_and_never_a_crash(
    ada: Browser, tasks: TaskRows, slug: str, wrong: str
) -> None:
    page = ada.open(f"/analytics/tasks/{slug}?{wrong}")
    assert page.status_code == 422
    assert "Showing the default instead." in check_page(page).text()
    part = ada.open(f"/analytics/tasks/{slug}?{wrong}", headers=HTMX)
    assert part.status_code == 422
    check_fragment(part, "task_list")


def test_a_list_explains_itself_with_the_tenants_own_thresholds(
    ada: Browser, tasks: TaskRows
) -> None:
    assert "left for 24 hours" in check_page(ada.open(list_path("cart"))).text()
    rules = "update tenant_config set rules = %s where tenant_id = %s"
    tasks.superuser.execute(rules, ('{"cart_hours": 48}', tasks.tenant_id))
    assert "left for 48 hours" in check_page(ada.open(list_path("cart"))).text()
    tasks.superuser.execute(rules, ("{}", tasks.tenant_id))


def test_a_score_is_explained_by_its_parts(ada: Browser, tasks: TaskRows) -> None:
    task_id = tasks.add("cart", "A1", has_checkout=True, is_known_buyer=True)
    text = check_page(ada.open(f"/analytics/tasks/{task_id}")).text()
    assert "Intent a cart that reached the checkout 20.0 20" in text
    assert "Reachability phone and email 10.0 10" in text
    assert "Relationship ordered in the year before 5.0 5" in text


def test_what_strangers_typed_never_becomes_markup(ada: Browser, tasks: TaskRows) -> None:
    hostile = "<script>alert(1)</script>"
    task_id: UUID = tasks.add(
        "no_results",
        "A1",
        customer_name=hostile,
        detail={"terms": [{"term": hostile, "searches": 1, "sessions": 1}]},
    )
    for path in (list_path("no_results"), f"/analytics/tasks/{task_id}"):
        page = ada.open(path)
        assert hostile not in page.text
        assert hostile in check_page(page).text()


def test_the_navigation_marks_the_list_one_is_in(ada: Browser, tasks: TaskRows) -> None:
    task_id = tasks.add("cart", "A1")
    for path in (list_path("cart"), f"/analytics/tasks/{task_id}"):
        html = check_page(ada.open(path))
        marked = [
            html.text(e)
            for e in html.all("a")
            if "side__link" in (e.get("class") or "").split() and e.get("aria-current")
        ]
        assert marked == ["Carts"]
