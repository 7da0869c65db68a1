"""Ids that stand for too much to name somebody are named in a warning of the job."""

from __future__ import annotations

from tests.oracle.rows import Row, page_view, purchase
from tests.sql.conftest import Shop, as_worker, shop

__all__ = ["as_worker", "shop"]
DAY, NEXT = "2025-04-07", "2025-04-08"


def devices(count: int, day: str = DAY, **who: str) -> list[Row]:
    return [page_view(f"{day} 10:{n % 60:02}", f"p{n}", n, **who) for n in range(count)]


def warnings(shop: Shop) -> tuple[list[str], list[str]]:
    ((said, words),) = shop.rows(
        "select warnings, doubtful_words from processing_jobs where tenant_id = %(t)s"
    )
    return said, words


def test_a_contact_of_more_than_fifty_devices_in_a_day_is_named(shop: Shop) -> None:
    shop.load([*devices(51, contact="kiosk"), *devices(60, NEXT, contact="kiosk")])
    said, words = warnings(shop)
    assert said == [
        "The contact “kiosk” stands for 60 devices on 8 April 2025. They count as one contact. "
        "If it names nobody, add it to the words for nothing in Settings."
    ]
    assert words == ["kiosk"]


def test_a_company_is_named_too_and_words_for_nothing_are_not(shop: Shop) -> None:
    shop.load([*devices(51, company="HOUSE", contact="undefined")])
    assert warnings(shop)[1] == ["HOUSE"]


def test_fifty_devices_are_plausible(shop: Shop) -> None:
    shop.load(
        [
            *devices(50, contact="kiosk"),
            *devices(50, NEXT, contact="kiosk"),
            *devices(50, company="K1"),
        ]
    )
    assert warnings(shop) == ([], [])


def test_an_order_number_with_three_amounts_of_three_devices_is_named(shop: Shop) -> None:
    shop.load(
        [
            *(
                purchase(f"{DAY} 10:0{n}", f"p{n}", 1, transaction_id="test", revenue=n + 1)
                for n in range(3)
            ),
            *(
                purchase(f"{DAY} 11:0{n}", "p1", 1, transaction_id="T1", revenue=n)
                for n in range(3)
            ),
            *(
                purchase(f"{DAY} 12:0{n}", f"p{n}", 1, transaction_id="T2", revenue=5)
                for n in range(3)
            ),
            *(
                purchase(f"{DAY} 13:0{n}", f"p{n}", 1, transaction_id="null", revenue=n + 1)
                for n in range(3)
            ),
        ]
    )
    said, words = warnings(shop)
    assert words == ["test"]
    assert "came with 3 different amounts from 3 devices" in said[0]
