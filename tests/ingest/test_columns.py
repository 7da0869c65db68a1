"""Single columns: money to the sixth decimal."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ingest.store.columns import money


@given(
    st.decimals(min_value=Decimal("-999999999999"), max_value=Decimal("999999999999"), places=7)
    | st.floats(min_value=-(10**11), max_value=10**11).map(lambda x: Decimal(repr(x)))
)
@settings(deadline=None)  # the first call imports what the others have
def test_money_is_the_exported_number_rounded_half_even(amount: Decimal) -> None:
    as_double = Decimal(repr(float(amount)))

    values, bad = money(pa.array([repr(float(amount))]))

    assert not bad.any()
    assert values.to_pylist() == [as_double.quantize(Decimal("0.000001"), "ROUND_HALF_EVEN")]
