"""Ids across the two files, and a tenant's own words for nothing, by real jobs."""

from __future__ import annotations

import pytest

from tests.ingest.file_world import World
from tests.ingest.files import HEADER
from tests.ingest.judged import load, running, world

__all__ = ["running", "world"]


@pytest.mark.parametrize("order", [("users", "locations"), ("locations", "users")])
def test_a_branch_in_another_case_is_the_branch_of_the_branch_file(
    world: World, order: tuple[str, str]
) -> None:
    files = {
        "users": HEADER + "\nU1,A,,,,,d01\nU2,B,,,,,D02\nU3,C,,,,,d03\n",
        "locations": "branch id,name\nD01,Up\nd02,Down\nD02,Dock\nD03,a\nd03,b\n",
    }

    for file_type in order:
        load(world, files[file_type], file_type)

    assert [row[7] for row in world.customers()[0]] == ["D01", "D02", "d03"]


def test_a_branch_that_is_called_0_is_a_branch_of_the_same_job(world: World) -> None:
    world.put("users.csv", (HEADER + "\nU1,A,,,0,,0\n").encode())
    world.put("locations.csv", b"branch id,name\n0,Head office\n")

    world.load("users", "locations")

    assert [(row[5], row[7]) for row in world.customers()[0]] == [(None, "0")]


def test_a_tenants_own_words_for_nothing_are_empty_cells(world: World) -> None:
    world.superuser.execute("update tenant_config set nothing_words = '{k.a.}'")

    load(world, HEADER + "\nU1,K.A.,,k.a.,C1,,D1\n")

    assert [row[2:] for row in world.customers()[0]] == [(None, None, None, "C1", None, "D1", None)]
    world.superuser.execute("update tenant_config set nothing_words = '{}'")
