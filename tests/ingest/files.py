"""Customer and branch files as tests read them, and the shared case files."""

from __future__ import annotations

import os
import re
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest

from app.ingest.files.customer_file import Parsed, parse_locations, parse_users
from app.ingest.files.file_rows import BranchRow, ContactRow

_ROOT = Path(__file__).resolve().parents[2]
_LIST = (_ROOT / "sql" / "functions" / "words" / "_nothing_words.sql").read_text()
WORDS = frozenset(re.findall(r"'([^']*)'", _LIST.partition("array[")[2].partition("] ||")[0]))

HEADER = "user_id,name,email,phone,buying_company_erp_id,buying_company_name,branch_id"


def read_contacts(path: Path, branch_ids: AbstractSet[str] = frozenset()) -> Parsed[ContactRow]:
    """The contacts of a file, with the built-in words for nothing."""
    return parse_users(path, WORDS, branch_ids)


def read_branches(path: Path) -> Parsed[BranchRow]:
    """The branches of a file, with the built-in words for nothing."""
    return parse_locations(path, WORDS)


def case_file(name: str) -> Path:
    """A shared case file; where the folder is absent a named skip, in CI a failure."""
    folder = _ROOT.parent / "shared" / "cases" / "files"
    if folder.is_dir():
        return folder / name
    if os.environ.get("CI"):
        pytest.fail(f"{folder} is absent: CI must run on the case files")
    pytest.skip("the case files (../shared/cases) are not beside this checkout")
