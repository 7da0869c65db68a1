"""The subject says what is new, and is one line whatever a branch is called."""

from __future__ import annotations

from datetime import date

import pytest

from app.email.message.subject import report_subject

DAY = date(2024, 11, 19)


def test_subject_of_one_branch() -> None:
    assert report_subject(2, 4, ["D02 Uptown"], DAY) == "2 new, 4 open – D02 Uptown – Tue 19 Nov"


def test_subject_of_several_branches() -> None:
    subject = report_subject(0, 1, ["D01 A", "D02 B"], date(2025, 3, 2))
    assert subject == "0 new, 1 open – 2 branches – Sun 2 Mar"


@pytest.mark.parametrize(
    "hostile",
    [f"D02{breaker}Bcc: x@y" for breaker in ("\r\n", "\n", "\u2028", "\x00", "\u202e", "\ud800")],
)
def test_no_branch_makes_a_second_header(hostile: str) -> None:
    assert report_subject(1, 1, [hostile], DAY) == "1 new, 1 open – D02 Bcc: x@y – Tue 19 Nov"


def test_a_long_name_is_cut() -> None:
    subject = report_subject(1, 1, ["D" * 500], DAY)
    assert subject == f"1 new, 1 open – {'D' * 59}… – Tue 19 Nov"
