"""Customers as lists of orders and sessions name them."""

from __future__ import annotations

from app.database.tenancy import Scope
from app.http.api import Model


class ListedCustomer(Model):
    """A company, else a contact. `key` is what the customer's page and history are asked by."""

    key: str
    name: str | None


def may_name(scope: Scope, customer_key: str | None) -> bool:
    """Whether the member may learn who this is: viewers see companies, and no contacts.

    A contact's key holds the id that the shop gave, which may be an address.
    """
    if customer_key is None or customer_key.startswith("d:"):
        return False
    return customer_key.startswith("k:") or not scope.is_masked


def listed_customer(
    scope: Scope, customer_key: str | None, name: str | None
) -> ListedCustomer | None:
    """The customer of a row; None for unknown visitors, and for whom the member may not know."""
    if customer_key is None or not may_name(scope, customer_key):
        return None
    return ListedCustomer(key=customer_key, name=name)
