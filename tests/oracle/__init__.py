"""The oracle: every figure computed a second time, slowly and plainly, from raw GA4 export rows.

It shares no code and no SQL with the product. `Oracle` answers the figures, `rows` writes
export-shaped rows by hand.
"""

from .carts import Cart, CartLine
from .oracle import Oracle, OracleSettings
from .source import SourceKind

__all__ = ["Cart", "CartLine", "Oracle", "OracleSettings", "SourceKind"]
