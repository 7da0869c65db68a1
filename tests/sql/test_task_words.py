"""What a load stores for searches: everything, what a viewer sees, and the task's own contact."""

from __future__ import annotations

from app.ingest.files.customer_file import ContactRow
from tests.oracle.rows import add_to_cart, item
from tests.sql.conftest import Shop

ANN = ContactRow(
    "U1",
    name="Ann Lee",
    email="ann@k1.test",
    phone="0171 55",
    buying_company_erp_id="K1",
    buying_company_name="Kay One",
)
BO = ContactRow(
    "bo@k1.test",
    name="Bo Ek",
    email="bo@k1.test",
    buying_company_erp_id="K1",
    buying_company_name="Kay One",
)
ZOE = ContactRow("zoe@p.test", name="Zoe Zorn", email="zoe@p.test", phone="0990")


def stored(shop: Shop, **who: str) -> tuple[set[str], set[str], set[str]]:
    """The words of a cart of these, apart."""
    cart = add_to_cart("2025-04-01 10:00", "p", 1, items=[item("A1", name="Valve", price=9)], **who)
    shop.load([cart], until="2025-04-04", contacts=[ANN, BO, ZOE])
    rows = shop.rows("select words, shown_words, contact_words from task where tenant_id = %(t)s")
    ((everything, shown, contact),) = rows
    return set(everything.split()), set(shown.split()), set(contact.split())


def test_a_contact_s_own_words_are_apart_from_what_a_viewer_sees(shop: Shop) -> None:
    everything, shown, contact = stored(shop, contact="U1")
    assert shown == {"k1", "kay", "one", "u1", "a1", "valve"}
    assert contact == {"ann", "lee", "k1", "test", "0171", "55"}
    assert everything == shown | contact


def test_an_id_that_is_an_address_is_the_contact_s(shop: Shop) -> None:
    everything, shown, contact = stored(shop, contact="zoe@p.test")
    assert shown == {"a1", "valve"}
    assert contact == {"zoe", "zorn", "p", "test", "0990"} and everything == shown | contact


def test_people_of_a_company_are_in_neither(shop: Shop) -> None:
    everything, shown, contact = stored(shop, company="K1")
    assert shown == {"k1", "kay", "one", "a1", "valve"} and contact == set()
    assert {"ann", "bo", "0171", "u1"} <= everything


def test_an_address_that_the_file_does_not_know_is_the_contact_s(shop: Shop) -> None:
    _, shown, contact = stored(shop, contact="new@x.test")
    assert shown == {"a1", "valve"} and contact == {"new", "x", "test"}
