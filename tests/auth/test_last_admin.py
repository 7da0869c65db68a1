"""Two admins who take each other's role at the same moment: one of them stays."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from uuid import UUID

import pytest

from app.audit import Actor
from app.auth.members import queries
from app.auth.queries import Identity, record_sign_in
from app.database.engine import admin_transaction, tenant_transaction
from app.errors import Conflict, Forbidden
from tests.auth.audit_log import Superuser
from tests.conftest import Cast

Admin = tuple[Actor, UUID]
ROUNDS = 25


@pytest.fixture
def admins(cast: Cast, superuser: Superuser) -> Iterator[list[Admin]]:
    """Two accepted admins of acme, each with the membership."""
    made = []
    for name in ("ann", "bob"):
        email = f"{name}@acme.example"
        row = superuser.execute(
            "insert into membership (tenant_id, email, role) values (%s, %s, 'admin')"
            " returning membership_id",
            (cast.acme, email),
        ).fetchone()
        with admin_transaction() as conn:
            member = record_sign_in(conn, Identity("https://idp.example", name, email, name))
        assert row is not None and member is not None
        made.append((Actor(email, "page", member.member_id), row[0]))
    yield made  # type: ignore[misc]
    superuser.execute("delete from membership where tenant_id = %s", (cast.acme,))
    superuser.execute("delete from member")


def admins_left(superuser: Superuser, cast: Cast) -> int:
    row = superuser.execute(
        "select count(*) from membership where tenant_id = %s and role = 'admin' and is_active",
        (cast.acme,),
    ).fetchone()
    assert row is not None
    return int(str(row[0]))


def test_whoever_waited_is_no_admin_any_more(
    cast: Cast, admins: list[Admin], superuser: Superuser
) -> None:
    (ann, ann_id), (bob, bob_id) = admins
    outcome: list[str] = []

    def demote_ann() -> None:
        try:
            with tenant_transaction(cast.acme) as conn:
                queries.change(conn, cast.acme, bob, ann_id, "viewer", None)
        except (Forbidden, Conflict) as refusal:
            outcome.append(type(refusal).__name__)
        else:
            outcome.append("demoted")

    with tenant_transaction(cast.acme) as conn:
        queries.change(conn, cast.acme, ann, bob_id, "viewer", None)
        other = threading.Thread(target=demote_ann)
        other.start()
        other.join(0.5)
        assert other.is_alive(), "the second change waits for the first"
    other.join(10)
    assert outcome == ["Forbidden"]
    assert admins_left(superuser, cast) == 1


@pytest.mark.parametrize("deed", ["change", "deactivate"])
def test_one_admin_is_left_however_the_two_meet(
    cast: Cast, admins: list[Admin], superuser: Superuser, deed: str
) -> None:
    for _ in range(ROUNDS):
        superuser.execute("update membership set role = 'admin', is_active = true")
        start = threading.Barrier(2)

        def take(actor: Actor, membership_id: UUID, start: threading.Barrier = start) -> None:
            start.wait()
            try:
                with tenant_transaction(cast.acme) as conn:
                    if deed == "change":
                        queries.change(conn, cast.acme, actor, membership_id, "rep", None)
                    else:
                        queries.deactivate(conn, cast.acme, actor, membership_id)
            except (Forbidden, Conflict):
                return

        (ann, ann_id), (bob, bob_id) = admins
        threads = [
            threading.Thread(target=take, args=args) for args in ((ann, bob_id), (bob, ann_id))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert admins_left(superuser, cast) == 1
