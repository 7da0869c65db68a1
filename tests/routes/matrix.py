"""The matrix of tests/matrix.toml: every route, who may, and what is asked of it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask

FILE = Path(__file__).resolve().parents[1] / "matrix.toml"
MALFORMED = "~malformed"
_READING = ("GET",)
_VARIABLE = r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>"


@dataclass(frozen=True)
class Route:
    """One line of the matrix; see the head of the file."""

    method: str
    rule: str
    may: tuple[str, ...]
    token: str | None = None
    id: str | None = None
    branch: bool = False
    owner: str | None = None
    form: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    query: str = ""
    path: Mapping[str, str] = field(default_factory=dict)
    absent: int = 404
    broken: int = 404
    open: int | None = None
    silent: str | None = None
    ends: bool = False

    @property
    def key(self) -> str:
        """What the matrix calls it."""
        return f"{self.method} {self.rule}"

    @property
    def is_open(self) -> bool:
        """Whether nobody has to sign in."""
        return "anyone" in self.may

    @property
    def is_api(self) -> bool:
        """Whether a bearer token opens it."""
        return "/api/v1/" in self.rule

    @property
    def is_change(self) -> bool:
        """Whether it may change anything."""
        return self.method not in _READING

    @property
    def has_id_in_path(self) -> bool:
        """Whether a malformed id makes an address that no rule matches."""
        return self.id is not None and "{id}" not in str((self.form, self.query))


def load() -> dict[str, Route]:
    """Every line by its key, those that end a session last."""
    sections = tomllib.loads(FILE.read_text())
    lines = {key: line for section in sections.values() for key, line in section.items()}
    found = {}
    for key, line in lines.items():
        method, _, rule = key.partition(" ")
        found[key] = Route(method, rule, tuple(line.pop("may").split()), **line)
    return dict(sorted(found.items(), key=lambda line: line[1].ends))


def endpoints_of(app: Flask) -> dict[str, str]:
    """The endpoint of every rule of the application by method, as the matrix writes them."""
    return {
        f"{method} {rule.rule}": rule.endpoint
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def fill(text: str, names: Mapping[str, str]) -> str:
    """The text with `{id}` and the other things of the same tenant in it."""
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def address(app: Flask, route: Route, endpoint: str, names: Mapping[str, str]) -> str:
    """Where to ask for the thing `names["id"]`, the query included."""
    variables = re.findall(_VARIABLE, route.rule)
    values = {name: route.path.get(name, names["id"]) for name in variables}
    if names["id"] == MALFORMED and route.has_id_in_path:
        path = re.sub(_VARIABLE, lambda found: route.path.get(found[1], "~FF"), route.rule)
    else:
        path = app.url_map.bind("").build(endpoint, values, method=route.method)
    encoded = {name: quote(value) for name, value in names.items()}
    return f"{path}?{fill(route.query, encoded)}" if route.query else path
