"""The shipped nginx configuration in front of three gunicorns, one a service, started for real."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from app.config import Config
from dev import oidc
from dev.certificate import ensure_certificate
from dev.oidc import Client, Member, Oidc
from dev.process import Plan, Process, free_port, python_module
from tests.folders import let_others_pass
from tests.jobs.workers import environment
from tests.running import CLIENT_SECRET, MEMBERS

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "deploy" / "nginx" / "default.conf.template"
ENV_FILE = "settings.env"
SERVICES = ("auth", "data", "analytics")
# What nginx's image has around the configuration that we ship.
FRAME = """
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@dataclass
class Stack:
    """What runs: the address people type, and the services' own addresses behind it."""

    base_url: str
    ca_file: Path
    config: Config
    provider: Oidc
    ports: dict[str, int]
    processes: dict[str, Process]
    folder: Path

    def set_settings(self, **values: str) -> None:
        """What the services read when they are told to restart (SIGHUP)."""
        text = "".join(f"{name}={value}\n" for name, value in values.items())
        (self.folder / ENV_FILE).write_text(text)

    def session(self) -> requests.Session:
        """A client that trusts the certificate."""
        client = requests.Session()
        client.trust_env = False  # or a bundle named there would be believed instead
        client.verify = str(self.ca_file)
        return client

    def sign_in(
        self, client: requests.Session, email: str, next_path: str = "/docs"
    ) -> requests.Response:
        """Through the provider and back to `next_path`."""
        hint = {"login_hint": email, "next": next_path}
        return client.get(f"{self.base_url}/auth/start", params=hint, timeout=60)


@contextmanager
def running(config: Config, folder: Path, members: Sequence[Member] = MEMBERS) -> Iterator[Stack]:
    """nginx, the three services and a sign-in provider; all of it ends with the block."""
    if shutil.which("nginx") is None:
        if os.environ.get("CI"):
            pytest.fail("nginx is not installed: CI must run the deployment's tests")
        pytest.skip("needs the system package nginx")
    https, http = free_port(), free_port()
    base = f"https://127.0.0.1:{https}"
    let_others_pass(folder)
    ensure_certificate(folder)
    (folder / ENV_FILE).touch()
    ports = {name: free_port() for name in SERVICES}
    with ExitStack() as ending:
        client = Client("shop", CLIENT_SECRET, (f"{base}/auth/callback",), (base,))
        provider = ending.enter_context(oidc.start(folder / "oidc", members, client))
        made = config.model_copy(
            update={
                "base_url": base,
                "oidc_issuer": provider.issuer,
                "oidc_client_id": "shop",
                "oidc_client_secret": CLIENT_SECRET,
                "trusted_proxies": "127.0.0.0/8",
                "log_dir": str(folder / "logs"),
            }
        )
        processes = {name: start_service(made, name, ports[name], folder) for name in SERVICES}
        for process in processes.values():
            ending.callback(process.stop)
        for name, process in processes.items():
            process.wait_until(lambda name=name: is_alive(ports[name]))  # type: ignore[misc]
        ending.callback(_start_nginx(folder, ports, https, http))
        yield Stack(base, folder / "ca.pem", made, provider, ports, processes, folder)


def is_alive(port: int) -> bool:
    """Whether a process answers; gunicorn listens before it has any."""
    try:
        return requests.get(f"http://127.0.0.1:{port}/health/live", timeout=5).ok
    except requests.RequestException:
        return False


def start_service(config: Config, name: str, port: int, folder: Path) -> Process:
    """gunicorn as it is shipped, with two processes; `all` serves everything."""
    command = python_module("gunicorn", "-c", str(ROOT / "deploy/gunicorn.conf.py"), "wsgi:app")
    env = {
        **environment(config),
        "APP_SERVICE": name,
        "BIND": f"127.0.0.1:{port}",
        "WEB_CONCURRENCY": "2",
        "ENV_FILE": str(folder / ENV_FILE),
    }
    env.pop("PROMETHEUS_MULTIPROC_DIR", None)
    return Process(f"gunicorn {name}", Plan(command, env=env, grace_s=10), folder / f"{name}.out")


def _start_nginx(folder: Path, ports: Mapping[str, int], https: int, http: int):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a callback
    values = {
        **{f"{name.upper()}_UPSTREAM": f"127.0.0.1:{port}" for name, port in ports.items()},
        "SERVER_NAME": "127.0.0.1",
        "TLS_CERTIFICATE": folder / "server.pem",
        "TLS_KEY": folder / "server.pem",
        "STATIC_ROOT": ROOT / "app" / "static",
        "HTTPS_PORT": f"127.0.0.1:{https}",
        "HTTP_PORT": f"127.0.0.1:{http}",
    }
    filled = re.sub(r"\$\{(\w+)\}", lambda found: str(values[found[1]]), TEMPLATE.read_text())
    (folder / "site.conf").write_text(filled)
    conf = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    conf.write_text(user + FRAME.format(folder=folder))
    command = ["nginx", "-c", str(conf), "-p", str(folder), "-e", str(folder / "error.log")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    subprocess.run(command, check=True, capture_output=True)
    return lambda: subprocess.run([*command, "-s", "stop"], capture_output=True)
