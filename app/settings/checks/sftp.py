"""The steps that test a tenant's SFTP server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from app import net
from app.config import Config
from app.errors import Invalid, Upstream
from app.ingest import sources
from app.ingest.attempts import Limits
from app.ingest.files.customer_file import map_header
from app.ingest.files.sftp import SftpSettings, fetch, host_key
from app.ingest.files.sftp_connection import session
from app.ingest.files.ssh_keys import described, parse_host_key
from app.ingest.gather import MAX_FILE_BYTES
from app.net import NetPolicy
from app.settings.checks.steps import Work
from app.tenant_settings import TenantSettings

FILES = {"users": "Customer file", "locations": "Branch file"}


class SftpCheck:
    """One test. `keep_key` gets the server's key before the sign-in."""

    def __init__(
        self,
        tenant: TenantSettings,
        config: Config,
        limits: Limits,
        keep_key: Callable[[str], None],
        folder: str,
    ) -> None:
        self._tenant, self._limits, self._keep_key = tenant, limits, keep_key
        self._policy: NetPolicy = sources.net_policy(config)
        self._folder = Path(folder)

    def steps(self) -> list[tuple[str, Work]]:
        return [
            ("dns", self._resolve),
            ("port", self._connect),
            ("host_key", self._compare_key),
            ("login", self._sign_in),
            ("users", lambda: self._fetch("users")),
            ("locations", lambda: self._fetch("locations")),
            ("headers", self._map_headers),
        ]

    @property
    def _host(self) -> str:
        if not self._tenant.sftp:
            raise Invalid("SFTP is not set up yet. Fill in the form and save it first.")
        return str(self._tenant.sftp["host"])

    @property
    def _port(self) -> int:
        return int(self._tenant.sftp["port"])

    @property
    def _settings(self) -> SftpSettings:
        return sources.sftp_settings(self._tenant)

    def _resolve(self) -> str:
        found = net.resolve(self._host, self._port, self._policy)
        return ", ".join(str(address) for address in found[:4])

    def _connect(self) -> None:
        net.connect(self._host, self._port, self._policy).close()

    def _compare_key(self) -> str:
        shown = host_key(self._host, self._port, self._policy)
        self._keep_key(shown.line)
        pinned = str(self._tenant.sftp.get("host_key") or "")
        if not pinned:
            raise Invalid(
                f"The server shows the host key {shown.fingerprint}. Compare it with what its "
                "operator says, and accept it below."
            )
        accepted = described(parse_host_key(pinned))
        if accepted.line != shown.line:
            raise Upstream(
                f"The server shows another host key than the accepted one. Accepted: "
                f"{accepted.fingerprint}. Now: {shown.fingerprint}. Nothing is read until its "
                "operator confirms the change and you accept the new key.",
                permanent=True,
            )
        return shown.fingerprint

    def _sign_in(self) -> str:
        with session(self._settings, self._policy, self._limits) as server:
            server.normalize(".")
        return f"as {self._tenant.sftp['username']}"

    def _fetch(self, file_type: str) -> str:
        path = str(self._tenant.sftp[f"{file_type}_path"])
        local = self._local(file_type)
        size = fetch(
            self._settings,
            path,
            local,
            policy=self._policy,
            limits=self._limits,
            max_bytes=MAX_FILE_BYTES,
            progress=lambda done, total: None,
        )
        changed_at = datetime.fromtimestamp(local.stat().st_mtime, UTC)
        return f"{path}: {size:,} bytes, changed {changed_at:%Y-%m-%d %H:%M} UTC"

    def _map_headers(self) -> str:
        parts = []
        for file_type, words in FILES.items():
            places = map_header(self._local(file_type), file_type)
            listed = ", ".join(f"{name} ← “{header[:40]}”" for name, header in places.items())
            parts.append(f"{words}: {listed}.")
        return " ".join(parts)

    def _local(self, file_type: str) -> Path:
        suffix = Path(str(self._tenant.sftp[f"{file_type}_path"])).suffix.lower()
        return self._folder / (file_type + suffix)
