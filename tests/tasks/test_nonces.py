"""Eight presses of one form at once are one note or one call."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4
from xml.etree.ElementTree import Element

import pytest
import requests

from tests.customers.world import World
from tests.page import check_page
from tests.running import Browser, Site, port, provider, site
from tests.tasks.queue_page import QUEUE, ada, card, panel_of, reasons, rows, world

__all__ = ["ada", "port", "provider", "reasons", "site", "world"]


def eight_times(browser: Browser, path: str, fields: dict[str, str | list[str]]) -> list[int]:
    """The answers to one form that is sent eight times at once."""
    form = {"csrf_token": browser.csrf_token(), **fields}

    def send(_: int) -> int:
        answer = requests.post(
            browser.site.url(path),
            form,
            cookies=browser.cookies,
            headers={"Origin": browser.site.base_url},
            allow_redirects=False,
        )
        return answer.status_code

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(send, range(8)))


def values_of(form: Element, name: str) -> list[str]:
    """What a form sends under that name."""
    return [e.get("value") or "" for e in form.iter("input") if e.get("name") == name]


@pytest.mark.parametrize("action", ["note", "call"])
@pytest.mark.parametrize("door", ["page", "card"])
def test_one_step_of_each_reason(
    ada: Browser, world: World, reasons: list[UUID], door: str, action: str
) -> None:
    nonce = str(uuid4())
    if door == "card":
        html = check_page(ada.open(QUEUE))
        form = panel_of(ada, html, card(html, "k:K1"), action)
        fields: dict[str, str | list[str]] = {
            name: values_of(form, name)
            for name in {e.get("name") or "" for e in form.iter("input")}
        }
        assert UUID(fields["nonce"][0])
        path = (form.get("action") or "").partition("?")[0]
    else:
        page = check_page(ada.open(f"/analytics/tasks/{reasons[0]}"))
        assert [e for e in page.all("input") if e.get("name") == "nonce"]
        fields = {"version": "0", "nonce": nonce}
        path = f"/analytics/tasks/{reasons[0]}/{action}"

    statuses = eight_times(ada, path, fields | {"note": "Ask for Ann"})

    assert statuses == [303] * 8
    assert len(rows(world, "task_id", "task_history")) == (2 if door == "card" else 1)


def test_one_note_about_a_customer(ada: Browser, world: World, reasons: list[UUID]) -> None:
    path = "/analytics/customers/k:K1"
    page = check_page(ada.open(path))
    (nonce,) = {e.get("value") for e in page.all("input") if e.get("name") == "nonce"}
    fields = {"note": "Ask for Ann", "nonce": nonce or ""}
    assert eight_times(ada, f"{path}/note", fields) == [303] * 8
    assert rows(world, "body", "customer_note") == [("Ask for Ann",)]
    eight_times(ada, f"{path}/note", fields | {"nonce": str(uuid4())})
    assert len(rows(world, "body", "customer_note")) == 2, "another form is another note"


def test_one_note_of_a_program(site: Site, world: World, reasons: list[UUID]) -> None:
    path = site.url(f"/analytics/api/v1/tasks/{reasons[0]}")
    body, headers = {"note": "n", "nonce": str(uuid4())}, site.headers()
    for _ in range(2):
        assert requests.patch(path, json=body, headers=headers).status_code == 200
    assert len(rows(world, "note", "task_history")) == 1


@pytest.mark.parametrize("path", ["/analytics/tasks/{task}/note", "/analytics/customers/k:K1/note"])
def test_a_nonce_of_nobody_s_is_refused(
    ada: Browser, world: World, reasons: list[UUID], path: str
) -> None:
    answer = ada.submit(path.format(task=reasons[0]), note="n", nonce="x")
    assert answer.status_code == 422
    assert not rows(world, "note", "task_history") and not rows(world, "body", "customer_note")
