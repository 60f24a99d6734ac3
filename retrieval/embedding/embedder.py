"""What an embedder is: texts → vectors of length 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Vectors: TypeAlias = NDArray[np.float32]
"""Shape (n, dimension); each row has length 1."""


class Embedder(Protocol):
    """Whatever turns texts into vectors for the index."""

    @property
    def model_id(self) -> str:
        """The model's name, as stored with the index."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text could get another vector."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row a text, in order, each of length 1 and independent of the other texts."""


class DescribedEmbedder(Embedder, Protocol):
    """An embedder that a setting can name."""

    def describe(self) -> str:
        """One line for a person: which model, where it runs, and so whether texts leave this machine."""


def encodable(text: str) -> str:
    """The text as UTF-8 can carry it: a lone surrogate becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")
