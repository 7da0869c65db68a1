"""Searches by term: the table, one term opened, and both shapes of each."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from app.tasks.terms.queries import SORT_FIELDS
from tests.page import Html, check_fragment, check_page
from tests.running import GUS, REP, VIEWER, Browser
from tests.tasks.shop_rows import DAYS, FORMULA_TERM, HTMX, SCRIPT, SCRIPT_TERM, ada, loaded

__all__ = ["ada", "loaded"]

LIST = f"/analytics/tasks/search-terms?{DAYS}"


def term_path(term: str, more: str = "") -> str:
    """The address of one term over the loaded days."""
    return f"/analytics/tasks/search-terms/term?term={quote(term)}&{DAYS}{more}"


def rows_of(html: Html) -> dict[str, str]:
    """The text of each row, by its term."""
    rows = [e for e in html.all("tr") if e.get("class") == "task-row"]
    return {html.text(row.find("th")): html.text(row) for row in rows}


def test_the_table_comes_alone_to_htmx_and_as_a_page_to_everybody_else(ada: Browser) -> None:
    part = ada.open(LIST, headers=HTMX)
    check_fragment(part, "term_list")
    check_page(ada.open(LIST)).by_id("term_list")
    check_page(ada.open(LIST, headers=HTMX | {"HX-History-Restore-Request": "true"}))
    assert {"HX-Request", "HX-History-Restore-Request"} <= set(part.headers["Vary"].split(", "))


def test_a_row_says_how_often_a_term_failed_and_who_missed_it(ada: Browser) -> None:
    html = check_page(ada.open(LIST))
    rows = rows_of(html)
    assert set(rows) == {
        "valve 3in",
        "valve 3 inch",
        SCRIPT_TERM,
        FORMULA_TERM,
        "secret of three",
    }
    assert rows["valve 3in"] == "valve 3in 3 100.0% of 3 0 0 1 1 1 Apr 2025 12:00 – –"
    assert "6 of 7 searches found nothing, across 5 terms" in html.text()


@pytest.mark.parametrize("field", SORT_FIELDS)
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_each_order_is_marked_and_unknown_ones_are_refused(
    ada: Browser, field: str, order: str
) -> None:
    html = check_fragment(
        ada.open(f"{LIST}&sort_field={field}&sort_order={order}", headers=HTMX), "term_list"
    )
    marked = [e.get("aria-sort") for e in html.all("th") if e.get("aria-sort")]
    assert marked == [{"asc": "ascending", "desc": "descending"}[order]]


@pytest.mark.parametrize(
    "wrong",
    ["sort_field=value;drop", "status=gone", "range=soon", "sort_field=%01", "limit=x&page=x"],
)
def test_an_odd_address_is_explained_or_read_as_the_default(ada: Browser, wrong: str) -> None:
    page = ada.open(f"/analytics/tasks/search-terms?{wrong}")
    assert page.status_code == (200 if "limit" in wrong else 422)
    check_page(page)


def test_filters_words_and_pages_live_in_the_address(ada: Browser) -> None:
    assert set(rows_of(check_page(ada.open(f"{LIST}&query=VALVE+3")))) == {
        "valve 3in",
        "valve 3 inch",
    }
    html = check_page(ada.open(f"{LIST}&query=nothing+like+this"))
    assert "No terms match" in html.text()
    html = check_page(ada.open(f"{LIST}&page=9"))
    assert "This page is empty" in html.text() and "0–0 of 5 terms" in html.text()
    assert (
        "No terms on"
        in check_page(ada.open("/analytics/tasks/search-terms?start_date=2024-01-01")).text()
    )


def test_the_tabs_lead_to_customers_and_back(ada: Browser) -> None:
    here = check_page(ada.open(LIST))
    links = [e.get("href") or "" for e in here.all("a") if e.get("class") == "tabs__item"]
    assert [link.partition("?")[0] for link in links] == [
        "/analytics/tasks/search-terms",
        "/analytics/tasks/search-analysis",
    ]
    there = check_page(ada.open(links[1]))
    assert links[0] in [e.get("href") for e in there.all("a")]


def test_a_term_opens_in_its_row_and_as_a_page(ada: Browser) -> None:
    html = check_page(ada.open(term_path("valve 3in")))
    text = html.text()
    assert "3 of 3 searches found nothing" in text
    assert "valve 3 inch found something 1×, nothing 0×" in text
    assert "Searched next" in text and "in 1 session" in text
    assert "=Valve <i> 2 in 1 order, $50.00" in text
    assert "Kay One 2×" in text
    part = ada.open(term_path("valve 3in"), headers=HTMX)
    root = next(e for e in html.all("section") if e.get("class") == "task")
    check_fragment(part, root.get("id") or "")


@pytest.mark.parametrize("term", ["never searched for", "", "\x01", "🦄", "x" * 3000])
def test_a_term_nobody_searched_for_is_not_found(ada: Browser, term: str) -> None:
    assert ada.open(term_path(term)).status_code == 404
    assert ada.open("/analytics/tasks/search-terms/term").status_code == 404


def test_a_viewer_does_not_see_who_searched_nor_a_form(browser: Browser) -> None:
    browser.sign_in(VIEWER)
    text = check_page(browser.open(term_path("valve 3in"))).text()
    assert "1 customer. Viewers do not see who." in text
    assert "Kay One" not in text and "Jo" not in text and "Mark term" not in text


def test_a_rep_sees_the_own_branches_alone(browser: Browser) -> None:
    browser.sign_in(REP)
    page = check_page(browser.open(LIST))
    assert "secret of three" not in page.text() and "valve 3in" in rows_of(page)
    assert browser.open(term_path("secret of three")).status_code == 404
    assert browser.open(f"{LIST}&location_id=D03").status_code == 403
    assert "Mark term" not in check_page(browser.open(term_path("valve 3in"))).text()
    for kind in ("csv", "xlsx"):
        file = browser.open(f"/analytics/tasks/search-terms/export.{kind}?{DAYS}")
        assert b"secret" not in file.content


def test_globex_sees_nothing(browser: Browser) -> None:
    browser.sign_in(GUS)
    html = check_page(browser.open(LIST))
    assert "No data yet" in html.text() and "valve" not in html.text()
    assert browser.open(term_path("valve 3in")).status_code == 404
    assert "valve" not in browser.open(f"/analytics/tasks/search-terms/export.csv?{DAYS}").text


def test_what_strangers_typed_never_becomes_markup(ada: Browser) -> None:
    for path in (LIST, term_path(SCRIPT_TERM), term_path("valve 3in")):
        page = ada.open(path)
        assert SCRIPT not in page.text and "alert(1)</script" not in page.text
        assert "<i>" not in page.text and "<Sons>" not in page.text
        check_page(page)
