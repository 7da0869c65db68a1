"""Performance: branches and landing pages as tables, files and opened rows."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from app.tasks.performance.queries import PAGE_SORT_FIELDS, BranchPerformance, BranchRow
from app.tasks.performance.views import BRANCH_SORT_FIELDS, sort_branches
from tests.page import Html, check_fragment, check_page
from tests.running import GUS, REP, VIEWER, Browser
from tests.tasks.shop_rows import DAYS, HTMX, PAGE, ada, loaded
from tests.tasks.test_terms_export import lines, sheet

__all__ = ["ada", "loaded"]

ROOT = "/analytics/tasks/performance"
BRANCHES, PAGES = f"{ROOT}/branches?{DAYS}", f"{ROOT}/pages?{DAYS}"
SOURCES = f"{ROOT}/sources?{DAYS}"
SESSIONS = f"{ROOT}/pages/sessions?{DAYS}&page_url={quote(PAGE)}"
TABLES = [(BRANCHES, "branch_table"), (PAGES, "page_table"), (SOURCES, "source_table")]


def rows_of(html: Html) -> dict[str, str]:
    """The text of each row by its head."""
    rows = [e for e in html.all("tr") if e.find("th[@scope='row']") is not None]
    return {html.text(row.find("th")): html.text(row) for row in rows}


@pytest.mark.parametrize(("path", "root"), TABLES)
def test_a_table_comes_alone_to_htmx_and_as_a_page_to_everybody_else(
    ada: Browser, path: str, root: str
) -> None:
    part = ada.open(path, headers=HTMX)
    check_fragment(part, root)
    check_page(ada.open(path)).by_id(root)
    check_page(ada.open(path, headers=HTMX | {"HX-History-Restore-Request": "true"}))
    assert {"HX-Request", "HX-History-Restore-Request"} <= set(part.headers["Vary"].split(", "))


def test_branches_show_their_figures_and_top_products(ada: Browser) -> None:
    rows = rows_of(check_page(ada.open(f"{BRANCHES}&compare=none")))
    assert list(rows) == ["Harbour & <Sons> D01", "Far D03"]
    assert rows["Harbour & <Sons> D01"] == (
        "Harbour & <Sons> D01 $50.00 1 35 2.78% $50.00 – =Valve <i> $50.00"
    )
    assert rows["Far D03"] == "Far D03 $0.00 0 5 0.00% – – –"


def test_branches_stand_beside_the_period_before(ada: Browser) -> None:
    day = f"{ROOT}/branches?start_date=2025-04-02&end_date=2025-04-02"
    row = rows_of(check_page(ada.open(day)))["Harbour & <Sons> D01"]
    assert "$0.00 ▼ down from $50.00" in row
    assert "35 new 0.00% ▼ down from 100.00%" in row
    html = check_page(ada.open(BRANCHES))
    assert "not compared: 2 of 2 days of the compared period not loaded" in html.text()
    assert "new" not in rows_of(html)["Harbour & <Sons> D01"]


def test_pages_show_who_left_at_once(ada: Browser) -> None:
    html = check_page(ada.open(f"{PAGES}&compare=none"))
    assert rows_of(html) == {PAGE: f"{PAGE} 40 10 25.0% est. $15.62"}
    assert "1 landing page with 30 sessions or more" in html.text()


def test_a_page_opens_to_its_sessions(ada: Browser) -> None:
    html = check_page(ada.open(SESSIONS))
    assert "Jo Doe" in html.text()
    assert "Bounced" in html.text() and "Unknown visitor" in html.text()
    root = next(e.get("id") or "" for e in html.all("section") if e.get("class") == "task")
    check_fragment(ada.open(SESSIONS, headers=HTMX), root)
    assert root in ada.open(PAGES).text


def test_a_viewer_does_not_see_whose_sessions_they_are(browser: Browser) -> None:
    browser.sign_in(VIEWER)
    text = check_page(browser.open(SESSIONS)).text()
    assert "Known customer" in text and "Kay One" not in text and "Jo Doe" not in text


@pytest.mark.parametrize(
    ("path", "fields"), [(BRANCHES, BRANCH_SORT_FIELDS), (PAGES, PAGE_SORT_FIELDS)]
)
def test_each_order_is_marked(ada: Browser, path: str, fields: tuple[str, ...]) -> None:
    for field in fields:
        for order, marked in (("asc", "ascending"), ("desc", "descending")):
            html = check_page(ada.open(f"{path}&sort_field={field}&sort_order={order}"))
            assert [e.get("aria-sort") for e in html.all("th") if e.get("aria-sort")] == [marked]


@pytest.mark.parametrize("path", [BRANCHES, PAGES])
@pytest.mark.parametrize("wrong", ["sort_field=revenue;drop", "compare=soon", "range=x"])
def test_an_unknown_value_is_explained(ada: Browser, path: str, wrong: str) -> None:
    page = ada.open(f"{path.partition('?')[0]}?{wrong}")
    assert page.status_code == 422
    assert "Showing the default instead." in check_page(page).text()


def test_days_without_figures_say_so(ada: Browser) -> None:
    for path, _ in TABLES:
        html = check_page(ada.open(f"{path.partition('?')[0]}?start_date=2024-01-01"))
        assert "Data is loaded through Wed 2 Apr 2025" in html.text()


def test_the_tabs_lead_to_each_other(ada: Browser) -> None:
    expected = [f"{ROOT}/branches", f"{ROOT}/pages", f"{ROOT}/sources", ROOT]
    for path in (BRANCHES, PAGES, SOURCES, f"{ROOT}?view=sessions&{DAYS}"):
        html = check_page(ada.open(path))
        tabs = [e for e in html.all("a") if e.get("class") == "tabs__item"]
        assert [(e.get("href") or "").partition("?")[0] for e in tabs] == expected
        assert len([e for e in tabs if e.get("aria-current")]) == 1


def test_files_hold_the_tables_and_no_formula(ada: Browser) -> None:
    file = ada.open(f"{ROOT}/branches/export.csv?{DAYS}")
    file.encoding = "utf-8"
    harbour = next(line for line in lines(file.text) if line["branch_id"] == "D01")
    assert (harbour["net_revenue"], harbour["top_items"]) == ("50.00", "'=Valve <i>")
    (page,) = lines(ada.open(f"{ROOT}/pages/export.csv?{DAYS}").text)
    assert (page["page"], page["left_at_once_percent"], page["estimated_loss"]) == (
        PAGE,
        "25.0",
        "15.62",
    )
    for name in ("branches", "pages"):
        header, *rows = sheet(ada.open(f"{ROOT}/{name}/export.xlsx?{DAYS}").content)
        assert rows and "currency" in header


def test_a_rep_sees_the_own_branches_alone(browser: Browser) -> None:
    browser.sign_in(REP)
    assert list(rows_of(check_page(browser.open(BRANCHES)))) == ["Harbour & <Sons> D01"]
    assert "35" in rows_of(check_page(browser.open(PAGES)))[PAGE]
    assert browser.open(f"{BRANCHES}&location_id=D03").status_code == 403
    assert "Far" not in browser.open(f"{ROOT}/branches/export.csv?{DAYS}").text


def test_globex_sees_nothing(browser: Browser) -> None:
    browser.sign_in(GUS)
    for path, _ in TABLES:
        html = check_page(browser.open(path))
        assert "No data yet" in html.text() and "D01" not in html.text()
    assert "No sessions started here" in check_page(browser.open(SESSIONS)).text()


def test_addresses_and_names_never_become_markup(ada: Browser) -> None:
    for path in (BRANCHES, PAGES, SESSIONS):
        page = ada.open(path)
        assert not [mark for mark in ("<b>", "<i>", "<Sons>") if mark in page.text]


def test_what_cannot_be_computed_stands_last_in_either_order() -> None:
    def row(name: str, carts: int) -> BranchRow:
        made = BranchPerformance(name, name, "active", *(0,) * 7, carts, carts, ())  # type: ignore[arg-type] # zeros
        return BranchRow(made, None)

    rows = [row("b", 1), row("A", 0), row("c", 1)]
    for order in ("asc", "desc"):
        found = [r.now.name for r in sort_branches(rows, "cart_abandonment", order)]
        assert found == ["b", "c", "A"]
    assert [r.now.name for r in sort_branches(rows, "name", "desc")] == ["c", "b", "A"]
