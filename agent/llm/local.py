"""A GGUF file of the user's, served inside this process by llama.cpp (extra ``[local]``)."""

from __future__ import annotations

import atexit
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from agent.errors import ModelNotConfigured


@dataclass(frozen=True)
class LocalServer:
    """An OpenAI-compatible server on the loopback interface."""

    base_url: str
    api_key: SecretStr
    model: str
    """The name it answers to: the file's name without its suffix."""


@contextmanager
def serve_gguf(path: Path, *, context_tokens: int = 8_192, threads: int | None = None) -> Iterator[LocalServer]:
    """Serve ``path`` on a free port, for one caller at a time, behind a key made for the occasion.

    ``threads`` is all cores when None. Raises ModelNotConfigured when the extra or the file is missing or the file
    cannot be loaded.
    """
    if not path.is_file():
        raise ModelNotConfigured(
            f"There is no model file {str(path)!r}. Name a GGUF file in TRIAGE_MODEL as gguf:PATH."
        )
    # Idle OpenMP threads would otherwise spin and starve the reader; llama.cpp reads this when it is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        # Imported here: the package is an optional extra.
        import xllamacpp
    except ImportError as exc:
        raise ModelNotConfigured(
            "Serving a GGUF file needs the extra 'local'. Install it: pip install 'adverse-media-triage[local]'"
        ) from exc
    key = secrets.token_urlsafe(24)
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = context_tokens
    params.n_parallel = 1
    params.warmup = False
    params.verbosity = -1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads or os.cpu_count() or 1
    params.api_keys = [key]
    params.model_alias = {path.stem}
    try:
        server = xllamacpp.Server(params)
    except Exception as exc:  # the binding raises bare exceptions for a file llama.cpp cannot load
        raise ModelNotConfigured(f"The model file {str(path)!r} cannot be loaded: {exc}") from exc
    try:
        yield LocalServer(f"{server.listening_address}/v1", SecretStr(key), path.stem)
    finally:
        del server  # its destructor stops the server's thread


_shared: dict[Path, LocalServer] = {}
_shared_lock = threading.Lock()
_until_exit = ExitStack()
atexit.register(_until_exit.close)


def share_gguf(path: Path) -> LocalServer:
    """The process's one server of ``path``: started when first asked for, stopped when the process ends."""
    with _shared_lock:
        resolved = path.expanduser().resolve()
        if resolved not in _shared:
            _shared[resolved] = _until_exit.enter_context(serve_gguf(resolved))
        return _shared[resolved]
