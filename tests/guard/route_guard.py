"""No route out: this process may reach this machine alone. Whatever tries to go further is refused and written down.

The interpreter itself reports every look-up and connection (an audit hook), so no library gets round it by keeping a
socket function of its own. Python children get the same guard from ``sitecustomize.py`` beside this file, which their
``PYTHONPATH`` names. Networking in native code (gRPC, Rust) is not reported; for that the continuous integration runs
the suite in a network namespace that has no route.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from pathlib import Path
from typing import Any

LOG_VARIABLE = "ROUTE_GUARD_LOG"
"""The environment variable that names the file in which refusals are written down, shared with all children."""
_CONNECTING = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_LOOKING_UP = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}


class RouteOut(OSError):
    """Something tried to leave this machine."""


def install(log: Path) -> None:
    """Refuse this process every way out from now on; it cannot be taken back."""

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _CONNECTING:
            address = arguments[1]
        elif event in _LOOKING_UP:
            address = arguments[0]
        else:
            return
        if not stays_here(address):
            with log.open("a", encoding="utf-8") as lines:
                lines.write(f"{event} {address!r} by {Path(sys.argv[0] or 'python').name}\n")
            raise RouteOut(f"{event} to {address!r} refused: tests have no route out")

    sys.addaudithook(refuse)


def stays_here(address: object) -> bool:
    """Whether an address, as the socket module takes it, is on this machine."""
    if not isinstance(address, tuple):
        return _is_own(address)
    return not address or _is_own(address[0])  # (host, port, …); empty for a socket of another family


def _is_own(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host is None or not isinstance(host, str):
        return True  # no address at all: an own address to listen on, a socket already connected
    if host in {"", "localhost", "ip6-localhost"} or host.startswith(("/", "\0")):  # a path: a Unix socket
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False  # a name: only a look-up beyond this machine could tell
    return address.is_loopback or address.is_unspecified


def install_from_environment() -> None:
    """The guard for a child process, if its parent had one."""
    if os.environ.get(LOG_VARIABLE):
        install(Path(os.environ[LOG_VARIABLE]))


def take_refusals() -> list[str]:
    """What was refused here and in children since the last call, a line each; they then count as told."""
    log = Path(os.environ[LOG_VARIABLE])
    if not log.exists():
        return []
    lines = log.read_text(encoding="utf-8").splitlines()
    log.unlink()
    return lines
