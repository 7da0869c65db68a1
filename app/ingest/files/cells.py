"""Cells as a person sees them, without the wrappers that keep a program from reading a number.

Shared by all files that people supply: customer files, branch files, recipients.
"""

from __future__ import annotations

import re

from app.words_for_nothing import Words, is_nothing

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_TEXT_FORMULA = re.compile(r'="((?:[^"]|"")*)"')
_UNSEEN = "\u200b\u200e\u200f\u2060\ufeff"
_MARGINS = frozenset("='\u0020")  # may begin or end a cell; invisible ones are not printable
_GUARDED = re.compile(r"'[\d=+\-@]")
_ADDRESS = re.compile(r"[^\s;,|<>\"'()\[\]:/]+@[^\s;,|<>\"'()\[\]:/]+")


def seen(text: str | None) -> str | None:
    """The text without control characters, margins and a surrounding `="…"`; None if empty.

    A leading apostrophe is removed only where a spreadsheet puts one, before a digit or sign:
    's-Hertogenbosch is a city.
    """
    if text is None:
        return None
    if text.isprintable() and text[:1] not in _MARGINS and text[-1:] not in _MARGINS:
        return text or None  # nearly all cells need no change
    bare = _trimmed(_CONTROLS.sub(" ", text))
    if formula := _TEXT_FORMULA.fullmatch(bare):
        bare = _trimmed(formula[1].replace('""', '"'))
    if _GUARDED.match(bare):
        bare = _trimmed(bare[1:])
    return bare or None


def seen_code(text: str | None) -> str | None:
    """The same for ids, phones and addresses, which never really begin with an apostrophe."""
    bare = seen(text)
    if bare is None or not bare.startswith("'"):
        return bare
    inner = bare[1:-1] if len(bare) > 1 and bare.endswith("'") else bare[1:]
    return _trimmed(inner) or None


def without_nothing(text: str | None, words: Words) -> str | None:
    """The text, or None if it is a word for nothing."""
    return None if text is None or is_nothing(text, words) else text


def list_addresses(text: str) -> list[str]:
    """The email addresses in a cell, in order, in lower case: `a@x; Bob <b@x>` has two."""
    return list(dict.fromkeys(found.lower() for found in _ADDRESS.findall(text)))


def _trimmed(text: str) -> str:
    return text.strip().strip(_UNSEEN).strip()
