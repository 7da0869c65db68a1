"""The certified npm provider as a second opinion: found, installed into a cache, started."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from joserfc.jwk import RSAKey

from dev.process import Plan, Process

SOURCE = Path(__file__).parent / "peer"
NEEDED = 20
INSTALL_LIMIT_S = 180


@dataclass(frozen=True)
class Settings:
    """How the provider runs."""

    port: int
    issuer: str
    client_id: str
    client_secret: str
    redirect_uris: list[str]
    post_logout_redirect_uris: list[str]
    keys: list[dict[str, Any]] = field(default_factory=list)


def signing_key(name: str) -> dict[str, Any]:
    """A private key with that name."""
    options = {"kid": name, "use": "sig", "alg": "RS256"}
    return dict(RSAKey.generate_key(2048, options).as_dict(private=True))


def find_tool(name: str) -> str:
    """Node's `node` or `npm`: of this Python's environment, else of the system. May skip."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: the peer provider needs Node {NEEDED} or newer")
    return found


def find_node() -> str:
    """A Node that is new enough; skips otherwise."""
    node = find_tool("node")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    major = re.match(r"v(\d+)", said)
    if major is None or int(major[1]) < NEEDED:
        pytest.skip(f"Node {said.strip()} is too old: the peer provider needs {NEEDED} or newer")
    return node


def install() -> Path:
    """The provider with its pinned packages, in a folder of the cache named after the pins."""
    names = ("package.json", "package-lock.json", "server.mjs")
    content = b"".join((SOURCE / name).read_bytes() for name in names)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "sales-intelligence" / f"peer-{hashlib.sha256(content).hexdigest()[:16]}"
    if (folder / "installed").exists():
        return folder
    npm = find_tool("npm")
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copy(SOURCE / name, folder / name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_LIMIT_S, check=False
    )
    if done.returncode:
        text = f"npm could not install the peer provider: {done.stderr[-300:]}"
        pytest.fail(text) if os.environ.get("CI") else pytest.skip(text)
    (folder / "installed").touch()
    return folder


@contextmanager
def running(settings: Settings, log: Path) -> Iterator[None]:
    """The provider, listening."""
    folder = install()
    command = [find_node(), "server.mjs", json.dumps(asdict(settings))]
    process = Process("peer provider", Plan(command=command, cwd=str(folder)), log)
    try:
        process.wait_until(lambda: _answers(settings.issuer))
        yield
    finally:
        process.stop()


def _answers(issuer: str) -> bool:
    try:
        return requests.get(f"{issuer}/.well-known/openid-configuration", timeout=2).ok
    except requests.RequestException:
        return False
