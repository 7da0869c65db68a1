"""The stylesheet that pages load is the vendored one, cut to what the pages use."""

from __future__ import annotations

from dev.styles import PART, WHOLE, cut, words_in_use


def test_the_part_holds_every_rule_in_use() -> None:
    made = cut(WHOLE.read_text(), words_in_use())
    assert PART.read_text().endswith(made), "run `python -m dev.styles`"


def test_a_rule_stays_when_its_classes_are_in_use() -> None:
    css = (
        ".btn{color:red}.btn .nav,.btn:hover{color:blue}@media print{.nav{a:b}.btn{c:d}}"
        '.btn::after{content:"}{;"}p:not(.nav){e:f}:root{--tblr-x:1;--tblr-y:2}.btn{g:var(--tblr-x)}'
    )
    assert cut(css, {"btn"}).replace("\n", "") == (
        ".btn{color:red}.btn:hover{color:blue}@media print{.btn{c:d}}"
        '.btn::after{content:"}{;"}p:not(.nav){e:f}:root{--tblr-x:1;}.btn{g:var(--tblr-x)}'
    )
