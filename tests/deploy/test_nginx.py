"""The shipped nginx in front of the split services: what it lets in, adds, hides and replaces."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from app.config import Config
from app.settings import provision
from tests.deploy import stack
from tests.deploy.stack import Stack
from tests.jobs.workers import children
from tests.running import ADA

STATIC = "/static/css/base.css"
PATHS = {"auth": "/auth/login", "data": "/data", "analytics": "/analytics/overview"}


@pytest.fixture(scope="module")
def front(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    acme = provision.create_tenant("acme", "Acme")
    provision.add_member(acme, ADA.email, "admin")
    folder = tmp_path_factory.mktemp("deploy")
    with stack.running(config, folder) as made:
        yield made


@pytest.fixture
def ada(front: Stack) -> Iterator[requests.Session]:
    with front.session() as client:
        answer = front.sign_in(client, ADA.email, "/")
        assert answer.status_code == 200, answer.text
        yield client


def test_one_sign_in_serves_all_three(front: Stack, ada: requests.Session) -> None:
    for path in ("/auth/settings/bigquery", "/data", "/analytics/overview", "/analytics/queue"):
        answer = ada.get(front.base_url + path)
        assert answer.status_code == 200 and "Sales Intelligence" in answer.text, path


def test_each_service_knows_its_own_addresses_alone(front: Stack) -> None:
    for name, port in front.ports.items():
        base = f"http://127.0.0.1:{port}"
        service = requests.get(f"{base}/health").json()["service"]
        assert service.startswith(name if name != "data" else "data-ingestion")
        for other in set(front.ports) - {name}:
            path = PATHS[other]
            assert requests.get(base + path, allow_redirects=False).status_code == 404


@pytest.mark.parametrize(
    ("version", "is_taken"),
    [(ssl.TLSVersion.TLSv1_2, False), (ssl.TLSVersion.TLSv1_3, True)],
)
def test_tls_1_3_alone(front: Stack, version: ssl.TLSVersion, is_taken: bool) -> None:
    context = ssl.create_default_context(cafile=str(front.ca_file))
    context.minimum_version = context.maximum_version = version
    port = int(front.base_url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as wire:
        if is_taken:
            assert context.wrap_socket(wire, server_hostname="127.0.0.1").version() == "TLSv1.3"
            return
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(wire, server_hostname="127.0.0.1")


def test_what_is_hidden_and_added(front: Stack) -> None:
    with front.session() as client:
        assert client.get(f"{front.base_url}/metrics").status_code == 404
        answer = client.get(f"{front.base_url}/auth/login")
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
        assert answer.headers["Server"] == "nginx"
        assert answer.headers["Cache-Control"] == "private, no-store"


def test_static_files_are_compressed_and_immutable(front: Stack) -> None:
    with front.session() as client:
        versioned = client.get(f"{front.base_url}{STATIC}?v=1")
        assert versioned.headers["Content-Encoding"] == "gzip"
        assert versioned.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert client.get(front.base_url + STATIC).headers["Cache-Control"] == "public, no-cache"
        vendored = client.get(f"{front.base_url}/static/vendor/htmx.org@4.0.1/htmx.min.js")
        assert "immutable" in vendored.headers["Cache-Control"]
        for path in ("/static/../app/config.py", "/static/%2e%2e/config.py", "/static../config.py"):
            assert client.get(front.base_url + path).status_code in (400, 404)


def test_one_id_from_the_proxy_to_the_job_s_log_line(front: Stack, ada: requests.Session) -> None:
    page = ada.get(f"{front.base_url}/auth/settings/bigquery").text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    answer = ada.post(
        f"{front.base_url}/auth/settings/bigquery/test",
        {"csrf_token": token},
        headers={"Origin": front.base_url},
        allow_redirects=False,
    )
    request_id = answer.headers["X-Request-Id"]
    lines = [json.loads(line) for line in log_lines(front, "auth-service", request_id)]
    assert {line["request_id"] for line in lines} == {request_id} and len(request_id) == 32
    assert any(line["event"] == "request.done" for line in lines)


def log_lines(front: Stack, name: str, word: str) -> list[str]:
    path = Path(front.config.log_dir) / f"{name}.log"
    give_up_at = time.monotonic() + 10
    while time.monotonic() < give_up_at:
        found = [line for line in path.read_text().splitlines() if word in line]
        if found:
            return found
        time.sleep(0.1)
    return []


def test_what_a_client_says_of_itself_is_not_believed(front: Stack) -> None:
    """Neither its address, nor that it came over TLS, nor an id of its own."""
    said = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
        "X-Request-Id": "a" * 32,
    }
    with front.session() as client:
        answer = client.get(f"{front.base_url}/auth/start", headers=said, allow_redirects=False)
    assert answer.headers["X-Request-Id"] != "a" * 32
    assert "evil.example" not in answer.headers["Location"]
    assert not log_lines_now(front, "203.0.113.9")


def log_lines_now(front: Stack, word: str) -> list[str]:
    return [
        line
        for path in Path(front.config.log_dir).glob("*.log")
        for line in path.read_text().splitlines()
        if word in line
    ]


def test_a_body_that_is_too_large_stops_at_the_door(front: Stack) -> None:
    with front.session() as client:
        answer = client.post(f"{front.base_url}/auth/logout", data=b"x" * 3_000_000)
    assert answer.status_code == 413


def test_slow_clients_take_no_thread(front: Stack, ada: requests.Session) -> None:
    """A hundred that send a byte now and then, and pages still come."""
    port = int(front.base_url.rpartition(":")[2])
    context = ssl.create_default_context(cafile=str(front.ca_file))
    slow = []
    for _ in range(100):
        wire = socket.create_connection(("127.0.0.1", port))
        link = context.wrap_socket(wire, server_hostname="127.0.0.1")
        link.sendall(b"POST /auth/logout HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nx")
        slow.append(link)
    for path in ("/analytics/queue", "/auth/setup", "/data"):
        assert ada.get(front.base_url + path, timeout=10).status_code == 200
    for link in slow:
        link.close()


def test_a_browser_that_hammers_is_slowed_down_alone(front: Stack, ada: requests.Session) -> None:
    """A burst of parts of a page comes at once; what goes on and on is slowed, then refused."""
    began, answers = time.monotonic(), []
    page = front.base_url + "/health/live"
    with ThreadPoolExecutor(100) as pool:
        asked = [pool.submit(ada.get, page, timeout=60) for _ in range(300)]
        with front.session() as another:
            others = [another.get(page).status_code for _ in range(30)]
        answers = [one.result() for one in asked]
    allowed = 81 + 10 * (time.monotonic() - began)
    passed = [one for one in answers if one.status_code == 200]
    refused = [one for one in answers if one.status_code == 429]
    assert len(passed) + len(refused) == 300 and 41 <= len(passed) <= allowed
    assert refused[0].headers["Retry-After"] == "2"
    assert set(others) == {200}


def test_a_rolling_restart_fails_no_request(front: Stack, ada: requests.Session) -> None:
    """New processes take over while the old ones finish; the port is never closed."""
    failed = []
    (master,) = children(front.processes["analytics"].pid)
    os.kill(master, signal.SIGHUP)
    give_up_at = time.monotonic() + 8
    while time.monotonic() < give_up_at:
        answer = ada.get(f"{front.base_url}/analytics/queue")
        if answer.status_code != 200:
            failed.append(answer.status_code)
    assert failed == []


def test_metrics_of_all_processes_add_up(front: Stack, ada: requests.Session) -> None:
    for _ in range(12):
        ada.get(f"{front.base_url}/analytics/queue")
    text = requests.get(f"http://127.0.0.1:{front.ports['analytics']}/metrics").text
    counted = [
        float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line.startswith("http_request_duration_seconds_count{")
        and 'route="/analytics/queue"' in line
        and 'status="2xx"' in line
    ]
    assert sum(counted) >= 12


def test_the_address_is_counted_before_any_cookie_or_token() -> None:
    """A made-up name for every request would be let through by the other two limits."""
    text = stack.TEMPLATE.read_text()
    limits = re.findall(r"^\s+limit_req zone=(\w+)", text, re.MULTILINE)
    keys = dict(re.findall(r"^limit_req_zone (\$\w+) zone=(\w+)", text, re.MULTILINE))
    assert limits[0] == keys["$caller"] == "callers"
    assert "map $binary_remote_addr $caller {" in text
