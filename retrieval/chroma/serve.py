"""The process of a shared Chroma server: says in its lock file who it is, then serves; started as a script.

Arguments: the descriptor of the lock file, whose lock it inherited; the port; the folder. It listens on loopback alone.
"""

from __future__ import annotations

import os
import sys

HOST = "127.0.0.1"


def serve(lock: int, port: int, folder: str) -> None:
    """Write ``port pid`` into the lock file, then run Chroma until SIGTERM."""
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{port} {os.getpid()}\n".encode("ascii"), 0)
    os.chdir(os.path.dirname(folder))  # away from whatever .env file lies where the first user stands
    # Chroma's command line is one compiled function that reads sys.argv.
    from chromadb.cli.cli import app

    sys.argv = ["chroma", "run", "--host", HOST, "--port", str(port), "--path", folder]
    app()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
