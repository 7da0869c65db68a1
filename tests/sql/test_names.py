"""What exported ids name: words for nothing, the files, case; in any order of loads."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from app.database.engine import tenant_transaction
from app.ingest.files.customer_file import BranchRow
from app.ingest.store.rederive import rederive, start_rederiving
from app.jobs.work import _claim
from app.tasks.lists.context import find_last_day
from tests.loading import contact
from tests.oracle.rows import Row, add_to_cart, item, page_view, purchase, search, view_item
from tests.sql.comparing import derived_rows, make_tenant
from tests.sql.conftest import Shop
from tests.sql.tasks import tasks

DAY, NEXT = "2025-04-07", "2025-04-10"
GUID = "6F9619FF-8B86-D011-B42D-00C04FC964FF"
A = {"items": [item("A", price=10, quantity=1)]}


def strangers(word: str) -> list[Row]:
    """Three devices with one contact and company, each with a cart."""
    return [
        add_to_cart(f"{DAY} 10:0{n}", f"p{n}", 1, contact=word, company=word, branch=word, **A)
        for n in range(3)
    ]


@pytest.mark.parametrize(
    "word", ["undefined", " NULL ", "(Not Set)", "guest", "{{user}}", "%USER%", "${id}", "\\N"]
)
def test_a_word_for_nothing_makes_no_one_customer_of_three_strangers(shop: Shop, word: str) -> None:
    shop.load(strangers(word), until=NEXT)
    found = tasks(shop.tenant_id, "cart", f"{NEXT} 12:00")
    assert [(task.customer_key, task.value) for task in found] == [
        ("d:p0", 10),
        ("d:p1", 10),
        ("d:p2", 10),
    ]
    assert shop.rows("select distinct branch_id from session where tenant_id = %(t)s") == [("",)]


def test_a_word_that_the_files_have_as_a_key_is_that_id(shop: Shop) -> None:
    shop.load(
        strangers("unknown"),
        until=NEXT,
        contacts=[contact("Unknown", "guest")],
        branches=[BranchRow("unknown", "The unknown")],
    )
    (task,) = tasks(shop.tenant_id, "cart", f"{NEXT} 12:00")
    assert (task.contact_id, task.value, task.branch_id) == ("Unknown", 30, "unknown")


def test_ids_of_another_case_are_the_file_s_where_exactly_one_is_alike(shop: Shop) -> None:
    rows = [
        add_to_cart(f"{DAY} 10:00", "p1", 1, contact=GUID.lower(), branch="d01", **A),
        add_to_cart(f"{DAY} 10:00", "p2", 1, contact=f" {GUID} ", company="k9", **A),
        add_to_cart(f"{DAY} 10:00", "p3", 1, contact="aB", **A),
        add_to_cart(f"{DAY} 10:00", "p4", 1, company="k1", **A),
    ]
    people = [contact(GUID, "K1"), contact("AB"), contact("ab")]
    shop.load(rows, until=NEXT, contacts=people, branches=[BranchRow("D01", "One")])
    found = tasks(shop.tenant_id, "cart", f"{NEXT} 12:00")
    assert sorted(
        (t.customer_key, t.contact_id, t.value, t.branch_id) for t in found if t.contact_id
    ) == [
        ("c:aB", "aB", 10, ""),
        ("k:K1", GUID, 20, "D01"),
    ]
    assert {t.customer_key for t in found if not t.contact_id} == {"k:K1"}


def test_orders_without_a_real_number_are_not_repeats(shop: Shop) -> None:
    shop.load(
        [
            purchase(f"{DAY} 10:0{n}", f"p{n}", 1, transaction_id=word, revenue=100 * (n + 1))
            for n, word in enumerate(
                ["undefined", "undefined", "UNDEFINED ", "none", "-1", "{{id}}"]
            )
        ]
    )
    figures = shop.overview(DAY)
    assert (figures.orders, figures.revenue, figures.duplicate_orders) == (6, 2100, 0)


def test_without_a_session_the_subject_stands_in_for_the_order_s_number(shop: Shop) -> None:
    lone: Row = {"session": None, "revenue": 5, "transaction_id": "null"}
    shop.load(
        [
            purchase(f"{DAY} 10:00", "p1", contact="U1", **lone),
            purchase(f"{DAY} 10:00", "p2", contact="U1", **lone),
            purchase(f"{DAY} 10:00", "p1", **lone),
            purchase(f"{DAY} 10:00", None, company="U1", **lone),
            purchase(f"{DAY} 10:00", None, **lone),
            purchase(f"{DAY} 10:00", "nan", contact="guest", **lone),
        ]
    )
    figures = shop.overview(DAY)
    assert (figures.orders, figures.duplicate_orders, figures.cookieless_events) == (4, 2, 2)


def test_a_currency_and_an_item_that_are_words_for_nothing_are_missing(shop: Shop) -> None:
    nameless = [item("undefined", name="(none)", price=3), item("null", name="Bolt", price=4)]
    shop.load(
        [
            purchase(
                f"{DAY} 10:00",
                "p1",
                1,
                transaction_id="T",
                revenue=7,
                currency="undefined",
                items=nameless,
            ),
            add_to_cart(f"{DAY} 11:00", "p2", 1, currency="N/A", items=nameless),
            search(f"{DAY} 11:00", "bolt", "p2", 1),
            view_item(f"{DAY} 11:01", "p2", 1, items=nameless, currency="(none)"),
        ],
        until=NEXT,
    )
    figures = shop.overview(DAY)
    assert (figures.revenue, figures.other_currencies) == (7, ())
    (cart,) = tasks(shop.tenant_id, "cart", f"{NEXT} 12:00")
    assert (cart.currency, cart.value) == ("", 4)
    assert [(line["item_id"], line["item_name"]) for line in cart.detail["lines"]] == [
        (None, "Bolt")
    ]
    assert shop.rows("""
        select i ->> 'item_id', i ->> 'item_name' from shop_order, jsonb_array_elements(items_json)
        as i where tenant_id = %(t)s
    """) == [(None, None), (None, "Bolt")]
    assert shop.rows("""
        select i ->> 'item_id', i ->> 'item_name' from fact, jsonb_array_elements(items) as i
        where tenant_id = %(t)s
    """) == [(None, "Bolt")]


@pytest.mark.parametrize("device", ["undefined", "{{client_id_of_the_first_page}}", "%ID%", "0"])
def test_a_device_that_is_a_word_for_nothing_is_nobody(shop: Shop, device: str) -> None:
    shop.load([add_to_cart(f"{DAY} 10:00", device, n, **A) for n in range(2)], until=NEXT)
    figures = shop.overview(DAY)
    assert (figures.sessions, figures.cookieless_events) == (0, 2)
    assert tasks(shop.tenant_id, "cart", f"{NEXT} 12:00") == []


EVENTS = [
    *strangers("unknown"),
    page_view(f"{DAY} 09:00", "p1", 1, contact="house", branch="d01"),
    page_view(f"{DAY} 09:30", "p5", 1, contact="u7", company="HOUSE"),
    add_to_cart(f"{DAY} 09:40", None, None, contact="house", company="k1", **A),
    add_to_cart(f"{DAY} 09:41", None, None, contact="U7", currency="house", **A),
    purchase(f"{DAY} 11:00", "p1", 1, contact="u7", transaction_id="House", revenue=10),
    purchase(f"{DAY} 11:01", "p2", 1, transaction_id="house", revenue=20),
    purchase(f"{DAY} 11:02", None, None, contact="u7", transaction_id="null", revenue=30),
    purchase(f"{DAY} 11:02", None, None, contact="U7", transaction_id="null", revenue=30),
]


def _events(shop: Shop) -> None:
    shop.load(EVENTS, until=NEXT)


def _contacts(shop: Shop) -> None:
    shop.load([], contacts=[contact("U7", "K1"), contact("unknown", "K2")])


def _branches(shop: Shop) -> None:
    shop.load([], branches=[BranchRow("D01", "One"), BranchRow("UNKNOWN", "Two")])


def _words(shop: Shop) -> None:
    say_nothing(shop, ["house"])


def say_nothing(shop: Shop, words: list[str]) -> None:
    """Set the tenant's own words, and run the job that this starts, if it starts one."""
    shop.superuser.execute(
        "update tenant_config set nothing_words = %s where tenant_id = %s", (words, shop.tenant_id)
    )
    with tenant_transaction(shop.tenant_id) as conn:
        job_id = start_rederiving(conn, shop.tenant_id, "words")
    if job_id is not None:
        run = _claim(shop.tenant_id, job_id)
        assert run is not None
        rederive(run)


def _everything(shop: Shop) -> dict[str, Any]:
    events = shop.rows("""
        select user_id, company_id, branch_id, raw_ids::text, session_id, null from page_view
        where tenant_id = %(t)s union all
        select user_id, company_id, branch_id, raw_ids::text, session_id, null from add_to_cart
        where tenant_id = %(t)s union all
        select user_id, company_id, branch_id, raw_ids::text, session_id, order_key from purchase
        where tenant_id = %(t)s
    """)
    names = shop.rows("""
        select kind, raw_id, named_id, first_date, last_date from id_name where tenant_id = %(t)s
    """)
    derived = derived_rows(shop.superuser, shop.tenant_id)
    return {"events": sorted(events, key=repr), "names": sorted(names, key=repr)} | derived


def test_events_files_and_words_in_any_order_end_equal(shop: Shop) -> None:
    steps = (_events, _contacts, _branches, _words)
    found = []
    for order in list(permutations(steps))[::5]:
        one = Shop(make_tenant(shop.superuser, "UTC", "USD"), shop.superuser)
        for step in order:
            step(one)
        found.append(_everything(one))
    assert all(one == found[0] for one in found[1:])
    kept = {row[3] for row in found[0]["events"]}
    assert '{"branch": "d01", "contact": "house"}' in kept
    assert '{"branch": "unknown", "company": "unknown"}' in kept


def test_words_taken_back_restore_what_the_export_said(shop: Shop) -> None:
    for step in (_events, _contacts, _branches):
        step(shop)
    before = _everything(shop)
    say_nothing(shop, ["house"])
    assert _everything(shop) != before
    say_nothing(shop, [])
    assert _everything(shop) == before
    with tenant_transaction(shop.tenant_id) as conn:
        assert start_rederiving(conn, shop.tenant_id, "words") is None


def test_events_stored_before_names_were_kept_are_named_by_the_next_load(shop: Shop) -> None:
    _events(shop)
    expected = _everything(shop)
    for table in ("page_view", "add_to_cart", "purchase"):
        shop.superuser.execute(
            f"""
            update {table} set
                user_id = coalesce(raw_ids ->> 'contact', user_id),
                company_id = coalesce(raw_ids ->> 'company', company_id),
                branch_id = coalesce(raw_ids ->> 'branch', branch_id), raw_ids = null
            where tenant_id = %s
        """,
            (shop.tenant_id,),
        )
    shop.superuser.execute("delete from id_name where tenant_id = %s", (shop.tenant_id,))
    shop.superuser.execute(
        "update derivation set nothing_words = null where tenant_id = %s", (shop.tenant_id,)
    )
    shop.load([], branches=[])
    assert _everything(shop) == expected


def test_a_load_that_changes_no_name_reads_no_history(shop: Shop) -> None:
    _events(shop)
    place = "select tableoid, ctid, xmin from add_to_cart where tenant_id = %(t)s order by 1, 2"
    before = shop.rows(place)
    shop.load([], contacts=[contact("U8", "K9")])
    assert shop.rows(place) == before
    shop.load([], contacts=[contact("U8", "K9"), contact("u7")])
    assert shop.rows(place) != before


def test_globex_sees_no_names_of_acme(shop: Shop) -> None:
    _events(shop)
    globex = make_tenant(shop.superuser, "UTC", "USD")
    with tenant_transaction(globex) as conn:
        assert find_last_day(conn, globex) is None
        assert conn.exec_driver_sql("select count(*) from id_name").scalar() == 0
