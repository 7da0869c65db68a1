"""The distributor's own files: contacts and branches, as xlsx or csv, with different headers."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import xlsxwriter

from dev.generator.people import Contact, make_people
from dev.generator.profile import Profile, seeded

Cell = str | int
CONTACT_HEADERS = {
    "xlsx": (
        "User ID",
        "Name",
        "Email",
        "Phone",
        "Buying Company ERP ID",
        "Company Name",
        "Branch",
        "Account Owner",
    ),
    "csv": (
        "web_user_id",
        "full_name",
        "e_mail",
        "telephone",
        "customer_number",
        "customer_name",
        "branch_id",
        "sales_rep",
    ),
}
BRANCH_HEADERS = {
    "xlsx": ("Branch ID", "Branch Name", "City", "Region", "Email", "Phone", "Active"),
    "csv": ("location_id", "location_name", "town", "state", "mail", "telephone", "is_active"),
}
MADE_AT = datetime(2026, 1, 5, tzinfo=UTC).replace(tzinfo=None)  # xlsx knows no zones


def contact_rows(profile: Profile, seed: int) -> list[list[Cell]]:
    """The customer file's rows in the order of `CONTACT_HEADERS`.

    Beside the contacts that visit: people who never do, somebody whose company differs from what
    the shop sends, one without company, padded cells, formulas and markup, an id that occurs
    twice (the last one counts), a row without id.
    """
    people = make_people(seeded(profile.slug, seed, "people"), profile)
    listed = [contact for contact in people.contacts if contact.is_listed]
    rows = [_contact_row(contact) for contact in listed]
    rows[1][1] = f"  {rows[1][1]} "
    rows[2][4], rows[2][5] = rows[0][4], rows[0][5]
    rows[3][4] = ""
    quiet: list[list[Cell]] = [
        [
            "W99001",
            '=HYPERLINK("http://203.0.113.9/","Robin")',
            "robin@formula.test",
            "555-0190",
            99_001,
            "+Formula & Sons",
            profile.branches[0].branch_id,
            "",
        ],
        [
            "W99002",
            "<b>Bold</b> Buyer",
            "BOLD@Markup.TEST",
            "",
            99_002,
            "<script>alert(1)</script>",
            profile.branches[0].branch_id,
            profile.owners[0],
        ],
        [
            "W99003",
            "Quiet One",
            "quiet@example.com",
            "555-0191",
            99_003,
            "Never Visits",
            profile.branches[-1].branch_id,
            profile.owners[-1],
        ],
        ["", "No Id", "noid@example.com", "555-0192", 99_004, "Nameless", "", ""],
    ]
    return [["W99003", "Quiet Before", "", "", 99_003, "Never Visits", "", ""], *rows, *quiet]


def _contact_row(contact: Contact) -> list[Cell]:
    company = contact.company
    return [
        contact.contact_id,
        contact.name,
        contact.email,
        contact.phone,
        int(company.company_id),
        company.name,
        company.branch_id,
        contact.owner,
    ]


def branch_rows(profile: Profile) -> list[list[Cell]]:
    """The branch file's rows in the order of `BRANCH_HEADERS`; `Active` is Yes or No."""
    return [
        [
            branch.branch_id,
            branch.name,
            branch.city,
            branch.region,
            f"{branch.branch_id.lower()}@{profile.slug}.test",
            f"555-01{50 + number}",
            "Yes" if branch.is_active else "No",
        ]
        for number, branch in enumerate(profile.branches)
    ]


def write_contacts(directory: Path, profile: Profile, seed: int) -> Path:
    """Write the customer file in the profile's format."""
    path = directory / profile.customer_file
    return _write(path, CONTACT_HEADERS[path.suffix[1:]], contact_rows(profile, seed))


def write_branches(directory: Path, profile: Profile) -> Path:
    """Write the branch file in the profile's format."""
    path = directory / profile.branch_file
    return _write(path, BRANCH_HEADERS[path.suffix[1:]], branch_rows(profile))


def _write(path: Path, headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Path:
    if path.suffix == ".csv":
        return _write_csv(path, headers, rows)
    return _write_xlsx(path, headers, rows)


def _write_csv(path: Path, headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Path:
    """Semicolons and a byte order mark, as spreadsheets in Europe save it."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerow(headers)
        writer.writerows(rows)
    return path


def _write_xlsx(path: Path, headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Path:
    """Customer numbers are number cells, as in most hand-kept workbooks; formulas stay text."""
    with xlsxwriter.Workbook(
        path, {"strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        book.set_properties({"created": MADE_AT})
        sheet = book.add_worksheet("Export")
        for number, row in enumerate((headers, *rows)):
            sheet.write_row(number, 0, row)
        sheet.freeze_panes(1, 0)
    return path
