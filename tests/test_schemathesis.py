"""The JSON API against its own description: no fault, no answer that is not described."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.config import Config
from tests.routes import matrix
from tests.routes.world import furnish
from tests.running import ADA, Browser, Site, port, provider, site

__all__ = ["port", "provider", "site"]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def config(config: Config) -> Config:
    """Without the limit that a fuzzer meets within a minute."""
    return config.model_copy(update={"tenant_calls_per_minute": 1_000_000})


@pytest.fixture(scope="module")
def furnished(site: Site, superuser: psycopg.Connection[Any]) -> Iterator[Site]:
    """Acme with one thing of each kind."""
    with Browser(site) as browser:
        browser.sign_in(ADA)
    furnish(superuser, site.acme, "A")
    yield site


@pytest.fixture(scope="module")
def described(furnished: Site) -> Any:
    """The description as the running application serves it."""
    return schemathesis.openapi.from_url(furnished.url("/openapi.json"))


ROUTES = sorted(
    route.key
    for route in matrix.load().values()
    if route.is_api and not route.ends  # signing out ends the token it is asked with
)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("key", ROUTES)
def test_every_answer_is_a_described_one(
    described: Any, furnished: Site, key: str, mode: GenerationMode
) -> None:
    method, _, rule = key.partition(" ")
    operation = described[re.sub(r"<(?:[^>]*:)?(\w+)>", r"{\1}", rule)][method]

    @settings(
        max_examples=10,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        case.headers = {**(case.headers or {}), **furnished.headers()}
        case.validate_response(case.call(timeout=10), checks=CHECKS)

    try:
        ask()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "nothing could be asked"


def test_every_json_route_is_described(described: Any) -> None:
    paths = {
        (method.upper(), path)
        for path in described.raw_schema["paths"]
        for method in described.raw_schema["paths"][path]
    }
    rules = {
        (route.method, re.sub(r"<(?:[^>]*:)?(\w+)>", r"{\1}", route.rule))
        for route in matrix.load().values()
        if route.is_api
    }
    assert paths == rules
