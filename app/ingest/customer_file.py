"""The customer file and the branch file: from a tenant's csv or xlsx to checked rows.

Columns are found by name, whatever their case, spaces, "_" and "-". A row without an id is
refused and counted; of rows with the same id the last one counts.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from app.errors import Invalid
from app.ingest.refusals import KEPT_PER_REASON
from app.ingest.sheet import read_sheet
from app.ingest.workbook import Row

ID_CHARACTERS = 256
TEXT_CHARACTERS = 512

NO_ID = "the row has no id"
REPEATED_ID = "the id appears again further down, where the row counts"
LONG_ID = f"the id is longer than {ID_CHARACTERS} characters"
TOO_MANY_CELLS = "the row has more cells than the header"

_NOT_LETTERS = re.compile(r"[\W_]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")

# Per column of ours, the headers it is found under, best first, as _key() writes them.
_USER_HEADERS = {
    "user_id": ("userid", "webuserid", "contactid", "useridentifier", "uid", "id"),
    "name": ("name", "fullname", "contactname", "displayname", "username"),
    "first_name": ("firstname", "givenname"),
    "last_name": ("lastname", "surname", "familyname"),
    "email": ("email", "emailaddress", "useremail", "contactemail", "mail"),
    "phone": (
        "phone", "phonenumber", "telephone", "telephonenumber", "tel", "mobile", "mobilephone",
        "cellphone", "officephone", "workphone",
    ),
    "buying_company_erp_id": (
        "buyingcompanyerpid", "companyerpid", "webcustomerid", "erpid", "companyid", "customerid",
        "customernumber", "customerno", "accountnumber", "accountid",
    ),
    "buying_company_name": (
        "buyingcompanyname", "buyingcompany", "companyname", "company", "customername",
        "accountname", "customer",
    ),
    "branch_id": (
        "branchid", "defaultbranchid", "defaultbranch", "homebranch", "branch", "branchcode",
        "locationid", "warehouseid", "location", "warehouse",
    ),
    "account_owner": (
        "accountowner", "owner", "accountmanager", "salesrep", "salesperson", "rep",
    ),
}
_LOCATION_HEADERS = {
    "location_id": (
        "locationid", "branchid", "warehouseid", "locationcode", "branchcode", "warehousecode",
        "code", "id", "location", "branch", "warehouse", "number",
    ),
    "name": ("name", "locationname", "branchname", "warehousename", "displayname", "description"),
    "city": ("city", "town"),
    "region": ("region", "state", "province", "stateprovince", "county"),
    "email": ("email", "emailaddress", "branchemail", "locationemail", "mail"),
    "phone": ("phone", "phonenumber", "telephone", "telephonenumber", "tel"),
    "is_active": ("isactive", "active", "enabled", "isenabled", "status"),
}
_FILES: dict[str, tuple[Mapping[str, Sequence[str]], tuple[str, ...]]] = {
    "users": (_USER_HEADERS, ("user_id",)),
    "locations": (_LOCATION_HEADERS, ("location_id", "name")),
}
_YES = {"true", "1", "yes", "y", "active", "enabled", "open", "x"}
_NO = {"false", "0", "no", "n", "inactive", "disabled", "closed"}

RowType = TypeVar("RowType")
Cells = Mapping[str, str | None]


@dataclass(frozen=True)
class ContactRow:
    """One contact, as a row of the table users."""

    user_id: str
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    buying_company_erp_id: str | None = None
    buying_company_name: str | None = None
    branch_id: str | None = None
    account_owner: str | None = None


@dataclass(frozen=True)
class BranchRow:
    """One branch, as a row of the table locations."""

    location_id: str
    name: str
    city: str | None = None
    region: str | None = None
    email: str | None = None
    phone: str | None = None
    is_active: bool = True


@dataclass(frozen=True)
class Parsed(Generic[RowType]):
    """What a file gave: rows with distinct ids, refused rows by reason, and warnings.

    `samples` name the lines of refused rows and the id when there is one, nothing personal.
    """

    rows: list[RowType]
    refused: Counter[str] = field(default_factory=Counter)
    samples: Mapping[str, list[dict[str, str | None]]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def parse_users(path: Path) -> Parsed[ContactRow]:
    """The contacts in a customer file (csv or xlsx).

    Raises:
        Invalid: the file cannot be read, or no column holds the contact's id.
    """
    return _parse(path, _USER_HEADERS, ("user_id",), _contact)


def map_header(path: Path, file_type: str) -> dict[str, str]:
    """Which header of a users or locations file each column of ours is read from.

    Raises:
        Invalid: the file cannot be read, or it lacks a column that is needed.
    """
    headers, required = _FILES[file_type]
    header = read_sheet(path).header
    places, _ = _find_columns(header, headers, required)
    return {name: header[place] for name, place in places.items()}


def parse_locations(path: Path) -> Parsed[BranchRow]:
    """The branches in a branch file (csv or xlsx).

    Raises:
        Invalid: the file cannot be read, or it lacks the column of ids or of names.
    """
    return _parse(path, _LOCATION_HEADERS, ("location_id", "name"), _branch)


def _parse(
    path: Path,
    headers: Mapping[str, Sequence[str]],
    required: Sequence[str],
    make: Callable[[Cells, Counter[str]], RowType],
) -> Parsed[RowType]:
    sheet = read_sheet(path)
    places, doubled = _find_columns(sheet.header, headers, required)
    id_column = required[0]
    rows: dict[str, RowType] = {}
    sieve, notes = _Sieve(), Counter[str]()
    for line, row in sheet.rows:
        if _has_extra_cells(row, len(sheet.header)):
            sieve.refuse(TOO_MANY_CELLS, line, None)
            continue
        cells = {name: _clean(row, place, name, notes) for name, place in places.items()}
        key = cells[id_column]
        if key is None or len(key) > ID_CHARACTERS:
            sieve.refuse(LONG_ID if key else NO_ID, line, key)
            continue
        if rows.pop(key, None) is not None:
            sieve.refuse(REPEATED_ID, line, key)
        rows[key] = make(cells, notes)
    counted = tuple(f"{what}: {count:,}." for what, count in sorted(notes.items()))
    return Parsed(
        list(rows.values()), sieve.counts, sieve.samples, (*sheet.warnings, *doubled, *counted)
    )


@dataclass
class _Sieve:
    """Refused lines by reason, with samples."""

    counts: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[dict[str, str | None]]] = field(default_factory=dict)

    def refuse(self, reason: str, line: int, key: str | None) -> None:
        self.counts[reason] += 1
        samples = self.samples.setdefault(reason, [])
        if len(samples) < KEPT_PER_REASON:
            samples.append({"line": str(line), "id": key and key[:100]})


def _key(header: str) -> str:
    return _NOT_LETTERS.sub("", unicodedata.normalize("NFKC", header).lower())


def _find_columns(
    header: Sequence[str], headers: Mapping[str, Sequence[str]], required: Sequence[str]
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Where each column of ours stands, and warnings about headers that stand twice.

    A header belongs to one column only: the first whose list names it.
    """
    keys = [_key(text) for text in header]
    places: dict[str, int] = {}
    for name, accepted in headers.items():
        found = [keys.index(key) for key in accepted if key in keys]
        free = [place for place in found if place not in places.values()]
        if free:
            places[name] = free[0]
    missing = [name for name in required if name not in places]
    if missing:
        raise Invalid(_missing_words(missing, header, headers))
    doubled = {header[places[n]] for n in places if keys.count(keys[places[n]]) > 1}
    return places, tuple(f"The column “{n}” stands twice; the first was read." for n in doubled)


def _missing_words(
    missing: Sequence[str], header: Sequence[str], headers: Mapping[str, Sequence[str]]
) -> str:
    wanted = "; ".join(f"{name} (or {', '.join(headers[name][1:6])})" for name in missing)
    found = ", ".join(f"“{text[:40]}”" for text in header[:20])
    return f"The file lacks the column {wanted}. Its header line is: {found}."


def _has_extra_cells(row: Row, width: int) -> bool:
    return any(cell is not None for cell in row[width:])


def _clean(row: Row, place: int, name: str, notes: Counter[str]) -> str | None:
    text = row[place] if place < len(row) else None
    if text is None:
        return None
    text = _CONTROLS.sub(" ", text).strip()
    if len(text) > TEXT_CHARACTERS and not name.endswith("_id"):
        notes[f"Texts in {name} over {TEXT_CHARACTERS} characters, cut"] += 1
        text = text[:TEXT_CHARACTERS]
    return text or None


def _email(text: str | None, notes: Counter[str]) -> str | None:
    if text is None:
        return None
    if "@" not in text.strip("@"):
        notes["Email addresses without “@”, left out"] += 1
        return None
    return text.lower()


def _contact(cells: Cells, notes: Counter[str]) -> ContactRow:
    parts = [cells.get("first_name"), cells.get("last_name")]
    return ContactRow(
        user_id=str(cells["user_id"]),
        name=cells.get("name") or " ".join(part for part in parts if part) or None,
        email=_email(cells.get("email"), notes),
        phone=cells.get("phone"),
        buying_company_erp_id=_short_id(cells, "buying_company_erp_id", notes),
        buying_company_name=cells.get("buying_company_name"),
        branch_id=_short_id(cells, "branch_id", notes),
        account_owner=cells.get("account_owner"),
    )


def _short_id(cells: Cells, name: str, notes: Counter[str]) -> str | None:
    text = cells.get(name)
    if text and len(text) > ID_CHARACTERS:
        notes[f"Values of {name} over {ID_CHARACTERS} characters, left out"] += 1
        return None
    return text


def _branch(cells: Cells, notes: Counter[str]) -> BranchRow:
    branch_id = str(cells["location_id"])
    if cells["name"] is None:
        notes["Branches without a name, called by their id"] += 1
    return BranchRow(
        location_id=branch_id,
        name=cells["name"] or branch_id,
        city=cells.get("city"),
        region=cells.get("region"),
        email=_email(cells.get("email"), notes),
        phone=cells.get("phone"),
        is_active=_is_active(cells.get("is_active"), notes),
    )


def _is_active(text: str | None, notes: Counter[str]) -> bool:
    word = (text or "yes").lower()
    if word not in _YES | _NO:
        notes["Branches whose state is neither yes nor no, counted as active"] += 1
    return word not in _NO
