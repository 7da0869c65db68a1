"""A scope is made by a membership, and reaches PostgreSQL as it is."""

from __future__ import annotations

import ast
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from app.database.tenancy import Membership, Role, Scope, Tenant

APP = Path(__file__).resolve().parents[2] / "app"
ACME = Tenant(UUID(int=1), "acme", "Acme")
# Beside the membership: a recipient of mail has the branches of the report, and owns nobody; a
# digest has what its manager has.
MAKERS = {
    "database/tenancy.py",
    "email/message/content.py",
    "email/message/digest.py",
    "email/links/queries.py",
    "email/links/views.py",
}


def test_nothing_else_makes_a_scope() -> None:
    found = {
        str(path.relative_to(APP))
        for path in APP.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Scope"
    }
    assert found == MAKERS


@pytest.mark.parametrize(
    ("role", "owner", "is_masked"),
    [("rep", "rae@x.example", False), ("admin", "rae@x.example", False), ("viewer", None, True)],
)
def test_a_viewer_owns_nobody_and_sees_contacts_shortened(
    role: Role, owner: str | None, is_masked: bool
) -> None:
    scope = Membership(ACME, role, ("D01",), "Rae@x.example").scope
    assert scope == Scope(("D01",), owner, is_masked)


@pytest.mark.parametrize(
    "scope",
    [
        Scope(None),
        Scope(()),
        Scope(("",), ""),
        Scope(("D01", "D02"), "rae@x.example", False),
        Scope(('a"b', "c\\d", "e,f", "{g}", "(h)", "NULL", " i ", "ü'", "j\nk"), 'x"y\\z,()@ä'),
    ],
)
def test_postgresql_reads_what_was_written(
    superuser: psycopg.Connection[tuple[object, ...]], scope: Scope
) -> None:
    row = superuser.execute(
        "select (s).location_ids, (s).owner, (s).is_masked"
        " from (select cast(%s::text as member_scope) as s) as x",
        (scope.literal,),
    ).fetchone()
    assert row is not None
    branches = None if scope.location_ids is None else list(scope.location_ids)
    assert row == (branches, scope.owner, scope.is_masked)
