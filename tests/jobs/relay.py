"""A port in front of a server that can be closed, cutting every connection, and opened again."""

from __future__ import annotations

import socket
import threading
from types import TracebackType

from dev.process import HOST, free_port


class Relay:
    """Forwards `port` to `target` while the block lasts; nobody listens outside of it."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        self._open: list[socket.socket] = []

    def __enter__(self) -> None:
        self._listener = socket.create_server((HOST, self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for endpoint in [self._listener, *self._open]:
            try:
                endpoint.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
            finally:
                endpoint.close()
        self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection((HOST, self._target))
            except OSError:
                near.close()
                continue
            self._open += [near, far]
            for pair in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=pair, daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Copy until either side ends, then end both."""
    try:
        while chunk := source.recv(65536):
            target.sendall(chunk)
    except OSError:
        pass
    for endpoint in (source, target):
        try:
            endpoint.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue
