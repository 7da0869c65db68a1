"""A port in front of a server that can fall silent in the ways networks and servers do."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from dev.process import HOST, free_port

SLOW_BYTES_PER_S = 400
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of no time: closing sends RST


class SlowRelay:
    """Forwards `port` to `target`. In a block of `freeze()` and the others it does not."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target, self._mode, self._is_over = target, "", False
        self._wires: set[socket.socket] = set()
        self._listen()

    def close(self) -> None:
        """End every connection."""
        self._is_over = True
        self._close_listener()
        self._reset_all()

    @contextmanager
    def freeze(self) -> Iterator[None]:
        """Connections are taken, and nothing is ever answered: a server that is stopped."""
        self._mode = "silent"
        yield
        self._mode = ""

    @contextmanager
    def blackhole(self) -> Iterator[None]:
        """What is sent is lost, new connections too: a network that drops everything.

        After it the old connections are dead, as they are behind a firewall that forgot them.
        """
        self._mode = "silent"
        self._close_listener()
        deaf = socket.create_server((HOST, self.port), backlog=0)
        waiting = [socket.socket() for _ in range(3)]
        for wire in waiting:  # fills the queue, so that whoever comes now is not answered
            wire.setblocking(False)
            wire.connect_ex((HOST, self.port))
        yield
        for wire in (*waiting, deaf):
            wire.close()
        old, self._wires = self._wires, set()
        self._mode = ""
        self._listen()
        self._reset_all(old)

    @contextmanager
    def throttle(self) -> Iterator[None]:
        """Some hundred bytes a second for each connection."""
        self._mode = "slow"
        yield
        self._mode = ""

    @contextmanager
    def reset(self) -> Iterator[None]:
        """Every connection is reset, and new ones are refused."""
        self._close_listener()
        self._reset_all()
        yield
        self._listen()

    def _listen(self) -> None:
        self._listener = socket.create_server((HOST, self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _close_listener(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes whoever waits in accept()
        self._listener.close()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection((HOST, self._target))
                self._wires |= {near, far}
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(SLOW_BYTES_PER_S if self._mode == "slow" else 65_536):
                while self._mode == "silent" and not self._is_over:
                    time.sleep(0.02)
                if self._mode == "slow":
                    time.sleep(len(chunk) / SLOW_BYTES_PER_S)
                target.sendall(chunk)
        for wire in (source, target):
            with suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)

    def _reset_all(self, wires: set[socket.socket] | None = None) -> None:
        ended = self._wires if wires is None else wires
        for wire in list(ended):
            with suppress(OSError):
                wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                wire.shutdown(socket.SHUT_RDWR)
                wire.close()
        self._wires -= ended
