"""Starts one service of the local stack and waits to be killed.

`python -m tests.dev.orphan SERVICE STATE` prints the ports once they are open.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from dev import bigquery, oidc, postgres, sftp, smtp, valkey
from dev.oidc import Client, Member
from dev.process import Service

CLIENT = Client("demo", "s" * 40, ("http://127.0.0.1:8000/auth/callback",))


def start(name: str, state: Path) -> Service:
    """One service by its module's name."""
    if name == "postgres":
        return postgres.start(state, fsync=False)
    if name == "valkey":
        return valkey.start(state)
    if name == "oidc":
        return oidc.start(state, [Member("ada@acme.example", "Ada Moreno")], CLIENT)
    if name == "sftp":
        return sftp.start(state, [sftp.Account("acme", "right", state / "files")])
    if name == "smtp":
        return smtp.start(state)
    return bigquery.start(state, venv=Path(sys.argv[3]))


def main() -> None:
    """Start, say so, wait."""
    service = start(sys.argv[1], Path(sys.argv[2]))
    sys.stdout.write(f"{service.port} {service.process.pid}\n")
    sys.stdout.flush()
    time.sleep(3600)


if __name__ == "__main__":
    main()
