"""A tenant whose customers lie across branches, and what of them a member of D01 must not see."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.audit import Actor
from app.database.engine import tenant_transaction
from app.tasks.steps.change import Change, change_task
from tests.customers.world import Superuser, World, ago, item
from tests.sql.comparing import make_tenant

ADMIN = Actor("ada@acme.example", "page")
# Home branch of the contact, and whether an order was placed at D01.
_HOMES = {
    "near": ("D01", False),  # home branch in scope
    "bought": ("D03", True),  # an order in scope
    "held": ("D03", False),  # the member's account in the customer file
    "given": ("D03", False),  # given to the member by an admin
    "far": ("D03", False),  # visits in scope, nothing else
    "taken": ("D03", False),  # as far, but the member gave the visit's task to himself
    "gone": ("D03", False),  # nothing in scope at all
}
WHOLE, PARTLY, ABSENT = ("near", "bought", "held", "given"), ("far", "taken"), ("gone",)


@dataclass(frozen=True)
class Customer:
    """A company with one contact. `hidden`: words that only its rows at D03 and its file have."""

    word: str
    key: str
    contact: str
    hidden: tuple[str, ...]
    session: str
    order: str
    purchase: UUID
    cart: UUID
    step: UUID
    visit: UUID | None

    @property
    def company(self) -> str:
        """The company's id."""
        return self.key[2:]


def world_of_members(superuser: Superuser, member: str) -> World:
    """A tenant of its own with that member, a rep of D01, and the admin among its people."""
    made = World(superuser, make_tenant(superuser, "UTC", "USD"))
    for email, role, branches in ((member, "rep", ["D01"]), (ADMIN.email, "admin", None)):
        superuser.execute(
            "insert into membership (tenant_id, email, role, location_ids) values (%s, %s, %s, %s)",
            (made.tenant_id, email, role, branches),
        )
    return made


def build(world: World, member: str) -> dict[str, Customer]:
    """The customers by their word, for a member of D01."""
    for branch in ("D01", "D03"):
        world.branch(branch, f"Branch {branch}")
    world.loaded()
    made = {word: _customer(world, word, n, member) for n, word in enumerate(_HOMES)}
    visit = made["taken"].visit
    assert visit is not None
    _assign(world, made["given"].cart, member, ADMIN)
    _assign(world, visit, member, Actor(member, "page"))
    return made


def _customer(world: World, word: str, number: int, member: str) -> Customer:
    home, has_near_order = _HOMES[word]
    company, contact = f"K{word}", f"U{word}"
    name, email, phone = f"{word}person Lee", f"{word}mail@{word}.example", f"0555{number}17"
    world.contact(
        contact,
        company,
        name=name,
        email=email,
        phone=phone,
        branch_id=home,
        buying_company_name=f"{word}firm",
        account_owner=member if word == "held" else None,
    )
    bought = item(f"{word}item", 10, name=f"{word}item")
    session = world.session(
        f"p{word}", 3, ago(days=3), contact=contact, company=company, branch="D03"
    )
    world.event("page_view", ago(days=3), f"p{word}", 3, page_title=f"{word}page")
    order, revenue = f"{word}order", 7001 + 100 * number
    world.order(
        order,
        ago(days=3),
        revenue,
        contact=contact,
        company=company,
        branch="D03",
        session_id=session,
        items=[bought],
        visitor=f"p{word}",
    )
    world.superuser.execute(
        "update shop_order set session_key = %s where tenant_id = %s and order_key = %s",
        (world.key(f"p{word}", 3), world.tenant_id, order),
    )
    if has_near_order:
        world.order(f"{word}near", ago(days=400), 5, contact=contact, company=company)
    about = {"company": company, "name": f"{word}firm"}
    words = _words(company, word, contact, name, email, phone)
    tasks = [
        world.task(
            "purchase",
            ago(days=3),
            branch="D03",
            order_key=order,
            value=revenue,
            detail={"transaction_id": order, "line_count": 1, "refunded": 0},
            contact=contact,
            **about,
            **words,
        ),
        world.task("cart", ago(days=3), branch="D03", detail={"lines": [bought]}, **about, **words),
    ]
    visit = None
    if word != "gone":
        world.session(f"p{word}", 1, ago(days=2), company=company)
        visit = world.task("cart", ago(days=2), **about, **words)
        world.task(
            "purchase",
            ago(days=1),
            order_key=f"{word}web",
            value=1,
            **about,
            **words,
            detail={"transaction_id": f"{word}web", "line_count": 1, "refunded": 0},
        )
    world.insert("customer_note", customer_key=f"k:{company}", body=f"{word}note", created_by="x")
    with tenant_transaction(world.tenant_id) as conn:
        note = Change("note", note=f"{word}step")
        step = change_task(conn, world.tenant_id, tasks[1], note, ADMIN)
    hidden = (
        f"{word}person",
        f"{word}mail",
        phone,
        order,
        f"{revenue:,}",
        f"{word}note",
        f"{word}item",
        f"{word}page",
        f"{word}step",
    )
    return Customer(word, f"k:{company}", contact, hidden, session, order, *tasks, step, visit)


def _words(
    company: str, word: str, contact: str, name: str, email: str, phone: str
) -> dict[str, str]:
    """What lists search a task of the company alone by, as a load would store it."""
    shown = f" {company} {word}firm".lower()
    return {
        "words": f"{shown} {contact} {name} {email.replace('@', ' ')} {phone}".lower(),
        "shown_words": shown,
        "contact_words": "",
    }


def _assign(world: World, task_id: UUID, owner: str, by: Actor) -> None:
    with tenant_transaction(world.tenant_id) as conn:
        version = 0 if by is not ADMIN else _version(world, task_id)
        change_task(conn, world.tenant_id, task_id, Change("assign", version, owner=owner), by)


def _version(world: World, task_id: UUID) -> int:
    row = world.superuser.execute(
        "select version from task where tenant_id = %s and task_id = %s",
        (world.tenant_id, task_id),
    ).fetchone()
    assert row is not None
    return int(str(row[0]))
