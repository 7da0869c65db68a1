"""The page of exclusions: who, why, ending them, and whether the figures leave them out."""

from __future__ import annotations

import pytest

from tests.customers.world import World, ago
from tests.page import check_page
from tests.running import Browser
from tests.tasks.queue_page import ada, rae, vic, world

__all__ = ["ada", "rae", "vic", "world"]
PAGE = "/analytics/customers/excluded"


def exclusions(world: World) -> list[tuple[str, str, str]]:
    rows = world.superuser.execute("select kind, value, reason from exclusion order by 1, 2")
    return [(kind, value, reason) for kind, value, reason in rows]


def test_nobody_then_somebody_then_nobody(ada: Browser, world: World) -> None:
    world.contact("U1", "K1", name="Ann Lee", email="ann@k1.example")
    world.contact("U2", "K1", name="Bo Ek", email="bo@K1.example", buying_company_name="One")
    assert "No one is excluded" in check_page(ada.open(PAGE)).text()
    for kind, value in (("email_domain", "x@K1.Example"), ("contact", "U1"), ("company", "K1")):
        page = check_page(ada.submit(PAGE, kind=kind, value=value, reason="Staff <b>"))
    assert exclusions(world) == [
        ("company", "K1", "Staff <b>"),
        ("contact", "U1", "Staff <b>"),
        ("email_domain", "k1.example", "Staff <b>"),
    ]
    words = page.text()
    for part in ("One K1", "Ann Lee U1", "@k1.example 2 contacts", "Staff <b>", "Excluded."):
        assert part in words, part
    for kind, value, _ in exclusions(world):
        page = check_page(ada.submit(f"{PAGE}/end", kind=kind, value=value))
    assert "No one is excluded" in page.text() and not exclusions(world)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "contact", "value": "U1"}, "Say why"),
        ({"kind": "contact", "reason": "x"}, "Enter who"),
        ({"kind": "device", "value": "U1", "reason": "x"}, "Choose the kind"),
        ({"kind": "email_domain", "value": "here", "reason": "x"}, "after the @"),
        ({"kind": "contact", "value": "U" * 301, "reason": "x"}, "at most 300"),
    ],
)
def test_what_is_wrong_is_said_beside_it_and_what_was_typed_stays(
    ada: Browser, world: World, fields: dict[str, str], said: str
) -> None:
    answer = ada.submit(PAGE, **fields)
    assert answer.status_code == 422
    page = check_page(answer)
    alert = page.by_id("problems")
    assert said in page.text(alert) and "autofocus" in alert.attrib
    assert page.by_id("value").get("value", "") == fields.get("value", "")
    assert not exclusions(world)


def test_the_figures_follow_when_the_admin_says_so(ada: Browser, world: World) -> None:
    world.session("p1", 1, ago(days=1), contact="U1")
    world.superuser.execute("delete from derivation")
    world.superuser.execute("delete from processing_jobs")
    world.superuser.execute(
        "insert into derivation (tenant_id, version, rules) values (%s, 1, '{}')",
        (world.tenant_id,),
    )
    page = check_page(ada.submit(PAGE, kind="contact", value="U1", reason="Staff"))
    words = page.text()
    assert "still count in the figures" in words and "figures update within minutes" in words
    page = check_page(ada.submit(f"{PAGE}/figures", leave_figures="yes"))
    assert (
        "task lists and figures" in page.text() and "figures update within minutes" in page.text()
    )
    kinds = world.superuser.execute("select kind, started_by from processing_jobs").fetchall()
    assert [kind for kind, _ in kinds] == ["rederive"]
    page = check_page(ada.submit(f"{PAGE}/figures"))
    assert "still count in the figures" in page.text()


def test_reps_and_viewers_may_not(rae: Browser, vic: Browser, world: World) -> None:
    for browser in (rae, vic):
        assert browser.open(PAGE).status_code == 403
        for path in (PAGE, f"{PAGE}/end", f"{PAGE}/figures"):
            answer = browser.submit(path, kind="contact", value="U1", reason="x")
            assert answer.status_code == 403
    assert not exclusions(world)
