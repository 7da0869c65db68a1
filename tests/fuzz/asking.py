"""What is sent: what the matrix sends, bent in one or several places by a seeded generator."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

from tests.routes import asking, matrix
from tests.routes.matrix import Route, fill
from tests.routes.world import Things
from tests.running import Site

TEXTS = (
    "",
    " ",
    "\t",
    "0",
    "-1",
    "1e400",
    "NaN",
    "inf",
    "9" * 19,
    "9" * 400,
    "1.23456",
    "٣",
    "½",
    "true",
    "null",
    "'",
    "\"'><script>",
    "%",
    "%00",
    "_",
    "\\",
    "{}",
    "{{7*7}}",
    "%s",
    "..",
    "../../etc/passwd",
    "a\x00b",
    "\x01",
    "\x7f",
    "\u202e",
    "\u2028",
    "\ufeff",
    "\ufffe",
    "🦄" * 50,
    "ß",
    "İ",
    "x" * 201,
    "x" * 5_000,
    "é" * 3_000,
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "2024-02-29",
    "9999-12-31T23:59:59.999999-23:59",
    "0001-01-01T00:00:00+23:59",
    "2026-01-01T00:00:00Z",
    "24:00",
    "-1:00",
    "00000000-0000-0000-0000-000000000000",
    "{00000000000000000000000000000000}",
    "c:",
    "k:",
    "d:x",
    "c:\x01",
    "a@b",
    "a@b.example",
    "a@b.example\r\nBcc: c@d.example",
    "“”@x.example",
    "*/5 * * * *",
    "* * * * * *",
    "0 0 31 2 *",
    "Europe/Berlin",
    "../UTC",
    "/etc/localtime",
    "UTC\x01",
    "10.0.0.0/8",
    "SHA256:",
    "eyJ9.e30.",
    "W10=",
    "[[[[",
    "~",
)
NAMES = (
    "page",
    "limit",
    "sort_field",
    "sort_order",
    "start_date",
    "end_date",
    "range",
    "compare",
    "location_id",
    "query",
    "state",
    "owner",
    "type",
    "at",
    "kind",
    "key",
    "back",
    "cursor",
    "after",
    "before",
    "now",
    "undo",
    "scope",
    "status",
    "metric",
    "granularity",
    "least_value",
    "reachable",
    "only",
    "next",
    "code",
    "iss",
    "error",
    "login_hint",
    "note",
    "version",
    "snoozed_until",
    "outcome",
    "amount",
    "action",
    "task",
    "task_id",
    "history_id",
    "role",
    "email",
    "add",
    "seen_at",
    "term",
    "latest",
    "cron",
    "time_zone",
    "content",
    "file",
    "apply",
    "said",
    "month",
    "tab",
    "view",
)
VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**31,
    2**63,
    10**300,
    1.5,
    -0.0,
    1e308,
    [],
    {},
    [[]],
    [None],
    {"": None},
    ["x"] * 60,
    {"a": {"b": {"c": []}}},
)


@dataclass
class Fuzzer:
    """One seed's requests."""

    site: Site
    things: Things
    endpoints: Mapping[str, str]
    random: random.Random

    def text(self) -> str:
        """Something nobody types."""
        if self.random.random() < 0.15:
            return "".join(
                chr(self.random.choice((self.random.randrange(1, 256), 0x4E2D, 0x1F984)))
                for _ in range(self.random.randrange(1, 40))
            )
        return self.random.choice(TEXTS)

    def value(self) -> Any:
        """Some JSON."""
        return copy.deepcopy(self.random.choice((self.text(), self.random.choice(VALUES))))

    def address(self, route: Route) -> str:
        """The route's path, sometimes with a wrong part."""
        kind = self.random.choice(("own", "own", "own", "missing", "malformed"))
        names = asking.names_for(route, kind, self.things, self.things)
        whole = matrix.address(self.site.app, route, self.endpoints[route.key], names)
        path, _, query = whole.partition("?")
        if route.id and self.random.random() < 0.1:
            path = f"{path.rpartition('/')[0]}/{quote(self.text(), safe='')}"
        pairs = [query] if query and self.random.random() < 0.7 else []
        pairs += [
            f"{self.random.choice(NAMES)}={quote(self.text(), safe='')}"
            for _ in range(self.random.randrange(4))
        ]
        return f"{path}?{'&'.join(pairs)}"

    def form(self, route: Route, csrf_token: str) -> list[tuple[str, str]]:
        """The route's form with fields bent, left out, doubled or added."""
        names = asking.names_for(route, "own", self.things, self.things)
        fields = [(fill(name, names), fill(value, names)) for name, value in route.form.items()]
        for _ in range(self.random.randrange(1, 4)):
            place = self.random.randrange(len(fields) + 1)
            if place == len(fields):
                fields.append((self.random.choice(NAMES), self.text()))
            elif self.random.random() < 0.2:
                del fields[place]
            else:
                fields[place] = (fields[place][0], self.text())
        return [*fields, ("csrf_token", csrf_token if self.random.random() < 0.97 else self.text())]

    def body(self, route: Route) -> bytes:
        """The route's JSON with values bent, or something that is none."""
        if self.random.random() < 0.1:
            return self.random.choice(
                (b"{", b"[]", b'{"a":NaN}', b'{"\\ud800":1}', b"\xff", b"[" * 5_000)
            )
        whole = json.loads(json.dumps(dict(route.body or {})))
        for _ in range(self.random.randrange(1, 4)):
            self._bend(whole)
        return json.dumps(whole).encode()

    def _bend(self, place: Any) -> None:
        while isinstance(place, dict) and place and self.random.random() < 0.7:
            name = self.random.choice(list(place))
            if not isinstance(place[name], dict):
                place[name] = self.value()
                return
            place = place[name]
        place[self.random.choice(NAMES)] = self.value()

    def ask(self, route: Route, who: asking.Asker) -> requests.Response:
        """One request to the route."""
        url = self.site.url(self.address(route))
        headers: dict[str, str] = {"Origin": self.site.base_url}
        if route.is_api:
            headers |= who.headers
            if not route.is_change:
                return requests.request(route.method, url, headers=headers, timeout=30)
            headers["Content-Type"] = "application/json"
            return requests.request(
                route.method, url, headers=headers, data=self.body(route), timeout=30
            )
        if self.random.random() < 0.3:
            headers |= {
                "HX-Request": "true",
                "HX-Current-URL": self.site.url(f"/{quote(self.text())}"),
            }
        form = self.form(route, who.csrf_token) if route.is_change else None
        files = (
            [("file", (self.text(), self.text().encode()))] if self.random.random() < 0.05 else None
        )
        return who.browser.request(
            route.method,
            url,
            data=form,
            files=files if form else None,
            headers=headers,
            allow_redirects=False,
            timeout=30,
        )
