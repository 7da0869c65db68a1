"""The list of defences stays true to the code: `make defences` takes each one away."""

from __future__ import annotations

import pytest

from tests.defences import DEFENCES, ROOT, Defence


@pytest.mark.parametrize("defence", DEFENCES, ids=lambda defence: defence.name)
def test_what_is_taken_away_and_the_test_that_notices_are_there(defence: Defence) -> None:
    assert defence.old in (ROOT / defence.file).read_text()
    assert (ROOT / defence.test.partition("::")[0]).is_file()
