"""Runs one service and never outlives whoever started it.

Started by `dev.process` as a plain script that reads one line of JSON from standard input (see
`Plan` there; it holds secrets, which arguments would show to every user of the machine). Its one
argument, the service's log, only names it in a process list.
The service ends when standard input closes, when the process named `parent` is gone (a kill -9
closes both), or on SIGTERM, SIGINT or SIGHUP. Should the guard itself be killed, the kernel
sends the service its stop signal. Leftover children of the service are killed last.

Exit status: the service's own, or 128 + signal.
"""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
LOOK_EVERY_S = 1.0

Service = subprocess.Popen[bytes]


def prctl(option: int, value: int) -> None:
    """Linux only; elsewhere the pipe and the parent check remain."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def start(plan: dict[str, Any]) -> Service:
    """Start the service, as another user when the plan says so."""
    identity: dict[str, Any] = {}
    if plan["uid"] is not None:
        identity = {"user": plan["uid"], "group": plan["gid"], "extra_groups": []}
    return subprocess.Popen(
        plan["command"],
        stdin=subprocess.DEVNULL,
        env=plan["env"],
        cwd=plan["cwd"],
        pass_fds=plan["fds"],
        preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, plan["stop_signal"]),
        **identity,
    )


def read_line(descriptor: int) -> bytes:
    """The first line, and not one byte more: what follows is for whoever watches the pipe."""
    line = bytearray()
    while (byte := os.read(descriptor, 1)) not in (b"", b"\n"):
        line += byte
    return bytes(line)


def watch_signals() -> int:
    """A file descriptor that becomes readable when a stop or child signal arrives."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    return reader


def must_stop(ready: list[int], parent: int, wakeup: int) -> bool:
    """Whether the starter closed the pipe, vanished, or a stop signal came."""
    if 0 in ready or os.getppid() != parent:
        return True
    return wakeup in ready and any(n != signal.SIGCHLD for n in os.read(wakeup, 64))


def wait(service: Service, parent: int, wakeup: int) -> None:
    """Return when the service ended or has to end."""
    while service.poll() is None:
        ready, _, _ = select.select([0, wakeup], [], [], LOOK_EVERY_S)
        if must_stop(ready, parent, wakeup):
            return


def end(service: Service, stop_signal: int, grace_s: float) -> None:
    """Ask, then kill after `grace_s` seconds."""
    if service.poll() is not None:
        return
    service.send_signal(stop_signal)
    try:
        service.wait(grace_s)
    except subprocess.TimeoutExpired:
        service.kill()
        service.wait()


def children() -> list[int]:
    """Living children of this process, adopted ones included."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid() and fields[0] != "Z":
            found.append(int(entry.parent.name))
    return found


def end_children() -> None:
    """Kill what the service left behind; killing one may hand over its children."""
    while left := children():
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def main() -> int:
    """Run the plan to its end."""
    plan = json.loads(read_line(sys.stdin.fileno()))
    wakeup = watch_signals()
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    service = start(plan)
    wait(service, plan["parent"], wakeup)
    end(service, plan["stop_signal"], plan["grace_s"])
    end_children()
    return service.returncode if service.returncode >= 0 else 128 - service.returncode


if __name__ == "__main__":
    sys.exit(main())
