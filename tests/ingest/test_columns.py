"""Single columns: money to the sixth decimal, search terms as figures group them."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ingest.columns import money, normalise_term


@given(
    st.decimals(min_value=Decimal("-999999999999"), max_value=Decimal("999999999999"), places=7)
    | st.floats(min_value=-(10**11), max_value=10**11).map(lambda x: Decimal(repr(x)))
)
def test_money_is_the_exported_number_rounded_half_even(amount: Decimal) -> None:
    as_double = Decimal(repr(float(amount)))

    values, bad = money(pa.array([repr(float(amount))]))

    assert not bad.any()
    assert values.to_pylist() == [as_double.quantize(Decimal("0.000001"), "ROUND_HALF_EVEN")]


@pytest.mark.parametrize(
    ("typed", "term"),
    [
        ("  Hex   BOLT ", "hex bolt"),
        ("“M8”!", "m8"),
        ("Ｍ８ ﬁtting", "m8 fitting"),
        ("1/2 inch", "1/2 inch"),
        ("?!", ""),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ],
)
def test_terms_are_normalised(typed: str, term: str) -> None:
    assert normalise_term(typed) == term
