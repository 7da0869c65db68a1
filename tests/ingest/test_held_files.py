"""Files that are judged against the last one that was taken, by real jobs over real sockets."""

from __future__ import annotations

import pytest

from tests.ingest.file_world import World
from tests.ingest.files import case_file
from tests.ingest.judged import contacts, load, load_anyway, reasons, running, world

__all__ = ["running", "world"]


def test_the_case_file_with_renamed_columns_is_held(world: World) -> None:
    assert load(world, case_file("users_good.csv").read_bytes()).status == "completed"
    before = world.customers()

    job = load(world, case_file("users_renamed.csv").read_bytes())

    assert (job.status, world.customers()) == ("failed", before)
    assert reasons(job) == [
        "lacks the column branch_id; 100 % of the rows of the last file had it filled",
        "lacks the column buying_company_erp_id; 100 % of the rows of the last file had it filled",
    ]
    assert "users.csv lacks the column branch_id" in str(job.message)
    assert "held back and the old ones stay. It also lacks the column buying" in str(job.message)


def test_the_case_file_that_was_cut_is_held(world: World) -> None:
    assert load(world, case_file("users_full.csv").read_bytes()).status == "completed"
    before = world.customers()

    job = load(world, case_file("users_cut.csv").read_bytes())

    assert (job.status, world.customers(), len(before[0])) == ("failed", before, 20)
    assert reasons(job) == ["ends in the middle of line 17: 3 of 7 cells, and no end of line"]


def test_a_first_file_that_was_cut_is_held_and_loads_without_its_last_row(world: World) -> None:
    job = load(world, case_file("users_cut.csv").read_bytes())
    assert (job.status, world.customers()[0]) == ("failed", [])
    assert reasons(job) == ["ends in the middle of line 17: 3 of 7 cells, and no end of line"]

    loaded = load_anyway(world, job.job_id)

    assert (loaded.status, len(world.customers()[0])) == ("completed_with_warnings", 15)
    assert [r.reason for r in loaded.refusals] == ["the file ends in the middle of the row"]


def test_a_workbook_that_ends_early_replaces_nothing(world: World) -> None:
    world.configure(users_path="/users.xlsx")
    assert world.load("users").status == "completed"
    before = world.customers()
    content = (world.sftp.directory / "users.xlsx").read_bytes()
    world.put("users.xlsx", content[: len(content) - 200])

    job = world.load("users")

    assert (job.status, world.customers()) == ("failed", before)
    assert "damaged: it may have broken off" in str(job.message)


@pytest.mark.parametrize(
    ("name", "column", "nothing"),
    [
        ("name", "name", "-"),
        ("email", "email", "null"),
        ("phone", "phone", "0"),
        ("erp", "buying_company_erp_id", "NULL"),
        ("company", "buying_company_name", "#N/A"),
        ("branch", "branch_id", ""),
    ],
)
def test_a_column_that_says_nothing_now_is_held(
    world: World, name: str, column: str, nothing: str
) -> None:
    load(world, contacts(4))

    job = load(world, contacts(4, **{name: nothing}))

    assert reasons(job) == [
        f"has the column {column} empty; 100 % of the rows of the last file had it filled"
    ]


def test_a_column_of_words_for_nothing_was_never_filled(world: World) -> None:
    load(world, contacts(4))
    world.superuser.execute("update users set account_owner = 'NULL'")

    assert load(world, contacts(4)).status == "completed"


def test_a_branch_file_without_its_cities_is_held(world: World) -> None:
    load(world, "branch id,name,town\nD1,Up,Bonn\nD2,Down,Ulm\n", "locations")

    job = load(world, "branch id,name,place\nD1,Up,Bonn\nD2,NULL,Ulm\n", "locations")

    assert reasons(job) == [
        "lacks the column city; 100 % of the rows of the last file had it filled"
    ]
    assert load_anyway(world, job.job_id, "locations").status == "completed_with_warnings"


def crowded(rows: int, share: int, place: int) -> str:
    """That share of the contacts, in per cent, has one company or branch."""
    lines = contacts(rows).splitlines()
    for number in range(1, 1 + rows * share // 100):
        cells = lines[number].split(",")
        lines[number] = ",".join([*cells[:place], "X9", *cells[place + 1 :]])
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(("place", "word"), [(4, "company"), (6, "branch")])
def test_one_company_or_branch_that_takes_over_is_held(world: World, place: int, word: str) -> None:
    load(world, crowded(200, 9, place))

    job = load(world, crowded(200, 31, place))

    assert reasons(job) == [
        f"gives 31 % of its contacts the {word} “X9”, which 9 % of them had the last time"
    ]


@pytest.mark.parametrize(
    ("rows", "before", "after"),
    [
        (200, 9, 30),
        (200, 10, 90),
        (199, 0, 90),
    ],
)
def test_one_that_was_large_before_or_stays_small_is_no_reason(
    world: World, rows: int, before: int, after: int
) -> None:
    load(world, crowded(rows, before, 4))

    assert load(world, crowded(rows, after, 4)).status == "completed"


def name_events(world: World, contact: str = "", branch: str = "") -> None:
    """All of the export's page views are of this contact and branch."""
    world.load("events")
    world.superuser.execute(
        "update page_view set user_id = nullif(%s, ''), branch_id = nullif(%s, '')",
        (contact, branch),
    )


def test_a_file_that_no_longer_knows_who_visits_is_held(world: World) -> None:
    load(world, contacts(4))
    name_events(world, contact="u1")

    job = load(world, contacts(4).replace("U1,", "U9,"))

    assert reasons(job) == [
        "knows the contact of 0 % of the events of the last 30 loaded days that name one; "
        "the last file knew 100 %"
    ]


def test_a_branch_file_that_no_longer_knows_the_branches_is_held(world: World) -> None:
    load(world, "branch id,name\nD1,Up\nD2,Down\n", "locations")
    name_events(world, branch="D1")

    job = load(world, "branch id,name\n1,Up\n2,Down\n", "locations")

    assert reasons(job)[0].startswith("knows the branch of 0 % of the events")


def test_ids_in_another_case_are_still_known(world: World) -> None:
    load(world, contacts(4))
    name_events(world, contact="U1")

    assert load(world, contacts(4).replace("U1,", "u1,")).status == "completed"


def test_an_approved_file_is_taken_with_its_reasons_and_judges_the_next(world: World) -> None:
    load(world, contacts(4))
    held = load(world, contacts(4, branch=""))

    taken = load_anyway(world, held.job_id)

    assert taken.status == "completed"
    assert {row[7] for row in world.customers()[0]} == {None}
    assert load(world, contacts(4, branch="")).status == "completed"


def test_another_file_than_the_approved_one_is_judged_again(world: World) -> None:
    load(world, contacts(4))
    held = load(world, contacts(4, branch=""))
    world.put("users.csv", contacts(4, branch="", erp="").encode())

    job = load_anyway(world, held.job_id)

    assert job.status == "failed"
    assert "It is not the file that was approved." in str(job.message)
    assert len(reasons(job)) == 2
