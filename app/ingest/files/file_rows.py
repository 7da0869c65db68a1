"""One row of a customer or branch file: its cells by our names, and their conversion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.format import plural
from app.ingest.files.cells import list_addresses, seen, seen_code, without_nothing
from app.ingest.files.csv_text import Row
from app.words_for_nothing import Words, is_nothing

ID_CHARACTERS = 256
TEXT_CHARACTERS = 512

_CODES = {
    "user_id",
    "location_id",
    "branch_id",
    "buying_company_erp_id",
    "email",
    "phone",
}
_LISTED_LINES = 5
_YES = {"true", "1", "yes", "y", "active", "enabled", "open", "x"}
_NO = {"false", "0", "no", "n", "inactive", "disabled", "closed"}


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


@dataclass
class Notes:
    """Changes to accepted rows and their omissions: counted, with the first lines."""

    lines: dict[str, list[int]] = field(default_factory=dict)

    def add(self, what: str, line: int) -> None:
        self.lines.setdefault(what, []).append(line)

    def sentences(self) -> list[str]:
        return [_sentence(what, lines) for what, lines in sorted(self.lines.items())]


def _sentence(what: str, lines: Sequence[int]) -> str:
    listed = ", ".join(f"{line}" for line in lines[:_LISTED_LINES])
    more = ", …" if len(lines) > _LISTED_LINES else ""
    return f"{what}: {len(lines):,} ({plural(len(lines), 'line')} {listed}{more})."


@dataclass(slots=True)  # not frozen: there is one per row, and frozen ones take longer
class Cells:
    """One row, by the names of our columns."""

    row: Row
    places: Mapping[str, int]
    key: str
    line: int
    words: Words
    branch_words: Words
    notes: Notes

    def raw(self, name: str) -> str | None:
        """The cell as a person sees it."""
        place = self.places.get(name, len(self.row))
        text = self.row[place] if place < len(self.row) else None
        return seen_code(text) if name in _CODES else seen(text)

    def text(self, name: str) -> str | None:
        """The cell, or None if it is empty or a word for nothing; cut if it is too long."""
        words = self.branch_words if name == "branch_id" else self.words
        found = without_nothing(self.raw(name), words)
        if found is None or len(found) <= TEXT_CHARACTERS or name.endswith("_id"):
            return found
        self.notes.add(f"Texts in {name} over {TEXT_CHARACTERS} characters, cut", self.line)
        return found[:TEXT_CHARACTERS]

    def short_id(self, name: str) -> str | None:
        """The id in the cell, unless it is too long for one."""
        found = self.text(name)
        if found is None or len(found) <= ID_CHARACTERS:
            return found
        note = f"Values of {name} over {ID_CHARACTERS} characters, left out"
        self.notes.add(note, self.line)
        return None

    def email(self) -> str | None:
        """The first address in the cell."""
        found = self.text("email")
        if found is None:
            return None
        addresses = list_addresses(found)
        if not addresses:
            self.notes.add("Email addresses without “@”, left out", self.line)
            return None
        if len(addresses) > 1:
            self.notes.add(
                "Cells with several email addresses, of which only the first is kept", self.line
            )
        return addresses[0]


def make_contact(cells: Cells) -> ContactRow:
    parts = [cells.text("first_name"), cells.text("last_name")]
    return ContactRow(
        user_id=cells.key,
        name=cells.text("name") or " ".join(part for part in parts if part) or None,
        email=cells.email(),
        phone=cells.text("phone"),
        buying_company_erp_id=cells.short_id("buying_company_erp_id"),
        buying_company_name=cells.text("buying_company_name"),
        branch_id=cells.short_id("branch_id"),
        account_owner=cells.text("account_owner"),
    )


def make_branch(cells: Cells) -> BranchRow:
    name = cells.text("name")
    if name is None:
        cells.notes.add("Branches without a name, called by their id", cells.line)
    return BranchRow(
        location_id=cells.key,
        name=name or cells.key,
        city=cells.text("city"),
        region=cells.text("region"),
        email=cells.email(),
        phone=cells.text("phone"),
        is_active=_is_active(cells),
    )


def _is_active(cells: Cells) -> bool:
    """Words for nothing mean nothing here, except those that mean no."""
    word = (cells.raw("is_active") or "yes").lower()
    if word not in _YES | _NO and not is_nothing(word, cells.words):
        note = "Branches whose state is neither yes nor no, counted as active"
        cells.notes.add(note, cells.line)
    return word not in _NO
