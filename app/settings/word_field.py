"""A form field for a list of words, one per line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wtforms import StringField, ValidationError  # type: ignore[import-untyped] # has no types

MOST_WORDS = 200
MOST_CHARACTERS = 100


class WordField(StringField):  # type: ignore[misc] # wtforms is untyped
    """Distinct words in lower case, in order. Browsers send lines, programs may send a list."""

    data: list[str]

    def process_data(self, value: Iterable[str] | None) -> None:
        self.data = list(value or ())

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Load the entered words, even invalid ones, which validation reports."""
        if valuelist:
            lines = "\n".join(valuelist).splitlines()
            self.data = sorted({line.strip().lower() for line in lines} - {""})

    def _value(self) -> str:
        return "\n".join(self.data)


def check_words(words: Sequence[str]) -> None:
    """Refuse an invalid list of words.

    Raises:
        ValidationError: too many, one is too long, or one has control characters.
    """
    if len(words) > MOST_WORDS:
        raise ValidationError(f"These are {len(words)} words. At most {MOST_WORDS} are possible.")
    for word in words:
        if len(word) > MOST_CHARACTERS:
            shown = f"{word[:30]}…"
            raise ValidationError(f"“{shown}” is longer than {MOST_CHARACTERS} characters.")
        if not word.isprintable():
            raise ValidationError("A word has characters that cannot be shown. Type it again.")


def add_word(form: object, word: str) -> str:
    """Add the address's word to a form that takes words; returns the added word, or ''.

    Stores nothing: the page shows the word, and saving stores it.
    """
    field = getattr(form, "nothing_words", None)
    added = word.strip().lower()
    if not isinstance(field, WordField) or not added or added in field.data:
        return ""
    if len(added) > MOST_CHARACTERS or not added.isprintable():
        return ""
    field.data = sorted([*field.data, added])
    return added
