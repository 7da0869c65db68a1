"""An SFTP server over directories, for the demo and the tests.

    account = Account("acme", password, Path("files/acme"))
    with start(Path(".demo"), [account]) as sftp:
        sftp.port, sftp.host_key

Each account logs in with its password and sees its own directory as root. The host key is made
once and kept in `state`/sftp/host_key: delete it and start again to play a changed key.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

from dev.private_files import write_private
from dev.process import HOST, Plan, Process, Service, is_listening, python_module, start_on_port


@dataclass(frozen=True)
class Account:
    """A login and the directory it sees."""

    user: str
    password: str
    directory: Path


class Sftp(Service):
    """A running server. `host_key` is its public key as an OpenSSH line."""

    def __init__(self, process: Process, port: int, host_key: str) -> None:
        super().__init__(process, port)
        self.host = HOST
        self.host_key = host_key


def start(state: Path, accounts: Sequence[Account], port: int | None = None) -> Sftp:
    """Start the server; the accounts' directories are made where missing.

    Raises:
        StackError: it does not start.
    """
    home = (state / "sftp").resolve()
    home.mkdir(parents=True, exist_ok=True)
    host_key = _host_key(home / "host_key")
    for account in accounts:
        account.directory.mkdir(parents=True, exist_ok=True)

    def attempt(choice: int) -> Sftp:
        settings = _write_settings(home, choice, accounts)
        plan = Plan(python_module("dev.sftp", str(settings)))
        process = Process("The SFTP server", plan, home / "sftp.log")
        process.wait_until(lambda: is_listening(choice))
        return Sftp(process, choice, host_key)

    return start_on_port(home, port, attempt)


def _host_key(path: Path) -> str:
    """The public key of the private one at `path`, made the first time."""
    if not path.exists():
        key = asyncssh.generate_private_key("ssh-ed25519")
        write_private(path, key.export_private_key().decode())
    public = asyncssh.read_private_key(path).export_public_key()
    return " ".join(public.decode().split()[:2])


def _write_settings(home: Path, port: int, accounts: Sequence[Account]) -> Path:
    """The file the server reads; only its owner may, as passwords are in it."""
    path = home / "settings.json"
    logins = [[a.user, a.password, str(a.directory.resolve())] for a in accounts]
    write_private(path, json.dumps({"port": port, "accounts": logins}))
    return path


class _Logins(asyncssh.SSHServer):
    """Lets the accounts in, by password only."""

    def __init__(self, accounts: dict[str, Account]) -> None:
        self._accounts = accounts

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        account = self._accounts.get(username)
        expected = account.password if account else ""
        return hmac.compare_digest(expected.encode(), password.encode()) and account is not None


async def _serve(settings: dict[str, Any], host_key: Path) -> None:
    accounts = {
        user: Account(user, password, Path(directory))
        for user, password, directory in settings["accounts"]
    }

    def files(channel: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
        account = accounts[channel.get_extra_info("username")]
        return asyncssh.SFTPServer(channel, chroot=os.fsencode(account.directory))

    server = await asyncssh.create_server(
        lambda: _Logins(accounts),
        HOST,
        settings["port"],
        server_host_keys=[str(host_key)],
        sftp_factory=files,
        allow_scp=False,
    )
    await server.wait_closed()


def main() -> None:
    """Serve until SIGTERM. The only argument is the settings file."""
    path = Path(sys.argv[1])
    asyncio.run(_serve(json.loads(path.read_text()), path.with_name("host_key")))


if __name__ == "__main__":
    main()
