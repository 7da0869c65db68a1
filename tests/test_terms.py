"""Search terms as figures group them: what belongs to a term, and what stands around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.terms import normalise_term


@pytest.mark.parametrize(
    ("typed", "term"),
    [
        ("  Hex \u00a0 BOLT ", "hex bolt"),
        ("पानी", "पानी"),
        ("पान", "पान"),
        ("ที่", "ที่"),
        ("🔧", "🔧"),
        ("हिन्दी", "हिन्दी"),
        ("C++", "c++"),
        ("c", "c"),
        ("C#", "c#"),
        ("#10", "#10"),
        ("50%", "50%"),
        ("+49", "+49"),
        ("½", "½"),
        ("M8×1½", "m8×1½"),
        ("m²", "m²"),
        ("№ 5", "№ 5"),
        ("1/2 inch", "1/2 inch"),
        ("Ｍ８　＋", "m8 +"),
        ("ﾈｼﾞ", "ﾈｼﾞ"),
        ("“M8”!", "m8"),
        ("«bolt»", "bolt"),
        ("„Schraube“", "schraube"),
        ("「水」", "水"),
        ("’tis", "tis"),
        ("＂bolt＂", "bolt"),
        ("[(bolt)]", "bolt"),
        ("-bolt–", "bolt"),
        ("bolt…", "bolt"),
        ("水、", "水"),
        ("水。", "水"),
        ("पानी।", "पानी"),
        ("ماء؟", "ماء"),
        ("¿tornillo?", "tornillo"),
        ("a;", "a"),
        (":b", "b"),
        ("/c\\", "c"),
        ("\" ' bolt ' \"", "bolt"),
        ("Straße", "strasse"),
        ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
        ("e\u0301te\u0301", "été"),
        ("?!", ""),
        ("- -", ""),
        ("", ""),
    ],
)
def test_a_term_keeps_what_belongs_to_it(typed: str, term: str) -> None:
    assert normalise_term(typed) == term


@given(st.text(max_size=30))
def test_a_term_stays_the_same_when_it_is_normalised_again(typed: str) -> None:
    once = normalise_term(typed)
    assert normalise_term(once) == once
