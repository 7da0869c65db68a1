"""Asking a route as somebody, and what the matrix says must come of it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote
from uuid import UUID, uuid4

import requests

from tests.routes.matrix import MALFORMED, Route, address, fill
from tests.routes.world import Caller, Superuser, Things, make_token
from tests.running import Browser, Site

SIGN_IN, REACHED, REFUSED_FORM = "sign-in", "reached", (409, 422)
KINDS = ("own", "foreign", "missing", "malformed")
_CHANGING_PARTS = (
    (re.compile(r'<p class="notice notice--good" role="status">.*</p>\n'), ""),  # of a page before
    (re.compile(r'name="csrf_token" value="[^"]+"'), "csrf"),
    (re.compile(r'"request_id": ?"\w+"'), "request"),
    (re.compile(r"[Rr]ef(?:erence)?\W+[0-9a-f]{8}"), "ref"),
)


@dataclass
class Asker:
    """A caller with the browser or the headers to ask with. Another tenant is another token."""

    caller: Caller
    browser: Browser
    headers: Mapping[str, str]
    csrf_token: str


def asker(site: Site, superuser: Superuser, caller: Caller, tenant: UUID) -> Asker:
    """The caller signed in; an expired one was, and the store has forgotten it."""
    browser, headers = Browser(site), {"X-Tenant-Id": str(tenant)}
    if caller.member is not None and caller.scope is not None:
        token = make_token(superuser, tenant, caller.member, caller.scope)
        headers["Authorization"] = f"Bearer {token}"
    elif caller.member is not None:
        browser.sign_in(caller.member)
        bearer = site.provider.token_for(caller.member.email)
        headers["Authorization"] = f"Bearer {'expired' if caller.is_expired else bearer}"
    if caller.is_expired:
        site.app.extensions["redis_client"].delete(f"signed-in:{browser.cookie()}")
    return Asker(caller, browser, headers, browser.csrf_token())


def names_for(route: Route, kind: str, own: Things, foreign: Things) -> dict[str, str]:
    """The ids to fill in: the things of one tenant, or none that exist."""
    things = foreign if kind == "foreign" else own
    if route.id is None or kind in ("own", "foreign"):
        return {**things, "id": things[route.id or "tenant"]}
    if kind == "malformed":
        return {**dict.fromkeys(things, "~"), "id": MALFORMED}
    missing = str(uuid4())
    as_key = {"customer": f"c:{missing}", "session": f"{missing}.1"}
    return {name: as_key.get(name, missing) for name in things} | {
        "id": as_key.get(route.id, missing)
    }


def ask(
    site: Site, who: Asker, route: Route, endpoint: str, names: Mapping[str, str]
) -> requests.Response:
    """The route's answer; redirects are not followed."""
    url = site.url(address(site.app, route, endpoint, names))
    if route.is_api:
        headers = {**who.headers, "Origin": site.base_url}
        return requests.request(route.method, url, headers=headers, json=route.body)
    form = {fill(name, names): fill(value, names) for name, value in route.form.items()}
    form["csrf_token"] = who.csrf_token
    answer = who.browser.request(
        route.method,
        url,
        data=form if route.is_change else None,
        allow_redirects=False,
        headers={"Origin": site.base_url},
    )
    if route.rule == "/auth/tenant":
        who.csrf_token = who.browser.csrf_token()
    return answer


def expected(route: Route, caller: Caller, kind: str) -> object:
    """A status, SIGN_IN or REACHED."""
    if route.id and kind == "malformed" and route.has_id_in_path:
        return 404
    if route.is_open:
        return route.open or REACHED
    if caller.scope is not None and not route.is_api:
        return SIGN_IN
    if caller.member is None or caller.is_expired:
        return 401 if route.is_api else SIGN_IN
    if caller.role not in route.may:
        return 403
    if caller.scope is not None and route.token not in (caller.scope, "any"):
        return 403
    if route.id is None or (kind == "own" and not is_absent(route, caller)):
        return REACHED
    return route.broken if kind == "malformed" else route.absent


def is_absent(route: Route, caller: Caller) -> bool:
    """Whether acme's own thing does not exist for them: another tenant's, branch's or owner's."""
    return (
        caller.name == "stranger"
        or (caller.name == "rep elsewhere" and route.branch)
        or (route.owner is not None and caller.role != route.owner)
    )


def outcome(answer: requests.Response) -> object:
    """The same of an answer."""
    if answer.status_code == 303 and "/auth/login?" in answer.headers["Location"]:
        return SIGN_IN
    is_reached = answer.status_code < 400 or answer.status_code in REFUSED_FORM
    return REACHED if is_reached else answer.status_code


def same(answer: object, wanted: object, response: requests.Response) -> bool:
    """Whether an answer is the wanted one; a wanted status may be one that counts as reached."""
    return answer == wanted or response.status_code == wanted


def plain(answer: requests.Response, names: Mapping[str, str]) -> tuple[object, ...]:
    """Status, type and body without what differs at each request and the id that was asked for."""
    text = answer.text
    for value in sorted(names.values(), key=len, reverse=True):
        for form in (value, quote(value), quote(value, safe="")):
            text = text.replace(form, "ID")
    for pattern, word in _CHANGING_PARTS:
        text = pattern.sub(word, text)
    return answer.status_code, answer.headers.get("Content-Type"), text


def readable(answer: requests.Response) -> str:
    """The body's text, also of a workbook."""
    if not answer.content.startswith(b"PK"):
        return answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        return "".join(book.read(name).decode() for name in book.namelist())
