"""docs/changing.md names files that exist, and as many as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/changing.md").read_text()
PATHS = sorted(set(re.findall(r"`((?:app|docs|sql)/[^`\s]*)`", PAGE)))
SECTIONS = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]


@pytest.mark.parametrize("path", PATHS)
def test_a_named_path_exists(path: str) -> None:
    """NAME and NNNN stand for what is chosen: some file must look like that."""
    assert list(ROOT.glob(re.sub("NAME|NNNN", "*", path)))


@pytest.mark.parametrize("section", SECTIONS, ids=lambda text: text.split("\n", 1)[0])
def test_a_count_is_the_number_of_rows(section: str) -> None:
    counted = re.search(r"Files: \*\*(\d+)\*\*", section)
    assert counted is not None
    assert int(counted[1]) == len(re.findall(r"^\| `", section, flags=re.MULTILINE))


def test_the_page_was_read() -> None:
    assert len(SECTIONS) == 6
    assert len(PATHS) > 20
