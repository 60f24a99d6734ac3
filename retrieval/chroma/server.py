"""A Chroma server that the processes of one machine share: the first starts it, the others join, the last ends it.

    <root>/server/users.lock    held, shared, by every process that uses the server
    <root>/server/server.lock   held by the server itself; says its port and pid
    <root>/server/chroma/       the server's folder
    <root>/server/server.log    what it printed

Locks end with their process, so a process killed at any moment leaves nothing that misleads: a held server.lock is a
living server, a free one a server that is gone, whatever stands in the file.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import IO, Final

from agent.errors import IndexUnavailable
from retrieval.chroma import serve
from retrieval.chroma.client import ServerLost, check_heartbeat
from retrieval.chroma.place import ChromaPlace

_SECONDS_TO_START: Final = 60.0
"""A loaded machine imports chromadb in ten; a server that takes longer than this is not coming."""
_MOST_STARTS: Final = 3
"""Another program may take the free port before the server does; one that dies at every start is given up."""
_SECONDS_TO_END: Final = 15.0
_PAUSE: Final = 0.05


class SharedServer:
    """One process's use of the machine's shared server; leave it when done."""

    def __init__(self, root: Path) -> None:
        """``root`` is the index's; nothing is started yet."""
        self.folder = root / "server"
        self._users: IO[str] | None = None

    def join(self) -> ChromaPlace:
        """The address of the living server, started when there is none; joining again finds a restarted one.

        Raises IndexUnavailable naming the log when it cannot be started.
        """
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._users is None:
            self._users = (self.folder / "users.lock").open("a+", encoding="ascii")
        fcntl.flock(self._users, fcntl.LOCK_SH)  # waits only while a last user ends the server
        deadline, starts = time.monotonic() + _SECONDS_TO_START, 0
        while time.monotonic() < deadline and starts <= _MOST_STARTS:
            with (self.folder / "server.lock").open("a+", encoding="ascii") as lock:
                if _try_lock(lock, fcntl.LOCK_EX):
                    starts += 1
                    if starts <= _MOST_STARTS:
                        _start(self.folder, lock)
            # From here on the lock is the server's own: the file is read anew, whoever started it.
            place = self._await_answer(deadline)
            if place is not None:
                return place
        raise IndexUnavailable(
            f"The shared Chroma server does not start: see {self.folder / 'server.log'}, mend what it says, and try "
            "again, or set TRIAGE_CHROMA=embedded."
        )

    def leave(self) -> None:
        """Stop using the server, and end it when nobody else does; a second call does nothing."""
        users, self._users = self._users, None
        if users is None:
            return
        with users:
            if _try_lock(users, fcntl.LOCK_EX):
                self._end()

    def read_address(self) -> tuple[int, int] | None:
        """Port and pid of the server that lives now, or None."""
        try:
            with (self.folder / "server.lock").open("r+", encoding="ascii") as lock:
                if _try_lock(lock, fcntl.LOCK_SH):
                    return None
                port, _, pid = lock.read(40).strip().partition(" ")
                return int(port), int(pid)
        except (FileNotFoundError, ValueError):
            return None

    def _await_answer(self, deadline: float) -> ChromaPlace | None:
        """The server's address once it answers; None when it died, or time is up."""
        while time.monotonic() < deadline:
            address = self.read_address()
            if address is not None:
                place = ChromaPlace("http", serve.HOST, address[0])
                with contextlib.suppress(ServerLost):
                    check_heartbeat(place)
                    return place
            elif not self._is_held():
                return None
            time.sleep(_PAUSE)
        return None

    def _is_held(self) -> bool:
        with (self.folder / "server.lock").open("a+", encoding="ascii") as lock:
            return not _try_lock(lock, fcntl.LOCK_SH)

    def _end(self) -> None:
        """End the server, gently at first; returns when it is gone."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            deadline = time.monotonic() + _SECONDS_TO_END
            address = self.read_address()
            if address is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(address[1], sign)
            while self._is_held() and time.monotonic() < deadline:
                time.sleep(_PAUSE)


def _start(folder: Path, lock: IO[str]) -> None:
    """Start the server as a process of its own, which keeps the lock when this one lets go of it."""
    inherited = 3
    log = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    command = [sys.executable, "-P", serve.__file__, str(inherited), str(_free_port()), str(folder / "chroma")]
    os.posix_spawn(
        sys.executable,
        command,
        # None of this process's variables: no key reaches the server, no setting points its reports elsewhere.
        {"PATH": os.defpath, "HOME": str(folder), "ANONYMIZED_TELEMETRY": "False"},
        file_actions=[
            (os.POSIX_SPAWN_DUP2, lock.fileno(), inherited),
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(folder / "server.log"), log, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,  # Ctrl-C in the first user's terminal ends that user alone
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((serve.HOST, 0))
        return int(probe.getsockname()[1])


def _try_lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
