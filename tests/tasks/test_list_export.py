"""Lists as files: every row, no formula, contacts shortened for viewers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime

import openpyxl
import pytest
import requests

from app.tasks.lists import export
from app.tasks.lists.export import HEADER
from tests.running import VIEWER, Browser
from tests.tasks.task_rows import DAYS, SLUGS, TaskRows, acme, ada, tasks

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
__all__ = ["acme", "ada", "tasks"]


def fetch(
    browser: Browser, kind: str, more: str = "", slug: str = "cart-abandonment"
) -> requests.Response:
    """A list as a file."""
    path = f"/analytics/tasks/{slug}/export.{kind}?{DAYS}{more and '&' + more}"
    answer = browser.open(path)
    assert answer.status_code == 200, answer.text
    name = f"{slug}-2025-04-01-2025-04-30.{kind}"
    assert name in answer.headers["Content-Disposition"]
    return answer


def csv_rows(answer: requests.Response) -> list[dict[str, str]]:
    """The rows of a CSV by the header's names."""
    text = answer.content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def xlsx_rows(answer: requests.Response) -> list[dict[str, object]]:
    """The rows of a workbook by the header's names."""
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    header, *rows = sheet.iter_rows()
    names = [str(cell.value) for cell in header]
    assert tuple(names) == HEADER
    assert not [c for row in rows for c in row if c.data_type == "f"]
    return [dict(zip(names, [cell.value for cell in row], strict=True)) for row in rows]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Three rows per page, so that few rows need many."""
    monkeypatch.setattr(export, "PAGE_ROWS", 3)
    yield


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("field", ["score", "value", "last_at", "customer", "branch"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_all_rows_come_in_the_lists_order_whatever_the_page(
    ada: Browser, tasks: TaskRows, field: str, order: str
) -> None:
    for number in range(10):
        tasks.add("cart", f"N{number}", value=number // 2)
    more = f"sort_field={field}&sort_order={order}&limit=25&page=7"
    names = [row["customer"] for row in csv_rows(fetch(ada, "csv", more))]
    assert (len(names), len(set(names))) == (10, 10)
    assert [row["customer"] for row in xlsx_rows(fetch(ada, "xlsx", more))] == names
    if field == "customer":
        assert names == sorted(names, reverse=order == "desc")


def test_the_filters_hold_for_the_file(ada: Browser, tasks: TaskRows) -> None:
    tasks.add("cart", "A", value=10)
    tasks.add("cart", "B", value=30)
    found = csv_rows(fetch(ada, "csv", "least_value=20&state=open"))
    assert [row["customer"] for row in found] == ["Customer B"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_is_a_formula(ada: Browser, tasks: TaskRows, start: str) -> None:
    name = f'{start}cmd|"/c calc",\r\n1'
    tasks.add("cart", "A", customer_name=name)
    (row,) = csv_rows(fetch(ada, "csv"))
    assert row["customer"] == f"'{name}"
    (cells,) = xlsx_rows(fetch(ada, "xlsx"))
    assert str(cells["customer"]).replace("_x000D_", "\r").replace("\r\r", "\r") == name


def test_numbers_and_times_are_such_in_a_workbook(ada: Browser, tasks: TaskRows) -> None:
    tasks.add("cart", "A", value="1234.50")
    (cells,) = xlsx_rows(fetch(ada, "xlsx"))
    assert (cells["value"], cells["currency"]) == (1234.5, "USD")
    assert cells["last_activity"] == datetime(2025, 4, 10, 10, 0)  # noqa: DTZ001 - a sheet's
    assert cells["details"] == "2 × Valve 3in; 1 × Pipe"
    (row,) = csv_rows(fetch(ada, "csv"))
    assert (row["value"], row["last_activity"]) == ("1234.50", "2025-04-10T10:00:00-04:00")
    assert (row["state"], row["order_number"], row["is_estimate"]) == ("Open", "", "no")


@pytest.mark.parametrize("kind", list(SLUGS))
def test_every_list_has_both_files(ada: Browser, tasks: TaskRows, kind: str) -> None:
    task_id = tasks.add(kind, "A")
    (row,) = csv_rows(fetch(ada, "csv", slug=SLUGS[kind]))
    book = fetch(ada, "xlsx", slug=SLUGS[kind])
    assert book.headers["Content-Type"] == XLSX
    (cells,) = xlsx_rows(book)
    assert row["task_id"] == cells["task_id"] == str(task_id)


def test_an_empty_list_is_a_file_with_a_header(ada: Browser, tasks: TaskRows) -> None:
    assert fetch(ada, "csv").content.decode("utf-8-sig") == ",".join(HEADER) + "\r\n"
    assert xlsx_rows(fetch(ada, "xlsx")) == []


def test_a_viewer_gets_contacts_shortened(browser: Browser, tasks: TaskRows) -> None:
    tasks.superuser.execute("delete from users where user_id = 'JO'")
    tasks.add_contact("JO", name="Jo Doe", email="jo@buyer.test", phone="555-0142")
    tasks.add("cart", "JO", customer_name="Jo Doe")
    browser.sign_in(VIEWER)
    (row,) = csv_rows(fetch(browser, "csv"))
    shown = (row["customer"], row["contact"], row["email"], row["phone"])
    assert shown == ("J••• D•••", "J••• D•••", "j•••@buyer.test", "•••42")
    (cells,) = xlsx_rows(fetch(browser, "xlsx"))
    assert tuple(cells[name] for name in ("customer", "contact", "email", "phone")) == shown


def test_a_wrong_address_makes_no_file(ada: Browser, tasks: TaskRows) -> None:
    path = "/analytics/tasks/cart-abandonment/export.csv?start_date=x"
    assert ada.open(path).status_code == 422
    assert ada.open("/analytics/tasks/cart-abandonment/export.pdf").status_code == 404
