"""Notes about a customer, and its history as a file."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest

from tests.customers.test_customer_pages import K1, customer
from tests.customers.world import World
from tests.page import check_page
from tests.running import Browser
from tests.tasks.queue_page import ada, rae, vic, world

__all__ = ["ada", "customer", "rae", "vic", "world"]


def test_a_note_joins_the_timeline_and_the_export(
    ada: Browser, vic: Browser, customer: World
) -> None:
    path = f"{K1}/note"
    page = check_page(ada.submit(path, note="Prefers <b>email</b>, =1+1"))
    assert "Note saved." in page.text()
    check_page(ada.submit("/analytics/customers/c:U1/note", note="Ann buys on Fridays"))
    timeline = check_page(ada.open(f"{K1}/timeline?show=notes"))
    words = timeline.text(timeline.by_id("timeline"))
    assert "Note by ada@acme.example Prefers <b>email</b>, =1+1" in words
    assert "Ann buys on Fridays" in words and "Timeline 2" in words
    for browser in (ada, vic):
        rows = list(
            csv.DictReader(
                io.StringIO(
                    browser.open(f"{K1}/export.csv").content.decode("utf-8-sig"), newline=""
                )
            )
        )
        kinds = {row["kind"] for row in rows}
        assert kinds == {"session", "order", "task", "note"}
        assert "Prefers <b>email</b>, =1+1" in {row["what"] for row in rows}
        assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)
    book = ada.open(f"{K1}/export.xlsx")
    assert openpyxl.load_workbook(io.BytesIO(book.content)).active.max_row == len(rows) + 1


@pytest.mark.parametrize("note", ["", "  ", "x" * 2_001])
def test_an_empty_note_is_none(ada: Browser, customer: World, note: str) -> None:
    answer = ada.submit(f"{K1}/note", note=note)
    assert answer.status_code == 422 and "Write something" in check_page(answer).text()
    assert not customer.superuser.execute("select from customer_note").fetchall()


def test_viewers_write_no_notes(vic: Browser, customer: World) -> None:
    assert "Save note" not in vic.open(K1).text
    assert vic.submit(f"{K1}/note", note="x").status_code == 403
