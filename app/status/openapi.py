"""Describes the JSON routes in OpenAPI 3.1, from the views and what applies to all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flask import current_app

from app.http.api import scope_of, spec

_VARIABLE = re.compile(r"<(?:[^>]*:)?(\w+)>")
_FAULT = {
    "description": "Something went wrong on our side; it has been noted.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["error"],
                "properties": {"error": {"type": "string"}},
            }
        }
    },
}
_WINDOW_HEADERS = {
    "RateLimit-Limit": "Calls a minute that the tenant, or the address, has.",
    "RateLimit-Remaining": "How many of them are left.",
    "RateLimit-Reset": "Seconds until they are counted again.",
    "Retry-After": "Seconds to wait.",
}
_REQUEST_ID: dict[str, Any] = {
    "description": "Names this request in every log; tell it when you ask for help.",
    "schema": {"type": "string"},
}
_NEEDS_KEYS = ("bearer", "tenant")


def describe() -> dict[str, Any]:
    """The description of every JSON route of the running application."""
    vars(spec).pop("_spec", None)  # spectree keeps the first application's
    described: dict[str, Any] = spec.spec
    scopes = dict(_scopes())
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            _complete(operation, scopes.get((method.upper(), path)))
    return described


def _complete(operation: dict[str, Any], scope: str | None) -> None:
    """Add what spectree cannot know: text in paths, errors, headers, an API token's scope."""
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = parameter.get("schema") or {"type": "string", "minLength": 1}
    responses: dict[str, Any] = operation["responses"]
    responses["500"] = _FAULT
    for status, response in responses.items():
        response["headers"] = {"X-Request-Id": _REQUEST_ID} | _headers(status)
    is_secured = any(set(_NEEDS_KEYS) & set(way) for way in operation.get("security", ()))
    if is_secured:
        operation["x-api-token-scope"] = scope or "any"


def _headers(status: str) -> dict[str, Any]:
    return {
        name: {"description": words, "schema": {"type": "integer"}}
        for name, words in _WINDOW_HEADERS.items()
        if status == "429" or name != "Retry-After"
    }


def _scopes() -> Iterator[tuple[tuple[str, str], str | None]]:
    for rule in current_app.url_map.iter_rules():
        path = _VARIABLE.sub(r"{\1}", rule.rule)
        view = current_app.view_functions[rule.endpoint]
        for method in rule.methods or ():
            yield (method, path), scope_of(view, path, method)
