"""Search terms: searches, normalised to be grouped."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_SPACES = re.compile(r"\s+")
_QUOTES = "\"'"  # the quotes of other scripts have their own categories
_MARKS = ("COMMA", "STOP", "ELLIPSIS", "DANDA", "COLON", "QUESTION", "EXCLAMATION", "SOLIDUS")
_BEYOND_MARKS = 0x20000  # from here on there are only ideographs, and nothing to strip


def normalise_term(term: str) -> str:
    """The normalised search term; "" if nothing is left.

    NFC, full-width forms folded, case-folded, single spaces; without quotes, brackets, commas,
    stops, colons, semicolons, question and exclamation marks, dashes or slashes at its ends.
    Everything else is kept: c++ is not c, and a combining mark at the end counts.
    """
    narrow = "".join(map(_fold_width, unicodedata.normalize("NFC", term)))
    folded = unicodedata.normalize("NFC", narrow.casefold())
    return _SPACES.sub(" ", folded).strip(_stripped())


def _fold_width(letter: str) -> str:
    """The ordinary form of a full-width letter. NFKC would also change ½ and ², which stay."""
    if letter < "\u3000":
        return letter
    kind, _, code = unicodedata.decomposition(letter).partition(" ")
    return chr(int(code, 16)) if kind == "<wide>" else letter


@cache
def _stripped() -> str:
    """The characters stripped from both ends: a space, and the marks of every script."""
    return " " + _QUOTES + "".join(filter(_is_mark, map(chr, range(_BEYOND_MARKS))))


def _is_mark(letter: str) -> bool:
    """Whether it is a quote, bracket, dash, comma, stop, colon, question mark or slash."""
    category = unicodedata.category(letter)
    if category != "Po":
        return category in ("Ps", "Pe", "Pi", "Pf", "Pd")
    return any(mark in unicodedata.name(letter) for mark in _MARKS)
